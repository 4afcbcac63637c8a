"""Every command in the documentation is one that the program understands."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from benchmarks import plugins
from benchmarks.cli import app

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [
    line.partition("python -m benchmarks ")[2]
    for page in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
    for block in re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if "python -m benchmarks " in line
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_is_understood(command):
    name, *arguments = shlex.split(command)
    group = typer.main.get_command(app)
    context = group.commands[name].make_context(name, arguments)
    assert context.params


def test_documented_settings_exist():
    for command in COMMANDS:
        assignments = [text for option, text in pairwise(shlex.split(command)) if option == "--set"]
        for name in {assignment.partition(".")[0] for assignment in assignments}:
            plugins.choose(name, plugins.parse_assignments(assignments, [name])[name])


def test_the_page_shows_every_command():
    shown = {command.split()[0] for command in COMMANDS}
    group = typer.main.get_command(app)
    assert {name for name, command in group.commands.items() if not command.hidden} <= shown
