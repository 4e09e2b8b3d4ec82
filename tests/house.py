"""The rules of the house, read from the source of any tree laid out like this repository.

Each rule is a function from the root of a tree to a list of sentences, one for each place that breaks it, so
that a test can feed it a small wrong tree. ``docs/architecture.md`` says why the rules are what they are.
"""

import ast
import configparser
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Where each package that stands at the top of the repository is found once installed.
TOPS = {"scipy_ae": "scipy_ae", "cli": "scipy_ae.cli", "datasets": "scipy_ae.datasets"}

#: A room imports only from lower floors, never sideways or up.
FLOORS = {
    room: floor
    for floor, rooms in {
        10: "cli",
        9: "experiments",
        8: "estimator",
        7: "training persistence",
        6: "objective latent evidence export kind",
        5: "network display",
        4: "bottlenecks report",
        3: "layers schedule quadratic",
        2: "activations losses penalties batches checks gauss_newton solvers datasets denoising tensors tasks "
        "baselines",
        1: "kernels layout problem records initializers corruptions metrics threads stored quantiser splitting",
        0: "errors",
    }.items()
    for room in rooms.split()
}

#: The libraries that only some rooms may import, be it inside a function.
HOMES = {
    "numba": {"kernels"},
    "sklearn": {"estimator", "datasets", "baselines"},
    "matplotlib": {"report"},
    "click": {"cli"},
}

#: The two towers: the rooms on the left never import those on the right.
TOWERS = (
    (
        {
            "kernels",
            "activations",
            "losses",
            "penalties",
            "layers",
            "bottlenecks",
            "network",
            "gauss_newton",
            "quadratic",
            "objective",
            "evidence",
            "kind",
        },
        {"solvers", "schedule"},
    ),
    (
        {"problem", "solvers", "schedule"},
        {
            "activations",
            "losses",
            "penalties",
            "layers",
            "bottlenecks",
            "network",
            "gauss_newton",
            "quadratic",
            "objective",
            "evidence",
            "kind",
        },
    ),
)

_NOT_DATA = {".py", ".pyc", ".pyo", ".nbi", ".nbc"}


@dataclass(frozen=True)
class Import:
    """One import: the line that makes it, the room it stands in ('' is the roof) and the name it asks for."""

    where: str
    room: str
    name: str

    @property
    def target(self) -> str:
        """The room asked for, '' where the name is not of this house."""
        top, _, rest = self.name.partition(".")
        return rest.partition(".")[0] if top == "scipy_ae" else ""


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """All modules of the house as (dotted name, file); symbolic links are other doors to the same rooms."""
    for top, package in TOPS.items():
        for folder, subfolders, files in os.walk(root / top):
            subfolders[:] = sorted(name for name in subfolders if name != "__pycache__")
            inner = ".".join([package, *Path(folder).relative_to(root / top).parts])
            for file in sorted(files):
                if file == "__init__.py":
                    yield inner, Path(folder, file)
                elif file.endswith(".py"):
                    yield f"{inner}.{file[:-3]}", Path(folder, file)


def imports(root: Path) -> Iterator[Import]:
    """Every import of the house, wherever it stands in its file."""
    for module, path in modules(root):
        room = module.removeprefix("scipy_ae").removeprefix(".").partition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for node in ast.walk(tree):
            for name in _names(node):
                yield Import(f"{path.relative_to(root).as_posix()}:{node.lineno}", room, name)


def _names(node: ast.AST) -> list[str]:
    """The dotted names that a node imports; relative ones keep their dots."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        source = "." * node.level + (node.module or "")
        return [f"scipy_ae.{alias.name}" for alias in node.names] if source == "scipy_ae" else [source]
    if isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__"):
            return [name for name in [_literal(node.args[0])] if name]
    return []


def _literal(node: ast.expr) -> str:
    """The constant beginning of a string: all of a plain one, the first words of an f-string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return _literal(node.values[0]).rstrip(".")
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def rooms_without_floor(root: Path) -> list[str]:
    """Rooms that nobody has given a floor."""
    found = {module.split(".")[1]: path for module, path in reversed(list(modules(root))) if "." in module}
    return [
        f"the room '{room}' ({path.relative_to(root).as_posix()}) has no floor: add it to FLOORS in "
        "tests/house.py and to the table of floors in docs/architecture.md"
        for room, path in sorted(found.items())
        if room not in FLOORS
    ]


def floors_broken(root: Path) -> list[str]:
    """Imports that go sideways or up, or through the roof, which hides the floor of what they fetch."""
    broken = []
    for item in imports(root):
        if item.room == "" or item.name.partition(".")[0] != "scipy_ae" or item.name == "scipy_ae.__version__":
            continue
        here, there = FLOORS.get(item.room, -1), FLOORS.get(item.target)
        if there is None:
            broken.append(f"{item.where} imports '{item.name}' through the roof: import it from its own room")
        elif item.target != item.room and there >= here:
            broken.append(f"{item.where}: {item.room} (floor {here}) imports {item.target} (floor {there})")
    return broken


def towers_joined(root: Path) -> list[str]:
    """Imports of a solver by the model tower, or of the model by the solver tower."""
    return [
        f"{item.where}: {item.room} imports {item.target}, which stands in the other tower"
        for item in imports(root)
        for tower, other in TOWERS
        if item.room in tower and item.target in other and item.room != item.target
    ]


def libraries_astray(root: Path) -> list[str]:
    """Imports of a library outside its home."""
    return [
        f"{item.where}: {item.room or 'the roof'} imports {item.name}; its home is {', '.join(sorted(HOMES[library]))}"
        for item in imports(root)
        for library in [item.name.partition(".")[0]]
        if library in HOMES and item.room not in HOMES[library]
    ]


def views_of_the_fleeting(root: Path) -> list[str]:
    """Kernels that make arrays and use borrowed views, which may outlive them."""
    makers = ("empty", "empty_like", "zeros", "zeros_like", "ones", "copy")
    astray = []
    for path in sorted((root / "scipy_ae" / "kernels").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        if not any("scipy_ae.kernels.views" in _names(node) for node in ast.walk(tree)):
            continue
        astray += [
            f"{path.relative_to(root).as_posix()}:{node.lineno} makes an array beside borrowed views: take it as an "
            "argument, so that Python holds it"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in makers
        ]
    return astray


def imports_not_absolute(root: Path) -> list[str]:
    """Relative imports, and names that exist in the checkout only."""
    astray = {*TOPS, "tests", "benchmarks"} - {"scipy_ae"}
    return [
        f"{item.where} imports '{item.name}': write the installed name, from scipy_ae down"
        for item in imports(root)
        if item.name.startswith(".") or item.name.partition(".")[0] in astray
    ]


def roof_heavy(root: Path) -> list[str]:
    """What the roof imports when it is itself imported, importlib apart."""
    path = root / "scipy_ae" / "__init__.py"
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    heavy = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            heavy += [
                f"scipy_ae/__init__.py:{node.lineno} imports {name}: only importlib may be imported there"
                for name in _names(node)
                if name != "importlib"
            ]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return heavy


def names_hiding_modules(root: Path, package: str) -> list[str]:
    """Names that a package's ``__init__`` imports or defines over a module of its own."""
    folder = next(path.parent for module, path in modules(root) if module == package and path.name == "__init__.py")
    siblings = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    bound = set()
    for node in ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module != package:
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign):
            bound |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return [f"{package} binds '{name}' over its own module {package}.{name}" for name in sorted(bound & siblings)]


def packing_gaps(root: Path) -> list[str]:
    """Packages and data files that setup.cfg leaves out of the wheel, and entries of it that name nothing."""
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    patterns = {name: _words(line) for name, line in config["options.package_data"].items()}
    folders = {module: path.parent for module, path in modules(root) if path.name == "__init__.py"}
    gaps = [f"setup.cfg: packages lacks {name}" for name in sorted(folders.keys() - listed)]
    gaps += [f"setup.cfg: packages names {name}, which is no package" for name in sorted(listed - folders.keys())]
    gaps += [
        f"{path.relative_to(root).as_posix()} stands in a folder without __init__.py: no wheel would hold it"
        for _, path in modules(root)
        if not (path.parent / "__init__.py").exists()
    ]
    packed: set[Path] = set()
    for name, globs in patterns.items():
        for glob in globs:
            found = set(folders[name].glob(glob)) if name in folders else set()
            gaps += [] if found else [f"setup.cfg: package_data of {name} names {glob}, which matches nothing"]
            packed |= found
    return gaps + [
        f"{path.relative_to(root).as_posix()} is covered by no pattern of package_data in setup.cfg"
        for path in _data_files(root)
        if path not in packed
    ]


def _words(line: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", line) if word]


def _data_files(root: Path) -> Iterator[Path]:
    for top in TOPS:
        for folder, subfolders, files in os.walk(root / top):
            subfolders[:] = [name for name in subfolders if name != "__pycache__"]
            yield from (Path(folder, file) for file in sorted(files) if Path(file).suffix not in _NOT_DATA)


def floors_in_words(page: Path) -> dict[str, int]:
    """The table of floors as a page of the documentation tells it."""
    rows = re.findall(r"^\|\s*(\d+)\s*\|([^|]*)\|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {room: int(floor) for floor, rooms in rows for room in re.findall(r"\w+", rooms)}
