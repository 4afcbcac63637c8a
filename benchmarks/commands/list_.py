"""The command `list`: the methods and the datasets, or one of them in full."""

import inspect
import json
import textwrap
from dataclasses import fields

from rich.markdown import Markdown
from rich.table import Column, Table
from rich.text import Text

import datasets
import methods
from benchmarks import plugins as found
from benchmarks.console import out, say
from benchmarks.errors import PluginError
from datasets import Dataset
from methods import Method

PACKAGES = {methods: Method, datasets: Dataset}
MIN_WIDTH = 40
"""A narrower terminal breaks the lines itself."""
HOW_TO_GO_ON = "`list NAME` explains one: a method with its settings, or a dataset"

BROKEN = "cannot be loaded"


def run(name: str) -> int:
    """Print one method or dataset in full. For an empty name, print a line for each of them.

    Returns 1 where a plugin cannot be loaded, which is named among the others; else 0. Raises UsageError for an unknown
    name, PluginError where that plugin cannot be loaded.
    """
    if not name:
        return _list_all()
    if name in found.names(methods):
        _show_method(name)
    elif name in found.names(datasets):
        _show_dataset(name)
    else:
        raise found.nearest("method or dataset", name, [*found.names(methods), *found.names(datasets)])
    return 0


def _list_all() -> int:
    """Print a line for each method and each dataset, with its name and what it is. Return 1 if one cannot be loaded."""
    broken: list[PluginError] = []
    width = max(len(name) for package in PACKAGES for name in found.names(package))
    for package, base in PACKAGES.items():
        say(package.__name__, on=out, style="bold")
        for name in found.names(package):
            try:
                told = _first_line(found.load(package, name, base))
            except PluginError as error:
                broken.append(error)
                told = BROKEN
            _say_beside(name, told, width=width)
    say(HOW_TO_GO_ON, on=out)
    for error in broken:
        say(str(error), style="bold red")
    return 1 if broken else 0


def _say_beside(name: str, text: str, *, width: int) -> None:
    """A name and a text, which is wrapped beside it on a terminal; in a pipe it is one line."""
    begin = f"  {name:{width}}  "
    if not out.is_terminal:
        say(begin + text, on=out)
        return
    wide = max(out.width, MIN_WIDTH)
    for line in textwrap.wrap(text, wide, initial_indent=begin, subsequent_indent=" " * len(begin)):
        say(line, on=out)


def _show_method(name: str) -> None:
    cls = found.method(name)
    out.print(Markdown(inspect.getdoc(cls)))
    out.print(f"\nPaper: {cls.paper}\n")
    table = Table(Column("setting", no_wrap=True), "default", "what it is", box=None)
    for field in fields(cls):
        table.add_row(f"{name}.{field.name}", Text(_default(field)), Text(_description(field)))
    out.print(table)


def _show_dataset(name: str) -> None:
    dataset = found.dataset(name)
    out.print(Markdown(inspect.getdoc(type(dataset))))
    out.print(f"\nReference: {dataset.reference}\nLicence: {dataset.licence}\nLayout:")
    for path in dataset.layout:
        say(f"  {path}", on=out)
    if dataset.counts:
        table = Table("category", "train", "test normal", "test defective", box=None)
        for category, counts in dataset.counts.items():
            table.add_row(category, *map(str, counts))
        out.print(table)


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _default(field) -> str:
    """The default of a setting, written as --set takes it."""
    default = getattr(field.default, "default", field.default)
    return default if isinstance(default, str) else json.dumps(default)


def _description(field) -> str:
    return getattr(field.default, "description", None) or ""
