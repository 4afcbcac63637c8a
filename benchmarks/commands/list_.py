"""The command `list`: the methods with their settings, and the datasets."""

import inspect
import json
from dataclasses import fields

from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

import datasets
import methods
from benchmarks import plugins as found
from benchmarks.console import out, say
from datasets import Dataset
from methods import Method


def run(name: str) -> None:
    """Print one method or dataset in full. For an empty name, print a line for each of them.

    Raises UsageError for an unknown name.
    """
    if not name:
        _list_all()
    elif name in found.names(methods):
        _show_method(name)
    elif name in found.names(datasets):
        _show_dataset(name)
    else:
        raise found.nearest("method or dataset", name, [*found.names(methods), *found.names(datasets)])


def _list_all() -> None:
    """Print a line for each method and each dataset, then the settings of the methods."""
    for package, base in ((methods, Method), (datasets, Dataset)):
        table = Table(title=package.__name__, title_justify="left", box=None, show_header=False)
        for name in found.names(package):
            table.add_row(Text(name, "bold"), _first_line(found.load(package, name, base)))
        out.print(table)
    out.print("settings (change one with --set METHOD.FIELD=VALUE; `list METHOD` explains them)")
    for name in found.names(methods):
        values = [f"{field.name}={_default(field)}" for field in fields(found.method(name))]
        out.print(Text.assemble("  ", (name, "bold"), ": ", ", ".join(values)))


def _show_method(name: str) -> None:
    cls = found.method(name)
    out.print(Markdown(inspect.getdoc(cls)))
    out.print(f"\nPaper: {cls.paper}\n")
    table = Table("setting", "default", "what it is", box=None)
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
