"""Every command in the documentation is one that works, and every link leads somewhere."""

import configparser
import importlib
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import dropwhile, groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import typer
from typer.core import TyperGroup

import datasets
import methods
from benchmarks import data_settings, plugins
from benchmarks.cli import app
from benchmarks.data_settings import DataSettings
from tests.checkout.program import compiled, write_category

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
VARIABLE = re.compile(r"[A-Z_]+=.*")
SIZE_LIMIT = 200_000
"""Bytes of a picture."""


class Command(NamedTuple):
    """One command of a page, as words without comments and without the variables set before it."""

    page: Path
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"

    def begins(self, *words: str) -> bool:
        return self.words[: len(words)] == words

    @property
    def arguments(self) -> list[str]:
        """What follows `python -m MODULE`."""
        return list(self.words[3:])


def text(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands_of(page: Path) -> Iterator[Command]:
    for block in CONSOLE.findall(text(page)):
        for line in block.splitlines():
            for chained, words in groupby(shlex.split(line, comments=True), "&&".__eq__):
                named = list(dropwhile(VARIABLE.fullmatch, words))
                if named and not chained:
                    yield Command(page, tuple(named))


COMMANDS = [command for page in PAGES for command in commands_of(page)]
OURS = [command for command in COMMANDS if command.begins("python", "-m", "benchmarks")]
SCRIPTS = [command for command in COMMANDS if command.words[2:3] and command.words[2].startswith("tests.")]
COPIES = [command for command in COMMANDS if command.begins("cp")]
GUIDES = sorted({command.page for command in COPIES})
"""Pages that begin with a copied file: all that they say is done in a copy of the program."""
# What is of other programs and is not run here: it needs a network or a cluster.
ELSEWHERE = (("pip", "install"), ("pip", "download"), ("python", "-m", "dask"), ("export",))

each = pytest.mark.parametrize


def made_by(page: Path) -> set[str]:
    """Names of the methods and datasets that a page lets its reader make."""
    return {Path(command.words[2]).stem for command in COPIES if command.page == page}


def parsed(group: click.Group, name: str, arguments: Sequence[str]) -> click.Context:
    """What a command of a group, or of a group in it, makes of its arguments."""
    command = group.commands[name]
    if isinstance(command, TyperGroup):
        return parsed(command, arguments[0], arguments[1:])
    return command.make_context(name, list(arguments))


def leaves(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """The words of each command that is shown, those of the groups it is in first."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, *above, name)
        elif not command.hidden:
            yield *above, name


def names_in(context: click.Context, *parameters: str) -> Iterator[str]:
    """The names that were given for these parameters."""
    for parameter in parameters:
        if value := context.params.get(parameter):
            yield from value.split(",")


@each("command", OURS, ids=str)
def test_a_documented_command_is_understood(command):
    name, *arguments = command.arguments
    context = parsed(typer.main.get_command(app), name, arguments)
    assert context.params
    made = made_by(command.page)
    known_methods, known_datasets = {*plugins.names(methods), *made}, {*plugins.names(datasets), *made}
    assert set(names_in(context, "methods", "method")) <= known_methods
    assert set(names_in(context, "dataset")) <= known_datasets
    assert name != "list" or set(names_in(context, "name")) <= known_methods | known_datasets


@each("command", [command for command in OURS if "--set" in command.words], ids=str)
def test_documented_settings_exist(command):
    assignments = [value for option, value in pairwise(command.words) if option == "--set"]
    for name in {assignment.partition(".")[0] for assignment in assignments}:
        own = [assignment for assignment in assignments if assignment.startswith(f"{name}.")]
        plugins.choose(name, plugins.parse_assignments(own, [name])[name])


@each("command", [command for command in OURS if command.arguments[0] in ("run", "check")], ids=str)
def test_documented_settings_of_the_data_have_such_values(command):
    name, *arguments = command.arguments
    given = parsed(typer.main.get_command(app), name, arguments).params
    data_settings.read({field: given[field] for field in DataSettings.model_fields})


@each("command", SCRIPTS, ids=str)
def test_a_documented_script_has_these_options(command):
    script = typer.Typer()
    script.command()(importlib.import_module(command.words[2]).main)
    assert typer.main.get_command(script).make_context("script", command.arguments).params


@each("module", sorted({command.words[2] for command in SCRIPTS}))
def test_a_documented_script_answers_help(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit) as ended:  # in this process, which has torch already
        runpy.run_path(str(ROOT / module.replace(".", "/")) + ".py", run_name="__main__")
    assert ended.value.code == 0 and "--help" in capsys.readouterr().out


@each("command", [command for command in COMMANDS if command.words[0] == "tox"], ids=str)
def test_a_documented_environment_of_tox_exists(command):
    ini = configparser.ConfigParser()
    ini.read(ROOT / "tox.ini")
    known = {"tests", *(section.partition(":")[2] for section in ini.sections())}
    assert {value for option, value in pairwise(command.words) if option == "-e"} <= known


@each("command", COMMANDS, ids=str)
def test_the_files_of_a_documented_command_exist(command):
    made = {made.words[2] for made in COPIES if made.page == command.page}
    named = {word for word in command.words if re.fullmatch(r"(tests|methods|datasets)/[\w/]+\.py", word)}
    assert [name for name in named - made if not (ROOT / name).is_file()] == []


@each("command", COMMANDS, ids=str)
def test_every_documented_command_is_of_a_kind_that_is_tested(command):
    tested = command in OURS or command in SCRIPTS or command in COPIES or command.words[0] == "tox"
    run = command.begins("python", "-m", "pytest") or command.begins("python", "-c")
    assert tested or run or any(command.begins(*words) for words in ELSEWHERE)


@each("command", [command for command in COMMANDS if command.begins("python", "-c")], ids=str)
def test_a_documented_line_of_python_runs(command):
    done = subprocess.run([sys.executable, *command.words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


def quick(command: Command) -> bool:
    """Whether it is `list`, of something that is here without any guide."""
    return command.arguments[0] == "list" and not made_by(command.page) & set(command.words)


@each("words", sorted({command.words for command in OURS if quick(command)}), ids=shlex.join)
def test_a_documented_list_lists(words):
    done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


@pytest.fixture
def in_a_copy(tmp_path) -> Callable[[Sequence[str]], subprocess.CompletedProcess]:
    """Runs a command in a copy of the program that has images in data/parts."""
    shutil.copytree(compiled(), tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    write_category(tmp_path / "data/parts/bolt", 0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}

    def run(words: Sequence[str]) -> subprocess.CompletedProcess:
        program = sys.executable if words[0] == "python" else words[0]
        return subprocess.run([program, *words[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


@each("page", GUIDES, ids=str)
def test_a_guide_can_be_followed_to_the_letter(page, in_a_copy):
    for command in commands_of(page):
        if command.words[0] == "tox" or any(command.begins(*words) for words in ELSEWHERE):
            continue
        done = in_a_copy(command.words)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "pytest" not in command.words or " passed" in done.stdout


def test_the_pages_show_every_command():
    words = list(leaves(typer.main.get_command(app)))
    shown = {command.arguments[0] for command in OURS if command.page == Path("README.md")}
    assert {command[0] for command in words} <= shown
    assert [
        command for command in words if not any(each.arguments[: len(command)] == [*command] for each in OURS)
    ] == []


def anchors(page: Path) -> set[str]:
    """The names under which the headings of a page can be linked to."""
    headings = HEADING.findall(FENCED.sub("", text(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Files, from the root, and anchors that a page links to; pages of the web are left out."""
    for target in LINK.findall(FENCED.sub("", text(page))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            file = ROOT / page.parent / path if path else ROOT / page
            yield Path(os.path.relpath(file, ROOT)), anchor


@each("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page):
    for target, anchor in links(page):
        assert (ROOT / target).exists(), f"{page} links to {target}, which is not there"
        assert not anchor or anchor in anchors(target), f"{page} links to {target}#{anchor}, which is no heading"


def test_every_page_can_be_reached():
    reached, waiting = set(), [Path("docs/README.md")]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [target for target, _ in links(page) if target.suffix == ".md" and (ROOT / target).is_file()]
    assert {page for page in PAGES if page.parts[0] == "docs"} <= reached


def test_pictures_are_small():
    pictures = [path for path in ROOT.glob("docs/**/*") if path.suffix in (".png", ".jpg", ".svg")]
    assert [path.name for path in pictures if path.stat().st_size > SIZE_LIMIT] == []
