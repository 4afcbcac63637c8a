"""Ten thousand jobs, planned, begun and reported on; ten thousand images, checked."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import plugins
from benchmarks.jobs import layout, plan
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.jobs.runner import Runner
from reports.files import write_text
from reports.results import Cell, ImageScore, Result
from tests.stored import made_cell, made_result

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
    return made_result(key=f"key {number}", cell=cell, made=True, images=images, pixels=None, why_no_pixels="no maps")


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> Path:
    """A results folder with a result for each of 4 methods, 100 categories and 25 seeds."""
    results = tmp_path_factory.mktemp("grid")
    cells = [
        made_cell(method=f"method{method}", settings={"width": method}, category=f"part {category}", seed=seed)
        for method in range(METHODS)
        for category in range(CATEGORIES)
        for seed in range(SEEDS)
    ]
    for number, cell in enumerate(cells):
        folder = layout.of_cell(results, cell)
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(result(cell, number).model_dump_json(indent=1), encoding="utf-8")
    write_text(results / "digests.json", "{}")
    return results


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """100 categories of ten images of 32x32 pixels."""
    root = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    for category in range(CATEGORIES):
        for part, count in (("train/good", 6), ("test/good", 2), ("test/bent", 2)):
            folder = root / f"part {category}" / part
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.png")
    return root


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """10,000 images of 512x512 pixels in a category, all different."""
    root = tmp_path_factory.mktemp("photographs")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = Image.fromarray(pixels).resize((512, 512))
    for part, count in (("train/good", 8000), ("test/good", 1000), ("test/bent", 1000)):
        folder = root / "part" / part
        folder.mkdir(parents=True)
        for index in range(count):
            whole.paste((index % 256, index // 256, len(part)), (0, 0, 16, 16))
            whole.save(folder / f"{index}.jpg")
    return root


MEASURE = """
import resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)
"""
"""From a small process, as Linux counts the memory of the process that starts another as that one's, too."""


def measured(*command: str | Path) -> tuple[float, float]:
    """The seconds that a Python command takes, and the peak memory in MB of the largest of its processes."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    seconds, processor, megabytes = map(float, done.stdout.split())
    print(f"\n{seconds:.1f} s, processor {processor:.1f} s, at most {megabytes:.0f} MB")
    return seconds, megabytes


READ = """
import json, pathlib, sys
for file in pathlib.Path(sys.argv[1]).glob("jobs/*/*/*/result.json"):
    json.loads(file.read_bytes())
"""


def test_ten_thousand_results_are_reported_in_the_time_of_reading_them_nine_times(grid):
    """Some 6 s on two quiet cores, with a million rows of scores; the fastest of three each, as other work adds."""
    seconds, megabytes = min(
        measured("-m", "benchmarks", "report", "--results", grid, "--format", "md,csv") for _ in range(3)
    )
    reading, _ = min(measured("-c", READ, grid) for _ in range(3))
    assert seconds < 9 * reading and megabytes < 500


PLAN = """
import sys
from pathlib import Path
import methods
from benchmarks.jobs import plan
from benchmarks import plugins

choices = [plugins.choose(name, {}) for name in plugins.names(methods)]
seeds = range(-(-10_000 // (len(choices) * 100)))
root, results = map(Path, sys.argv[1:])
planned = plan.plan(plan.Request(choices=choices, dataset="folder", root=root, results=results, seeds=seeds))
assert len(planned) >= 10_000 and all(isinstance(job, plan.Job) for job in planned)
"""


def test_ten_thousand_jobs_are_planned_in_seconds(data, tmp_path):
    seconds, megabytes = measured("-c", PLAN, data, tmp_path)
    assert seconds < 5 and megabytes < 500


def test_ten_thousand_images_are_checked_in_minutes(photographs):
    seconds, megabytes = measured("-m", "benchmarks", "check", "--dataset", "folder", "--data", photographs)
    assert seconds < 180 and megabytes < 500


class Watch:
    """Lines of progress that keep when a job began, first told something, and ended."""

    def __init__(self):
        self.seconds: list[tuple[float, float]] = []
        """Each job: seconds until its first progress message, and seconds from then to its end."""

    def begin(self, *_: str) -> None:
        self.times = [time.perf_counter()]

    def update(self, *_: str | Progress) -> None:
        self.times.append(time.perf_counter())

    def end(self, *_: str) -> None:
        self.times.append(time.perf_counter())
        begun, told, *_, ended = self.times
        self.seconds.append((told - begun, ended - told))


def test_a_job_costs_little_beyond_its_own_work(data, tmp_path):
    request = plan.Request(
        choices=[plugins.choose("mean_image", {})],
        dataset="folder",
        root=data,
        results=tmp_path,
        categories=["part 0"],
        seeds=range(5),
        device="cpu",
    )
    watch = Watch()
    jobs = [job for job in plan.plan(request) if isinstance(job, Job)]
    assert Runner(1).run(jobs, watch) == []
    starting, working = np.median(watch.seconds, axis=0)
    print(f"\n{starting:.2f} s until a job reads its first image, {working:.2f} s until its result is stored")
    assert starting + working < 5
