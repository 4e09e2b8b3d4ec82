"""The house: floors, towers, homes of the libraries, the packing list and the light doors.

Each rule is held against the repository, and against a small wrong tree, which shows that it can fail.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import house
import pytest

import scipy_ae

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numba", "scipy", "sklearn", "matplotlib")

SETUP = """
[options]
packages =
    scipy_ae
    scipy_ae.cli
    scipy_ae.datasets
[options.package_data]
scipy_ae.datasets = fonts/*.txt
"""


@pytest.fixture
def tree(tmp_path):
    """Write a small lawful house, with the given files over it, and return its root."""

    def write(files: dict[str, str]) -> Path:
        lawful = {
            "setup.cfg": SETUP,
            "scipy_ae/__init__.py": "from importlib import import_module\n",
            "scipy_ae/errors.py": "",
            "scipy_ae/problem.py": "from scipy_ae.errors import InputError\n",
            "cli/__init__.py": "",
            "cli/app.py": "from scipy_ae import __version__\ndef main():\n    import click\n",
            "datasets/__init__.py": "",
            "datasets/fonts/font1.txt": "#",
        }
        for name, text in (lawful | files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


RULES = [
    house.rooms_without_floor,
    house.floors_broken,
    house.towers_joined,
    house.libraries_astray,
    house.views_of_the_fleeting,
    house.imports_not_absolute,
    house.roof_heavy,
    house.packing_gaps,
]

WRONG = [
    (house.rooms_without_floor, "scipy_ae/attic.py", "", "'attic' (scipy_ae/attic.py) has no floor"),
    (house.rooms_without_floor, "scipy_ae/attic/box.py", "", "add it to FLOORS in tests/house.py"),
    (
        house.floors_broken,
        "scipy_ae/problem.py",
        "import scipy_ae.network as n",
        "problem (floor 1) imports network",
    ),
    (
        house.floors_broken,
        "scipy_ae/losses.py",
        "from scipy_ae.penalties import L2",
        "losses (floor 2) imports penal",
    ),
    (
        house.floors_broken,
        "scipy_ae/losses.py",
        "from scipy_ae import layers",
        "losses.py:1: losses (floor 2) imports",
    ),
    (
        house.floors_broken,
        "scipy_ae/layers/dense.py",
        "def f():\n    from scipy_ae.training import x",
        "dense.py:2",
    ),
    (
        house.floors_broken,
        "scipy_ae/network.py",
        "from scipy_ae import Objective",
        "'scipy_ae.Objective' through the",
    ),
    (house.floors_broken, "scipy_ae/network.py", "import scipy_ae", "'scipy_ae' through the roof"),
    (
        house.floors_broken,
        "datasets/a.py",
        "import importlib\nimportlib.import_module('scipy_ae.latent')",
        "a.py:2",
    ),
    (
        house.floors_broken,
        "scipy_ae/latent.py",
        "import_module(f'scipy_ae.cli.{verb}')",
        "latent (floor 6) imports cli",
    ),
    (
        house.towers_joined,
        "scipy_ae/network.py",
        "from scipy_ae.solvers import get",
        "network imports solvers, which",
    ),
    (
        house.towers_joined,
        "scipy_ae/schedule.py",
        "from scipy_ae.losses import x",
        "schedule imports losses, which",
    ),
    (house.libraries_astray, "scipy_ae/solvers/bfgs.py", "def f():\n    import numba", "its home is kernels"),
    (
        house.libraries_astray,
        "scipy_ae/metrics.py",
        "from sklearn.base import X",
        "its home is baselines, datasets, estimator",
    ),
    (
        house.libraries_astray,
        "cli/plot.py",
        "import matplotlib.pyplot as plt",
        "cli imports matplotlib.pyplot; its",
    ),
    (
        house.views_of_the_fleeting,
        "scipy_ae/kernels/a.py",
        "from scipy_ae.kernels.views import flat\ndef f(n):\n    return flat(np.empty(n))",
        "a.py:3 makes an array beside borrowed views",
    ),
    (house.libraries_astray, "scipy_ae/training.py", "import click", "its home is cli"),
    (house.imports_not_absolute, "cli/app.py", "from .train import x", "'.train': write the installed name"),
    (
        house.imports_not_absolute,
        "cli/app.py",
        "from datasets.fonts import x",
        "'datasets.fonts': write the installed",
    ),
    (
        house.roof_heavy,
        "scipy_ae/__init__.py",
        "try:\n    import numpy\nexcept ImportError: pass",
        ":2 imports numpy",
    ),
    (house.roof_heavy, "scipy_ae/__init__.py", "from scipy_ae import errors", "imports scipy_ae.errors"),
    (house.packing_gaps, "scipy_ae/layers/__init__.py", "", "packages lacks scipy_ae.layers"),
    (house.packing_gaps, "cli/deep/__init__.py", "", "packages lacks scipy_ae.cli.deep"),
    (
        house.packing_gaps,
        "scipy_ae/layers/dense.py",
        "",
        "layers/dense.py stands in a folder without __init__.py",
    ),
    (house.packing_gaps, "datasets/fonts/font1.h", "", "datasets/fonts/font1.h is covered by no pattern"),
    (house.packing_gaps, "scipy_ae/recipes/a.toml", "", "scipy_ae/recipes/a.toml is covered by no pattern"),
    (house.packing_gaps, "setup.cfg", SETUP + "    logos/*.png", "names logos/*.png, which matches nothing"),
    (
        house.packing_gaps,
        "setup.cfg",
        SETUP.replace("scipy_ae.cli", "scipy_ae.cli\n    scipy_ae.ui"),
        "packages names scipy_ae.ui, which is no package",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule):
    broken = rule(ROOT)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_small_lawful_house_passes(rule, tree):
    assert rule(tree({})) == []


@pytest.mark.parametrize(("rule", "file", "text", "sentence"), WRONG)
def test_a_wrong_house_is_told_where(rule, file, text, sentence, tree):
    found = rule(tree({file: text}))
    assert len(found) == 1
    assert sentence in found[0]


def test_links_to_the_mapped_rooms_are_not_read_twice(tree):
    root = tree({"datasets/table.py": "import numba"})
    (root / "scipy_ae" / "datasets").symlink_to("../datasets")
    assert [item.where for item in house.imports(root) if item.name == "numba"] == ["datasets/table.py:1"]
    assert house.packing_gaps(root) == []


def test_the_house_is_read_at_all():
    """Guards the rules above against an empty reading of the repository."""
    assert {"scipy_ae.errors", "scipy_ae.cli", "scipy_ae.datasets"} <= {name for name, _ in house.modules(ROOT)}
    assert any(item.target == "errors" for item in house.imports(ROOT))


def test_the_page_on_architecture_tells_the_same_floors():
    assert house.floors_in_words(ROOT / "docs" / "architecture.md") == house.FLOORS


def test_cli_hides_none_of_its_modules(tree):
    assert house.names_hiding_modules(ROOT, "scipy_ae.cli") == []
    root = tree({"cli/__init__.py": "from scipy_ae.cli.app import main as app"})
    assert house.names_hiding_modules(root, "scipy_ae.cli") == [
        "scipy_ae.cli binds 'app' over its own module scipy_ae.cli.app"
    ]


@pytest.mark.parametrize("name", scipy_ae.__all__)
def test_each_public_name_is_there(name):
    assert getattr(scipy_ae, name) is not None


def test_an_unknown_public_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        scipy_ae.Netwrok  # noqa: B018


@pytest.mark.parametrize("package", sorted(name for name, path in house.modules(ROOT) if path.name == "__init__.py"))
def test_public_names_are_not_overrun_by_modules(package):
    """Importing a sub-module binds its name in the package: a function of that name must survive it."""
    inner = [name for name, _ in house.modules(ROOT) if name.rpartition(".")[0] == package]
    for name in inner:
        import_module(name)
    room = import_module(package)
    rooms = scipy_ae._ROOMS if package == "scipy_ae" else ()
    for name in getattr(room, "__all__", ()):
        assert isinstance(getattr(room, name), ModuleType) == (name in rooms), name


def loaded_by(code: str, **variables: str) -> set[str]:
    """Those of HEAVY that are loaded once ``code`` has ended, or exited with 0, in a new interpreter."""
    probe = (
        "import json, sys\n"
        f"try:\n    exec({code!r})\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"json.dump([name for name in {HEAVY!r} if name in sys.modules], sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, env=os.environ | variables, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import scipy_ae") == set()


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv = ['scipy-ae', '--help']\nfrom scipy_ae.cli.app import main; main()"
    assert loaded_by(code) == set()


def test_the_help_of_each_verb_loads_nothing_heavy():
    code = (
        "from scipy_ae.cli.app import main\n"
        "for verb in main.commands: main([verb, '--help'], standalone_mode=False)\n"
        "assert main.commands"
    )
    assert loaded_by(code) == set()


def test_a_heavy_door_is_noticed(tmp_path):
    (tmp_path / "door.py").write_text("import scipy\n", encoding="utf-8")
    assert loaded_by("import door", PYTHONPATH=str(tmp_path)) == {"scipy"}
