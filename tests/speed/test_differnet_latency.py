"""What a score of one image costs: with pytest-benchmark, at 1 and 64 views, with a map, alone and in company."""

import time

import numpy as np
import pytest

from methods.differnet import DifferNet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photographs():
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (600, 500, 3), dtype=np.uint8) for _ in range(4)]


@pytest.fixture(scope="module", params=[(1, 0), (64, 0), (64, 8)], ids=["1 view", "64 views", "64 views and a map"])
def differnet(request, photographs):
    """The published network, hardly trained: its speed does not depend on what it learned."""
    views, rotations = request.param
    method = DifferNet(test_views=views, map_rotations=rotations, bank_views=2, meta_epochs=1, sub_epochs=1)
    for _ in method.fit(photographs[:2], seed=0, device="cpu"):
        pass
    return method


def test_latency_of_one_image(benchmark, differnet, photographs):
    def score():
        differnet._store.clear()
        return list(differnet.score(photographs[:1]))

    benchmark.pedantic(score, rounds=3, warmup_rounds=1)


def test_one_image_costs_what_it_costs_among_others(differnet, photographs):
    def seconds(images) -> float:
        times = []
        for _ in range(3):
            differnet._store.clear()
            begun = time.perf_counter()
            list(differnet.score(images))
            times.append(time.perf_counter() - begun)
        return min(times)

    assert seconds(photographs[:1]) < 1.5 * seconds(photographs) / len(photographs)
