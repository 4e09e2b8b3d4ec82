"""What a user installs: the wheel, built from a copy of the tree and used far from the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata, util
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
# what a build reads; the rest of a checkout (runs, caches, environments) may be large
SOURCES = ("scipy_ae", "cli", "datasets", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def build_is_offline() -> bool:
    """Whether this environment can build a wheel by itself: setuptools does so alone since version 70.1."""
    try:
        major, minor = (int(word) for word in metadata.version("setuptools").split(".")[:2])
    except metadata.PackageNotFoundError:
        return False
    return (major, minor) >= (70, 1) or util.find_spec("wheel") is not None


def run(*command: str, cwd: Path, **variables: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy so that the checkout stays as it is."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy / name)
    isolation = ["--no-build-isolation"] if build_is_offline() else []
    run(*PIP, "wheel", ".", "--no-deps", *isolation, "--wheel-dir", str(out), cwd=copy)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def names(wheel) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The wheel unpacked where nothing else is installed."""
    target = tmp_path_factory.mktemp("installed")
    run(*PIP, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel), cwd=target)
    return target


def elsewhere(installed: Path, folder: Path, code: str) -> str:
    """Run ``code`` in another folder, with the installed package before, and without, the checkout."""
    return run(sys.executable, "-P", "-c", code, cwd=folder, PYTHONPATH=str(installed))


def test_the_wheel_takes_one_name_at_the_top(names):
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"scipy_ae"}


def test_the_wheel_holds_every_file_of_the_house_once(names):
    places = {"scipy_ae": "scipy_ae", "cli": "scipy_ae/cli", "datasets": "scipy_ae/datasets"}
    ours = {
        str(PurePosixPath(place, Path(folder, file).relative_to(ROOT / top).as_posix()))
        for top, place in places.items()
        for folder, _, files in os.walk(ROOT / top)  # does not follow links
        for file in files
        if "__pycache__" not in folder
    }
    packed = [name for name in names if ".dist-info/" not in name]
    assert sorted(packed) == sorted(ours)


def test_the_wheel_carries_the_fonts_and_the_templates(names):
    fonts = {name for name in names if name.startswith("scipy_ae/datasets/fonts/")}
    assert {f"scipy_ae/datasets/fonts/font{i}.txt" for i in (1, 2, 3)} <= fonts
    assert any(name.startswith("scipy_ae/report/templates/") for name in names)


def test_the_wheel_carries_licence_and_command(wheel, names):
    assert any(name.endswith("/LICENSE") for name in names)
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        assert "scipy-ae = scipy_ae.cli.app:main" in archive.read(entry).decode()


def test_the_rooms_are_imported_from_the_wheel(installed, tmp_path):
    code = (
        "import json, scipy_ae, scipy_ae.cli, scipy_ae.datasets\n"
        "print(json.dumps([m.__file__ for m in (scipy_ae, scipy_ae.cli, scipy_ae.datasets)]))"
    )
    for file in json.loads(elsewhere(installed, tmp_path, code)):
        assert Path(file).is_relative_to(installed)


def test_the_fonts_are_read_from_the_wheel(installed, tmp_path):
    code = "import scipy_ae\nfor i in 1, 2, 3: print(scipy_ae.datasets.load_font(i).x.shape)"
    assert elsewhere(installed, tmp_path, code).splitlines() == ["(32, 35)"] * 3


def test_the_command_answers_from_the_wheel(installed, tmp_path):
    (command,) = (installed / "bin").glob("scipy-ae*")
    help_text = run(sys.executable, "-P", str(command), "--help", cwd=tmp_path, PYTHONPATH=str(installed))
    assert "train" in help_text
