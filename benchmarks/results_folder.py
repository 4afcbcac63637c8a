"""What a results folder holds: results, their operating points, failures; what is damaged is named and left out."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from benchmarks.console import say
from benchmarks.jobs import layout, storage
from benchmarks.jobs.layout import ASIDE, FAILURE, POINT, RESULT
from reports.results import Cell, DamagedResultError, Failure, OperatingPoint, Result, read, read_point

KINDS = {RESULT: Result, FAILURE: Failure, POINT: OperatingPoint}


def result(folder: Path) -> tuple[Result, OperatingPoint | None] | None:
    """The result in a job's folder with the operating point that `finetune --apply` stored for it; None: no result.

    A job that failed since its result has none, nor has one whose result is damaged: `failure` tells of both.
    """
    files = set(os.listdir(folder))
    if FAILURE in files or RESULT not in files:
        return None
    try:
        found = read(folder / RESULT, Result)
    except DamagedResultError:
        return None
    return found, _operating_point(folder / POINT, found) if POINT in files else None


def set_damaged_aside(results: Path) -> None:
    """Set damaged results aside. Raises ResultError, before, where a folder holds what another version wrote."""
    damaged = [file for folder in layout.all_in(results) for file in _damaged(folder) if file.name == RESULT]
    for file in damaged:
        os.replace(file, file.with_name(ASIDE))
        _warn(f"set aside as {ASIDE}, to be done again: {file} is damaged")


def _damaged(folder: Path) -> Iterator[Path]:
    for name in KINDS.keys() & set(os.listdir(folder)):
        try:
            read(folder / name, KINDS[name])
        except DamagedResultError:
            yield folder / name


def failure(folder: Path) -> Failure | None:
    """Why the cell of a job's folder has no result; None where it has one, or where nothing is stored of it."""
    files = set(os.listdir(folder))
    try:
        if FAILURE in files:
            return read(folder / FAILURE, Failure)
        if RESULT in files:
            read(folder / RESULT, Result)
        elif ASIDE in files:
            return _of_damage(folder, f"{folder / RESULT} was damaged and is set aside as {ASIDE}: run again")
    except DamagedResultError as error:
        return _of_damage(folder, str(error))
    return None


def _of_damage(folder: Path, reason: str) -> Failure | None:
    """The line of a damaged file among the failures; None where nothing tells whose it is."""
    _warn(f"left out: {reason}")
    cell = _cell(folder)
    return cell and Failure(key="", cell=cell, reason=reason, tail="")


def _cell(folder: Path) -> Cell | None:
    """The cell of a job's folder, by its plan or, where it was never planned, by that of another category or seed."""
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
    """None where it is damaged or of an earlier result, which is said."""
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
