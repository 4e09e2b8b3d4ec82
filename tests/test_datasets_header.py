"""Fonts in C headers, read and written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scipy_ae.datasets import Dataset, find, load_font, read_font_header, write_font_header
from scipy_ae.errors import InputError

A = [0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11]
B = [0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E]
A_HEX = "{0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}"
B_HEX = "{0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}"
AB = load_font(2).select("AB").x


@pytest.fixture
def header(tmp_path):
    def write(text):
        path = tmp_path / "font.h"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_font_header(path)
    return str(caught.value)


def test_a_users_header_as_it_is_handed_out(header):
    path = header(
        "/* fonts.h: two letters,\n # not a directive, { nor a brace } nor x[2][7] = { */\r\n"
        "#ifndef FONT_H /* a comment of\r\n two lines, G[1][7] = { */\r\n#define FONT_H\r\n#include <stdint.h>\r\n"
        "static unsigned char Font2[2][7] = {\r\n"
        f"   {A_HEX},   // 0x41, A\r\n   {B_HEX}   // 0x42, B\r\n}};\r\n#endif\r\n"
    )
    fonts = read_font_header(path)
    assert list(fonts) == ["Font2"]
    font = fonts["Font2"]
    np.testing.assert_array_equal(font.x, AB)
    assert font.labels == ("A", "B")
    assert (font.name, font.kind, font.image_shape) == ("Font2", "image", (7, 5))
    assert font.about == "2 characters of 7 rows of 5 pixels, from 'font.h'"


@pytest.mark.parametrize(
    "declaration",
    [
        "static unsigned char F[2][7] =",
        "const static uint8_t F[][7]=",
        "unsigned static const char F [ 2 ] [ 7 ] =\n",
        "uint8_t const F[N][7] =",
        "extern int F[N][BYTES] =",
        "const PROGMEM uint8_t F[0x2][07] =",
        'static const unsigned char F[2][7] __attribute__((section(".rodata"))) =',
        "static const unsigned char /* F[3][8] = { */ F[2][7] // {\n =",
        "int other; unsigned char G[2][7], F[2][7] =",
        'extern "C" { extern unsigned char H[9]; int w[] = {1, 2}; unsigned char F[2][7] =',
    ],
)
def test_any_declaration_of_an_array_of_rows(header, declaration):
    fonts = read_font_header(header(f"{declaration} {{ {A_HEX}, {B_HEX} }};"))
    assert list(fonts) == ["F"]
    np.testing.assert_array_equal(fonts["F"].x, AB)


@pytest.mark.parametrize(
    "row",
    [
        "{0X0E,0X11,0x11,0X1f,0x11,0x11,0x11}",
        "{14, 17, 17, 31, 17, 17, 17}",
        "{0b01110, 0B10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001}",
        "{016, 021, 021, 037, 021, 021, 021}",
        "{0x0Eu, 17U, 17ul, 0x1FL, 17, 17, 17,}",
        "{0xEE, 0x31, 0x51, 0x9F, 0xF1, 0x11, 0x11}",
        "{\n14,\n17 /* two, } */,\n17, // three, 0x99\n31,\t17,17,17\n,\n}",
    ],
)
def test_any_literal_and_the_five_low_bits_count(header, row):
    font = read_font_header(header(f"char F[1][7] = {{ {row}, }};"))["F"]
    np.testing.assert_array_equal(font.x, AB[:1])


def test_several_arrays_in_one_file(header):
    path = header(f"char One[1][7] = {{{A_HEX}}};\nint n = 3;\nchar Two[][7] = {{{B_HEX}, {A_HEX}}};\n")
    fonts = read_font_header(path)
    assert list(fonts) == ["One", "Two"]
    np.testing.assert_array_equal(fonts["Two"].x, AB[::-1])
    np.testing.assert_array_equal(find(f"{path}:Two").x, AB[::-1])
    np.testing.assert_array_equal(find(path, "One").x, AB[:1])


def test_which_of_several_arrays_must_be_said(header):
    path = header(f"char One[1][7] = {{{A_HEX}}};\nchar Two[1][7] = {{{B_HEX}}};")
    with pytest.raises(InputError, match=r"^name one array of .*as in 'font.h:One': it holds One, Two$"):
        find(path)
    with pytest.raises(InputError, match=r"^unknown array in '.*font.h' 'Twoo': did you mean 'Two'\?"):
        find(f"{path}:Twoo")


def test_the_only_array_needs_no_name(header):
    assert find(header(f"char One[1][7] = {{{A_HEX}}};")).name == "One"


@pytest.mark.parametrize(
    ("comments", "labels"),
    [
        (["// 0x41, A", "// 0x42, B"], ("A", "B")),
        (["/* 0x20 */", "/* 0x7f, DEL */"], ("space", "DEL")),
        (["// 'A'", '// "b"'], ("A", "b")),
        (["/* A */", "//B"], ("A", "B")),
        (["// U+0041 (A)", "// U+00F1"], ("A", "ñ")),
        (["// 0x5c, \\", "// 0x5D, ]"], ("\\", "]")),
        (["// 0x80", "// 0x0a"], ("0x80", "0x0A")),
        (["// first", "// second"], ("r0", "r1")),
        (["// 0x41, A", ""], ("r0", "r1")),
        (["", ""], ("r0", "r1")),
        (["\n// 0x41", "\n// 0x42"], ("r0", "r1")),
    ],
)
def test_labels_from_the_comment_after_each_row(header, comments, labels):
    text = f"char F[2][7] = {{\n{A_HEX}, {comments[0]}\n{B_HEX} {comments[1]}\n}};\n"
    fonts = read_font_header(header(text))
    assert fonts["F"].labels == labels
    np.testing.assert_array_equal(fonts["F"].x, AB)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_labels_from_the_number_of_the_block(header, number):
    rows = ",\n".join([A_HEX] * 32)
    fonts = read_font_header(header(f"char font_{number}[32][7] = {{{rows}}}; char fontX[32][7] = {{{rows}}};"))
    assert fonts[f"font_{number}"].labels == load_font(number).labels
    assert fonts["fontX"].labels[:2] == ("r0", "r1")


def test_a_block_number_says_nothing_of_fewer_rows(header):
    assert read_font_header(header(f"char F2[1][7] = {{{A_HEX}}};"))["F2"].labels == ("r0",)


@pytest.mark.parametrize(("coding", "newline"), [("latin-1", "\n"), ("utf-8-sig", "\r\n"), ("utf-8", "\r")])
def test_codings_and_line_ends(header, coding, newline):
    text = f"// matriz de píxeles\nchar F[1][7] = {{\n{A_HEX} // ñ\n}};\n"
    font = read_font_header(header(text.replace("\n", newline).encode(coding)))["F"]
    assert font.labels == ("ñ",)
    np.testing.assert_array_equal(font.x, AB[:1])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (f"{A_HEX}, {{1, 2, 3, 4, 5, 6}}", "array 'F', row 1 has 6 bytes: 7 are accepted"),
        (f"{A_HEX}, {{1, 2, 3, 4, 5, 6, 7, 8,}}", "array 'F', row 1 has 8 bytes: 7 are accepted"),
        ("{}", "array 'F', row 0 has 0 bytes: 7 are accepted"),
        ("{1, 2, 3, 4, 5, 6, 256}", "array 'F', row 0 holds '256': bytes (0 to 255) such as"),
        ("{1, 2, 3, 4, 5, 6, -1}", "array 'F', row 0 holds '-1': bytes"),
        ("{1, 2, 3, 4, 5, 6, 0xG}", "array 'F', row 0 holds '0xG': bytes"),
        ("{1, 2, 3, 4, 5, 6, 089}", "array 'F', row 0 holds '089': bytes"),
        ("{1, 2, 3, 4, 5, 6, 1.5}", "array 'F', row 0 holds '1.5': bytes"),
        ("{1, 2, 3, 4, 5, 6 7, 8}", "array 'F', row 0 holds '6 7': bytes"),
        ("{1, 2, 3, , 5, 6, 7}", "array 'F', row 0 holds '': bytes"),
        ("{1, 2, 3, 4, 5, 6, " + "9" * 5000 + "}", f"array 'F', row 0 holds '{'9' * 40}': bytes"),
        ("", "array 'F' has no rows: at least one is accepted"),
        ("1, 2, 3, 4, 5, 6, 7", "array 'F', row 0 is '1 2 3 4 5 6 7': a row of 7 bytes in braces"),
        (f"{A_HEX}, [5] = {B_HEX}", "array 'F', row 1 is '[5] =': a row of 7 bytes in braces is accepted"),
        (f"{{{A_HEX}}}", "array 'F', row 0 has braces inside: 7 bytes are accepted"),
    ],
)
def test_a_wrong_row_is_named(header, rows, sentence):
    assert refusal(header(f"char Good[1][7] = {{{A_HEX}}};\nchar F[][7] = {{ {rows} }};")).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"char F[3][7] = {{{A_HEX}, {B_HEX}}};", "array 'F' is declared with 3 rows and has 2"),
        (f"char F[1][7] = {{{A_HEX}, {B_HEX}}};", "array 'F' is declared with 1 rows and has 2"),
        (f"char F[1][8] = {{{A_HEX}}};", "array 'F' is declared with 8 bytes a row: 7 are accepted"),
        (f"char F[1][7] = {{{A_HEX},", "array 'F', row 1 is not complete: the array has no closing brace"),
        ("char F[1][7] = {{1, 2, 3", "array 'F', row 0 is not complete: the array has no closing brace"),
        (f"char F[1][7] = {{{A_HEX} /* }};", "array 'F', row 1 is not complete: the array has no closing brace"),
        (f"char F[1][7] = {{{A_HEX}}}; char F[1][7] = {{{A_HEX}}};", "array 'F' stands twice in"),
    ],
)
def test_a_wrong_array_is_named(header, text, sentence):
    assert refusal(header(text)).startswith(sentence)


@pytest.mark.parametrize("text", ["", "int x;", "// char F[1][7] = {{1}};", "char F[7] = {1};", "F[2][7]; G = {1};"])
def test_a_header_without_such_an_array(header, text):
    path = header(text)
    assert refusal(path) == f"'{path}' holds no array of the form NAME[32][7] = {{ {{0x04, ...}}, ... }};"


# written, then read

characters = st.one_of(st.sampled_from(["space", "DEL"]), st.characters(min_codepoint=0x21, max_codepoint=0x7E))
byte_rows = st.lists(st.integers(0, 31), min_size=7, max_size=7)


def font_of(rows, labels):
    x = np.array([[byte >> bit & 1 for byte in row for bit in (4, 3, 2, 1, 0)] for row in rows])
    return Dataset("letters", x, tuple(labels), (7, 5), "", "image")


@given(st.lists(st.tuples(byte_rows, characters), min_size=1, max_size=40))
def test_what_is_written_is_read(tmp_path_factory, pairs):
    font = font_of([row for row, _ in pairs], [label for _, label in pairs])
    path = tmp_path_factory.mktemp("header") / "letters.h"
    write_font_header(font, path, "Letters_1")
    back = read_font_header(path)["Letters_1"]
    np.testing.assert_array_equal(back.x, font.x)
    assert back.labels == font.labels


literals = st.sampled_from(["{:d}", "0x{:02x}", "0X{:02X}", "0b{:05b}", "0{:o}", "{:#x}u"])
gaps = st.sampled_from(["", " ", "\n\t", " /* , } { 0x41 */ ", " // , } {\n", "\r\n"])


@given(st.data(), st.lists(byte_rows, min_size=1, max_size=5))
def test_any_layout_of_the_same_bytes_is_the_same_font(tmp_path_factory, data, rows):
    def gap():
        return data.draw(gaps)

    def row_text(row):
        items = [gap() + data.draw(literals).format(byte) + gap() for byte in row]
        return "{" + ",".join(items) + data.draw(st.sampled_from(["", ",", " , "])) + "}"

    words = data.draw(st.permutations(["static", "const", "unsigned", "char"]))
    size = data.draw(st.sampled_from(["", "N", str(len(rows)), hex(len(rows))]))
    body = (gap() + "," + gap()).join(row_text(row) for row in rows)
    path = tmp_path_factory.mktemp("header") / "f.h"
    path.write_text(f"{' '.join(words)} F{gap()}[{size}][7]{gap()}={gap()}{{{gap()}{body}{gap()}}};", newline="")
    np.testing.assert_array_equal(read_font_header(path)["F"].x, font_of(rows, rows).x)


@given(st.data())
def test_a_damaged_header_is_read_or_refused_in_a_sentence(tmp_path_factory, data):
    text = f"/* x */ char F2[2][7] = {{\n{A_HEX}, // 0x41\n{B_HEX}}};"
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 5)))
    middle = data.draw(st.text(alphabet="{}[],;=/*#\\\n 0x19bAF'\"", max_size=4))
    path = tmp_path_factory.mktemp("header") / "f.h"
    path.write_text(text[:start] + middle + text[end:])
    try:
        shapes = {font.x.shape[1] for font in read_font_header(path).values()}
    except InputError as error:
        shapes, sentence = {35}, str(error)
    else:
        sentence = ""
    assert shapes == {35}
    assert "\n" not in sentence


def test_the_written_text_is_c(tmp_path):
    path = tmp_path / "two.h"
    write_font_header(font_of([A, B], ["A", "\\"]), path)
    assert path.read_text().splitlines() == [
        "// letters: 2 characters of 7 rows of 5 pixels, a byte a row, bit 4 the leftmost pixel",
        "static const unsigned char letters[2][7] = {",
        f"    {A_HEX},  // 0x41, A",
        f"    {B_HEX},  // 0x5c, backslash",
        "};",
    ]


def test_other_labels_end_in_no_comment_that_continues(tmp_path):
    path = tmp_path / "two.h"
    write_font_header(font_of([A, B], ["one\\", "two\nlines"]), path)
    assert [line.partition("// ")[2] for line in path.read_text().splitlines()[2:4]] == ["one", "two lines"]
    assert read_font_header(path)["letters"].labels == ("r0", "r1")


@pytest.mark.parametrize("name", ["2font", "a b", "é", "", "font-2"])
def test_an_array_needs_a_name_of_c(tmp_path, name):
    with pytest.raises(InputError, match=rf"^array name '{name}' is not a C identifier"):
        write_font_header(load_font(2), tmp_path / "x.h", name)
    assert not list(tmp_path.iterdir())


def test_only_7_by_5_pixels_of_0_and_1_go_into_a_header(tmp_path):
    font = load_font(2)
    grey = Dataset("grey", font.x / 2, font.labels, (7, 5), "", "image")
    wide = Dataset("wide", font.x, font.labels, (5, 7), "", "image")
    for dataset in (grey, wide):
        with pytest.raises(InputError, match=rf"^dataset '{dataset.name}' is not of 7 x 5 images of 0 and 1"):
            write_font_header(dataset, tmp_path / "x.h")
