"""Which pictures a folder holds, and what their places say: labels, parts of a split, inputs and targets."""

from dataclasses import dataclass
from pathlib import Path

from scipy_ae.datasets.pictures import SUFFIXES
from scipy_ae.errors import InputError

#: Names of two sub-folders that hold inputs and targets.
PAIRS = (("low", "high"), ("lr", "hr"), ("input", "target"), ("noisy", "clean"))
#: Names of sub-folders that are parts of a split.
PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Found:
    """A picture in a folder: its ``label``, its ``part`` where the folder is divided, its target where it has one."""

    path: Path
    label: str
    part: str | None = None
    target: Path | None = None


def pictures_in(folder: Path) -> list[Found]:
    """All pictures of a folder, by part, then by path.

    Sub-folders ``train`` and ``val`` or ``test`` are parts. Two sub-folders ``low`` and ``high`` (or another of the
    pairs) hold inputs and targets by the same names. Any other sub-folder is a label of the pictures in it and
    below; pictures directly in a folder without such are labelled by their own names.
    """
    found: list[Found] = []
    pairing: dict[bool, Path] = {}
    for place, part in _places(folder):
        sides = _sides(place)
        pairing.setdefault(sides is not None, place)
        found += _plain(place, part) if sides is None else paired(*sides, part)
    if len(pairing) == 2:
        raise InputError(f"'{pairing[True]}' holds inputs and targets and '{pairing[False]}' does not")
    return found


def paired(inputs: Path, targets: Path, part: str | None = None) -> list[Found]:
    """The pictures of two folders that bear the same names; their suffixes may differ."""
    given, wanted = _by_name(inputs), _by_name(targets)
    for names, others, folder in ((given, wanted, targets), (wanted, given, inputs)):
        alone = [name for name in names if name not in others]
        if alone:
            more = f" (nor {len(alone) - 1} others)" if len(alone) > 1 else ""
            raise InputError(f"'{names[alone[0]]}' has no picture of its name in '{folder}'{more}: inputs and targets "
                             "bear the same names")  # fmt: skip
    return [Found(path, Path(name).name, part, wanted[name]) for name, path in given.items()]


def _places(folder: Path) -> list[tuple[Path, str | None]]:
    """The parts of a folder, or the folder itself where it is not divided."""
    inner = _folders(folder)
    named: list[tuple[Path, str | None]] = [
        (place, PARTS[place.name.lower()]) for place in inner if place.name.lower() in PARTS
    ]
    parts = [part for _, part in named]
    if len(named) < len(inner) or "train" not in parts or len(set(parts)) < 2:
        return [(folder, None)]
    if len(set(parts)) < len(parts):
        raise InputError(f"'{folder}' has two folders for one part: {', '.join(place.name for place, _ in named)}")
    return [item for part in dict.fromkeys(PARTS.values()) for item in named if item[1] == part]


def _sides(folder: Path) -> tuple[Path, Path] | None:
    """Inputs and targets, where a folder consists of them."""
    inner = {place.name.lower(): place for place in _folders(folder)}
    sides = next((pair for pair in PAIRS if set(pair) == set(inner)), None)
    return None if sides is None else (inner[sides[0]], inner[sides[1]])


def _plain(folder: Path, part: str | None) -> list[Found]:
    files = _files(folder)
    flat = all(path.parent == folder for path in files)
    return [Found(path, path.stem if flat else _label(path, folder), part) for path in files]


def _label(path: Path, folder: Path) -> str:
    inner = path.relative_to(folder).parts
    return inner[0] if len(inner) > 1 else folder.name


def _by_name(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their path in it, without the suffix."""
    named: dict[str, Path] = {}
    for path in _files(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in named:
            raise InputError(f"'{named[name]}' and '{path}' bear one name: inputs and targets are found by theirs")
        named[name] = path
    return named


def _files(folder: Path) -> list[Path]:
    """The pictures in a folder and below, hidden ones aside; at least one."""
    try:
        every = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
        files = sorted(path for path in every if not _hidden(path.relative_to(folder)) and path.is_file())
    except OSError as error:
        raise InputError(f"cannot read the folder '{folder}': {error.strerror or error}") from None
    if not files:
        raise InputError(f"the folder '{folder}' holds no picture ({', '.join(SUFFIXES)})")
    return files


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(place for place in folder.iterdir() if place.is_dir() and not _hidden(Path(place.name)))
    except OSError as error:
        raise InputError(f"cannot read the folder '{folder}': {error.strerror or error}") from None


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)
