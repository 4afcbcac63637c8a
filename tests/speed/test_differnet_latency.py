"""What a score of one image costs: with pytest-benchmark, by views and sizes, with a map, alone and in company.

    OMP_NUM_THREADS=1 python -m pytest -m slow --benchmark-enable --benchmark-timer=time.process_time \
        tests/speed/test_differnet_latency.py
"""

import time

import numpy as np
import pytest

from methods.differnet import DifferNet

pytestmark = pytest.mark.slow

SEEN = {
    "1 view": {"test_views": 1},
    "8 views": {"test_views": 8},
    "16 views": {"test_views": 16},
    "32 views": {"test_views": 32},
    "64 views": {},
    "64 views of 320 px": {"image_size": 320},
    "64 views of 224 px, two scales": {"image_size": 224, "n_scales": 2},
    "64 views and a map": {"map_rotations": 8},
}
"""What a score looks at: settings of DifferNet, which here makes no map unless one is asked for."""


@pytest.fixture(scope="module")
def photographs():
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (600, 500, 3), dtype=np.uint8) for _ in range(4)]


@pytest.fixture(scope="module", params=SEEN)
def differnet(request, photographs):
    """The published network, hardly trained: its speed does not depend on what it learned."""
    settings = {"map_rotations": 0} | SEEN[request.param]
    method = DifferNet(**settings, bank_views=2, meta_epochs=1, sub_epochs=1)
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
