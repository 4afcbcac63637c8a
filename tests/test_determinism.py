"""On the CPU, the same job gives the same numbers to the last digit, for every method at its quick settings.

That holds for repeated runs, for jobs that run beside others, and for a run that was stopped and resumed.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import methods
from benchmarks import plugins
from benchmarks.jobs import determinism, forecast
from reports.results import Result, read
from reports.rows import VOLATILE
from tests.processes import wait_for

ROOT = Path(__file__).resolve().parent.parent
METHODS = plugins.names(methods)
SOME = ("simplenet", "patchcore", "mean_image")
"""One that trains, and two that end at once; none whose speed is measured before a run of its lightest preset."""
SIZE = (80, 96)
STAIN = (slice(20, 40), slice(30, 60))


def write_category(folder: Path) -> None:
    counts = {"train/good": 6, "test/good": 2, "test/stain": 2}
    for seed, (part, index) in enumerate((part, index) for part, count in counts.items() for index in range(count)):
        pixels = np.random.default_rng(seed).integers(90, 150, (*SIZE, 3), dtype=np.uint8)
        mask = np.zeros(SIZE, np.uint8)
        if part.endswith("stain"):
            pixels[STAIN], mask[STAIN] = 20, 255
            save(mask, folder / f"ground_truth/stain/{index}_mask.png")
        save(pixels, folder / part / f"{index}.png")


def save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def quick_settings(method: str) -> dict[str, Any]:
    """Its quick settings, in the preset for a first look where it has one: a run of those is not measured before."""
    chosen = plugins.method(method)
    return ({"preset": forecast.LIGHT} if forecast.LIGHT in chosen.presets else {}) | dict(chosen.quick)


def start(
    data: Path, results: Path, *options: str, threads: int | None = None, methods: Sequence[str] = METHODS
) -> subprocess.Popen:
    quick = ((name, setting, value) for name in methods for setting, value in quick_settings(name).items())
    settings = [word for name, setting, value in quick for word in ("--set", f"{name}.{setting}={json.dumps(value)}")]
    places = ["--dataset", "mvtec", "--data", str(data), "--results", str(results), "--device", "cpu"]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "run", "--methods", ",".join(methods), *places, *settings, *options],
        cwd=ROOT,
        env=os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell starts background processes with Ctrl-C ignored, and these tests may run in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def run(data: Path, results: Path, *options: str, **chosen) -> Path:
    """A run that is finished; `chosen` is what `start` takes besides options."""
    with start(data, results, *options, **chosen) as process:
        _, error = process.communicate(timeout=400)
    assert process.returncode == 0, error
    return results


def stored(results: Path) -> dict[str, Result]:
    """The stored result of each method, by its name."""
    found = [read(file, Result) for file in results.glob("jobs/*/*/*/result.json")]
    return {result.cell.method: result for result in found}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_category(folder / "part")
    return folder


HALF = max(1, determinism.cores() // 2)
"""The threads that each of two jobs at once has."""


@pytest.fixture(
    scope="module", params=[pytest.param(SOME, id="some"), pytest.param(METHODS, id="all", marks=pytest.mark.slow)]
)
def compared(request) -> Sequence[str]:
    """The methods of a run."""
    return request.param


@pytest.fixture(scope="module")
def one_by_one(compared, data, tmp_path_factory) -> Path:
    return run(data, tmp_path_factory.mktemp("one_by_one"), threads=HALF, methods=compared)


@pytest.fixture(scope="module")
def resumed_two_at_once(compared, data, tmp_path_factory) -> Path:
    """A run of one job after the other that is stopped, and goes on with two at once."""
    results = tmp_path_factory.mktemp("resumed")
    with start(data, results, threads=HALF, methods=compared) as process:
        wait_for(lambda: stored(results) and len(list(results.glob("jobs/*/*/*/job.json"))) > len(stored(results)), 200)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130 and len(stored(results)) < len(compared) - 1
    return run(data, results, "--jobs", "2", methods=compared)


def repeatable(results: Path, method: str) -> list:
    """The numbers of a method that must repeat: its row of the CSV without columns of cost, and its exact scores."""
    with open(results / "report.csv", newline="", encoding="utf-8") as file:
        (line,) = (row for row in csv.DictReader(file) if row["method"] == method)
    result = stored(results)[method]
    return [*((name, text) for name, text in line.items() if name not in VOLATILE), result.images, result.pixels]


def test_a_run_that_was_stopped_and_went_on_with_two_jobs_gives_the_same(compared, one_by_one, resumed_two_at_once):
    assert set(stored(one_by_one)) == set(compared)
    for method in compared:
        assert repeatable(resumed_two_at_once, method) == repeatable(one_by_one, method), method


def test_jobs_at_once_share_the_cores(data, resumed_two_at_once, tmp_path):
    given, cores = os.environ.get("OMP_NUM_THREADS"), determinism.cores()
    alone = run(data, tmp_path, methods=["mean_image"])
    for results, share in ((alone, cores), (resumed_two_at_once, HALF)):
        assert {result.cost.threads for result in stored(results).values()} == {int(given or share)}


def test_a_job_uses_no_more_cores_than_its_process_may_use():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(determinism.variables({})"
    assert python(f"{code}['OMP_NUM_THREADS'])", OMP_NUM_THREADS="") == "1"


def test_the_number_of_threads_that_a_user_sets_is_that_of_all_libraries(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    variables = determinism.variables({}, at_once=2)
    assert {variables[name] for name in determinism.THREAD_VARIABLES} == {"3"}


@pytest.mark.parametrize(
    "given, threads", [("4,2", 4), (" 2 ,1", 2), ("1", 1), ("", None), ("0", None), ("many", None), ("9" * 5000, None)]
)
def test_of_a_list_of_threads_by_level_the_outer_one_counts(given, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert determinism.threads_given() == threads
    assert determinism.variables({})["MKL_NUM_THREADS"] == str(threads or determinism.cores())


def test_a_backend_for_figures_that_only_a_notebook_has_does_not_reach_a_job(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://nowhere")
    assert determinism.variables({})["MPLBACKEND"] == "agg"


def test_idle_threads_sleep_if_the_number_of_other_jobs_is_unknown():
    assert determinism.variables({}, at_once=None)["OMP_WAIT_POLICY"] == "passive"


def python(code: str, **environment: str) -> str:
    """The output of Python code that runs in the environment of a job."""
    given = {**determinism.variables({}), **os.environ, **environment}
    command = [sys.executable, "-c", f"from benchmarks.jobs import determinism; {code}"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True).stdout.strip()


def test_pytorch_prefers_deterministic_algorithms_and_names_the_operations_without_one():
    code = (
        "import sys; found = determinism.prefer_repeatable(); print('torch' in sys.modules); import torch; "
        "print(torch.get_deterministic_debug_mode()); "
        "torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2)); print(*determinism.remarks(found))"
    )
    before, mode, remark = python(code).splitlines()
    assert (before, mode) == ("False", "1") and "in no fixed order in put_" in remark


@pytest.mark.parametrize(
    ("value", "on", "remark"),
    [("1", "True", ""), pytest.param("0", "False", "may differ in the last", marks=pytest.mark.slow)],
)
def test_tensorflow_uses_deterministic_algorithms_unless_told_otherwise(value, on, remark):
    code = (
        "from tensorflow.python.framework.config import is_op_determinism_enabled as on; print(on()); "
        "print(*determinism.remarks([]))"
    )
    said = python(code, TF_DETERMINISTIC_OPS=value).splitlines()
    assert said[0] == on and remark in "".join(said[1:])


def test_that_operations_of_tensorflow_are_not_deterministic_is_remarked_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    for value, remarks in (("1", 0), ("0", 1)):
        monkeypatch.setenv("TF_DETERMINISTIC_OPS", value)
        assert len(determinism.remarks([])) == remarks


def test_the_threads_of_tensorflow_do_not_depend_on_the_number_of_jobs_at_once():
    threads = {determinism.variables({}, at_once=count)["TF_NUM_INTRAOP_THREADS"] for count in (1, 2, 64, None)}
    assert threads == {str(determinism.cores())}


def test_a_network_that_is_compiled_has_no_deterministic_operations():
    assert determinism.variables({"jit_compile": True})["TF_DETERMINISTIC_OPS"] == "0"
