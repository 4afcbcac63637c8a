"""A copy of the program with the toy method added, and with two small categories of data."""

import atexit
import compileall
import copy
import functools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from PIL import Image

from tests.checkout.toy import PAUSE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
Limits = Mapping[int, int]
"""Limits of a process: a constant of the module `resource` -> the highest value."""
NONE: Limits = {}
USES_NUMBA = """
import numpy
from benchmarks.evaluation import decision
decision.levels([numpy.zeros((2, 2), numpy.float32)], [1])
"""
"""Code for which numba compiles what an operating point needs."""
ALL_FORMS = ("--format", "md,csv,tex,html")
PACKAGES = ("benchmarks", "methods", "datasets", "reports")
RECORDS = (".json", ".md", ".csv", ".tex", ".html")
"""Files of results that may name the folder of the checkout."""
CATEGORIES = ("bolt", "nut")
SIZE = (40, 36)


def write_image(path: Path, seed: int, stain: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(100, 140, (*SIZE, 3), dtype=np.uint8)
    if stain:
        pixels[4:10, 4:10] = 250
    Image.fromarray(pixels).save(path)


def write_category(folder: Path, seed: int) -> None:
    for index in range(6):
        write_image(folder / f"train/good/{index}.png", seed + index)
    for index in range(3):
        write_image(folder / f"test/good/{index}.png", seed + 10 + index)
        write_image(folder / f"test/stain/{index}.png", seed + 20 + index, stain=True)
        mask = np.zeros(SIZE, np.uint8)
        mask[4:10, 4:10] = 255
        (folder / "ground_truth/stain").mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(folder / f"ground_truth/stain/{index}_mask.png")


def passing_folder() -> Path:
    """A new folder that is deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="checkout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def compiled() -> Path:
    """A folder with the program and the data, made once by this process, that already holds its compiled code.

    A copy keeps it, as Python and numba look at the time and size of a source file only.
    """
    folder = passing_folder()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder / package, quiet=1)
    shutil.copy(HERE / "toy.py", folder / "methods/toy.py")
    for seed, category in enumerate(CATEGORIES):
        write_category(folder / "parts" / category, 1000 * seed)
    subprocess.run([sys.executable, "-c", USES_NUMBA], cwd=folder, check=True)
    return folder


class Checkout:
    """A copy of the program with the toy method and two categories of data, which runs commands."""

    def __init__(self, folder: Path):
        shutil.copytree(compiled(), folder)
        self.folder, self.data, self.results = folder, folder / "parts", folder / "kept"

    def copy(self, folder: Path) -> Self:
        """A copy in another folder, with all its results, which are stored as if they had been made there."""
        shutil.copytree(self.folder, folder)
        copied = copy.copy(self)
        copied.folder, copied.data, copied.results = folder, folder / self.data.name, folder / self.results.name
        for file in copied.results.rglob("*.*"):
            if file.suffix in RECORDS and str(self.folder) in (text := file.read_text(encoding="utf-8")):
                file.write_text(text.replace(str(self.folder), str(folder)), encoding="utf-8")
        return copied

    def start(self, *arguments: str, command: str = "run", limits: Limits = NONE, pause: float = 0) -> subprocess.Popen:
        """Begin a command. A job of the toy method waits `pause` seconds an epoch."""

        def prepare() -> None:
            # A shell starts background processes with Ctrl-C ignored, and these tests may run in the background.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for kind, most in limits.items():
                resource.setrlimit(kind, (most, most))

        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks", command, *arguments],
            cwd=self.folder,
            env=os.environ | {PAUSE: str(pause)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            preexec_fn=prepare,
        )

    def run(self, *arguments: str, command: str = "run", limits: Limits = NONE) -> subprocess.CompletedProcess:
        with self.start(*arguments, command=command, limits=limits) as process:
            out, error = process.communicate(timeout=120)
        assert "Traceback" not in error + out, error
        return subprocess.CompletedProcess(process.args, process.returncode, out, error)

    def compare(self, *arguments: str, limits: Limits = NONE) -> subprocess.CompletedProcess:
        return self.run(*self.options, *arguments, limits=limits)

    @property
    def options(self) -> list[str]:
        """Options of a run, whose report is what most tests read; `ALL_FORMS` after them is the default of a run."""
        where = ["--dataset", "folder", "--data", str(self.data), "--results", str(self.results)]
        return ["--methods", "toy", *where, "--format", "md,csv"]

    def rows(self) -> pd.DataFrame:
        return pd.read_csv(self.results / "report.csv")

    def csv_without_costs(self) -> bytes:
        from reports.rows import VOLATILE

        rows = pd.read_csv(self.results / "report.csv", dtype=str)  # as text, numbers keep their last digit
        return rows.drop(columns=list(VOLATILE)).to_csv().encode()

    def done(self) -> list[str]:
        """Categories that have a result in the table."""
        rows = self.rows()
        return list(rows[rows.image_auroc.notna()].category)

    def lose_two_results(self, generator: random.Random) -> dict[str, int]:
        """Delete two results. Return the finish times of the others."""
        for result in generator.sample(sorted(self.results.glob("jobs/*/*/*/result.json")), 2):
            result.unlink()
        return self.finish_times()

    def finish_times(self) -> dict[str, int]:
        files = sorted(self.results.glob("jobs/*/*/*/result.json"))
        return {file.relative_to(self.results).as_posix(): file.stat().st_mtime_ns for file in files}


@functools.cache
def finished_run(*arguments: str) -> Checkout:
    """A checkout in which the toy method was run with some options, once in this process. Who changes it, copies it."""
    checkout = Checkout(passing_folder() / "checkout")
    done = checkout.compare(*arguments)
    assert done.returncode == 0, done.stderr
    return checkout
