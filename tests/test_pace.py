"""How long many images will take is said once, when it is known."""

import pytest

from benchmarks.prediction.pace import Pace


def said(total: int, seconds: list[float]) -> list[str]:
    """What is told when the images end at these times."""
    told: list[str] = []
    times = iter(seconds)
    pace = Pace(total, told.append, clock=lambda: next(times))
    for _ in range(min(total, 10)):
        pace.step()
    return told


def test_the_first_image_does_not_count_as_it_also_loads_the_model():
    assert said(1003, [30.0, 32.0]) == ["1 s an image: about 17 min for the other 1,000 images"]


@pytest.mark.parametrize("total", [1, 2, 3, 12])
def test_nothing_is_said_of_a_short_wait(total):
    assert said(total, [0.0, 2.0]) == []
