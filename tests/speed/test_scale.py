"""A finished grid of 10,000 results: the time and the memory that its report takes."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import plan
from reports.results import Cell, Cost, ImageScore, Result, write_text

pytestmark = pytest.mark.slow

METHODS, CATEGORIES, SEEDS = 4, 100, 25
ROOT = Path(__file__).resolve().parents[2]


def result(cell: Cell, number: int) -> Result:
    generator = np.random.default_rng(number)
    images = [
        ImageScore(path=f"{part}/{index}.png", part=part, defect=defect, score=float(score))
        for part, defect, count, lift in (
            ("calibration", None, 20, 0),
            ("test", None, 40, 0),
            ("test", "bent", 40, 1.5),
        )
        for index, score in enumerate(generator.normal(lift, size=count), start=100 * (defect is not None))
    ]
    cost = Cost(
        fit_seconds=1.0,
        score_seconds=1.0,
        images_per_second=100.0,
        peak_memory_mb=300.0,
        parameters=7,
        device="cpu",
        threads=2,
        finished="2026-01-01T00:00:00+00:00",
    )
    return Result(
        key=f"key {number}",
        code="code",
        cell=cell,
        made=True,
        trained_on=100,
        images=images,
        pixels=None,
        why_no_pixels="the method gives no anomaly maps",
        tracked=False,
        epochs=[],
        remarks=["made by a test"],
        versions={"numpy": "2"},
        machine="none",
        cost=cost,
    )


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> Path:
    """A results folder with a result for each of 4 methods, 100 categories and 25 seeds."""
    results = tmp_path_factory.mktemp("grid")
    cells = [
        Cell(
            method=f"method{method}",
            settings={"width": method},
            changed={},
            dataset="folder",
            category=f"part {category}",
            seed=seed,
            shots=None,
            calibration=0.1,
        )
        for method in range(METHODS)
        for category in range(CATEGORIES)
        for seed in range(SEEDS)
    ]
    for number, cell in enumerate(cells):
        folder = plan.folder(results, cell)
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(result(cell, number).model_dump_json(indent=1), encoding="utf-8")
    write_text(results / "digests.json", "{}")
    return results


@pytest.mark.xfail(strict=True, reason="12.8 s and 865 MB were measured: all results are held, and measured one by one")
def test_ten_thousand_results_are_reported_in_seconds(grid):
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "benchmarks", "report", "--results", str(grid)], cwd=ROOT, check=True)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"\n{seconds:.1f} s, processor {after.ru_utime - before.ru_utime:.1f} s, at most {after.ru_maxrss / 1e3:.0f} MB"
    )
    assert seconds < 5 and after.ru_maxrss < 500_000
