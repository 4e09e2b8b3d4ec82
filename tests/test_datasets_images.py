"""Images: what is drawn here, and the user's files in the formats that they really have."""

import gzip
import struct
import tracemalloc
import zlib
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy.io import savemat

from scipy_ae import datasets
from scipy_ae.datasets import Dataset, find, idx, images, make_curves, make_glyphs, pictures, svhn, typefaces
from scipy_ae.datasets.photographs import blocks, deviations, load_photographs
from scipy_ae.errors import InputError

LETTERS = "ABCDEFGHIJ"
OWN_FONTS = typefaces._own_folder()


def refusal(read, *arguments, **options):
    with pytest.raises(InputError) as caught:
        read(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Dataset


def companion_of(n=4):
    x = np.arange(n * 12.0).reshape(n, 12)
    targets = Dataset("t", -x[:, :3], ("",) * n, (1, 1), "", "image", channels=3)
    return Dataset(
        "d", x, tuple("abcd"[:n]), (2, 2), "", "image", channels=3, groups=np.array([5, 5, 6, 7][:n]), paired=targets,
        parts=("train", "train", "validation", "test")[:n], grouped_by="font",
    )  # fmt: skip


@pytest.mark.parametrize("choose", [lambda d: d.rows([2, 0]), lambda d: d.select("c,a")])
def test_rows_take_along_all_that_belongs_to_them(choose):
    chosen = choose(companion_of())
    assert chosen.sample_shape == (3, 2, 2)
    assert (chosen.labels, chosen.parts, chosen.grouped_by) == (("c", "a"), ("validation", "train"), "font")
    assert chosen.groups.tolist() == [6, 5]
    np.testing.assert_array_equal(chosen.x[:, 0], [24, 0])
    np.testing.assert_array_equal(chosen.paired.x[:, 0], [-24, 0])


def test_rows_by_mask_slice_and_wrong_numbers():
    whole = companion_of()
    assert whole.rows(whole.groups == 5).labels == ("a", "b")
    assert whole.rows(slice(1, 3)).labels == ("b", "c")
    assert refusal(whole.rows, [4]).startswith("rows of 'd': index 4 is out of bounds")
    assert refusal(whole.rows, np.zeros(4, bool)).endswith("names no list of rows")
    assert "names no list of rows" in refusal(whole.rows, [[0]])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"channels": 2}, "images of 2 x 2 pixels times 2 channels do not fit 12 columns"),
        ({"channels": 0}, "channels is 0 with image_shape (2, 2): an integer of at least 1 is accepted"),
        ({"channels": 3, "image_shape": None, "kind": "table"}, "channels is 3 with image_shape None"),
        ({"groups": np.array([1.0, 2.0])}, "groups are float64 of shape (2,): an integer for each of the 2 rows"),
        ({"groups": np.array([1])}, "groups are int64 of shape (1,): an integer for each of the 2 rows"),
        ({"parts": ("train", "dev")}, "'dev' among them: for each of 2 rows one of train, validation, test"),
        ({"parts": ("train",)}, "1 of them: for each of 2 rows one of"),
        ({"paired": companion_of(3)}, "has 2 rows and 3 paired targets"),
    ],
)
def test_companions_that_do_not_fit_are_refused(fields, sentence):
    good = {"name": "d", "x": np.ones((2, 12)), "labels": ("a", "b"), "image_shape": (2, 2), "about": "",
            "kind": "image", "channels": 3}  # fmt: skip
    assert sentence in refusal(lambda: Dataset(**{**good, **fields}))


def test_npz_keeps_everything_and_npy_the_shape(tmp_path):
    whole = companion_of()
    datasets.export(whole, tmp_path / "d.npz")
    back = find(tmp_path / "d.npz")
    for one, other in ((back, whole), (back.paired, whole.paired)):
        np.testing.assert_array_equal(one.x, other.x)
        assert one.sample_shape == other.sample_shape
    np.testing.assert_array_equal(back.groups, whole.groups)
    assert (back.labels, back.parts, back.grouped_by) == (whole.labels, whole.parts, "font")
    datasets.export(whole, tmp_path / "d.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "d.npy"), whole.x.reshape(4, 3, 2, 2))
    assert find(tmp_path / "d.npy").sample_shape == (3, 2, 2)


# what is drawn here


def test_glyphs_are_letters_of_every_font_by_itself():
    plain = make_glyphs(folders=OWN_FONTS, variations=1)
    fonts = len(plain.x) // 10
    assert fonts >= 15
    assert plain.image_shape == (28, 28)
    assert plain.labels == tuple(LETTERS) * fonts
    assert (plain.x.min(), plain.x.max()) == (0, 1)
    assert (plain.x.reshape(-1, 10, 784).argmax(axis=2) > 0).all()  # each has ink
    assert (np.diff(plain.groups.reshape(fonts, 10), axis=1) == 0).all()  # the letters of a font are of one group
    assert plain.about == f"{10 * fonts} letters, ABCDEFGHIJ, of {fonts} fonts, once each, 28 rows of 28 pixels"
    pictures = plain.x.reshape(-1, 28, 28)
    assert not pictures[:, [0, -1]].any()  # a border stays free
    assert not pictures[:, :, [0, -1]].any()
    means = [plain.x[np.array(plain.labels) == letter].mean(axis=0) for letter in LETTERS]
    nearest = [int(np.argmin([np.linalg.norm(row - mean) for mean in means])) for row in plain.x]
    assert np.mean([LETTERS[k] == label for k, label in zip(nearest, plain.labels)]) > 0.85


def test_variations_are_of_their_font_and_the_first_is_plain():
    two = [OWN_FONTS / "DejaVuSans.ttf", OWN_FONTS / "DejaVuSerif.ttf"]
    both = make_glyphs("AB", two, variations=3)
    alone = make_glyphs("AB", two[1], variations=3)
    assert both.groups.tolist() == [0] * 6 + [1] * 6
    assert both.labels == tuple("AB" * 6)
    np.testing.assert_array_equal(both.x[6:], alone.x)
    np.testing.assert_array_equal(alone.x[:2], make_glyphs("AB", two[1], variations=1).x)
    assert len(np.unique(alone.x, axis=0)) == 6
    again, other = make_glyphs("AB", two[1], variations=3), make_glyphs("AB", two[1], variations=3, seed=1)
    np.testing.assert_array_equal(again.x, alone.x)
    assert (other.x[2:] != alone.x[2:]).any(axis=1).all()


def font_file(path, draw, letters=LETTERS):
    """A TrueType font in which ``draw(pen, index)`` draws each letter, and a square stands for what is missing."""

    def glyph(outline, *arguments):
        pen = TTGlyphPen(None)
        outline(pen, *arguments)
        return pen.glyph()

    names = [".notdef", *(f"g{index}" for index in range(len(letters)))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"g{index}" for index, letter in enumerate(letters)})
    glyphs = {name: glyph(draw, index) for index, name in enumerate(names[1:])}
    builder.setupGlyf({".notdef": glyph(box, 0), **glyphs})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (700, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def polygon(pen, points):
    pen.moveTo(points[0])
    for point in points[1:]:
        pen.lineTo(point)
    pen.closePath()


def box(pen, index):
    polygon(pen, [(50, 0), (50, 700), (650, 700), (650, 0)])


def fan(pen, index):
    """A sign that is no letter: a triangle whose tip moves from letter to letter."""
    polygon(pen, [(50, 0), (60 + 60 * index, 700), (650, 70 * index)])


@pytest.mark.parametrize(
    ("draw", "letters", "why"),
    [
        (box, LETTERS, "does not draw every letter"),  # the same as its sign for what is missing
        (
            lambda pen, index: polygon(pen, [(50, 0), (350, 700), (650, 0)]),
            LETTERS,
            "draws the same for several letters",
        ),
        (fan, LETTERS, "draws signs, not letters"),
        (fan, "ABC", "does not draw every letter"),
        (lambda pen, index: None, LETTERS, "does not draw every letter"),
    ],
)
def test_fonts_of_boxes_signs_and_nothing_are_left_out(tmp_path, draw, letters, why):
    font = font_file(tmp_path / "odd.ttf", draw, letters)
    assert why in refusal(make_glyphs, folders=font)
    sentence = refusal(make_glyphs, folders=tmp_path)
    assert f"no font in '{tmp_path}' draws 'ABCDEFGHIJ' ('{font}' was left out: it {why})" in sentence
    (tmp_path / "good.ttf").write_bytes((OWN_FONTS / "DejaVuSans.ttf").read_bytes())
    assert len(make_glyphs(folders=tmp_path, variations=1).x) == 10


def test_a_font_that_is_there_twice_counts_once_and_a_damaged_one_not_at_all(tmp_path):
    data = (OWN_FONTS / "DejaVuSans.ttf").read_bytes()
    for name, content in (("a.ttf", data), ("b.TTF", data), ("c.otf", data[:5000]), ("d.ttf", b""), ("e.txt", data)):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "f.ttf").write_bytes((OWN_FONTS / "cmr10.ttf").read_bytes())
    assert make_glyphs(folders=[tmp_path], variations=1).groups.tolist() == [0] * 10 + [1] * 10
    assert refusal(make_glyphs, folders=tmp_path / "c.otf").startswith(
        f"font file '{tmp_path / 'c.otf'}' was left out:"
    )


def test_a_condensed_font_goes_with_the_upright_one(tmp_path):
    """It is another file and another drawing, but the same letters: no split may divide the two."""
    sans = TTFont(OWN_FONTS / "DejaVuSans.ttf")
    drawn, names = sans.getGlyphSet(), sans.getBestCmap()

    def narrow(pen, index):
        drawn[names[ord(LETTERS[index])]].draw(TransformPen(pen, (0.42, 0, 0, 0.48, 0, 0)))  # of 2048 units, of 1000

    font = font_file(tmp_path / "narrow.ttf", narrow)
    fonts = [font, OWN_FONTS / "DejaVuSans.ttf", OWN_FONTS / "DejaVuSerif.ttf"]
    glyphs = make_glyphs(folders=fonts, variations=1)
    assert glyphs.groups[::10].tolist() == [0, 1, 0]  # by file name: DejaVuSans, DejaVuSerif, narrow
    assert np.abs(glyphs.x[:10] - glyphs.x[20:]).max() > 0.5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"letters": "AA"}, "letters: at least two letters or digits, each once, are accepted, not 'AA'"),
        ({"letters": "A"}, "letters: at least two letters"),
        ({"letters": "A "}, "letters: at least two letters"),
        ({"variations": 0}, "variations must be an integer of at least 1, not 0"),
        ({"seed": None}, "seed must be an integer of at least 0, not None"),
        ({"folders": "/no/such"}, "folders: '/no/such' does not exist"),
        ({"folders": OWN_FONTS / "cmr10.ttf", "variations": 10**6}, "are 10000000 images: at most 200000 are made"),
    ],
)
def test_glyphs_that_cannot_be_are_refused(arguments, sentence):
    assert sentence in refusal(make_glyphs, **arguments)


def test_digits_lie_in_the_unit_interval():
    digits = find("digits")
    assert (digits.x.shape, digits.image_shape, digits.x.min(), digits.x.max()) == ((1797, 64), (8, 8), 0, 1)
    assert set(digits.labels) == set("0123456789")


def test_curves_are_thin_connected_and_drawn_by_the_seed():
    curves = make_curves(60)
    np.testing.assert_array_equal(curves.x, make_curves(80).x[:60])
    assert (make_curves(60, seed=1).x != curves.x).any(axis=1).all()
    assert ((curves.x >= 0) & (curves.x <= 1)).all()
    assert (((curves.x > 0) & (curves.x < 1)).sum(axis=1) > 8).all()  # the border of a stroke is grey
    pictures = curves.x.reshape(-1, 28, 28)
    assert not pictures[:, [0, -1]].any()
    from scipy.ndimage import label

    assert all(label(picture > 0, np.ones((3, 3)))[1] == 1 for picture in pictures)
    # a stroke 1.5 pixels wide covers 1.5 pixels for each pixel of its length, which is at least the points' distance
    assert (curves.x.sum(axis=1) > 1.5 * 4).all()
    assert refusal(make_curves, 0) == "n must be an integer of at least 1, not 0"
    assert refusal(make_curves, 10**6) == "n: at most 100000 curves are made, not 1000000"


def test_patches_of_two_blocks_share_no_pixel():
    from sklearn.datasets import load_sample_image

    for size, (length, fewest) in product((8, 32, 64, 128), ((640, 4), (427, 1))):
        ends = blocks(length, size, fewest)
        assert len(ends) >= fewest
        assert all(right - left >= size for left, right in ends)
        assert all(left - right == size // 4 for (_, right), (left, _) in pairwise(ends))
        assert ends[-1][1] <= length
    patches = load_photographs(64)
    assert patches.sample_shape == (3, 64, 64)
    picture, labels = load_sample_image("china.jpg") / 255, np.array(patches.labels)
    (top, bottom), (left, right) = blocks(427, 64)[1], blocks(640, 64, 4)[1]
    inside = sliding_window_view(picture[top:bottom, left:right].transpose(2, 0, 1), (3, 64, 64))[0, ::23, ::23]
    here = patches.x[patches.groups == 5]  # no patch is left out of it
    assert len(here) == inside.shape[0] * inside.shape[1]
    np.testing.assert_array_equal(here.reshape(inside.shape), inside)
    groups = [set(labels[patches.groups == group]) for group in np.unique(patches.groups)]
    assert all(len(group) == 1 for group in groups)
    assert set(labels) == {"china", "flower"}


def test_patches_with_next_to_nothing_in_them_are_left_out():
    patches = load_photographs(64, stride=16).x.reshape(-1, 3, 64 * 64)
    least = np.sqrt(patches.var(axis=2).mean(axis=1)).min()
    assert 0.02 <= least < 0.03
    sky = np.full((2, 3, 8, 8), 200, dtype=np.uint8)
    sky[1, :, :4] = 220
    np.testing.assert_allclose(deviations(sky), [0, 10 / 255], atol=1e-6)


@pytest.mark.parametrize("size", [4, 129, 32.0, True, None])
def test_patches_that_cannot_be_are_refused(size):
    assert refusal(load_photographs, size) == f"size must be an integer from 8 to 128, not {size!r}"


def test_a_number_after_a_name():
    assert find("photographs:64").image_shape == (64, 64)
    assert len(find("curves:7").x) == 7
    assert refusal(find, "curves:x") == "dataset 'curves:x': a number is accepted after 'curves:', not 'x'"
    assert (
        refusal(find, "glyphs", limit=3)
        == "dataset 'glyphs' is built in and has no rows left out by a limit: give no limit"
    )


# IDX


def idx_bytes(array, kind=0x08, axes=None):
    axes = array.shape if axes is None else axes
    packed = array.astype(idx.TYPES[kind]).tobytes()
    return bytes([0, 0, kind, len(axes)]) + struct.pack(f">{len(axes)}I", *axes) + packed


def mnist(folder, n=5, name="train", packed=True):
    """Images and labels as MNIST names them."""
    rng = np.random.default_rng(len(name))
    pixels, digits = rng.integers(0, 256, (n, 4, 3)), rng.integers(0, 10, n)
    pack = gzip.compress if packed else bytes
    end = ".gz" if packed else ""
    (folder / f"{name}-images-idx3-ubyte{end}").write_bytes(pack(idx_bytes(pixels)))
    (folder / f"{name}-labels-idx1-ubyte{end}").write_bytes(pack(idx_bytes(digits)))
    return pixels, tuple(str(digit) for digit in digits)


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_with_its_labels(tmp_path, packed):
    pixels, labels = mnist(tmp_path, packed=packed)
    path = next(tmp_path.glob("train-images*"))
    read = find(path)
    np.testing.assert_array_equal(read.x, pixels.reshape(5, 12) / 255)
    assert (read.labels, read.image_shape, read.channels, read.name) == (labels, (4, 3), 1, "train-images-idx3-ubyte")
    assert read.about == f"5 grey images of 4 x 3 pixels, from '{path.name}'"
    assert find(f"{path}:limit2").labels == find(path, limit=2).labels == labels[:2]
    np.testing.assert_array_equal(find(path, limit=2).x, read.x[:2])


def test_a_folder_of_mnist_has_its_parts(tmp_path):
    train, labels = mnist(tmp_path)
    test, others = mnist(tmp_path, 3, "t10k", packed=False)
    read = find(tmp_path)
    np.testing.assert_array_equal(read.x, np.concatenate([train, test]).reshape(8, 12) / 255)
    assert (read.labels, read.parts) == (labels + others, ("train",) * 5 + ("test",) * 3)
    assert read.about == f"8 grey images of 4 x 3 pixels, from '{tmp_path.name}'"
    assert find(f"{tmp_path}:limit2").parts == ("train", "train", "test", "test")
    mnist(tmp_path, 3, "extra")
    assert "name one of them as the dataset" in refusal(find, tmp_path)


@pytest.mark.parametrize("kind", sorted(idx.TYPES))
def test_every_type_of_numbers_keeps_its_values(tmp_path, kind):
    values = np.array([[[0, 1], [7, 100]], [[5, 4], [3, 2]]]) / (4 if kind > 0x0C else 1)
    (tmp_path / "d.idx").write_bytes(idx_bytes(values, kind))
    read = find(tmp_path / "d.idx")
    np.testing.assert_array_equal(read.x, values.reshape(2, 4) / (255 if kind == 0x08 else 1))
    assert read.labels == ("r0", "r1")
    (tmp_path / "d.idx.gz").write_bytes(gzip.compress(idx_bytes(values, kind)))
    assert find(tmp_path / "d.idx").labels == ("r0", "r1")  # the packed file is not taken for labels
    (tmp_path / "t.idx").write_bytes(idx_bytes(values[0], kind))
    assert (find(tmp_path / "t.idx").kind, find(tmp_path / "t.idx").x.shape) == ("table", (2, 2))


def test_bytes_of_nought_and_one_stay_so_and_colour_may_be_last(tmp_path):
    letters = np.random.default_rng(0).integers(0, 2, (3, 4, 5))
    (tmp_path / "d.idx").write_bytes(idx_bytes(letters))
    np.testing.assert_array_equal(find(tmp_path / "d.idx").x, letters.reshape(3, 20))
    coloured = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3))
    (tmp_path / "c.idx").write_bytes(idx_bytes(coloured))
    read = find(tmp_path / "c.idx")
    assert read.sample_shape == (3, 4, 5)
    np.testing.assert_array_equal(read.x, coloured.transpose(0, 3, 1, 2).reshape(2, 60) / 255)


GOOD = idx_bytes(np.ones((2, 3, 3)))
LONG = idx_bytes(np.random.default_rng(0).integers(0, 256, (20, 10, 10)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no IDX file: it begins with the bytes (none), and 00 00, a type from 08 to 0e and 01 to 04 axes"),
        (b"\x89PNG\r\n", "is no IDX file: it begins with the bytes 89 50 4e 47"),
        (b"\0\0\x07\x03", "is no IDX file: it begins with the bytes 00 00 07 03"),
        (b"\0\0\x08\x05", "is no IDX file: it begins with the bytes 00 00 08 05"),
        (GOOD[:9], "is cut off within its header"),
        (GOOD[:-1], "has 17 bytes after its header, which tells of 18"),
        (GOOD + b"\0", "has more than the 18 bytes after its header of which that tells"),
        (idx_bytes(np.ones((0, 2, 2))), "has the shape (0, 2, 2): at least one row and one value are accepted"),
        (idx_bytes(np.ones(4)), "holds 4 numbers without rows, as files of labels do: name the images"),
        (gzip.compress(GOOD, mtime=0)[:-12], "is damaged: it cannot be unpacked by gzip to its end"),
        (gzip.compress(LONG, mtime=0)[:900] + b"\xff" * 90, "is damaged: it cannot be unpacked by gzip to its end"),
        (
            idx_bytes(np.ones(1), axes=(2**31, 28, 28)),
            f"at most {2**28} values are read: give a limit of {2**28 // 784}",
        ),
        (idx_bytes(np.ones(1), axes=(1, 2**31, 28)), "holds rows of 60129542144 values each, and at most 268435456"),
        (idx_bytes(np.ones((1, 2, 2, 2))), "has an array of shape (1, 2, 2, 2)"),
    ],
)
def test_idx_files_that_are_none(tmp_path, content, sentence):
    for name in ("d-idx3-ubyte", "d-idx3-ubyte.gz"):
        path = tmp_path / name
        path.write_bytes(content)
        read = refusal(find, path)
        assert read.startswith(f"'{path}'")
        assert sentence in read


def test_a_bomb_of_gzip_is_not_unpacked(tmp_path):
    """A header of a few images, then much of nothing."""
    path = tmp_path / "bomb-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(GOOD + bytes(2**25)))
    tracemalloc.start()
    try:
        assert "has more than the 18 bytes after its header" in refusal(find, path)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (idx_bytes(np.ones(4)), "has 4 labels and"),
        (idx_bytes(np.ones((5, 1))), "has shape (5, 1) and type uint8: a whole number for each row is accepted"),
        (idx_bytes(np.ones(5), 0x0D), "and type >f4: a whole number for each row is accepted"),
        (b"labels", "is no IDX file"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, labels, sentence):
    mnist(tmp_path, packed=False)
    beside = tmp_path / "train-labels-idx1-ubyte"
    beside.write_bytes(labels)
    read = refusal(find, tmp_path / "train-images-idx3-ubyte")
    assert read.startswith(f"'{beside}'")
    assert sentence in read


# SVHN


def house_numbers(path, n=4, compress=True, **changed):
    rng = np.random.default_rng(n)
    arrays = {
        "X": rng.integers(0, 256, (6, 5, 3, n), dtype=np.uint8),
        "y": np.array([[1], [10], [9], [2]][:n], np.uint8),
    }
    arrays |= changed
    savemat(path, {name: array for name, array in arrays.items() if array is not None}, do_compression=compress)
    return arrays["X"]


@pytest.mark.parametrize("compress", [True, False])
def test_house_numbers(tmp_path, compress):
    path = tmp_path / "test_32x32.mat"
    pixels = house_numbers(path, compress=compress)
    read = find(path)
    assert (read.sample_shape, read.labels, read.name) == ((3, 6, 5), ("1", "0", "9", "2"), "test_32x32")
    np.testing.assert_array_equal(read.x[2].reshape(3, 6, 5), pixels[..., 2].transpose(2, 0, 1) / 255)
    assert read.about == "4 images in colour of 6 x 5 pixels, from 'test_32x32.mat'"
    assert find(f"{path}:limit2").labels == ("1", "0")


def test_a_folder_of_house_numbers_has_its_parts(tmp_path):
    house_numbers(tmp_path / "test_32x32.mat", 2)
    house_numbers(tmp_path / "train_32x32.mat", 3)
    assert find(tmp_path).parts == ("train",) * 3 + ("test",) * 2
    house_numbers(tmp_path / "train_32x32.mat", 3, X=np.zeros((8, 8, 3, 3), np.uint8))
    assert "of shape (3, 6, 5) in its part 'test' and (3, 8, 8) in 'train': one shape" in refusal(find, tmp_path)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"X": None}, "has no array 'X': it holds y"),
        ({"y": None}, "has no array 'y': it holds X"),
        ({"y": np.ones((3, 1))}, "has 3 labels y and 4 images X"),
        ({"y": np.full((4, 1), 11)}, "y holds other values than the digits 1 to 9, and 10 or 0 for the digit 0"),
        ({"X": np.ones((4, 32, 32, 3), np.uint8)}, "X has shape (4, 32, 32, 3) and type uint8: bytes of shape"),
        ({"X": np.ones((2, 2), np.uint8)}, "X has shape (2, 2) and type uint8"),
    ],
)
def test_mat_files_with_other_arrays(tmp_path, changed, sentence):
    path = tmp_path / "d.mat"
    house_numbers(path, **changed)
    read = refusal(find, path)
    assert read.startswith(f"'{path}'")
    assert sentence in read


def test_mat_files_that_are_damaged_or_of_another_version(tmp_path):
    path = tmp_path / "d.mat"
    house_numbers(path)
    whole = path.read_bytes()
    for content in (b"", b"no matlab", whole[:100], whole[:300], whole[:200] + b"\xff" * 40 + whole[240:]):
        path.write_bytes(content)
        assert refusal(find, path).startswith(f"'{path}' ")
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    assert refusal(find, path) == f"'{path}' is a MATLAB 7.3 file: save it as version 7 (save -v7), which is accepted"


def test_a_bomb_of_matlab_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "d.mat"
    house_numbers(path, Z=np.zeros(2**22, np.uint8))
    assert path.stat().st_size < 10_000
    assert len(find(path).x) == 4
    monkeypatch.setattr(svhn, "UNPACKED_LIMIT", 2**21)
    assert refusal(find, path) == f"'{path}' unpacks to more than the {2**21} bytes that are accepted"
    monkeypatch.setattr(images, "VALUE_LIMIT", 100)
    assert "holds 4 rows of 90 values, and at most 100 values are read: give a limit of 1 rows" in refusal(find, path)


# pictures


def picture(path, mode="RGB", size=(5, 4), seed=0, **options):
    """A picture of noise; ``size`` is width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = len(mode) if mode in ("L", "LA", "RGB", "RGBA") else 1
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), dtype=np.uint8)
    if mode in ("LA", "RGBA"):
        pixels[..., -1] = 255
    one = Image.fromarray(pixels[..., 0] if bands == 1 else pixels)  # grey, grey with alpha... by the number of bands
    one = one if bands > 1 or mode == "L" else one.convert(mode)
    one.save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    for index, name in enumerate(("a/one.png", "a/two.png", "b/three.png")):
        picture(tmp_path / "p" / name, seed=index)
    return tmp_path / "p"


def test_sub_folders_are_labels_and_channels_come_first(folder):
    (folder / "Thumbs.db").write_bytes(b"x")
    picture(folder / "__MACOSX" / "._one.png", "L")
    read = find(folder)
    assert (read.labels, read.sample_shape, read.name, read.groups) == (("a", "a", "b"), (3, 4, 5), "p", None)
    with Image.open(folder / "b" / "three.png") as third:
        np.testing.assert_array_equal(read.x[2].reshape(3, 4, 5), np.asarray(third).transpose(2, 0, 1) / 255)
    assert read.about == "3 images in colour of 4 x 5 pixels, from 'p'"
    assert find(folder / "a").labels == ("one", "two")
    assert find(f"{folder}:limit2").labels == ("a", "a")
    assert find(f"{folder}:grey,8x6").sample_shape == (1, 8, 6)


@pytest.mark.parametrize("suffix", sorted(pictures.SUFFIXES))
def test_every_format_that_is_named_is_read(tmp_path, suffix):
    colour = suffix not in (".gif", ".pgm", ".pbm")
    options = {"lossless": True} if suffix == ".webp" else {}
    path = picture(tmp_path / f"one{suffix}", "RGB" if colour else "1" if suffix == ".pbm" else "L", **options)
    read = find(tmp_path)
    with Image.open(path) as one:
        expected = np.asarray(one.convert("RGB" if read.channels == 3 else "L"))
    expected = expected.transpose(2, 0, 1) if read.channels == 3 else expected
    np.testing.assert_array_equal(read.x[0], expected.ravel() / 255)


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("RGB", 3), ("RGBA", 3), ("P", 3)])
def test_the_modes_of_a_picture(tmp_path, mode, channels):
    picture(tmp_path / "one.png", mode)
    assert find(tmp_path).channels == channels


def test_a_camera_held_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    picture(tmp_path / "one.jpg", size=(16, 8), exif=exif)
    assert find(tmp_path).image_shape == (16, 8)
    assert find(f"{tmp_path}:patch8").x.shape == (2, 192)


def bomb(path, width, height):
    """A PNG of a few bytes whose header tells of a picture too large."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("shape", [(8193, 8192), (10_000, 10_000), (50_000, 50_000)])
@pytest.mark.parametrize("wish", ["", ":patch4"])
def test_a_picture_too_large_is_refused_by_its_header(tmp_path, shape, wish):
    bomb(tmp_path / "bomb.png", *shape)
    read = refusal(find, f"{tmp_path}{wish}")
    assert read.startswith(f"'{tmp_path / 'bomb.png'}' has ")
    assert f"{2**26} " in read


def test_pictures_that_are_damaged_are_named(folder):
    path = folder / "b" / "three.png"
    whole = path.read_bytes()
    for content, sentence in (
        (b"", "is empty, or a damaged one"),
        (b"not a picture", "is no picture that is read (PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM), or a damaged one"),
        (whole[:60], "is damaged: its pixels cannot be read"),
        (whole[:50] + bytes(12) + whole[62:], "is damaged: its pixels cannot be read"),
    ):
        path.write_bytes(content)
        for wish in ("", ":patch2"):
            read = refusal(find, f"{folder}{wish}")
            assert read.startswith(f"'{path}' ")
            assert sentence in read


def test_pictures_that_do_not_go_together_are_named(folder):
    odd = picture(folder / "c" / "odd.png", "L")
    first = folder / "a" / "one.png"
    assert refusal(find, folder).startswith(f"'{odd}' is grey and '{first}' in colour: one is accepted; ':grey'")
    assert find(f"{folder}:colour").channels == 3
    picture(odd, size=(6, 4))
    assert refusal(find, folder).startswith(
        f"'{odd}' has 4 x 6 pixels and '{first}' 4 x 5: one size is accepted; ':HxW'"
    )
    assert find(f"{folder}:3x2").image_shape == (3, 2)
    odd.unlink()
    Image.new("RGBA", (5, 4), (1, 2, 3, 100)).save(odd)
    assert refusal(find, folder) == f"'{odd}' has transparent pixels: pictures without are accepted"
    Image.new("I;16", (5, 4)).save(odd)
    assert refusal(find, folder).startswith(f"'{odd}' has values of mode 'I;16': grey or colour of eight bits a value")
    frames = [Image.new("L", (5, 4), value) for value in (0, 200)]
    frames[0].save(folder / "c" / "film.gif", save_all=True, append_images=frames[1:])
    assert "film.gif' holds several pictures: files of one are accepted" in refusal(find, folder)


def test_folders_without_pictures_and_wishes_that_are_none(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    assert refusal(find, tmp_path / "empty").startswith(f"the folder '{tmp_path / 'empty'}' holds no picture (.png")
    assert "'big' is not known; after a path limitN, HxW" in refusal(find, f"{folder}:32x32,big")
    assert refusal(find, f"{folder}:0x4") == "size must be from 1 to 4096 pixels, not 0"
    assert refusal(find, f"{folder}:limit0") == "limit must be an integer of at least 1, not 0"
    assert refusal(find, f"{folder}:4x4,patch4").startswith("give size, which scales whole pictures, or patch")
    assert "no patch of 5 x 5 is in it" in refusal(find, f"{folder}:patch5")


def test_one_file_name_under_several_labels_is_a_group(tmp_path):
    """As in notMNIST, where each letter's folder has a file for each font."""
    for letter in "AB":
        for font in ("Zm9udDE=", "Zm9udDI="):
            picture(tmp_path / letter / f"{font}.png", "L", seed=ord(letter))
    read = find(tmp_path)
    assert read.labels == ("A", "A", "B", "B")
    assert (read.groups.tolist(), read.grouped_by) == ([0, 1, 0, 1], "file name")


def test_patches_are_cut_of_pictures_of_any_size(tmp_path):
    picture(tmp_path / "a.png", size=(9, 7))
    picture(tmp_path / "b.png", size=(4, 8), seed=1)
    read = find(f"{tmp_path}:patch4")
    assert read.labels == ("a", "a", "b", "b")
    assert (read.groups.tolist(), read.grouped_by, read.sample_shape) == ([0, 0, 1, 1], "picture", (3, 4, 4))
    with Image.open(tmp_path / "a.png") as first:
        np.testing.assert_array_equal(read.x[1].reshape(3, 4, 4), np.asarray(first)[:4, 4:8].transpose(2, 0, 1) / 255)
    half = find(f"{tmp_path}:patch4,limit2")
    np.testing.assert_array_equal(half.x, read.x[[0, 2]])
    assert half.groups.tolist() == [0, 1]


# pairs


def pair(folder, names="xyz", sides=("low", "high"), sizes=((5, 4), (10, 8))):
    for index, name in enumerate(names):
        for side, size in zip(sides, sizes):
            picture(folder / side / f"{name}.{'png' if side == sides[0] else 'bmp'}", size=size, seed=index)


def test_pairs_are_inputs_and_targets_of_one_name(tmp_path):
    pair(tmp_path)
    read = find(tmp_path)
    assert (read.labels, read.sample_shape, read.paired.sample_shape) == (("x", "y", "z"), (3, 4, 5), (3, 8, 10))
    with Image.open(tmp_path / "high" / "z.bmp") as last:
        np.testing.assert_array_equal(read.paired.x[2].reshape(3, 8, 10), np.asarray(last).transpose(2, 0, 1) / 255)
    assert find(f"{tmp_path}:limit1").paired.x.shape == (1, 240)
    assert "are of two sizes: patches are cut of pairs of one size" in refusal(find, f"{tmp_path}:patch4")


def test_any_two_folders_are_a_pair_where_they_are_named(tmp_path):
    pair(tmp_path, sides=("blurred", "sharp"), sizes=((5, 4), (5, 4)))
    read = find(f"{tmp_path / 'blurred'}:{tmp_path / 'sharp'}")
    assert read.about == "3 images in colour of 4 x 5 pixels, from 'blurred to sharp'"
    np.testing.assert_array_equal(read.x, read.paired.x)
    cut = datasets.read_pairs(tmp_path / "blurred", tmp_path / "sharp", patch=4)
    np.testing.assert_array_equal(cut.x, cut.paired.x)
    assert cut.x.shape == (3, 48)


def test_parts_of_pairs(tmp_path):
    pair(tmp_path / "val", "q")
    pair(tmp_path / "train", "xy")
    read = find(tmp_path)
    assert (read.labels, read.parts) == (("x", "y", "q"), ("train", "train", "validation"))
    assert read.paired.x.shape == (3, 240)
    assert read.rows([2]).paired.x.shape == (1, 240)
    picture(tmp_path / "test" / "one.png")
    assert refusal(find, tmp_path).startswith(
        f"'{tmp_path / 'train'}' holds inputs and targets and '{tmp_path / 'test'}'"
    )


def test_parts_of_labelled_pictures(tmp_path):
    for part, label in (("test", "cat"), ("train", "cat"), ("train", "dog")):
        picture(tmp_path / part / label / "0.png")
    read = find(tmp_path)
    assert (read.labels, read.parts) == (("cat", "dog", "cat"), ("train", "train", "test"))
    picture(tmp_path / "training" / "x.png")
    assert "has two folders for one part: test, train, training" in refusal(find, tmp_path)


def test_pairs_whose_names_do_not_match_are_named(tmp_path):
    pair(tmp_path)
    (tmp_path / "high" / "y.bmp").unlink()
    low, high = tmp_path / "low", tmp_path / "high"
    assert refusal(find, tmp_path).startswith(f"'{low / 'y.png'}' has no picture of its name in '{high}': inputs")
    (low / "x.png").unlink()
    (low / "y.png").unlink()
    (low / "z.png").unlink()
    picture(low / "z.png")
    assert refusal(find, tmp_path).startswith(f"'{high / 'x.bmp'}' has no picture of its name in '{low}': inputs")
    pair(tmp_path)
    picture(low / "x.jpg")
    assert f"'{low / 'x.jpg'}' and '{low / 'x.png'}' bear one name" in refusal(find, tmp_path)


# NumPy files of images


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("last", [True, False])
def test_npy_images_in_colour(tmp_path, scale, last):
    pixels = np.random.default_rng(0).integers(0, scale + 1, (4, 3, 6, 5), dtype=np.uint8)
    np.save(tmp_path / "d.npy", pixels.transpose(0, 2, 3, 1) if last else pixels)
    read = find(tmp_path / "d.npy")
    np.testing.assert_array_equal(read.x, pixels.reshape(4, 90) / scale)
    assert read.sample_shape == (3, 6, 5)
    np.testing.assert_array_equal(find(f"{tmp_path / 'd.npy'}:limit2").x, read.x[:2])


def test_a_bomb_of_zip_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "d.npz", x=np.zeros((1000, 1000)))
    monkeypatch.setattr(datasets.arrays, "SIZE_LIMIT", 2**20)
    assert "has 8000128 bytes once unpacked: at most 1048576 are accepted" in refusal(find, tmp_path / "d.npz")


def test_too_many_values_are_refused_with_advice(tmp_path, monkeypatch):
    np.save(tmp_path / "d.npy", np.zeros((10, 4, 4), np.uint8))
    picture(tmp_path / "p" / "one.png")
    monkeypatch.setattr(images, "VALUE_LIMIT", 50)
    sentence = refusal(find, tmp_path / "d.npy")
    assert sentence == (
        f"'{tmp_path / 'd.npy'}' holds 10 rows of 16 values, and at most 50 values are read: give a limit of 3 rows or "
        "less (':limitN' after the path), or leave them in an .npy file that training maps"
    )
    assert find(f"{tmp_path / 'd.npy'}:limit3").x.shape == (3, 16)
    assert "holds rows of 60 values each, and at most 50 values are read" in refusal(find, tmp_path / "p")


# the command line


def test_images_are_shown_by_the_command_line(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from scipy_ae.cli.app import main

    monkeypatch.chdir(tmp_path)
    pair(tmp_path / "data" / "train")
    pair(tmp_path / "data" / "test", "q")
    done = CliRunner().invoke(main, ["dataset", "preview", "data"])
    assert done.exit_code == 0, done.output
    assert "parts: train 3 rows, test 1 rows" in done.output
    assert "each row has a target of 3 x 8 x 10" in done.output
    with Image.open("data.png") as sheet:
        assert sheet.mode == "RGB"
    done = CliRunner().invoke(main, ["dataset", "export", "data:limit2", "d.npz"])
    assert done.exit_code == 0, done.output
    assert find("d.npz").paired.x.shape == (2, 240)
    (tmp_path / "data" / "train" / "low" / "x.png").write_bytes(b"")
    done = CliRunner().invoke(main, ["dataset", "preview", "data", "--out", "again.png"])
    assert (done.exit_code, Path("again.png").exists()) == (2, False)
    assert "x.png' is empty, or a damaged one" in done.output
