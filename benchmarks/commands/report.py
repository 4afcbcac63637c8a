"""The command `report`: write the report of a results folder."""

import gc
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import results_folder
from benchmarks.console import err, out, say
from benchmarks.errors import UsageError
from benchmarks.jobs import determinism, layout
from reports.results import Failure

if TYPE_CHECKING:
    from benchmarks.evaluation.result_rows import Measured
    from reports.terminal import Verdict

MANY = 1000
"""From this many results on, further processes help."""
PROCESSES = 8
"""The most processes used."""


def run(results: Path, *, took: str | None = None) -> None:
    """Write report.md and report.csv of a results folder, and print where; on a terminal the summary, too.

    `took` says how long the jobs just done took.

    Raises UsageError if the folder holds neither result nor failure.
    """
    from benchmarks.evaluation import result_rows

    folders = layout.all_in(results)
    with _without_garbage_collection(), _helpers(len(folders)) as helpers:
        measured = helpers.map(_measure, folders, chunksize=MANY // 4)
        from reports import report as pages  # loads pandas while the helpers measure
        from reports import terminal

        found = list(filter(None, measured))
        failures = [each for each in found if isinstance(each, Failure)]
        tables = result_rows.tables(each for each in found if not isinstance(each, Failure))
        if not tables.rows and not failures:
            raise UsageError(f"--results {results}: no results there; make some with: python -m benchmarks run")
        table = pages.write(results, tables, failures=failures, definitions=result_rows.DEFINITIONS, helpers=helpers)
    if out.is_terminal:
        for part in terminal.summary(table, took=took):
            out.print(part)
    _say_verdicts(terminal.verdicts(tables))
    say(str(results / "report.md"), on=out)


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


def _measure(folder: Path) -> "Measured | Failure | None":
    """The measured result or the failure that a job's folder holds; None if it holds neither."""
    from benchmarks.evaluation import result_rows

    found = results_folder.result(folder)
    return result_rows.measure(*found) if found else results_folder.failure(folder)
