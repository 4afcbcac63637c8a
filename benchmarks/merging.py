"""Several results folders as one: which jobs count, and what differs between the folders."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.errors import UsageError
from benchmarks.naming import named
from reports.results import Cell, Failure
from reports.rows import VOLATILE

if TYPE_CHECKING:
    from benchmarks.evaluation.result_rows import Measured
    from reports.html.jobs import Job

OF_THE_RUN = {*VOLATILE, "machine", "versions", "device", "data", "contents", "ignored", "code", "key", "remarks"}
"""Columns that may differ between two results that are the same."""


class Ended(NamedTuple):
    """A job that has a result or a failure."""

    results: Path
    """Its results folder."""
    name: str
    """Its folder inside that folder; equal for jobs of the same cell."""
    cell: Cell
    key: str
    found: "Measured | Failure"
    scores: str = ""
    """The scores of its images, as lines of CSV."""
    figures: Sequence[Path] = ()
    shown: "Job | None" = None
    """What the page shows of its images; None: no page is wanted, or it failed."""


def adds(new: Ended, known: Ended | None) -> bool:
    """Whether a job counts beside, or instead of, the one of the same cell that is known already.

    A result takes the place of a failure, and the same result twice counts once. Raises UsageError for two results
    with other numbers.
    """
    if known is None:
        return True
    if isinstance(new.found, Failure) or isinstance(known.found, Failure):
        return not isinstance(new.found, Failure)
    if differing := _differing(known.found, new.found):
        cell = new.cell
        raise UsageError(
            f"--results {known.results} and --results {new.results} both have {cell.method} {cell.category} seed "
            f"{cell.seed}, with other numbers ({named(differing)}): take {new.name} out of one of them, or name one "
            "folder only"
        )
    return False


def _differing(one: "Measured", other: "Measured") -> list[str]:
    """The columns in which two results differ, but for what may differ from run to run."""
    columns = [column for column in one.row if one.row[column] != other.row[column] and column not in OF_THE_RUN]
    if not columns and _scores(one) != _scores(other):
        columns = ["scores"]
    return columns


def _scores(measured: "Measured") -> Hashable:
    entry = measured.entry
    return entry and tuple((each.paths, each.scores.tobytes()) for each in (entry.normal, entry.defective))


def differences(ended: Iterable[Ended]) -> list[str]:
    """What differs between the results folders of jobs, a sentence each: settings, code, machine, versions, data."""
    done = [each for each in ended if not isinstance(each.found, Failure)]
    return [*_settings(done), *_code(done), *_machines(done), *_data(done)]


def _settings(done: Sequence[Ended]) -> Iterator[str]:
    """A method with other settings is another method in every table; this says so."""
    for method, own in _groups(done, lambda each: each.cell.method):
        by_folder = _by_folder(own, lambda each: (each.cell.changes, each.cell.shots, each.cell.calibration))
        if len(set(by_folder.values())) > 1:
            yield f"settings of {method}: {_told(by_folder, _variant)}"


def _variant(value: tuple) -> str:
    changes, shots, calibration = value
    images = "" if shots is None else f", {shots} images"
    return f"{changes or 'the defaults'}{images}, calibration {calibration}"


def _code(done: Sequence[Ended]) -> Iterator[str]:
    for method, own in _groups(done, lambda each: each.cell.method):
        by_folder = _by_folder(own, lambda each: each.found.row["code"])
        if len(set(by_folder.values())) > 1:
            yield f"code of {method}, or files it depends on: not the same in {_listed(by_folder)}"


def _machines(done: Sequence[Ended]) -> Iterator[str]:
    for what, column in (("machine, so that seconds do not compare", "machine"), ("versions", "versions")):
        by_folder = _by_folder(done, lambda each, column=column: each.found.row[column])
        if len(set(by_folder.values())) > 1:
            yield f"{what}: {_told(by_folder, str)}"


def _data(done: Sequence[Ended]) -> Iterator[str]:
    for (dataset, category), own in _groups(done, lambda each: (each.cell.dataset, each.cell.category)):
        by_folder = _by_folder(own, _test_images)
        if len(set(by_folder.values())) > 1:
            yield (
                f"test images of {category} ({dataset}): not the same in {_listed(by_folder)}, so that its numbers do "
                "not compare"
            )
    for dataset, own in _groups(done, lambda each: each.cell.dataset):
        by_folder = _by_folder(own, lambda each: each.found.row["data"])
        if len(set(by_folder.values())) > 1:
            yield f"folder of {dataset}: {_told(by_folder, str)}"


def _test_images(ended: Ended) -> Hashable:
    entry = ended.found.entry
    return entry and (entry.normal.paths, entry.defective.paths)


def _groups(done: Iterable[Ended], key: Callable[[Ended], Hashable]) -> list[tuple]:
    groups = defaultdict(list)
    for each in done:
        groups[key(each)].append(each)
    return list(groups.items())


def _by_folder(done: Iterable[Ended], value: Callable[[Ended], Hashable]) -> dict[Path, frozenset]:
    """All values in each results folder."""
    found = defaultdict(set)
    for each in done:
        found[each.results].add(value(each))
    return {folder: frozenset(values) for folder, values in found.items()}


def _told(by_folder: dict[Path, frozenset], text: Callable[[Hashable], str]) -> str:
    return "; ".join(f"{folder}: {' | '.join(sorted(map(text, values)))}" for folder, values in by_folder.items())


def _listed(by_folder: dict[Path, frozenset]) -> str:
    return " and ".join(map(str, by_folder))
