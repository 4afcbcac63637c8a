"""What is made of an anomaly map, against numbers worked out by hand."""

import numpy as np
import pytest

from methods._maps import top_mean


def test_the_highest_pixels_are_averaged_wherever_they_lie():
    map = np.random.default_rng(0).permutation(np.arange(1000, dtype=np.float32)).reshape(40, 25)
    assert top_mean(map, 0.01) == np.mean(range(990, 1000))
    assert top_mean(map, 1) == np.mean(range(1000))


@pytest.mark.parametrize(
    "share, count", [(0.001, 1), (0.14, 1), (0.16, 2), (0.15, 2), (0.25, 2), (0.35, 4), (0.99, 10)]
)
def test_their_number_is_rounded_and_one_at_least(share, count):
    map = np.arange(10, dtype=np.float32).reshape(2, 5)
    assert top_mean(map, share) == np.mean(range(10 - count, 10))


def test_the_sum_is_exact_where_float32_would_round_it():
    map = np.array([[2**24, 1, 1, 1]], np.float32)
    assert top_mean(map, 1) == (2**24 + 3) / 4
