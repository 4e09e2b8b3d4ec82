"""Languages: no catalogue lacks a word, no page mixes two of them, and numbers are written as each one writes them."""

import ast
import json
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import run_folders
import test_bench
from browser import chromium, opened
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from scipy_ae import corruptions, datasets, report, solvers
from scipy_ae.cli.app import main
from scipy_ae.cli.options import LANGUAGES
from scipy_ae.corruptions.resizing import KERNELS
from scipy_ae.corruptions.watermark import PLACES
from scipy_ae.errors import InputError
from scipy_ae.experiments import recipe
from scipy_ae.experiments.bench_folder import advice
from scipy_ae.experiments.bench_folder import write as write_bench
from scipy_ae.experiments.contenders import LeftOut
from scipy_ae.experiments.denoise import Study
from scipy_ae.experiments.run import run
from scipy_ae.experiments.setup import Setup
from scipy_ae.experiments.spec import Spec
from scipy_ae.experiments.starts import run_starts
from scipy_ae.records import Record, RunFolder
from scipy_ae.report import bench_page, drawing
from scipy_ae.report.sheet import encoded
from scipy_ae.report.told import Told
from scipy_ae.report.translation import told_study
from scipy_ae.report.words import Words, catalogue, languages
from scipy_ae.training import Stop

ROOT = Path(report.__file__).parents[1]
OTHERS = [language for language in languages() if language != "en"]
#: Tables that English has no use for.
OWN = ("grammar", "told")
#: What is written alike in English and in another language.
ALIKE = {
    *(
        "number.seconds",
        "number.minutes",
        "number.hours",
        "study.lost",
        "page.title",
        "lead.data",
        "evidence.elbo",
        "bench.ms",
    ),
    *("study.of_value", "study.case", "study.evidence.elbo", "explorer.free"),
    *("images.called.jpeg", "images.decibels", "images.key.rival_ssim", "images.key.ssim", "images.verdict.alone"),
    *(f"images.name.{name}" for name in ("jpeg", "original", "pca")),
    *(f"images.table.{name}" for name in ("bits", "psnr", "ssim")),
    *("study.images.bits", "study.images.other"),
    *(f"terms.{name}" for name in ("bits", "jpeg", "pca", "psnr", "ssim")),
    *(f"explorer.live.legend.{of}.{map_}" for of in ("pixels", "values", "circles") for map_ in ("pictures", "none")),
}
ALIKE_IN = {
    "es": {"number.percent", "number.no", "explorer.key.escape", "images.name.error"},
    "pt": {"explorer.key.enter", "run.outcome_item", "run.threads"},
}
#: Words of English that neither Spanish nor Portuguese has.
ENGLISH = re.compile(
    r"\b(the|of|and|with|was|were|is|are|each|by|from|that|which|what|wrong|loss|number|row|code)\b", re.I
)


def flat(table: dict[str, Any], path: str = "") -> dict[str, Any]:
    found = {}
    for key, entry in table.items():
        found |= flat(entry, f"{path}{key}.") if isinstance(entry, dict) else {path + key: entry}
    return found


def said(language: str) -> dict[str, Any]:
    """All words of a catalogue but for its own tables."""
    return flat({key: entry for key, entry in catalogue(language).items() if key not in OWN})


def told(language: str) -> dict[str, str]:
    """English texts and their translations; no text may stand twice."""
    texts: dict[str, str] = {}

    def read(table: dict[str, Any]) -> None:
        for key, entry in table.items():
            if isinstance(entry, dict):
                read(entry)
            else:
                assert texts.setdefault(key, entry) == entry, key

    read(catalogue(language)["told"])
    return texts


def names(text: Any) -> set[str]:
    """The {names} of a sentence, whatever form of them is asked for."""
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name is not None}


def in_english(text: str) -> bool:
    """Whether a text has English words, those of options and {names} aside."""
    return bool(ENGLISH.search(re.sub(r"--[\w-]+( [\w-]+)?|\{.*?\}", "", text)))


def listed(keys: Any, table: dict[str, Any]) -> str:
    """Lines for a catalogue, by their tables, with the English words that are to be said otherwise."""
    return "\n" + "\n".join(f"[{key.rpartition('.')[0]}] {key.rpartition('.')[2]} = {table[key]!r}" for key in keys)


# --- the catalogues


def test_there_are_three_languages_and_the_command_line_offers_them():
    assert languages() == LANGUAGES == report.languages() == ["en", "es", "pt"]


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_lacks_a_key_or_has_one_too_many(language):
    english, other = said("en"), said(language)
    lacking = [key for key in english if key not in other]
    assert not lacking, f"{language}.toml lacks" + listed(lacking, english)
    assert not [key for key in other if key not in english]
    assert all(type(other[key]) is type(english[key]) for key in english)


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_hold_the_same_names(language):
    english, other = said("en"), said(language)
    for key, text in english.items():
        if key.endswith(".one"):  # a singular may do without its number, in English too
            assert names(other[key]) <= names(text) | names(english[key[:-3] + "other"]), key
        elif isinstance(text, str):
            assert names(other[key]) == names(text), (key, other[key])


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language):
    english, other = said("en"), said(language)
    alike = {key for key, text in english.items() if isinstance(text, str) and other[key] == text}
    alike -= {"number.point", "number.between", "number.thousands"}
    assert alike == ALIKE | ALIKE_IN[language], listed(alike - ALIKE - ALIKE_IN[language], english)
    for key in english.keys() - ALIKE:
        assert not in_english(str(other[key])), (key, other[key])


@pytest.mark.parametrize("language", OTHERS)
def test_every_form_that_a_sentence_asks_for_is_there(language):
    words = Words(language)
    nouns = [words.noun(key) for key in catalogue("en")["thing"]]
    assert len({noun.feminine for noun in nouns}) == 2
    for key, text in said(language).items():
        for _, name, form, _ in string.Formatter().parse(str(text)):
            if name == "thing":
                assert form in ("", "s") or form.count("|") == 1, (key, text)
            elif name is not None:
                assert form == "" or (name, form) == ("count", "f"), (key, text)
    for n in range(15):
        assert words.count(n).feminine
    assert len(catalogue(language)["number"]["small"]) == len(catalogue(language)["grammar"]["small_feminine"]) == 13


def test_genders_and_counts_agree():
    es, pt = Words("es"), Words("pt")
    assert es("section.new.intro", thing=es.noun("circles")).endswith("que ningún círculo de los datos tiene.")
    assert es("section.new.intro", thing=es.noun("letters")).endswith("que ninguna letra de los datos tiene.")
    two = {"n": 2, "numbers": pt("code.numbers", n=2, count=pt.count(2)), "count": pt.count(2)}
    assert pt("outcome.letters.clean", **two).startswith("duas letras passaram por dois números")
    assert pt("outcome.circles.error", **two, roundness="1%").startswith("dois círculos passaram por dois números")
    assert Words("en")("noise.key.name", thing=Words("en").noun("letters")) == "of noisy letters recovered"


def test_numbers_are_written_as_the_language_writes_them():
    en, es, pt = (Words(language) for language in ("en", "es", "pt"))
    assert [words.number(-1234.5, 6) for words in (en, es, pt)] == ["−1234.5", "−1234,5", "−1234,5"]
    assert [words.whole(12345) for words in (en, es, pt)] == ["12,345", "12\u202f345", "12.345"]
    assert [words.whole(1234) for words in (en, es, pt)] == ["1,234", "1234", "1.234"]
    assert [words.percent(0.125) for words in (en, es, pt)] == ["12 %", "12 %", "12%"]
    assert [words.share(0.9876) for words in (en, es, pt)] == ["98.8 %", "98,8 %", "98,8%"]
    assert [words.code([0.5, -1]) for words in (en, es, pt)] == ["(0.5, −1)", "(0,5; −1)", "(0,5; −1)"]
    assert es.seconds(125) == "2 min 5 s"


# --- what folders say in English


@pytest.mark.parametrize("language", OTHERS)
def test_translations_of_what_folders_say_hold_the_same_names(language):
    assert told(language).keys() == told("es").keys()
    for english, text in told(language).items():
        assert names(text) == names(english), english
        assert text != english or english in ("normal {x}",)
        assert not in_english(text), text


@pytest.fixture(params=OTHERS)
def in_words(request):
    """Says a text in a language, and fails where the catalogue does not know it."""
    words = Words(request.param)

    def say(text: str) -> str:
        translation = words.told(text)
        assert translation != text, f"{request.param}.toml does not know {text!r}"
        assert not in_english(translation), translation
        return translation

    return say


def test_every_recipe_is_translated_and_so_are_the_names_of_its_values(in_words):
    known = {*solvers.names(), "tanh", "relu", "elu", "softplus", "softmax", "fan-in", "glorot", "he"}
    for found in map(recipe.find, recipe.names()):
        for text in (found.title, found.about, found.claim, found.source):
            if text:
                in_words(text)
        for label, _ in found.variants:
            if label not in known and not re.fullmatch(r"[\d ]+|[\d-]+|Adam, L?-?BFGS|neighbourhood:.*", label):
                in_words(label)


def test_data_noises_and_reasons_to_stop_are_translated(in_words, tmp_path):
    table = tmp_path / "never.csv"  # a name that is a word elsewhere
    table.write_text("1,2,3\n4,5,6\n7,8,9\n")
    about = in_words(datasets.find(str(table)).about)
    assert about.endswith("'never.csv'")
    for colours in ("L", "RGB"):
        Image.new(colours, (4, 3)).save(tmp_path / f"{colours}.png")
        in_words(datasets.find(f"{tmp_path}:{'grey' if colours == 'L' else 'colour'}").about)
    drawn = ("font1", "font2", "font3", "circles", "logos")
    for name in (*drawn, "digits", "glyphs:1", "glyphs:2", "curves:1", "photographs"):
        in_words(datasets.find(name).about)
    for noise in ("flip:1", "flip:2", "flip:12.5%", "salt-pepper:0.2", "mask:0.2", "gaussian:0.3", "neighbourhood:0.3"):
        meaning = in_words(corruptions.parse(noise, (7, 5)).meaning)
        assert ("12,5" in meaning) == (noise == "flip:12.5%")
    for place in PLACES:
        assert "0,5" in in_words(corruptions.Watermark("SAMPLE", 0.5, place).meaning)
    for degradation in (corruptions.Grayscale(), *(corruptions.Downscale(2, kernel) for kernel in KERNELS)):
        in_words(degradation.meaning)
    there = Record(1, "step", "Adam", 0.5, {}, 1e-3, 9.0, 9, 0, worst_row=0)
    for stop in (Stop(loss=0.5), Stop(pixels=1), Stop(gradient=1e-2), Stop(seconds=1.5), Stop(asked=lambda: True)):
        in_words(stop.reason(there))


def texts_in(path: Path, *functions: str) -> set[str]:
    """What functions of a file say: texts of four words and more, docstrings aside, a 7 for what they fill in."""

    def spelt(node: ast.AST) -> str:
        if isinstance(node, ast.JoinedStr):
            return "".join(map(spelt, node.values))
        return str(node.value) if isinstance(node, ast.Constant) else "7"

    found = set()
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name in functions:
            nodes = [node for line in function.body for node in ast.walk(line)]
            pieces = {
                piece
                for node in nodes
                if isinstance(node, ast.JoinedStr)
                for piece in ast.walk(node)
                if piece is not node
            }
            whole = [node for node in nodes if isinstance(node, (ast.JoinedStr, ast.Constant)) and node not in pieces]
            found |= {text for text in map(spelt, whole) if len(text.split()) > 3} - {
                ast.get_docstring(function, clean=False)
            }
    return found


def test_what_our_solvers_say_at_their_end_is_translated(in_words):
    said_by = {
        "base": ("solve",),
        "damping": ("stuck",),
        "descent": ("words", "stuck"),
        "first_order": ("_run",),
        "model_machine": ("descend",),
        "newton": ("_stuck",),
        "powell": ("_run",),
    }
    heard = {text for name, of in said_by.items() for text in texts_in(ROOT / f"solvers/{name}.py", *of)}
    assert len(heard) >= 15
    heard |= {"the curvature is not finite at x", "no step lowers fun, halved 60 times"}
    for text in heard:
        if not text.startswith("maxiter: got"):
            in_words(f"Adam ended before its last step: {text}")


def test_notes_and_advice_are_translated(in_words):
    notes = texts_in(ROOT / "experiments/outcome.py", "_notes") | texts_in(ROOT / "experiments/starts.py", "notes")
    notes |= texts_in(ROOT / "experiments/run.py", "_of_resuming")
    notes |= texts_in(ROOT / "experiments/checkpoint.py", "look")
    assert len(notes) >= 10
    for text in notes:
        in_words(text)
    for counted in (None, 0.25):
        for limit in (None, {"rms": 0.1, "wrong": 0.2, "recovered": 0.9}):
            score = {"rms": 0.5, "wrong": counted, "recovered": counted}
            column = {"noise": "flip:1", "unchanged": score, "once": [score], "twice": [score], "limit": limit}
            note = Study({"noise": "flip:1", "seed": 1, "draws": 9, "tested": [column]}, {}).note
            assert "0,5" in in_words(note) or counted


def test_the_advice_of_a_bench_is_translated(in_words):
    (cases,) = test_bench.test_the_advice_follows_from_the_numbers.pytestmark
    heard = set()
    for entries, target, _ in cases.args[1]:
        heard.add(advice(test_bench.made(*entries, target=target, seeds=len(entries[0].races))))
    fast, near = test_bench.FAST, [(0.0, 100.0), (0.011, 5.0), (0.11, 1.0)]
    for rivals in (1, 2, 4):
        names_ = ("CG", "TNC", "Adam", "Rprop")[:rivals]
        entries = [test_bench.entry("BFGS", fast), *(test_bench.entry(name, near) for name in names_)]
        heard |= {advice(test_bench.made(*entries, target=target)) for target in (None, 5.0)}
    assert len(heard) >= 13
    for text in heard:
        assert len(in_words(text).split("; ")) == len(text.split("; "))
    for text in (
        "BFGS needs residual; this objective offers fun, jac",
        "BFGS needs hess; this objective offers fun, jac; any of hessp, gauss_newton_p will do as well",
        "too slow: one round of its steps takes some 2.5 s with 3479 weights",
    ):
        in_words(text)


def test_patterns_prefer_what_knows_more_and_leave_the_rest():
    table = {"a {x} b": "A {x} B", "a {x} b {y}": "{y} a {x}", "deep": {"{x} is {name}": "{x}: {name}", "red": "rojo"}}
    say = Told(table, ",", "{x}%")
    assert say("a red b 0.5") == "0,5 a rojo"
    assert say("a -1.5e-05 b") == "A −1,5e−05 B"
    assert say("red is red") == "rojo: red"
    assert say("a 12.5 % b; red.") == "A 12,5% B; rojo."
    assert say("a 1; 2 b") == "A 1; 2 B"
    assert [say(text) for text in ("mine; red too.", "1.2.3", "", "a.b 0.5")] == [
        "mine; red too.",
        "1.2.3",
        "",
        "a.b 0.5",
    ]
    assert Told({}, ".")("a 0.5 b") == "a 0.5 b"


# --- pages


class Said(HTMLParser):
    """What a page says and shows to a listener, but for commands and what the explorer is given."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.language, self.said, self._unheard = "", [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.language = known.get("lang", self.language)
        self.said += [known[name] for name in ("alt", "aria-label", "title", "data-stop") if known.get(name)]
        self._unheard += tag in ("style", "script", "pre")

    def handle_endtag(self, tag):
        self._unheard -= tag in ("style", "script", "pre")

    def handle_data(self, data):
        if not self._unheard:
            self.said.append(" ".join(data.split()))


#: Settings and part of the command line, which mean the same everywhere; versions; how Python calls its exceptions.
IDENTIFIERS = {"cross-entropy", "squared-error"}


def fragments(language: str) -> set[str]:
    """Pieces of three words and more between the {names} of all sentences."""
    texts = [str(text) for text in said(language).values()]
    texts += told("es") if language == "en" else []
    pieces = [piece.strip(" .,;:()") for text in texts for piece in re.split(r"\{.*?\}", text)]
    return {piece for piece in pieces if len(re.findall(r"[^\W\d]{2,}", piece)) > 2}


def assert_all_in(language: str, page: Path) -> None:
    heard = Said(page)
    assert heard.language == language
    text = "\n".join(heard.said)
    assert len(text) > 2000
    assert not [piece for piece in fragments("en") - fragments(language) if piece in text]
    assert not [line for line in heard.said if in_english(line) and line not in IDENTIFIERS]
    # numbers: none with a point before its decimals, but for versions
    assert not [
        line for line in heard.said if re.search(r"(?<![\w.])\d+\.\d{1,2}(?![\w.])", line) and not VERSION.search(line)
    ]


VERSION = re.compile(r"\d+\.\d+\.\d+|^2\.0$|GHz|Linux")


@pytest.fixture
def dots(monkeypatch):
    """Lays figures out but does not render them: what counts is the page."""
    monkeypatch.setattr(drawing, "pixels", lambda figure: np.zeros((1, 1, 3), np.uint8))


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, RunFolder]:
    """Real runs of all kinds: noise undone, the best of some starts with a variational code, circles, rows."""
    root = tmp_path_factory.mktemp("runs")
    table = root / "mine.csv"
    table.write_text("1,2.5,-3,0.5\n4,5,6,1\n7,8,9,2.5\n")
    small: dict[str, Any] = {"letters": "4", "layers": "35-6-2-6-35", "iterations": 4}
    asked = {
        "noisy": {**small, "noise": "flip:1", "copies": 2, "loss": "squared-error", "guard": False, "carry": "reset"},
        "starts": {**small, "restarts": 2, "variational": True, "kl": 0.1, "l1": 0.01, "sparse_layers": "encoder.0"},
        "circles": {"dataset": "circles", "letters": "5", "layers": "42-5-2-5-42", "iterations": 3},
        "table": {"dataset": table.name, "layers": "4-3-1-3-4", "iterations": 3, "every": 0},
    }
    made = {}
    with pytest.MonkeyPatch.context() as here:
        here.chdir(root)
        for name, fields in asked.items():
            setup = Setup.of(Spec(**fields))
            made[name] = (
                run_starts(setup, root / name, jobs=1) if name == "starts" else run(setup, root / name)
            ).folder
    return made


@pytest.mark.parametrize("name", ["noisy", "starts", "circles", "table"])
@pytest.mark.parametrize("language", OTHERS)
def test_a_page_of_a_run_is_in_one_language(runs, language, name, dots):
    assert_all_in(language, report.write(runs[name], lang=language))


@pytest.mark.parametrize("language", OTHERS)
def test_plain_letters_pictures_and_classes_are_told_in_one_language(tmp_path, language, dots):
    grey = run_folders.letters(tmp_path / "pictures", 50, d=3, wrong={2: 3}, labels=["abc"] * 50, interrupted=True)
    ours = {"title": "", "stop": "all iterations made", "notes": [], "about": ""}
    for folder in (
        grey,
        run_folders.table(tmp_path / "table"),
        run_folders.trained(tmp_path / "one", "35-9-1-9-35")[0],
    ):
        result = json.loads(folder.result.read_text())
        result |= {**ours, "dataset": {**result["dataset"], "about": datasets.find("font2").about}}
        folder.result.write_text(json.dumps(result))
        assert_all_in(language, report.write(folder, lang=language))


def test_english_pages_are_in_english(runs, dots):
    heard = Said(report.write(runs["noisy"]))
    assert heard.language == "en"
    text = "\n".join(heard.said)
    assert sum(piece in text for piece in fragments("en")) > 40
    assert not [piece for piece in fragments("es") | fragments("pt") if piece in text]


def test_a_report_is_written_anew_in_another_language_and_loads_no_other_catalogue(runs, dots):
    folder = runs["circles"]
    english = report.write(folder).read_text(encoding="utf-8")
    catalogue.cache_clear()
    assert "Cinco círculos passaram por dois números" in report.write(folder, lang="pt").read_text(encoding="utf-8")
    assert catalogue.cache_info().currsize == 1
    assert report.write(folder, lang="en").read_text(encoding="utf-8") == english


@pytest.mark.parametrize("language", OTHERS)
def test_a_bench_is_told_in_one_language(tmp_path, language, dots, monkeypatch):
    monkeypatch.setattr(bench_page, "png", lambda figure: encoded(np.zeros((1, 1, 3), np.uint8)))
    found = test_bench.made(
        test_bench.entry("BFGS", test_bench.FAST),
        test_bench.entry("Adam", [(0, 100), (1.5, 0.8)], label="Adam (eta 0.01)"),
        left_out=(LeftOut("COBYQA", "too slow: one round of its steps takes some 2.5 s with 3479 weights"),),
    )
    write_bench(tmp_path, found, "scipy-ae bench")
    page = report.write(tmp_path, lang=language)
    assert_all_in(language, page)
    assert "Adam (eta 0,01)" in Said(page).said
    assert f"--lang</span> <span>{language}</span>" in page.read_text(encoding="utf-8")


def test_a_study_is_told_with_its_labels():
    value = {"label": "never", "command": "scipy-ae train --seed 0", "why": "", "runs": [{"stop": "interrupted"}]}
    study = {
        "title": "How often a burst?", "about": "mine", "claim": "", "source": "", "meaning": "", "command": "make it",
        "dataset": {"name": "font2", "about": "mine"}, "values": [value], "machine": {"cores": "2"},
        "vary": "every", "finding": [{"key": "only", "values": {"name": "every never"}}], "verdict": [],
    }  # fmt: skip
    told_in = told_study(study, Words("pt"))
    assert told_in["title"] == "De quanto em quanto uma rajada?"
    assert told_in["values"][0]["label"] == "nunca"
    assert told_in["finding"] == [{"key": "only", "values": {"name": "every nunca"}}]
    assert told_in["values"][0]["runs"] == [{"stop": "foi interrompido"}]
    assert told_in["values"][0]["command"] == "scipy-ae train --seed 0 --lang pt"
    assert (told_in["about"], told_in["command"], told_in["machine"]) == ("mine", "make it", {"núcleos": "2"})
    assert told_study(study, Words("en")) is study


# --- pictures


@pytest.mark.parametrize(("language", "name"), [("es", "noisy"), ("es", "starts"), ("pt", "circles")])
def test_words_in_pictures_stay_within_them_and_apart(runs, tmp_path, monkeypatch, language, name):
    drawn = {}

    def look(figure):
        drawn[len(drawn)] = figure
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(drawing, "pixels", look)
    report.write(runs[name], lang=language)
    assert len(drawn) >= 7
    for figure in drawn.values():
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
        texts += [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text().strip()]
        width, height = figure.bbox.width, figure.bbox.height
        for words, box in boxes:
            assert box.x0 >= -2, words
            assert box.x1 <= width + 2, words
            assert box.y0 >= -2, words
            assert box.y1 <= height + 2, words
        for k, (words, box) in enumerate(boxes):
            for others, other in boxes[:k]:
                across = min(box.x1, other.x1) - max(box.x0, other.x0)
                up = min(box.y1, other.y1) - max(box.y0, other.y0)
                assert across < 3 or up < 3, (words, others)


def test_numbers_at_the_axes_have_the_comma(runs, monkeypatch):
    numbers = []

    def look(figure):
        figure.draw(FigureCanvasAgg(figure).get_renderer())
        numbers.extend(
            label.get_text() for axes in figure.axes for label in axes.get_xticklabels() + axes.get_yticklabels()
        )
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(drawing, "pixels", look)
    report.write(runs["circles"], lang="pt")
    assert sum("," in number for number in numbers) > 5
    assert not any("." in number for number in numbers)


# --- the explorer


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def test_the_explorer_speaks_spanish(browser, tmp_path, dots):
    folder, _ = run_folders.trained(tmp_path / "run")
    with opened(browser, report.write(folder, lang="es")) as page:
        page.locator("[data-part=plane]").press("ArrowRight")
        for _ in range(100):
            told_now = page.locator("[data-part=live]").text_content()
            if told_now:
                break
            page.wait_for_timeout(50)
        assert re.fullmatch(r"código \([−\d]+,\d+; [−\d]+,\d+\)\. Lo más cercano en los datos: \w, .*\.", told_now)
        assert page.locator("[data-part=legend]").text_content().startswith("Un tono por letra de los datos")
        page.get_by_role("button", name="Reproducir").click()
        assert page.get_by_role("button", name="Detener").is_visible()
        page.get_by_role("button", name="Detener").click()
        step = page.locator("[data-part=strip] button").nth(1).get_attribute("aria-label")
        assert re.fullmatch(r"paso 2 de \d+, lo más cercano \w", step)
        shown = page.locator("[data-explorer]").inner_text()
        assert not in_english(shown)
        assert re.search(r"\d,\d", shown)
        assert not re.search(r"\d\.\d", shown)


# --- the command line


@pytest.mark.parametrize(
    "words", ["train --out x", "report x", "bench --out x", "experiment run circles --out x", "train --resume x"]
)
def test_an_unknown_language_is_refused(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*words.split(), "--lang", "xx"])
    assert done.exit_code == 2
    assert done.stderr == "Error: Invalid value for '--lang': 'xx' is not one of 'en', 'es', 'pt'.\n"
    assert not list(tmp_path.iterdir())


def test_an_unknown_language_is_refused_from_python(runs):
    before = runs["table"].index.read_bytes() if runs["table"].index.exists() else None
    with pytest.raises(InputError, match=re.escape("unknown lang 'ES': did you mean 'es'? (accepted: en, es, pt)")):
        report.write(runs["table"], lang="ES")
    assert (runs["table"].index.read_bytes() if runs["table"].index.exists() else None) == before


def test_the_command_line_writes_a_report_in_a_language_and_anew_in_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ["--letters", "3", "--layers", "35-4-2-4-35", "--iterations", "2", "--quiet", "--out", "run"]
    for words, language in ((["train", *small, "--lang", "es"], "es"), (["report", "run", "--lang", "pt"], "pt")):
        done = CliRunner().invoke(main, words, catch_exceptions=False)
        assert done.exit_code == 0
        assert Said(Path("run/index.html")).language == language
    assert "scipy-ae train" in RunFolder(Path("run")).result.read_text()
    assert "--lang" not in RunFolder(Path("run")).result.read_text()  # the folder is the same in every language
