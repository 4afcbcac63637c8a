"""The forms of a report: each a function that writes its files into a folder, all from the same content."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reports.report import Report


def _page(folder: Path, report: "Report") -> None:
    from reports import page

    page.write(folder, report)


def _tables(folder: Path, report: "Report") -> None:
    from reports import csv_files

    csv_files.write(folder, report.rows, report.tables.defects, report.tables.verdicts)


def _latex(folder: Path, report: "Report") -> None:
    from reports import latex

    latex.write(folder, report)


def _html(folder: Path, report: "Report") -> None:
    from reports.html import page

    page.write(folder, report)


class Form(NamedTuple):
    """A form of a report."""

    file: str
    """The file that a reader opens first."""
    write: Callable[[Path, "Report"], None]
    beside: tuple[str, ...] = ()
    """The other files that it writes."""


FORMS = {
    "md": Form("report.md", _page),
    "csv": Form("report.csv", _tables, ("defects.csv", "verdicts.csv", "scores.csv")),
    "tex": Form("report.tex", _latex),
    "html": Form("report.html", _html),
}
"""Every form, by the name that `report --format` gives it. A new one is a line here, and a module."""


def files(folder: Path, forms: Sequence[str]) -> list[Path]:
    """The files that a report in these forms may consist of."""
    names = [name for form in forms for name in (FORMS[form].file, *FORMS[form].beside)]
    return [folder / name for name in (*names, "ranks.png", "ranks.pdf")]


def write(folder: Path, report: "Report", forms: Sequence[str], helpers: Executor) -> dict[str, OSError]:
    """Write a report in some forms, and the figure of ranks, each file whole or not at all.

    One of the `helpers` draws the figure meanwhile. A form that the system does not let it write costs no other one:
    its error, which names the file, is returned under its name, that of the figure under the name of its file.
    """
    from reports import ranks

    drawing = helpers.submit(ranks.draw, folder, ranks.ranked(report.jobs))
    refused: dict[str, OSError] = {}
    for form in forms:
        with _keeping(refused, form):
            FORMS[form].write(folder, report)
    with _keeping(refused, ranks.FIGURE):
        drawing.result()
    return refused


@contextmanager
def _keeping(refused: dict[str, OSError], name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        refused[name] = error
