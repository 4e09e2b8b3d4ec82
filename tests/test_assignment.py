"""The page on the 5×7 font assignment: its commands are run, and the files that it names are there."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from scipy_ae.cli.app import main
from scipy_ae.experiments.recipe import find
from scipy_ae.experiments.spec import Spec
from scipy_ae.records import RunFolder

PAGE = Path(__file__).parents[1] / "docs" / "assignment.md"


@dataclass(frozen=True)
class Step:
    """A block of commands, options that make the first of them quick (None: too slow for a test), and its files."""

    commands: tuple[tuple[str, ...], ...]
    quickly: tuple[str, ...] | None
    files: tuple[str, ...]


def steps() -> list[Step]:
    """The page, block by block: the first cells of the table that follows a block name its files."""
    found = []
    for part in PAGE.read_text(encoding="utf-8").split("```sh\n")[1:]:
        block, _, rest = part.partition("```")
        table = re.search(r"^\| file .*?(?=\n\n)", rest, re.DOTALL | re.MULTILINE)
        cells = [line.split("|")[1] for line in table[0].splitlines()[2:]] if table else []
        commands = tuple(tuple(shlex.split(line)) for line in block.splitlines())
        quickly = re.match(r"\s*<!-- quickly: (.*?) -->", rest)
        options = () if quickly is None else tuple(shlex.split(quickly[1]))
        slow = re.match(r"\s*<!-- slowly -->", rest) is not None
        found.append(Step(commands, None if slow else options, tuple(re.findall(r"`(.+?)`", " ".join(cells)))))
    return found


STEPS = steps()
QUICK = [step for step in STEPS if step.quickly is not None]


def test_the_page_is_read_at_all():
    assert len(STEPS) == 7
    assert all(step.commands and step.files for step in STEPS)
    assert {command[1] for step in STEPS for command in step.commands} == {
        "dataset", "experiment", "train", "sample", "reconstruct",
    }  # fmt: skip
    assert len(QUICK) == 6


@pytest.mark.parametrize("command", [command for step in STEPS for command in step.commands], ids=" ".join)
def test_each_command_is_one_that_the_project_has(command):
    name, *words = command
    assert name == "scipy-ae"
    verb: click.Command = main
    while isinstance(verb, click.Group):
        word, *words = words
        found = verb.get_command(click.Context(verb), word)
        assert found, f"{word} is not a verb"
        verb = found
    context = verb.make_context(word, list(words))  # refuses unknown options and values
    if command[1] == "experiment":
        assert find(command[3]).cases({})
    if command[1] == "train":
        settings = {key: value for key, value in context.params.items() if key in Spec.__dataclass_fields__}
        assert Spec(**settings).command().startswith("scipy-ae train --dataset")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder that was empty before the page's commands ran in it."""
    path = tmp_path_factory.mktemp("assignment")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        for step in QUICK:
            first, *others = step.commands
            for command in ((*first, *step.quickly), *others):
                done = CliRunner().invoke(main, command[1:])
                assert done.exit_code == 0, f"{shlex.join(command)}\n{done.output}"
    return path


@pytest.mark.parametrize("step", QUICK, ids=lambda step: step.files[0])
def test_each_file_is_made_where_the_page_says(step, folder):
    missing = [name for name in step.files if not (folder / name).is_file() or (folder / name).stat().st_size == 0]
    assert not missing


def test_the_numbers_of_the_letters_are_those_of_the_page(folder):
    told = json.loads(RunFolder(folder / "letters").result.read_text(encoding="utf-8"))
    assert (told["wrong_pixels"], told["worst_row"]) == (0, 0)
    page = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    assert f"reached at iteration {told['best_iteration']}" in page
    assert f"the loss is {told['loss']:.3f}" in page
