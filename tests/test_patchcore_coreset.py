"""PatchCore's coreset: the picks against a plain loop over all points."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from methods.patchcore import coreset

ROOT = Path(__file__).resolve().parent.parent


def plain_picks(points, count, starts):
    """The published loop, with distances by differences in float64."""
    wide = points.double()
    nearest = torch.stack([(wide - start).norm(dim=1) for start in wide[starts]]).mean(dim=0)
    found = []
    for _ in range(count):
        found.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (wide - wide[found[-1]]).norm(dim=1))
    return found


def picked(points, count, starts) -> list[int]:
    return torch.cat(list(coreset.picks(points, count=count, starts=torch.tensor(starts)))).tolist()


@pytest.fixture(params=["few hot", "all hot"])
def hot(request, monkeypatch):
    if request.param == "few hot":
        monkeypatch.setattr(coreset, "HOT", 16)
        monkeypatch.setattr(coreset, "ROWS", 5)
        monkeypatch.setattr(coreset, "COLUMNS", 7)


def random_points(n, dims, seed=0):
    return torch.randn(n, dims, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dims", [2, 128])
def test_picks_are_those_of_the_plain_loop(hot, dims):
    points = coreset.on_grid(random_points(600, dims))
    assert picked(points, 200, [3, 5, 99]) == plain_picks(points, 200, [3, 5, 99])


def test_points_far_from_zero_are_picked_as_well(hot):
    points = coreset.on_grid(random_points(400, 8)) + 2**20
    assert picked(points, 100, [0]) == plain_picks(points, 100, [0])


def test_of_many_copies_the_first_is_picked(hot):
    few = coreset.on_grid(random_points(60, 16))
    points = few[torch.randint(60, (500,), generator=torch.Generator().manual_seed(1))]
    assert picked(points, 40, [7, 8]) == plain_picks(points, 40, [7, 8])


@pytest.mark.parametrize("seed", range(5))
def test_of_equal_distances_the_first_is_picked(hot, seed):
    points = torch.randint(-2, 3, (400, 4), generator=torch.Generator().manual_seed(seed)).float()
    assert picked(points, 300, [1, 1, 1, 1]) == plain_picks(points, 300, [1, 1, 1, 1])


def test_every_distance_is_the_nearest_float_to_the_root():
    points = coreset.on_grid(random_points(5000, 8))
    squares = (points.double() - points[0].double()).square().sum(dim=1).numpy()
    assert coreset.mean_distances(points, points[:1]).numpy().tolist() == np.sqrt(squares).tolist()


def test_where_nothing_is_left_to_pick_the_first_point_is_picked_again(hot):
    points = torch.tensor([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])
    assert picked(points, 5, [0]) == [1, 0, 0, 0, 0]
    assert picked(torch.full((30, 3), 0.1), 4, [2]) == [0, 0, 0, 0]


def test_all_points_can_be_picked_and_then_each_is_picked_once(hot):
    points = coreset.on_grid(random_points(50, 3))
    found = picked(points, 50, [4, 9])
    assert sorted(found) == list(range(50)) and found == plain_picks(points, 50, [4, 9])


def test_one_point_is_picked():
    assert picked(torch.ones(1, 4), 1, [0]) == [0]


def test_a_start_is_no_member():
    assert picked(torch.tensor([[0.0], [1.0], [5.0]]), 1, [2]) == [0]


def test_fewer_picks_are_the_first_of_more_and_points_stay_as_they_are(hot):
    points = random_points(300, 8)
    before = points.clone()
    assert picked(points, 30, [0]) == picked(points, 90, [0])[:30]
    assert torch.equal(points, before)


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1.0, 1e15])
def test_the_grid_is_finer_than_a_millionth_of_the_largest_distance(scale):
    points = scale * random_points(100, 16)
    grid = coreset.on_grid(points)
    assert torch.equal(grid, grid.round()) and grid.norm(dim=1).max() <= 2**23 + 1
    wide, centred = grid.double(), (points - points.mean(dim=0)).double()
    ratio = torch.cdist(wide, wide).max() / torch.cdist(centred, centred).max()
    assert (wide / ratio - centred).abs().max() < 1e-6 * centred.norm(dim=1).max()


def test_an_estimate_in_lower_precision_changes_no_pick(hot):
    points = coreset.on_grid(random_points(500, 32))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        found = picked(points, 100, [0])
    finally:
        torch.set_float32_matmul_precision(before)
    assert found == plain_picks(points, 100, [0])


def test_a_projection_is_within_the_limits_of_a_linear_layer_and_comes_from_its_generator():
    weights = coreset.projection(256, 128, torch.Generator().manual_seed(0))
    assert weights.shape == (128, 256) and 0.99 / 16 < weights.abs().max() <= 1 / 16
    assert torch.equal(weights, coreset.projection(256, 128, torch.Generator().manual_seed(0)))


MEASURED = """
import sys, torch
from benchmarks.jobs.machine import peak_memory_mb
from methods.patchcore import coreset
from methods.patchcore.memory import Memory
torch.set_num_threads(1)
rows = torch.randn(2048, int(sys.argv[1])).repeat(int(sys.argv[2]), 1)
before, size = peak_memory_mb(), rows.numel() * 4 / 1e6
{}
print((peak_memory_mb() - before) / size)
"""


@pytest.mark.parametrize(
    ("code", "dims", "copies", "most"),
    [
        ("next(coreset.picks(rows, count=10_000, starts=torch.arange(10)))", 128, 240, 1.4),
        ("Memory(rows)", 512, 60, 1.0),
    ],
    ids=["a copy on a grid to pick from", "rotated heads to search in"],
)
def test_little_room_is_needed_beside_the_rows(code, dims, copies, most):
    command = [sys.executable, "-c", MEASURED.format(code), str(dims), str(copies)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert 0 < float(done.stdout) < most, done.stderr
