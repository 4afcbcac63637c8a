"""Several results folders in one report: what counts once, what is refused, what is said to differ."""

from pathlib import Path

import pytest

from benchmarks import merging
from benchmarks.errors import UsageError
from benchmarks.evaluation import result_rows
from benchmarks.merging import Ended
from reports.results import Failure
from tests.stored import made_cell, made_cost, made_images, made_result

SCORES = [("calibration", None, 0.5), ("test", None, 0.1), ("test", "bent", 0.7)]


def ended(folder, cell=None, scores=SCORES, **fields):
    one = made_result(**{"cell": cell or made_cell(), "images": made_images(scores)} | fields)
    return Ended(Path(folder), "jobs/x", one.cell, one.key, result_rows.measure(one))


def failed(folder):
    cell = made_cell()
    return Ended(Path(folder), "jobs/x", cell, "k", Failure(key="k", cell=cell, reason="out of memory", tail=""))


def test_a_job_that_only_one_folder_has_counts():
    assert merging.adds(ended("A"), None)


def test_the_same_result_in_two_folders_counts_once_whatever_its_time_and_machine():
    other = ended("B", machine="another", cost=made_cost(fit_seconds=9.0))
    assert not merging.adds(other, ended("A"))


def test_the_same_result_counts_once_where_one_is_of_before_digests_were_stored():
    assert not merging.adds(ended("B", contents="c", ignored="i"), ended("A"))


@pytest.mark.parametrize(
    ("scores", "named"),
    [
        ([SCORES[0], ("test", None, 0.8), SCORES[2]], "image_auroc"),
        ([SCORES[0], ("test", None, 0.2), SCORES[2]], "scores"),
    ],
)
def test_two_results_of_a_job_with_other_numbers_are_refused_in_a_sentence(scores, named):
    with pytest.raises(UsageError, match=f"A and --results B both have knn bolt seed 0, with other numbers.*{named}"):
        merging.adds(ended("B", scores=scores), ended("A"))


def test_a_result_takes_the_place_of_a_failure_and_no_failure_that_of_a_result():
    assert merging.adds(ended("B"), failed("A"))
    assert not merging.adds(failed("B"), ended("A")) and not merging.adds(failed("B"), failed("A"))


def test_nothing_differs_between_folders_of_the_same_kind():
    assert merging.differences([ended("A"), ended("B", made_cell(category="nut"))]) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"cell": made_cell("knn", "nut", changed={"views": 4})},
            "settings of knn: A: the defaults, calibration 0.1; B: views=4",
        ),
        ({"cell": made_cell("knn", "nut", shots=5)}, "B: the defaults, 5 images, calibration 0.1"),
        ({"code": "other"}, "code of knn, or files it depends on: not the same in A and B"),
        ({"machine": "a server"}, "machine, so that seconds do not compare: A: a laptop; B: a server"),
        ({"versions": {"numpy": "2.2"}}, "versions: A: numpy 2.1; B: numpy 2.2"),
        ({"data": "/other"}, "folder of folder: A: /data; B: /other"),
        ({"scores": [*SCORES, ("test", None, 0.2)]}, "test images of bolt (folder): not the same in A and B"),
    ],
)
def test_what_differs_is_told_folder_by_folder(fields, sentence):
    [told] = merging.differences([ended("A"), ended("B", **fields)])
    assert sentence in told
