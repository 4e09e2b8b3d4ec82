"""Recipe: a published experiment as a short TOML file that says only what differs from a plain run, and why."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy_ae.errors import InputError, unknown
from scipy_ae.experiments.fields import option
from scipy_ae.experiments.spec import Spec, read_toml, spec_of

SHIPPED = Path(__file__).parent / "recipes"
#: Starts of each value of a study whose recipe asks for no number of them.
SEEDS = 10

#: Fields that say which start a run has, so that a study cannot vary them.
OF_STARTS = ("seed", "restarts", "halving")

_TEXTS = ("title", "about", "claim", "source")
_KEYS = (*_TEXTS, "run", "study")
_STUDY = ("vary", "values", "labels", "cases", "seeds", "test", "expect")
_EXPECT = ("better", "than")


@dataclass(frozen=True)
class Case:
    """One of the runs side by side in a study, or the only one of a recipe: its name and what it asks for."""

    label: str
    spec: Spec


@dataclass(frozen=True)
class Recipe:
    """What a recipe's file says.

    ``run`` holds fields of :class:`Spec`; ``variants`` a label and further fields for each run of a study, and is empty
    for a single run; ``vary`` is the field that a study varies, or empty where its cases differ in several; ``test`` is
    noise under which every network of the study is tested, or empty. ``expect`` is the published claim in a form that
    numbers can bear out or not: ``better`` and ``than`` are labels, of which the best of the first is to beat each of
    the second.
    """

    name: str
    path: Path
    title: str
    about: str
    claim: str
    source: str
    run: dict[str, Any]
    vary: str
    variants: tuple[tuple[str, dict[str, Any]], ...]
    seeds: int
    test: str = ""
    expect: dict[str, Any] = field(default_factory=dict)

    @property
    def is_study(self) -> bool:
        return bool(self.variants)

    def cases(self, given: dict[str, Any] | None = None) -> list[Case]:
        """The runs, with what the user gave in place of what the recipe says of the same fields."""
        given = given or {}
        for _, fields in self.variants:
            for name in given.keys() & fields.keys():
                raise InputError(f"{option(name)}: {self.name} varies it; another field is accepted")
        try:
            return [Case(label, spec_of(self.run | fields | given)) for label, fields in self.variants or (("", {}),)]
        except InputError as error:
            where = f"recipe '{self.path.name}': " if self.path.suffix == ".toml" else ""
            raise InputError(f"{where}{error}") from None


def names() -> list[str]:
    """The recipes that come with the package, the studies of one parameter last."""
    return sorted((path.stem for path in SHIPPED.glob("*.toml")), key=lambda name: (name.startswith("study-"), name))


def find(name: str) -> Recipe:
    """The shipped recipe of that name, or the one in a file whose name ends in ``.toml``."""
    if name.endswith(".toml"):
        return read(Path(name))
    if name not in names():
        raise unknown("recipe", name, names())
    return read(SHIPPED / f"{name}.toml")


def read(path: Path) -> Recipe:
    """The recipe in a file; what it may not hold is refused by file and key."""
    table = read_toml(path, "recipe")
    try:
        return _recipe(path, table)
    except InputError as error:
        raise InputError(f"recipe '{path.name}': {error}") from None


def _recipe(path: Path, table: dict[str, Any]) -> Recipe:
    _known(table, _KEYS)
    for key in ("title", "about"):
        if key not in table:
            raise InputError(f"{key}: it is missing; a sentence is needed")
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            raise InputError(f"{key}: {table[key]!r} is not accepted; text is")
    run, study = (_table(key, table.get(key, {})) for key in ("run", "study"))
    _known(study, _STUDY)
    seeds = study.get("seeds", SEEDS)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise InputError(f"seeds: {seeds!r} is not accepted; a whole number of at least 1 is")
    texts = {key: " ".join(table.get(key, "").split()) for key in _TEXTS}
    vary, variants = _variants(study) if study else ("", ())
    test = study.get("test", "")
    if not isinstance(test, str):
        raise InputError(f"test: {test!r} is not accepted; noise such as 'flip:5%' is")
    expect = _expectation(study.get("expect", {}), [label for label, _ in variants])
    recipe = Recipe(
        path.stem, path, **texts, run=run, vary=vary, variants=variants, seeds=seeds, test=test, expect=expect
    )
    for case in recipe.cases():
        if (case.spec.restarts or 1) > 1 and recipe.is_study:
            raise InputError("restarts and study contradict each other: a study has starts of its own, seeds")
    return recipe


def _variants(study: dict[str, Any]) -> tuple[str, tuple[tuple[str, dict[str, Any]], ...]]:
    """What is varied, and label and fields of each run."""
    if "cases" in study:
        for key in ("vary", "values", "labels"):
            if key in study:
                raise InputError(f"{key} and cases contradict each other: each case has its own label and fields")
        cases = [_table("cases", case) for case in _list("cases", study["cases"])]
        for case in cases:
            if not isinstance(case.get("label"), str):
                raise InputError(f"cases: {case!r} is not accepted; a label and fields of a run are")
        found = [(case["label"], {key: value for key, value in case.items() if key != "label"}) for case in cases]
        vary = ""
    else:
        vary, values = study.get("vary", ""), _list("values", study.get("values"))
        if not isinstance(vary, str) or vary not in spec_fields():
            raise unknown("field to vary", str(vary), spec_fields())
        labels = study.get("labels", [f"{value:g}" if isinstance(value, float) else str(value) for value in values])
        if len(_list("labels", labels)) != len(values) or not all(isinstance(label, str) for label in labels):
            raise InputError(f"labels: {labels!r} is not accepted; a text for each of the {len(values)} values is")
        found = [(label, {vary: value}) for label, value in zip(labels, values)]
    for name in OF_STARTS:
        if any(name in fields for _, fields in found):
            raise InputError(f"study: {name} cannot be varied: a study has starts of its own, seeds")
    if len({label for label, _ in found}) != len(found):
        raise InputError("study: two runs have the same label; each needs its own")
    return vary, tuple(found)


def _expectation(expect: Any, labels: list[str]) -> dict[str, Any]:
    """The claim as labels, checked against those that the study has."""
    _known(_table("expect", expect), _EXPECT)
    if ("better" in expect) != ("than" in expect):
        raise InputError("expect: better and than belong together; labels of the study in both are accepted")
    for label in (label for key in expect for label in _list(key, expect[key], least=1)):
        if label not in labels:
            raise unknown("label in expect", str(label), labels)
    return expect


def spec_fields() -> list[str]:
    return sorted(Spec.__dataclass_fields__)


def _known(table: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise unknown("key", key, keys)


def _table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{key}: {value!r} is not accepted; a table is")
    return value


def _list(key: str, value: Any, least: int = 2) -> list[Any]:
    if not isinstance(value, list) or len(value) < least:
        raise InputError(f"{key}: {value!r} is not accepted; a list of at least {('one', 'two')[least - 1]} is")
    return value
