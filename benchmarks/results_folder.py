"""Read the results, operating points and failures of a results folder.

What is damaged, or lies in a folder of another job, is named and left out.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from benchmarks.console import say
from benchmarks.jobs import layout, storage
from benchmarks.jobs.layout import ASIDE, FAILURE, POINT, RESULT
from reports.files import remove
from reports.results import Cell, DamagedResultError, Failure, OperatingPoint, Result, read, read_point

KINDS = {RESULT: Result, FAILURE: Failure, POINT: OperatingPoint}


def result(folder: Path) -> tuple[Result, OperatingPoint | None] | None:
    """The result in a job's folder, and the operating point that `finetune --apply` stored for it, if any.

    None if there is no result, if it is damaged, or if the job has failed since: `failure` returns the last two cases.
    None, too, if it is the result of another folder's job.
    """
    files = set(os.listdir(folder))
    if FAILURE in files or RESULT not in files:
        return None
    try:
        found = read(folder / RESULT, Result)
    except DamagedResultError:
        return None
    if not is_in_place(folder, found.cell):
        return None
    return found, _operating_point(folder / POINT, found) if POINT in files else None


def is_in_place(folder: Path, cell: Cell) -> bool:
    """Whether a folder is that of a cell. If not, it was copied or renamed: print that it does not count.

    Otherwise a copy would be a further category or seed, and count twice in every mean.
    """
    results = layout.results_of(folder)
    own = layout.of_cell(results, cell)
    if own.relative_to(results) == folder.relative_to(results):
        return True
    _warn(
        f"left out: {folder} holds a copy, or a renamed folder, of the job {cell.method} {cell.category} seed "
        f"{cell.seed}, which belongs in {own}: move it there or delete it"
    )
    return False


def set_damaged_aside(results: Path) -> None:
    """Rename damaged results, so that their jobs are done again.

    Raises ResultError, before anything is renamed, if a folder holds files that another version wrote.
    """
    damaged = [file for folder in layout.all_in(results) for file in _damaged(folder) if file.name == RESULT]
    for file in damaged:
        remove(file.with_name(ASIDE))
        os.replace(file, file.with_name(ASIDE))
        _warn(f"{file} is damaged: renamed to {ASIDE}, and its job is to be done again")


def _damaged(folder: Path) -> Iterator[Path]:
    for name in KINDS.keys() & set(os.listdir(folder)):
        try:
            read(folder / name, KINDS[name])
        except DamagedResultError:
            yield folder / name


def failure(folder: Path) -> Failure | None:
    """Why the cell of a job's folder has no result; None if it has one, or if nothing is stored."""
    files = set(os.listdir(folder))
    try:
        if FAILURE in files:
            found = read(folder / FAILURE, Failure)
            return found if is_in_place(folder, found.cell) else None
        if RESULT in files:
            read(folder / RESULT, Result)
        elif ASIDE in files:
            return _of_damage(folder, f"{folder / RESULT} was damaged and was renamed to {ASIDE}: run again")
    except DamagedResultError as error:
        return _of_damage(folder, str(error))
    return None


def _of_damage(folder: Path, reason: str) -> Failure | None:
    """The failure that stands for a damaged file; None if its cell is not known."""
    _warn(f"left out: {reason}")
    cell = _cell(folder)
    return cell and Failure(key="", cell=cell, reason=reason, tail="")


def _cell(folder: Path) -> Cell | None:
    """The cell of a job's folder, from its job.json; without one, from that of another category or seed."""
    if own := _planned(folder):
        return own
    others = layout.of_same_variant(folder)
    found = next(filter(None, map(_planned, others)), None)
    return found and found.model_copy(update={"category": layout.category(folder), "seed": layout.seed(folder)})


def _planned(folder: Path) -> Cell | None:
    try:
        return storage.read_job(folder).cell
    except (OSError, ValidationError):
        return None


def _operating_point(file: Path, result: Result) -> OperatingPoint | None:
    """The stored operating point. If it is damaged or belongs to an earlier result, print that and return None."""
    try:
        point = read_point(file, result)
    except DamagedResultError as error:
        _warn(f"left out: {error}")
        return None
    if point.key != result.key:
        _warn(f"left out: {file} belongs to an earlier result: finetune again")
        return None
    return point


def _warn(line: str) -> None:
    say(line, style="yellow")
