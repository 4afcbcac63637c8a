"""The command `list` fits a terminal of 80 columns, and its names can be copied whole."""

import io
from dataclasses import fields

import pytest
from rich.console import Console

import datasets
import methods
from benchmarks import plugins
from benchmarks.commands import list_

NAMES = [*plugins.names(methods), *plugins.names(datasets)]


def listed(monkeypatch, name: str = "", *, terminal: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=None)
    monkeypatch.setattr(list_, "out", console)
    list_.run(name)
    return console.file.getvalue().splitlines()


def test_every_method_and_dataset_is_listed_within_80_columns(monkeypatch):
    lines = listed(monkeypatch)
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line[:2] == "  " and line[2] != " "] == NAMES


def test_no_setting_is_listed_without_a_name(monkeypatch):
    assert "neighbours" not in " ".join(listed(monkeypatch))


def test_in_a_pipe_each_is_one_line(monkeypatch):
    lines = listed(monkeypatch, terminal=False)
    assert len(lines) == len(NAMES) + 3 and not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("name", plugins.names(methods))
def test_the_settings_of_a_method_can_be_copied_whole(monkeypatch, name):
    words = " ".join(listed(monkeypatch, name)).split()
    assert {f"{name}.{field.name}" for field in fields(plugins.method(name))} <= set(words)
