"""What a results folder holds: results, their operating points, failures; what is damaged is named and left out."""

import os
from pathlib import Path

from rich.console import Console

from benchmarks.trained import POINT
from reports.results import DamagedResultError, Failure, OperatingPoint, Result, Stored, read

console = Console(stderr=True)


def folders(results: Path) -> list[Path]:
    """Where each job's files lie, in a stable order."""
    return sorted((results / "jobs").glob("*/*/*/"))


def failures(results: Path) -> list[Failure]:
    """Why cells of a results folder failed, in a stable order."""
    files = sorted((results / "jobs").glob("*/*/*/failure.json"))
    return [failure for file in files if (failure := _sound(file, Failure))]


def result(folder: Path) -> tuple[Result, OperatingPoint | None] | None:
    """The result in a job's folder with the operating point that `finetune --apply` stored for it; None: no result.

    A job that failed since its result has none.
    """
    files = set(os.listdir(folder))
    if "failure.json" in files or "result.json" not in files:
        return None
    found = _sound(folder / "result.json", Result)
    return found and (found, _operating_point(folder / POINT, found) if POINT in files else None)


def require_readable(results: Path) -> None:
    """Raises ResultError where a folder holds what another version wrote."""
    failures(results)
    for folder in folders(results):
        result(folder)


def _operating_point(file: Path, result: Result) -> OperatingPoint | None:
    point = _sound(file, OperatingPoint)
    if point and point.key != result.key:
        console.print(f"left out: {file} belongs to an earlier result: finetune again", style="yellow")
        return None
    return point


def _sound(file: Path, kind: type[Stored]) -> Stored | None:
    """What a file holds; None where it is damaged, which is said."""
    try:
        return read(file, kind)
    except DamagedResultError as error:
        console.print(f"left out: {error}", style="yellow", highlight=False)
        return None
