"""The options of `report`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.options import FormsOption
from reports.files import real


def report(
    results: Annotated[
        list[Path],
        typer.Option(help="Folder with the results of a run, such as results/demo. Repeat it to merge several."),
    ],
    format_: FormsOption = "",
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for the report. Default: the results folder, or its subfolder merged in the first of several.",
        ),
    ] = None,
) -> None:
    """Write the report again from the results in a folder: report.md, report.csv, defects.csv, verdicts.csv,
    scores.csv and report.tex.

    Several folders are merged into one report. It says what differs between them. A job that two of them have with
    other numbers is refused.

    Exit status: 0 all forms are written, 1 some could not be written (the others are), 2 wrong use.

    Example: python -m benchmarks report --results results/demo --format md,csv
    """
    from benchmarks.commands import report

    folders = [real(folder) for folder in results]
    raise typer.Exit(report.run(folders, to=to and real(to), wanted=options.forms(format_)))
