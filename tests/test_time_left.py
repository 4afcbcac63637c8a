"""The time that a run will still take: by ended jobs, by the forecast, and never from what is not known."""

import pytest

from benchmarks.jobs.time_left import NOT_KNOWN, TimeLeft
from tests.test_forecast import job


class Clock:
    """A clock that a test moves, in seconds."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def done(left: TimeLeft, clock: Clock, name: str, seconds: float, *, failed: bool = False) -> None:
    left.begin(name)
    clock.now += seconds
    left.end(name, failed=failed)


def test_a_fast_method_says_nothing_of_a_slow_one(clock):
    left = TimeLeft([job("mean_image"), job("differnet")], clock=clock)
    done(left, clock, "mean_image bolt seed 0", 1)
    assert left.sentence() == NOT_KNOWN and left.done == 1


def test_jobs_of_one_method_count_by_their_images(clock):
    large = job("knn", "nut").model_copy(update={"fit_images": 100, "scored_images": 50})
    left = TimeLeft([job("knn"), large], clock=clock)
    done(left, clock, "knn bolt seed 0", 60)
    assert left.sentence() == "about 10 min left"


def test_the_forecast_counts_until_a_job_of_the_method_has_ended(clock):
    left = TimeLeft([job("cae"), job("cae", "nut")], {"cae": 1200.0}, clock=clock)
    assert left.sentence() == "about 20 min left"
    done(left, clock, "cae bolt seed 0", 300)
    assert left.sentence() == "about 5 min left"


def test_what_is_known_is_a_lower_bound_where_something_is_not(clock):
    left = TimeLeft([job("cae"), job("knn")], {"cae": 1200.0}, clock=clock)
    assert left.sentence() == "at least 20 min left"


def test_a_job_that_takes_longer_than_expected_makes_it_a_lower_bound(clock):
    left = TimeLeft([job("cae"), job("cae", "nut")], {"cae": 1200.0}, clock=clock)
    left.begin("cae bolt seed 0")
    clock.now = 300
    assert left.sentence() == "about 15 min left"
    clock.now = 900
    assert left.sentence() == "at least 10 min left"


def test_jobs_that_run_at_once_share_the_time(clock):
    left = TimeLeft([job("cae"), job("cae", "nut")], {"cae": 1200.0}, clock=clock)
    left.begin("cae bolt seed 0")
    left.begin("cae nut seed 0")
    assert left.sentence() == "about 10 min left"


def test_a_failed_job_is_no_measure_of_the_others(clock):
    left = TimeLeft([job("knn"), job("knn", "nut")], clock=clock)
    done(left, clock, "knn bolt seed 0", 60, failed=True)
    assert left.sentence() == NOT_KNOWN


def test_nothing_is_left_at_the_end(clock):
    left = TimeLeft([job("knn")], clock=clock)
    done(left, clock, "knn bolt seed 0", 60)
    assert left.sentence() == "" and left.seconds_so_far == 60
