"""The command `report`: write the report of a results folder, or of several together."""

import gc
import os
import shlex
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import merging, results_folder
from benchmarks.console import err, out, say
from benchmarks.errors import UsageError
from benchmarks.jobs import agenda, determinism, failures, layout
from benchmarks.merging import Ended
from reports import csv_files, forms, marks
from reports.html.jobs import NOTHING, Shown
from reports.results import Failure
from reports.rows import Figures, Unfinished, identity_of

if TYPE_CHECKING:
    from reports.terminal import Verdict

MANY = 1000
"""From this many results on, further processes help."""
CHUNK = 50
"""Number of results that a process measures at a time."""
PROCESSES = 8
"""The most processes used."""


def run(
    results: Sequence[Path],
    *,
    to: Path | None = None,
    wanted: Sequence[str] = tuple(forms.FORMS),
    took: str | None = None,
) -> int:
    """Write the report of results folders in the wanted forms, and print where; on a terminal the summary, too.

    `took` says how long the jobs just done took.
    It is written into the folder `to`; by default the results folder itself, or `merged` in the first of several.
    Returns 0, or 1 where the system did not let it write a file: the others are written.
    Raises UsageError if the folders hold neither result nor failure, or contradict each other, or if a file of another
    origin is in the way.
    """
    from benchmarks.evaluation import result_rows

    folders = list(dict.fromkeys(results))
    place = to or (folders[0] if len(folders) == 1 else folders[0] / layout.MERGED)
    if place.is_dir() and not os.access(place, os.W_OK):
        raise UsageError(f"{place} cannot be written: name another folder for the report with --to")
    jobs = [(each, folder) for each in folders for folder in layout.all_in(each)]
    if to not in (None, *folders) and (other := marks.foreign(forms.files(place, wanted))):
        raise UsageError(f"--to {to}: {other.name} {marks.NOT_OURS}")  # a results folder is ours as a whole
    with _without_garbage_collection(), _helpers(len(jobs)) as helpers:
        told = partial(_ended, with_scores="csv" in wanted, with_images="html" in wanted)
        ended = helpers.map(told, jobs, chunksize=CHUNK)
        from reports import report as content  # loads pandas while the helpers measure
        from reports import terminal

        refused: dict[str, OSError] = {}
        try:
            found = _gathered(ended, folders, scores=place if "csv" in wanted else None)
        except OSError as error:  # of the table of scores; that of a result comes again
            refused[csv_files.SCORES] = error
            found = _gathered(helpers.map(told, jobs, chunksize=CHUNK), folders, scores=None)
        unfinished = _unfinished(folders, found)
        failures = [each.found for each in found if isinstance(each.found, Failure)]
        tables = result_rows.tables(each.found for each in found if not isinstance(each.found, Failure))
        differences = merging.differences(found) if len(folders) > 1 else []
        report = content.made(
            tables,
            failures,
            result_rows.DEFINITIONS,
            unfinished=unfinished,
            figures=[_relative(each, place) for each in found if each.figures],
            differences=differences,
            images=_shown(found),
        )
        refused |= forms.write(place, report, wanted, helpers)
    if out.is_terminal:
        for part in terminal.summary(report, took=took):
            out.print(part)
    _say_verdicts(terminal.verdicts(report))
    for line in (*differences, *(each.told + (each.command or "the same call again") for each in unfinished)):
        say(line, style="yellow")
    for form in wanted:
        if form not in refused:
            say(str(place / forms.FORMS[form].file), on=out)
    others = [form.file for name, form in forms.FORMS.items() if name not in wanted]
    if older := [file for file in others if (place / file).exists()]:
        say(f"not written again, as --format does not name it: {', '.join(older)} in {place}", style="yellow")
    return _say_refused(refused.values(), folders)


def _say_refused(errors: Collection[OSError], folders: Sequence[Path]) -> int:
    """Say which files of the report could not be written, and how to go on; return the exit status."""
    for error in errors:
        say(failures.refused_here(error), style="bold red")
    if errors:
        again = shlex.join(["python", "-m", "benchmarks", "report", *(f"--results={folder}" for folder in folders)])
        say(f"the results are kept; make room, or name another folder with --to, then: {again}")
    return 1 if errors else 0


def run_if_any(results: Path, wanted: Sequence[str]) -> None:
    """The report of a results folder in the wanted forms; none where nothing is there to report."""
    with suppress(UsageError):
        run([results], wanted=wanted)


def _gathered(ended: Iterator[Ended | None], folders: Sequence[Path], *, scores: Path | None) -> list[Ended]:
    """What ended, each job once; the scores of images are written into a folder meanwhile.

    Raises UsageError if there is nothing, or if two folders contradict each other; then no file has changed.
    """
    found: dict[str, Ended] = {}
    with csv_files.writing_scores(scores) if scores else nullcontext() as file:
        for each in filter(None, ended):
            if merging.adds(each, found.get(each.name)):
                if file:
                    file.write(each.scores)
                found[each.name] = each._replace(scores="")
        if not found:
            raise UsageError(_nothing(folders))
    return list(found.values())


def _nothing(folders: Sequence[Path]) -> str:
    ways = [left.command for left in _unfinished(folders, []) if left.command]
    where = " and ".join(f"--results {folder}" for folder in folders)
    return f"{where}: no results there; make some with: {ways[0] if ways else 'python -m benchmarks run'}"


def _unfinished(folders: Sequence[Path], found: Sequence[Ended]) -> list[Unfinished]:
    keys = {each.name: each.key for each in found}
    return [left for folder in folders for left in agenda.unfinished(folder, keys)]


def _relative(ended: Ended, place: Path) -> Figures:
    """The figures of a job as links from a folder."""
    paths = [Path(os.path.relpath(file, place)).as_posix() for file in ended.figures]
    return Figures(identity_of(ended.cell), paths, ended.cell.seed)


def _say_verdicts(verdicts: "Sequence[Verdict]") -> None:
    """Print what a user must know first; in a pipe, a line each."""
    from reports import terminal

    if err.is_terminal:
        err.print(terminal.indented(verdicts))
        return
    for verdict in verdicts:
        say(f"! {verdict.sentence}")


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off while a report is written.

    A report leaves no reference cycles, and searching for them takes a quarter of its time. At the end all objects are
    frozen: without that, the collections at exit alone take half a second.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _helpers(results: int) -> Executor:
    """The pool that measures results and draws figures: processes if there are many results, else one thread."""
    if results < MANY or threading.active_count() > 1:  # a process with threads may not be copied
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(min(PROCESSES, determinism.cores()))


def _shown(found: Sequence[Ended]) -> Shown:
    """The images of the jobs, where the page is wanted."""
    kept = [(each.results / each.name, each.shown) for each in found if each.shown]
    if not kept:
        return NOTHING
    from benchmarks.illustration.pictures import pictures

    folders, jobs = zip(*kept, strict=True)
    return Shown(jobs, pictures(folders, jobs))


def _ended(job: tuple[Path, Path], *, with_scores: bool, with_images: bool) -> Ended | None:
    """What a job's folder in a results folder holds; None if it holds neither result nor failure."""
    from benchmarks.evaluation import result_rows
    from benchmarks.illustration import jobs

    results, folder = job
    name = folder.relative_to(results).as_posix()
    if found := results_folder.result(folder):
        result, point = found
        measured = result_rows.measure(result, point)
        scores = csv_files.score_lines(result, point, measured.row["threshold"]) if with_scores else ""
        shown = jobs.job(folder, result, point) if with_images else None
        return Ended(results, name, result.cell, result.key, measured, scores, layout.figures(folder), shown)
    failure = results_folder.failure(folder)
    return failure and Ended(results, name, failure.cell, failure.key, failure)
