"""The command `report`: write the report of a results folder."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import results_folder
from benchmarks.console import out, say
from benchmarks.errors import UsageError
from benchmarks.jobs import determinism, layout
from reports.results import Failure

if TYPE_CHECKING:
    from benchmarks.evaluation.result_rows import Measured
    from reports.html.jobs import Job
    from reports.rows import Tables

MANY = 1000
"""From this many results on, further processes help."""
CHUNK = 50
"""Number of results that a process measures at a time."""
PROCESSES = 8
"""The most processes used."""


def run(results: Path) -> None:
    """Write report.md and report.csv of a results folder, and print where; on a terminal the summary, too.

    Raises UsageError if the folder holds neither result nor failure.
    """
    from benchmarks.evaluation import result_rows

    folders = layout.all_in(results)
    with _without_garbage_collection(), _helpers(len(folders)) as helpers:
        measured = helpers.map(_measure, folders, chunksize=CHUNK)
        from reports import report as pages  # loads pandas while the helpers measure
        from reports import terminal

        every = [(folder, each) for folder, each in zip(folders, measured, strict=True) if each]
        failures = [each for _, each in every if isinstance(each, Failure)]
        found = [(folder, *each) for folder, each in every if not isinstance(each, Failure)]
        tables = result_rows.tables(measured for _, measured, _ in found)
        if not tables.rows and not failures:
            raise UsageError(f"--results {results}: no results there; make some with: python -m benchmarks run")
        table = pages.write(results, tables, failures=failures, definitions=result_rows.DEFINITIONS, helpers=helpers)
        page = _page(results, tables, failures, [(folder, job) for folder, _, job in found])
    if out.is_terminal and (summary := terminal.summary(table)):
        out.print(summary)
    for line in terminal.doubts(tables):
        say(line, style="yellow")
    say(str(results / "report.md"), on=out)
    say(str(page), on=out)


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


def _measure(folder: Path) -> "tuple[Measured, Job] | Failure | None":
    """The measured result of a job's folder and what the page shows of it, or its failure; None if it holds neither."""
    from benchmarks.evaluation import result_rows
    from benchmarks.illustration import jobs

    found = results_folder.result(folder)
    return (result_rows.measure(*found), jobs.job(folder, *found)) if found else results_folder.failure(folder)


def _page(results: Path, tables: "Tables", failures: list[Failure], found: "list[tuple[Path, Job]]") -> Path:
    """Write report.html, and return its path."""
    from benchmarks.evaluation import result_rows
    from benchmarks.illustration.pictures import pictures
    from reports.html import page

    folders, jobs = [folder for folder, _ in found], [job for _, job in found]
    contents = page.Contents(tables, failures, result_rows.DEFINITIONS, jobs, pictures(folders, jobs))
    return page.write(results, contents)
