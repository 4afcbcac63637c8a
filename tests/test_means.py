"""A mean is over the rows that its heading tells of, in every form of the report."""

import re

import pytest

from benchmarks.evaluation import result_rows
from reports import latex, page
from reports.html import leaderboard
from reports.report import made
from reports.results import Failure
from reports.tables import frame, headed, mean_over_categories, means
from tests.pages import page_of
from tests.stored import made_cell, made_cost, made_images, made_result
from tests.test_terminal import shown

SCORES = [("calibration", None, 0.5), ("test", None, 0.1), ("test", None, 0.4), ("test", "bent", 0.7)]
ALL_MISSED = [("calibration", None, 0.9), *SCORES[1:]]
FAILED = Failure(key="k", cell=made_cell("cae", "nut"), reason="out of memory", tail="")


def result(method, category, seed=0, scores=SCORES, **cost):
    costs = {"fit_seconds": 2.0, "images_per_second": 100.0} | cost
    cell = made_cell(method, category, seed)
    return made_result(cell=cell, key=f"{cell}", images=made_images(scores), cost=made_cost(**costs))


@pytest.fixture
def one_failed():
    """Two categories that both methods share, and one, slow and with a miss, that `cae` has failed on."""
    both = [result(method, category) for method in ("knn", "cae") for category in ("bolt", "cog")]
    return [*both, result("knn", "nut", scores=ALL_MISSED, fit_seconds=2000.0, images_per_second=0.01)]


def report(results, failures=()):
    return made(result_rows.tables(map(result_rows.measure, results)), failures, result_rows.DEFINITIONS)


def cells(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if re.match(start, line))
    return [cell.strip() for cell in re.split(r"[|&]", line)]


def test_costs_are_over_the_categories_that_the_mean_row_tells_of(one_failed):
    text = page.text(report(one_failed, [FAILED])).partition("## Methods")[2]
    assert cells(text, r"\| method, mean of 2 of 3")[-3:-1] == ["seconds to fit", "ms/image"]
    assert cells(text, r"\| . knn")[-3:-1] == cells(text, r"\| . cae")[-3:-1] == ["2", "10"]


def test_so_they_are_on_a_terminal_with_what_was_missed(one_failed):
    lines = shown(one_failed, failures=[FAILED])
    start = next(index for index, line in enumerate(lines) if line.split()[:1] == ["mean"])
    first, second = lines[start : start + 2]
    assert first.split()[-5:] == second.split()[-5:] and "0/2" in first and first.endswith(" 10")


def test_so_they_are_on_the_page_and_in_latex(one_failed):
    text = page_of(one_failed, [FAILED])
    line = re.search(r'<tr data-place="\*mean".*?</tr>', text, flags=re.DOTALL)[0]
    assert 'data-text="mean of 2 of 3"' in line
    told = dict(re.findall(r'data-key="(\w+)"[^>]*?data-text="([^"]*)"', line))
    assert (told["fit_seconds"], told["ms_per_image"], told["missed"]) == ("2", "10", "0/2")
    rates = latex.text(report(one_failed, [FAILED]))
    assert "method, mean of 2 of 3 & true positive rate" in rates


def test_a_number_that_fewer_categories_have_says_so_where_it_stands(one_failed):
    some = [each for each in one_failed if each.cell.category != "nut"]
    without = [each.model_copy(update={"pixels": None}) if each.cell.category == "cog" else each for each in some]
    text = page.text(report(without))
    assert (
        "image AUROC, mean of 2" in text
        and "pixel AUROC, mean of 1 of 2" in text
        and "seconds to fit, mean of 2" in text
    )
    line = re.search(r'<tr data-place="\*mean".*?</tr>', page_of(without), flags=re.DOTALL)[0]
    assert re.search(r'data-key="pixel_auroc"[^>]*data-text="0.900 \(mean of 1 of 2\)"', line)


def test_a_method_without_seconds_in_a_category_has_none_over_all():
    read = "the features were kept from before"
    results = [
        result("knn", "bolt"),
        result("knn", "nut", why_no_seconds=read),
        result("cae", "bolt"),
        result("cae", "nut"),
    ]
    assert cells(page.text(report(results)), r"\| . knn")[-3:-1] == ["2", "10"]  # over bolt, as the heading says
    assert "seconds to fit, mean of 1 of 2" in page.text(report(results))
    lines = shown(results)
    start = next(index for index, line in enumerate(lines) if line.split()[:1] == ["mean"])
    knn = next(line for line in lines[start : start + 2] if "knn" in line)
    assert knn.split()[-2:] == ["n/a", "n/a"]
    done = report(results).jobs
    assert mean_over_categories(done[done["method"] == "knn"], "fit_seconds") is None


def test_misjudged_images_are_a_mean_over_the_seeds_of_each_category_before_they_are_added():
    results = [result("knn", "bolt", 0), result("knn", "bolt", 1), result("knn", "nut", 0, scores=ALL_MISSED)]
    row = next(line for line in shown(results) if line.split()[:1] == ["mean"])
    assert "1/2" in row and "0/4" in row


def test_columns_over_other_categories_of_the_same_number_each_say_so():
    rows = [result_rows.measure(result("knn", place)).row for place in ("bolt", "nut")]
    table = frame([{**rows[0], "pixel_auroc": None}, {**rows[1], "image_auroc": None}])
    found = {"image": means(table, "image_auroc"), "pixel": means(table, "pixel_auroc")}
    assert headed(found, table) == ("method", ["image, mean of 1 of 2", "pixel, mean of 1 of 2"])
    assert leaderboard.shown(table, _labels(table))["mean"] == "mean of 1 of 2"


def _labels(table):
    from reports import legend
    from reports.html.labels import Labels

    return Labels(legend.lettered(table))


def test_results_of_several_sets_of_versions_say_so():
    versions = [{"torch": "2.11"}, {"torch": "2.12"}]
    results = [result("knn", "bolt"), result("knn", "nut").model_copy(update={"versions": versions[1]})]
    assert "the results come from 2 sets of versions of libraries" in page.text(report(results))
    assert "sets of versions" not in page.text(report(results[:1]))
