"""The summary on a terminal: right at 80 columns, in colour and without."""

import io
import re
from collections.abc import Sequence

import numpy as np
import pytest
from rich.console import Console

from benchmarks.evaluation import result_rows
from reports import brief, terminal
from reports.report import Report, made
from reports.results import Failure, Result
from reports.rows import Unfinished
from tests.stored import made_cell, made_cost, made_images, made_result

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def result(method: str, category: str, seed: int = 0, **settings: object) -> Result:
    """12 normal and 8 defective test images, of which 3 are missed, and a normal one that is a false alarm."""
    rng = np.random.default_rng(seed)
    normal = [*rng.uniform(0, 1, 11), 2.5]
    defective = [*rng.uniform(0, 1, 3), *rng.uniform(3, 4, 5)]
    scores = [("calibration", None, 2.0 + seed / 10), ("calibration", None, 1.0)]
    scores += [("test", None, score) for score in normal] + [("test", "cut", score) for score in defective]
    cell = made_cell(method, category, seed, dataset="visa", changed=settings)
    return made_result(cell=cell, images=made_images(scores), cost=made_cost(fit_seconds=140.4, images_per_second=0.78))


def reported(results: list[Result], failures: Sequence[Failure] = (), unfinished: Sequence[Unfinished] = ()) -> Report:
    tables = result_rows.tables(map(result_rows.measure, results))
    return made(tables, failures, result_rows.DEFINITIONS, unfinished=unfinished)


def shown(
    results: list[Result],
    *,
    colour: str | None = None,
    failures: Sequence[Failure] = (),
    unfinished: Sequence[Unfinished] = (),
) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=colour)
    for part in terminal.summary(reported(results, failures or [], unfinished), took="13 min"):
        console.print(part)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture(scope="module")
def several() -> list[Result]:
    return [result(method, "cookie", seed) for method in ("knn", "mean_image") for seed in (0, 1)]


def test_a_line_has_all_that_a_choice_needs(several):
    heading, above, columns, first, second = shown(several)
    assert heading == "visa · 2 methods · 1 category · seeds 0,1 · 4 of 4 jobs in 13 min"
    assert above.split() == ["false"]
    assert columns.split() == ["AUROC", "95", "%", "missed", "al.", "threshold", "fit", "ms/img"]
    assert first.split()[:3] == ["cookie", "A", "knn"] and second.split()[:2] == ["B", "mean_image"]
    assert first.split()[-8:] == ["≈", "3/8", "1/12", "2.05", "±.07", "140", "s", "1,282"]
    assert re.search(r" \.\d{3} +\[\.\d\d,(\.\d\d|1\.00)\] ", first)


@pytest.mark.parametrize("colour", ["truecolor", None])
def test_long_names_do_not_break_the_lines(colour):
    long = "a_category_whose_name_is_long_enough_to_fill_half_of_the_terminal"
    lines = shown([result("a_method_of_a_long_name", long), result("knn", long)], colour=colour)
    plain = [ANSI.sub("", line) for line in lines]
    assert max(map(len, plain)) <= 80 and len(plain) == 5 and "AUROC" in plain[2]
    assert all(line.endswith(" 1,282") for line in plain[3:])
    assert (lines != plain) == (colour is not None)


def test_settings_are_explained_once_below(several):
    lines = shown([*several, result("knn", "cookie", 0, bank_size=128)])
    assert lines[-1] == " C knn: bank_size=128" and "bank_size" not in " ".join(lines[:-1])


def test_several_categories_end_with_their_mean_and_sums():
    lines = shown([result(method, place) for place in ("cookie", "nut") for method in ("knn", "cae")])
    assert lines[-2].split()[:3] == ["mean", "of", "2"]
    assert "6/16" in lines[-1] and "2/24" in lines[-1]


def test_many_categories_are_left_to_the_report():
    lines = shown([result("knn", f"part {index}") for index in range(70)])
    assert len(lines) == 4 and lines[-1].split()[:3] == ["mean", "of", "70"]


def test_a_failed_job_has_its_place(several):
    failure = Failure(key="", cell=made_cell("cae", "cookie", dataset="visa"), reason="it broke", tail="")
    lines = shown(several, failures=[failure])
    assert "4 of 5 jobs" in lines[0] and any(line.split()[-2:] == ["cae", "failed"] for line in lines)


def test_planned_jobs_that_were_not_done_count(several):
    assert "4 of 6 jobs" in shown(several, unfinished=[Unfinished("run", ["jobs/a", "jobs/b"])])[0]


def test_a_verdict_is_told_once_with_what_to_do(several):
    report = reported(several)
    found = terminal.verdicts(report)
    assert len(found) < len(report.verdicts)
    assert all(" -> " in verdict.sentence for verdict in found)
    few = next(verdict.sentence for verdict in found if "2 held-out images" in verdict.sentence)
    assert few.startswith("A knn on cookie, B mean_image on cookie: ")


def test_a_long_verdict_is_wrapped_beside_its_mark():
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    console.print(terminal.indented([terminal.Verdict("red", "a word of the verdict " * 10)]))
    first, *others = console.file.getvalue().rstrip().splitlines()
    assert first.startswith(" ! a word") and others and all(line.startswith("   ") for line in others)
    assert max(map(len, [first, *others])) <= 80


def test_the_numbers_of_a_job_are_told_when_it_is_done(several):
    row = result_rows.measure(several[0]).row
    assert brief.in_words(row) == f"AUROC .{row['image_auroc'] * 1000:03.0f}, missed 3/8, false alarms 1/12"


def test_a_job_without_threshold_or_defects_says_so():
    nothing = result_rows.measure(made_result(images=made_images([("test", None, 1.0)]))).row
    assert brief.in_words(nothing) == "no AUROC, no threshold"
