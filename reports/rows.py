"""Rows of report.csv: the columns that identify a job, the order of rows, and the text of the file."""

import csv
import io
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from reports.cells import guarded
from reports.results import Cell, Failure

Row = dict[str, str | int | float | bool | None]


class Tables(NamedTuple):
    """The rows of many results; all have the columns of `IDENTITY`, and None where a number does not exist."""

    rows: list[Row]
    """One for each result; a `why_no_...` column says why a number does not exist."""
    defects: list[Row]
    """One for each result and defect type: image AUROC against the normal test images, and the images missed."""
    contradictions: list[Row]
    """One for each result whose false alarms contradict the promised false-positive rate."""
    setters: list[Row]
    """One for each result: the image that set the threshold, and the threshold that the others would set."""
    unlike: list[Row]
    """One for each training image that looks unlike the others."""
    verdicts: list[Row]
    """What to know of a method on a category before using its numbers, see `benchmarks.evaluation.verdict_rows`."""


class Figures(NamedTuple):
    """The figures of a job that are links in the report."""

    job: tuple
    """Its values of IDENTITY."""
    paths: list[str]
    """PNG files, relative to the report, with forward slashes."""
    seed: int = 0
    name: str = ""
    place: str = ""


class Unfinished(NamedTuple):
    """Planned jobs that have neither result nor failure."""

    command: str
    """The command that goes on with them; empty if it is not known."""
    jobs: list[str]
    """Their folders inside the results folder."""

    @property
    def told(self) -> str:
        """How many there are; the command follows."""
        return f"{len(self.jobs)} planned job{'s' if len(self.jobs) > 1 else ''} not done yet; go on with: "


IDENTITY = ("method", "changed", "dataset", "category", "seed", "shots", "calibration", "settings")
"""The columns that identify a job."""

VOLATILE = (
    "tracked_fit_seconds",
    "fit_seconds",
    "score_seconds",
    "images_per_second",
    "why_no_seconds",
    "peak_memory_mb",
    "threads",
    "finished",
)
"""Columns of time, memory and threads. All others are the same bytes when a job runs again on the same CPU."""


def identity(cell: Cell) -> Row:
    """The columns of IDENTITY: `changed` is for a reader, `settings` has all settings of the method as JSON."""
    return {
        "method": cell.method,
        "changed": cell.changes,
        "dataset": cell.dataset,
        "category": cell.category,
        "seed": cell.seed,
        "shots": cell.shots,
        "calibration": cell.calibration,
        "settings": json.dumps(cell.settings, sort_keys=True),
    }


def identity_of(cell: Cell) -> tuple:
    """The values of `identity`."""
    return tuple(identity(cell).values())


def variant(row: Row) -> tuple:
    """What the jobs of one method on one category share: all of IDENTITY but the seed."""
    return tuple(row[column] for column in IDENTITY if column != "seed")


def failed_row(failure: Failure) -> Row:
    """The row of a job without a result."""
    return identity(failure.cell) | {"failure": failure.reason}


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows sorted by method, settings, category and seed, whatever the order in which jobs finished."""
    return sorted(rows, key=_place)


@cache
def natural(text: str) -> tuple[str | int, ...]:
    """Sort key that puts `part 10` after `part 9`."""
    return tuple(int(piece) if index % 2 else piece for index, piece in enumerate(re.split(r"(\d+)", text)))


def csv_text(rows: Iterable[Row], columns: Iterable[str] = ()) -> str:
    """CSV text: one line for each row, in order, numbers at full precision, empty where there is no number.

    `columns` come first, also where there is no row; then those that a row has besides.
    """
    rows = in_order(rows)
    columns = dict.fromkeys((*columns, *(column for row in rows for column in row)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_one_line(value) for value in map(row.get, columns)] for row in rows)
    return text.getvalue()


def _place(row: Row) -> tuple:
    shots = row["shots"]
    share = -1 if row["calibration"] == "loo" else row["calibration"]
    variant = (row["method"], row["changed"], row["settings"], shots is None, shots or 0, share)
    return (*variant, row["dataset"], natural(row["category"]), row["category"], row["seed"])


def _one_line(value: str | int | float | bool | None) -> str | int | float | bool | None:
    return guarded("; ".join(value.splitlines())) if isinstance(value, str) else value
