"""What the commands `list` and `check` print."""

import inspect
from collections import Counter
from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

import datasets
import methods
from benchmarks import check as checking
from benchmarks import plugins as found
from benchmarks.compare import obtain_data
from datasets import Dataset
from methods import Method

console = Console()
COLOURS = {"error": "red", "warning": "yellow", "note": "default"}


def plugins_of_each_kind() -> None:
    """A line for each method and each dataset, and the settings of the methods."""
    for package, base in ((methods, Method), (datasets, Dataset)):
        table = Table(title=package.__name__, title_justify="left", box=None, show_header=False)
        for name in found.names(package):
            table.add_row(f"[bold]{name}[/bold]", escape(_first_line(found.load(package, name, base))))
        console.print(table)
    console.print("settings (change one with --set METHOD.FIELD=VALUE; `list METHOD` explains them)")
    for name in found.names(methods):
        values = [f"{field.name}={_default(field)}" for field in fields(found.method(name))]
        console.print(f"  [bold]{name}[/bold]: " + escape(", ".join(values)), highlight=False)


def plugin(name: str) -> None:
    """A method with its settings, or a dataset, in full. Raises UsageError for an unknown name."""
    if name in found.names(methods):
        _show_method(name)
    elif name in found.names(datasets):
        _show_dataset(name)
    else:
        raise found.nearest("method or dataset", name, [*found.names(methods), *found.names(datasets)])


def _show_method(name: str) -> None:
    cls = found.method(name)
    console.print(escape(inspect.getdoc(cls)), highlight=False)
    console.print(f"\nPaper: {cls.paper}\n", markup=False, highlight=False)
    table = Table("setting", "default", "what it is", box=None)
    for field in fields(cls):
        table.add_row(f"{name}.{field.name}", escape(_default(field)), escape(_description(field)))
    console.print(table)


def _show_dataset(name: str) -> None:
    dataset = found.dataset(name)
    console.print(escape(inspect.getdoc(type(dataset))), highlight=False)
    console.print(
        f"\nReference: {dataset.reference}\nLicence: {dataset.licence}\nLayout:", markup=False, highlight=False
    )
    for path in dataset.layout:
        console.print(f"  {path}", markup=False, highlight=False)
    if dataset.counts:
        table = Table("category", "train", "test normal", "test defective", box=None)
        for category, counts in dataset.counts.items():
            table.add_row(category, *map(str, counts))
        console.print(table)


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _default(field) -> str:
    default = field.default
    return str(getattr(default, "default", default))


def _description(field) -> str:
    return getattr(field.default, "description", None) or ""


def check(dataset: str, root: Path, categories: list[str] | None) -> int:
    """Print what is found in the data; 1 where there are errors, 0 also where warnings may make numbers wrong."""
    levels, data = Counter(), found.dataset(dataset)
    obtain_data(data, root)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading images", total=None)

        def advance(done: int, of: int) -> None:
            bars.update(task, completed=done, total=of)

        for finding in checking.check(data, root, categories, advance=advance):
            levels[finding.level] += 1
            place = escape(f"{finding.category}: {finding.message}")
            console.print(f"[{COLOURS[finding.level]}]{finding.level}[/] {place}", highlight=False, soft_wrap=True)
    console.print(f"{levels['error']} errors, {levels['warning']} warnings, {levels['note']} notes in {root}")
    return 1 if levels["error"] else 0
