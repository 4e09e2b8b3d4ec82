"""The dataset value, the choice of rows, the shipped fonts, the circles and the catalogue."""

import string

import numpy as np
import pytest

from scipy_ae import datasets
from scipy_ae.datasets import Dataset, load_font, load_logos, make_circles
from scipy_ae.errors import InputError


def table(x, labels=None, **changes):
    x = np.asarray(x)
    labels = labels or tuple(f"r{row}" for row in range(len(x)))
    fields = {"name": "some", "x": x, "labels": labels, "image_shape": None, "about": "", "kind": "table"}
    return Dataset(**{**fields, **changes})


def drawing(dataset, label):
    image = dataset.x[dataset.labels.index(label)].reshape(dataset.image_shape)
    return ["".join("#" if pixel else "." for pixel in row) for row in image]


# the fonts


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_font_is_32_images_of_zeros_and_ones_in_the_order_of_the_codes(number):
    font = load_font(number)
    assert font.name == f"font{number}"
    assert font.kind == "image"
    assert font.image_shape == (7, 5)
    assert font.x.shape == (32, 35)
    assert font.x.dtype == np.float64
    assert set(np.unique(font.x)) == {0.0, 1.0}
    characters = [chr(code) for code in range(32 * number, 32 * number + 32)]
    safe = {" ": "space", "\x7f": "DEL"}
    assert font.labels == tuple(safe.get(character, character) for character in characters)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_two_characters_of_a_font_differ_in_two_pixels_at_least(number):
    x = load_font(number).x
    distance = np.abs(x[:, None] - x[None]).sum(axis=2)
    assert distance[np.triu_indices(32, 1)].min() >= 2


def test_known_drawings():
    assert drawing(load_font(2), "F") == ["#####", "#....", "#....", "####.", "#....", "#....", "#...."]
    assert drawing(load_font(3), "g") == [".....", ".####", "#...#", "#...#", ".####", "....#", ".###."]
    assert drawing(load_font(1), "7") == ["#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."]
    assert not load_font(1).x[0].any()
    assert load_font(3).x[31].reshape(7, 5)[::2, ::2].all()


@pytest.mark.parametrize(
    ("font", "one", "other"), [(1, "(", ")"), (1, "<", ">"), (1, "/", "\\"), (2, "[", "]"), (3, "{", "}")]
)
def test_pairs_of_signs_are_mirrored(font, one, other):
    mirrored = [row[::-1] for row in drawing(load_font(font), one)]
    assert mirrored == drawing(load_font(2 if other == "\\" else font), other)


def test_symmetric_letters_are_symmetric():
    for letter in "AHIMOTUVWXY":
        rows = drawing(load_font(2), letter)
        assert [row[::-1] for row in rows] == rows


def test_a_loaded_font_is_the_callers_own():
    load_font(2).x[:] = 7
    assert load_font(2).x.max() == 1


@pytest.mark.parametrize("number", [0, 4, "2", True, None])
def test_there_are_three_fonts(number):
    with pytest.raises(InputError, match=r"^font must be 1, 2 or 3, not"):
        load_font(number)


# the choice of rows

UPPERCASE = string.ascii_uppercase


@pytest.mark.parametrize(
    ("number", "choice", "labels"),
    [
        (2, "10", UPPERCASE[:10]),
        (2, 10, UPPERCASE[:10]),
        (2, "25", UPPERCASE[:25]),
        (2, "26", UPPERCASE),
        (2, "27", "@" + UPPERCASE),
        (3, "10", "abcdefghij"),
        (1, "10", "0123456789"),
        (1, "12", ["space", "!", *string.digits]),
        (2, "A-J", UPPERCASE[:10]),
        (2, " A - C ", "ABC"),
        (2, "0-9", "@ABCDEFGHI"),
        (1, "0-9", string.digits),
        (1, "16-18", "012"),
        (1, "+--", "+,-"),
        (1, "!-,", "!\"#$%&'()*+,"),
        (1, ",", ","),
        (1, "-", "-"),
        (1, "5-5", "5"),
        (1, "5,", "5"),
        (2, "A,B,C", "ABC"),
        (2, "C, A,B", "CAB"),
        (2, "X Y Z", "XYZ"),
        (2, "HELLO", "HELO"),
        (2, "A-C,X", "ABCX"),
        (2, "1,3,Z", "ACZ"),
        (2, ["A", 3, np.int64(26)], "ACZ"),
        (1, ["3", 3], "3#"),
        (1, "space,!", ["space", "!"]),
        (3, "DEL", ["DEL"]),
        (2, "DEL", "DEL"),
    ],
)
def test_a_choice_names_rows(number, choice, labels):
    font = load_font(number)
    chosen = font.select(choice)
    assert chosen.labels == tuple(labels)
    for label, row in zip(chosen.labels, chosen.x):
        np.testing.assert_array_equal(row, font.x[font.labels.index(label)])
    assert (chosen.name, chosen.image_shape, chosen.kind) == (font.name, (7, 5), "image")


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("choice", ["32", 32, None, "0-31"])
def test_32_is_the_whole_block_as_it_stands(number, choice):
    if number == 1 and choice == "0-31":
        choice = "space-?"
    font = load_font(number)
    assert font.select(choice).labels == font.labels
    np.testing.assert_array_equal(font.select(choice).x, font.x)


@pytest.mark.parametrize("choice", ["a-j", "É", "A,é", "A-", "32", "3,", "A-99", 2.5, "9" * 5000])
def test_a_label_that_is_not_there_is_refused_with_those_that_are(choice):
    uppercase = load_font(2).select("A-C")
    choice = [choice] if choice == 2.5 else choice
    with pytest.raises(InputError, match=r"of 'font2': accepted are a count from 1 to 3, .* labels A B C$"):
        uppercase.select(choice)


@pytest.mark.parametrize("choice", ["0", "33", 0, -1])
def test_a_count_is_from_one_to_all(choice):
    with pytest.raises(InputError, match=rf"^cannot choose {choice} rows of 'font1': accepted are a count from 1"):
        load_font(1).select(choice)


@pytest.mark.parametrize("choice", ["", "  ", ", ,", []])
def test_a_choice_of_nothing_is_refused(choice):
    with pytest.raises(InputError, match="names no row of 'font2'"):
        load_font(2).select(choice)


def test_a_range_runs_forwards():
    with pytest.raises(InputError, match=r"^the range 'J-A' runs backwards in 'font2'"):
        load_font(2).select("J-A")


def test_a_choice_of_circles_is_by_radius_or_by_number():
    circles = make_circles(5)
    assert circles.select("0.30-0.70").labels == ("0.30", "0.50", "0.70")
    assert circles.select("0,4").labels == ("0.10", "0.90")
    assert circles.select("2").labels == ("0.10", "0.30")


def test_a_label_borne_twice_is_all_its_rows():
    letters = table([[1], [2], [3], [4]], ("A", "B", "A", "C"))
    np.testing.assert_array_equal(letters.select("A").x.ravel(), [1, 3])
    np.testing.assert_array_equal(letters.select("A-A").x.ravel(), [1, 2, 3])


def test_many_labels_are_shortened_in_an_error():
    with pytest.raises(InputError, match=r"labels 0\.100 0\.108 0\.116 \.\.\. 0\.900$"):
        make_circles().select("x")


# the value itself


def test_a_dataset_holds_float64_rows_of_its_own():
    for dtype in (np.uint8, np.float64):
        x = np.array([[0, 255], [1, 2]], dtype=dtype)
        dataset = table(x, ("a", "b"))
        x[:] = 9
        assert dataset.x.dtype == np.float64
        assert dataset.x.tolist() == [[0, 255], [1, 2]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_named(value):
    x = np.ones((4, 3))
    x[2, 1] = x[3, 0] = value
    with pytest.raises(InputError, match=rf"^dataset 'some', row 2, column 1 is {value}: finite numbers"):
        table(x)


@pytest.mark.parametrize(
    ("x", "changes", "sentence"),
    [
        (np.ones((0, 3)), {"labels": ()}, r"dataset 'some' has no rows: at least one is accepted"),
        (np.ones((2, 0)), {}, r"dataset 'some' has no columns: at least one is accepted"),
        (np.ones(3), {}, r"dataset 'some' has shape \(3,\): \(rows, columns\) is accepted"),
        (np.ones((1, 1)) * 1j, {}, r"dataset 'some' holds values of type complex128: real numbers"),
        (np.array([["a"]]), {}, r"dataset 'some' holds values of type <U1: real numbers are accepted"),
        (np.ones((2, 2)), {"labels": ("a",)}, r"dataset 'some' has 2 rows and 1 labels"),
        (np.ones((1, 6)), {"image_shape": (7, 5), "kind": "image"}, r"images of 7 x 5 pixels do not fit 6 col"),
        (np.ones((1, 6)), {"image_shape": (2, 3)}, r"kind is 'table' with image_shape \(2, 3\)"),
        (np.ones((1, 6)), {"kind": "image"}, r"kind is 'image' with image_shape None"),
        (np.ones((1, 6)), {"kind": "sound"}, r"kind is 'sound'"),
        (np.ones((1, 5)), {"kind": "circles"}, r"circles are pairs x, y, not 5 columns"),
    ],
)
def test_a_dataset_that_does_not_hold_together_is_refused(x, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        table(x, **changes)


# circles


def test_circles_are_even_in_radius_and_around():
    circles = make_circles()
    assert circles.x.shape == (100, 42)
    assert circles.kind == "circles"
    assert circles.image_shape is None
    pairs = circles.x.reshape(100, 21, 2)
    radius = np.hypot(pairs[..., 0], pairs[..., 1])
    np.testing.assert_allclose(radius, np.linspace(0.1, 0.9, 100)[:, None].repeat(21, axis=1))
    angle = np.arctan2(pairs[..., 1], pairs[..., 0])
    np.testing.assert_allclose(np.diff(np.unwrap(angle, axis=1), axis=1), 2 * np.pi / 21)
    np.testing.assert_allclose(pairs.mean(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(pairs[:, 0, 1], 0)


def test_a_circle_is_named_after_its_radius():
    assert make_circles(3).labels == ("0.10", "0.50", "0.90")
    labels = make_circles().labels
    assert len(set(labels)) == 100
    np.testing.assert_allclose([float(label) for label in labels], np.linspace(0.1, 0.9, 100), atol=5e-4)


def test_one_circle_has_the_smallest_radius():
    assert make_circles(1, 4, 2.0, 3.0).x.round(12).tolist() == [[2, 0, 0, 2, -2, 0, 0, -2]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"n": 0}, "n must be an integer of at least 1, not 0"),
        ({"n": 2.5}, "n must be an integer of at least 1, not 2.5"),
        ({"points": 2}, "points must be an integer of at least 3, not 2"),
        ({"smallest": float("nan")}, "smallest must be a finite number, not nan"),
        ({"largest": "1"}, "largest must be a finite number, not '1'"),
        ({"smallest": 0}, "radii must be 0 < smallest < largest, not smallest 0 and largest 0.9"),
        ({"smallest": 0.9}, "radii must be 0 < smallest < largest, not smallest 0.9 and largest 0.9"),
    ],
)
def test_circles_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=f"^{sentence}$"):
        make_circles(**arguments)


# logos


def test_the_logos_are_many_distinct_pictures_with_a_name_each():
    logos = load_logos()
    assert logos.x.shape == (40, 400)
    assert logos.image_shape == (20, 20)
    assert set(np.unique(logos.x)) == {0.0, 1.0}
    assert len(set(logos.labels)) == 40
    assert {"heart", "star", "mushroom", "key"} <= set(logos.labels)
    apart = np.abs(logos.x[:, None] - logos.x).sum(axis=2) + 400 * np.eye(40)
    assert apart.min() >= 50  # no two are alike
    assert logos.x.sum(axis=1).min() >= 40
    images = logos.x.reshape(40, 20, 20)
    assert (images.any(axis=2).sum(axis=1) >= 9).all()  # each fills its square in height
    assert (images.any(axis=1).sum(axis=1) >= 9).all()


def test_logos_are_chosen_by_their_words():
    logos = load_logos()
    assert logos.select("key").labels == ("key",)
    assert logos.select("heart,ship").labels == ("heart", "ship")
    assert logos.select("heart-key").labels == ("heart", "star", "mushroom", "key")
    assert logos.select("3").labels == ("heart", "star", "mushroom")


# the catalogue


def test_every_name_is_found_and_says_what_it_is():
    drawn = ["font1", "font2", "font3", "circles", "logos"]
    images = ["digits", "glyphs", "curves", "photographs"]
    assert list(datasets.names()) == drawn + images
    for name, about in datasets.names().items():
        found = datasets.find("glyphs:1" if name == "glyphs" else name)
        assert found.name == name
        if name in drawn:
            assert found.about in about
        assert "\n" not in about


def test_find_gives_what_the_functions_give():
    np.testing.assert_array_equal(datasets.find("font3").x, load_font(3).x)
    np.testing.assert_array_equal(datasets.find("circles").x, make_circles().x)


@pytest.mark.parametrize("spec", ["font4", "Font2", "font1:A", "fnt2"])
def test_an_unknown_name_is_refused_with_the_nearest(spec):
    with pytest.raises(InputError, match=rf"^unknown dataset '{spec}': did you mean 'font\d'\? \(accepted: font1, "):
        datasets.find(spec)


def test_a_built_in_dataset_has_no_arrays_inside():
    with pytest.raises(InputError, match=r"^dataset 'font2' is built in and has no array 'A' inside"):
        datasets.find("font2", "A")
