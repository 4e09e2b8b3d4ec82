"""The user's NumPy and CSV files, and what is written for other programs."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae import datasets
from scipy_ae.datasets import Dataset, export, files, find, load_font, make_circles, read_csv, read_npy, read_npz
from scipy_ae.errors import InputError


@pytest.fixture
def csv_file(tmp_path):
    def write(text):
        path = tmp_path / "data.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refusal(read, *arguments):
    with pytest.raises(InputError) as caught:
        read(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# .npy

NPY_SHAPES = (
    "(n, p), or images as (n, height, width), (n, channels, height, width) or (n, height, width, channels), is accepted"
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float16, np.float32, np.float64, bool, ">f8"])
def test_npy_rows_keep_their_values(tmp_path, dtype):
    values = np.array([[0, 1, 200], [3, 255, 7]]).astype(dtype)
    np.save(tmp_path / "data.npy", values)
    dataset = read_npy(tmp_path / "data.npy")
    assert dataset.x.dtype == np.float64
    np.testing.assert_array_equal(dataset.x, values.astype(np.float64))
    assert (dataset.name, dataset.labels, dataset.kind) == ("data", ("r0", "r1"), "table")
    assert dataset.about == "2 rows of 3 numbers, from 'data.npy'"


def test_npy_images_become_rows(tmp_path):
    images = np.arange(24).reshape(2, 3, 4)
    np.save(tmp_path / "data.npy", np.asfortranarray(images))
    dataset = read_npy(tmp_path / "data.npy")
    assert (dataset.image_shape, dataset.kind) == ((3, 4), "image")
    np.testing.assert_array_equal(dataset.x, images.reshape(2, 12))
    assert dataset.x.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.ones(3), f" has an array of shape (3,): {NPY_SHAPES}"),
        (
            np.ones((1, 2, 2, 2)),
            f" has an array of shape (1, 2, 2, 2): {NPY_SHAPES[21:-13]} with 1 or 3 channels is accepted",
        ),
        (np.array(3.0), f" has an array of shape (): {NPY_SHAPES}"),
        (np.ones((0, 3)), " has no rows: at least one is accepted"),
        (np.ones((0, 3, 3)), " has no rows: at least one is accepted"),
        (np.array([[1, np.nan]]), ", row 0, column 1 is nan: finite numbers are accepted"),
        (np.array([[1, 1], [-np.inf, np.nan]]), ", row 1, column 0 is -inf: finite numbers are accepted"),
        (np.array([["a"]]), " holds values of type <U1: real numbers are accepted"),
        (np.array([[1j]]), " holds values of type complex128: real numbers are accepted"),
    ],
)
def test_npy_that_holds_no_rows_of_numbers(tmp_path, array, sentence):
    path = tmp_path / "data.npy"
    np.save(path, array)
    assert refusal(read_npy, path) == f"'{path}'{sentence}"


class Spy:
    """Would leave a file behind if it were ever unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_nothing_is_unpickled(tmp_path):
    trace = tmp_path / "trace"
    objects = np.array([[Spy(trace)]], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "b.npz", x=objects)
    (tmp_path / "c.npy").write_bytes(pickle.dumps(Spy(trace)))
    (tmp_path / "d.npz").write_bytes(pickle.dumps(Spy(trace)))
    assert "is not a NumPy file of one array of plain numbers" in refusal(find, tmp_path / "a.npy")
    assert "is not a NumPy file of named arrays of plain numbers" in refusal(find, tmp_path / "b.npz")
    assert "is not a NumPy file of one array" in refusal(find, tmp_path / "c.npy")
    assert "is not a NumPy file of named arrays" in refusal(find, tmp_path / "d.npz")
    assert not trace.exists()


def test_one_kind_of_numpy_file_under_the_name_of_the_other(tmp_path):
    np.save(tmp_path / "one.npy", np.ones((2, 2)))
    np.savez(tmp_path / "many.npz", np.ones((2, 2)))
    os.rename(tmp_path / "one.npy", tmp_path / "one.npz")
    os.rename(tmp_path / "many.npz", tmp_path / "many.npy")
    assert "is not a NumPy file of named arrays" in refusal(find, tmp_path / "one.npz")
    assert "is not a NumPy file of one array" in refusal(find, tmp_path / "many.npy")


def saved(kind):
    buffer = io.BytesIO()
    if kind == "npy":
        np.save(buffer, np.arange(12.0).reshape(3, 4))
    else:
        np.savez_compressed(buffer, x=np.arange(12.0).reshape(3, 4), labels=np.array(["a", "b", "c"]))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["npy", "npz"])
@given(data=st.data())
def test_a_damaged_numpy_file_is_read_or_refused_in_a_sentence(tmp_path_factory, kind, data):
    good = saved(kind)
    at = data.draw(st.integers(0, len(good) - 1))
    damaged = good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 8)) :]
    path = tmp_path_factory.mktemp("damaged") / f"d.{kind}"
    path.write_bytes(damaged)
    try:
        finite, sentence = np.isfinite(find(path).x).all(), "'d'"
    except InputError as error:
        finite, sentence = True, str(error)
    assert finite
    assert f"d.{kind}'" in sentence or "'d'" in sentence


# .npz


def test_npz_takes_x_or_the_only_array(tmp_path):
    np.savez(tmp_path / "two.npz", y=np.zeros((1, 1)), x=np.ones((2, 3)))
    np.savez(tmp_path / "one.npz", images=np.ones((2, 3, 3)))
    assert read_npz(tmp_path / "two.npz").x.tolist() == [[1, 1, 1]] * 2
    assert read_npz(tmp_path / "one.npz").image_shape == (3, 3)
    assert read_npz(tmp_path / "one.npz").name == "one"


def test_npz_array_by_name(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.zeros((1, 1)), b=np.ones((2, 3)), labels=["p", "q"])
    path = tmp_path / "two.npz"
    assert find(f"{path}:b").x.tolist() == [[1, 1, 1]] * 2
    assert find(path, "b").labels == ("r0", "r1")
    assert find(path, "a").name == "a"
    assert refusal(find, f"{path}:a", "b") == f"dataset '{path}:a': there is no such file or folder"
    assert refusal(find, path) == f"name one array of '{path}', as in 'two.npz:NAME': it holds a, b, labels"
    assert refusal(find, path, "c") == f"'{path}' has no array 'c': it holds a, b, labels"


def test_npz_without_arrays(tmp_path):
    zipfile.ZipFile(tmp_path / "none.npz", "w").close()
    assert refusal(read_npz, tmp_path / "none.npz").endswith("it holds none")


@pytest.mark.parametrize(
    ("extras", "sentence"),
    [
        ({"labels": np.array(["a"])}, "has 2 rows and 1 labels"),
        ({"image_shape": np.array([2, 2])}, "images of 2 x 2 pixels do not fit 6 columns"),
        ({"image_shape": np.array([2, 3, 1])}, "has the image_shape [2, 3, 1]: height and width are accepted"),
        ({"image_shape": np.array([2.0, 3.0])}, "has the image_shape [2.0, 3.0]: height and width are accepted"),
        ({"image_shape": np.array([-2, -3])}, "has the image_shape [-2, -3]: height and width are accepted"),
        ({"kind": np.array("sound")}, "has the kind 'sound': image, circles, table are accepted"),
    ],
)
def test_npz_whose_parts_do_not_fit(tmp_path, extras, sentence):
    np.savez(tmp_path / "d.npz", x=np.ones((2, 6)), **extras)
    assert refusal(read_npz, tmp_path / "d.npz").endswith(sentence)


def test_npz_labels_may_be_numbers(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.ones((2, 6)), labels=np.array([7, 8]), image_shape=np.array([2, 3]))
    dataset = read_npz(tmp_path / "d.npz")
    assert (dataset.labels, dataset.image_shape, dataset.kind) == (("7", "8"), (2, 3), "image")


# .csv


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1,2\n3,4e0\n", ("r0", "r1")),
        ("\n1;2\n  \n3;4", ("r0", "r1")),
        ("1\t2\r\n3\t 4\r\n\r\n", ("r0", "r1")),
        ("a,b\n1,2\n3,4\n", ("r0", "r1")),
        ("\n\nname,a,b\nu,1,2\n\nv,3,4\n", ("u", "v")),
        ("u,1,2\nv,3,4\n", ("u", "v")),
        ('"u,u",1,2\n"v ",3,4\n', ("u,u", "v")),
        ("label,a,b\n7,1,2\nv,3,4\n", ("7", "v")),
        (",a,b\n0,1,2\n1,3,4\n", ("0", "1")),
        ("\ufefflabel,a,b\nñ,1,2\n5,3,4\n", ("ñ", "5")),
        (" label , a,b\n u , 1,2\n v, 3,4\n", ("u", "v")),
        ("label,a,b\nnan,1,2\ninf,3,4\n", ("nan", "inf")),
        ("# x y\n", None),
    ],
)
def test_csv_with_and_without_header_and_labels(csv_file, text, labels):
    path = csv_file(text)
    if labels is None:
        assert refusal(read_csv, path) == f"'{path}' has no rows: at least one is accepted"
        return
    dataset = read_csv(path)
    assert dataset.x.tolist() == [[1, 2], [3, 4]]
    assert dataset.labels == labels
    assert (dataset.name, dataset.kind, dataset.about) == ("data", "table", "2 rows of 2 numbers, from 'data.csv'")


def test_csv_of_one_column_has_no_labels(csv_file):
    assert read_csv(csv_file("label\n1\n2\n")).x.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", " has no rows: at least one is accepted"),
        ("\n \n", " has no rows: at least one is accepted"),
        ("label,a,b\n", " has no rows: at least one is accepted"),
        ("1,2\n3,4,5\n", ", line 2 has 3 fields: 2 are accepted, as in line 1"),
        ("\na,b\n1,2\n\n3\n", ", line 5 has 1 fields: 2 are accepted, as in line 2"),
        ("1,2\n3,nan\n", ", line 2, column 2 holds 'nan': finite numbers are accepted"),
        ("a,b\n1,2\n3,-inf\n", ", line 3, column 2 holds '-inf': finite numbers are accepted"),
        ("u,1,2\nv,3,x\n", ", line 2, column 3 holds 'x': finite numbers are accepted"),
        ("1,2\n3,\n", ", line 2, column 2 holds '': finite numbers are accepted"),
        ("1,2\nv,4\n", ", line 2, column 1 holds 'v': finite numbers are accepted"),
        ("a,2\n,\n", ", line 2, column 2 holds '': finite numbers are accepted"),
        ('1,"2\n3"\n', ", line 2, column 2 holds '2 3': finite numbers are accepted"),
        ("x,1e999\n", ", line 1, column 2 holds '1e999': finite numbers are accepted"),
        ('1,"2\n3,4', ", line 2 is not a line of a table (unexpected end of data)"),
    ],
)
def test_csv_that_is_no_table_of_numbers_names_the_line(csv_file, text, sentence):
    path = csv_file(text)
    assert refusal(read_csv, path) == f"'{path}'{sentence}"


# files in general


@pytest.mark.parametrize("name", ["x.csv", "x.h", "x.npy", "x.npz", "x.H"])
def test_a_file_that_does_not_exist(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert refusal(find, name) == f"dataset file '{name}' does not exist"
    if name in ("x.h", "x.npz"):
        assert refusal(find, f"{name}:A") == f"dataset file '{name}' does not exist"


@pytest.mark.parametrize("suffix", [".csv", ".h", ".npy", ".npz"])
def test_a_folder_is_no_file(tmp_path, suffix):
    path = tmp_path / f"folder{suffix}"
    path.mkdir()
    assert refusal(find, path) == f"dataset file '{path}' is not a file but a folder or a device"


@pytest.mark.parametrize("suffix", [".csv", ".h", ".npy", ".npz"])
def test_a_file_that_cannot_be_read(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"locked{suffix}"
    path.write_text("1,2\n")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.Path, "read_bytes", refuse)
    assert refusal(find, path) == f"cannot read the dataset file '{path}': Permission denied"


@pytest.mark.parametrize(("suffix", "limit"), [(".h", 2**24), (".csv", 2**30), (".npy", 2**30), (".npz", 2**30)])
def test_a_huge_file_is_refused_before_it_is_read(tmp_path, suffix, limit):
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.truncate(limit + 1)
    assert refusal(find, path) == f"dataset file '{path}' has {limit + 1} bytes: at most {limit} are accepted"


@pytest.mark.parametrize("suffix", [".csv", ".h"])
@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01\x00", b"1,2\x00\n", "1,2\n".encode("utf-16")])
def test_a_binary_file_is_no_text(tmp_path, suffix, content):
    path = tmp_path / f"binary{suffix}"
    path.write_bytes(content)
    assert refusal(find, path) == f"dataset file '{path}' is not text but binary"


def test_other_suffixes_are_refused(tmp_path):
    (tmp_path / "data.txt").write_text("1,2")
    sentence = refusal(find, tmp_path / "data.txt")
    assert sentence.startswith(f"dataset file '{tmp_path / 'data.txt'}' must end in one of .h, .npy, .npz, .csv, or be")
    assert refusal(find, "some/data") == "dataset 'some/data': there is no such file or folder"
    assert refusal(find, "data.txt") == "dataset 'data.txt': there is no such file or folder"
    assert refusal(export, load_font(1), tmp_path / "x.txt").endswith("suffixes .h, .npy, .npz, .csv are accepted")


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_a_file_of_one_table_has_no_array_to_name(tmp_path, suffix):
    path = tmp_path / f"d{suffix}"
    export(load_font(2), path)
    assert find(path).x.shape == (32, 35)
    expected = f"dataset file '{path}' holds one array without a name: 'x' cannot be chosen"
    assert refusal(find, f"{path}:x") == refusal(find, path, "x") == expected


# export


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    ("suffix", "labels", "shape"),
    [(".h", True, True), (".npy", False, True), (".npz", True, True), (".csv", True, False)],
)
def test_a_font_written_and_read(tmp_path, number, suffix, labels, shape):
    font = load_font(number)
    path = tmp_path / f"out{suffix}"
    export(font, path)
    back = find(path)
    np.testing.assert_array_equal(back.x, font.x)
    assert (back.labels == font.labels) is labels
    assert (back.image_shape == (7, 5)) is shape
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv"])
def test_circles_written_and_read_to_the_last_bit(tmp_path, suffix):
    circles = make_circles()
    path = tmp_path / f"out{suffix}"
    export(circles, path)
    np.testing.assert_array_equal(find(path).x, circles.x)
    if suffix == ".npz":
        assert (find(path).kind, find(path).labels) == ("circles", circles.labels)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=["C"])),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_csv_gives_back_any_labels_and_numbers(tmp_path_factory, rows):
    labels = tuple(label.strip() for label, _ in rows)
    x = np.array([[value] for _, value in rows])
    path = tmp_path_factory.mktemp("csv") / "d.csv"
    export(Dataset("d", x, labels, None, "", "table"), path)
    back = read_csv(path)
    assert back.labels == labels
    np.testing.assert_array_equal(back.x, x)


def test_csv_is_short_and_begins_with_names(tmp_path):
    export(load_font(2).select("A"), tmp_path / "a.csv")
    first, second = (tmp_path / "a.csv").read_text().splitlines()
    assert first.startswith("label,x0,x1,")
    assert second.startswith("A,0,1,1,1,0,1,0,0,0,1,")


@pytest.mark.parametrize("suffix", datasets.SUFFIXES)
def test_a_place_that_cannot_be_written_is_refused(tmp_path, suffix):
    path = tmp_path / "missing" / f"x{suffix}"
    assert refusal(export, load_font(2), path) == f"cannot write '{path}': No such file or directory"
