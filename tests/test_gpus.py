"""GPUs are shared between jobs. The tests need no GPU: a small script stands in for `nvidia-smi`."""

import os
import random
from collections import Counter
from contextlib import ExitStack

import pytest

from benchmarks.jobs import gpus
from benchmarks.jobs.gpus import Gpu, Slots

TWO = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa-0)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb-1)
"""
UNLIKE = TWO.replace("H200 (UUID: GPU-bbbb-1)", "GeForce RTX 4090 (UUID: GPU-bbbb-1)")
DIVIDED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa-0)
  MIG 3g.20gb     Device  0: (UUID: MIG-cccc-0)
  MIG 3g.20gb     Device  1: (UUID: MIG-dddd-1)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb-1)
"""
NO_DRIVER = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that puts an `nvidia-smi` with the given output on the path."""

    def install(listing: str) -> None:
        (tmp_path / "listing").write_text(listing)
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\n[ "$1" = -L ] && cat "{tmp_path}/listing"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return install


@pytest.mark.parametrize(
    ("listing", "named"),
    [
        (TWO, ["GPU-aaaa-0", "GPU-bbbb-1"]),
        (DIVIDED, ["MIG-cccc-0", "MIG-dddd-1", "GPU-bbbb-1"]),
        (NO_DRIVER, []),
    ],
)
def test_the_gpus_are_those_that_nvidia_smi_lists(install, listing, named):
    install(listing)
    assert [gpu.visible for gpu in gpus.visible({})] == named


def test_without_nvidia_smi_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.visible({}) == []


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ("1", ["1"]),
        ("1,0", ["1", "0"]),
        ("GPU-bbbb", ["GPU-bbbb"]),
        ("0,7,1", ["0"]),
        ("0,-1,1", ["0"]),
        ("GPU-eeee", []),
        ("", []),
    ],
)
def test_only_gpus_that_the_user_leaves_visible_are_shared(install, wanted, named):
    install(TWO)
    assert [gpu.visible for gpu in gpus.visible({"CUDA_VISIBLE_DEVICES": wanted})] == named


@pytest.mark.parametrize(
    ("listing", "visible", "device", "described"),
    [
        (TWO, {}, "cuda:1", "cuda:1 (NVIDIA H200)"),
        (UNLIKE, {}, "cuda:1", "cuda:1"),
        (UNLIKE, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb-1"}, "cuda", "cuda (NVIDIA GeForce RTX 4090)"),
        (TWO, {}, "cpu", "cpu"),
        (NO_DRIVER, {}, "cuda:0", "cuda:0"),
    ],
)
def test_a_device_is_named_with_its_model_if_that_is_certain(install, listing, visible, device, described):
    install(listing)
    assert gpus.described(device, visible) == described


@pytest.mark.parametrize(("count", "places"), [(1, 3), (2, 2), (2, 5), (3, 4), (4, 3)])
def test_no_gpu_ever_has_more_than_its_even_share_of_the_jobs(count, places):
    slots = Slots([Gpu(str(number), f"GPU {number}", "") for number in range(count)], places)
    generator, working = random.Random(0), []
    for _ in range(500):
        if working and (len(working) == places or generator.random() < 0.4):
            job, _ = working.pop(generator.randrange(len(working)))
            job.close()
        else:
            job = ExitStack()
            working.append((job, job.enter_context(slots.one())))
        assert max(Counter(gpu for _, gpu in working).values(), default=0) <= -(-places // count)


def test_the_first_jobs_go_to_the_gpus_in_turn():
    slots = Slots([Gpu("a", "GPU 0", ""), Gpu("b", "GPU 1", "")], 4)
    with ExitStack() as jobs:
        assert [jobs.enter_context(slots.one()).visible for _ in range(4)] == ["a", "b", "a", "b"]


def test_without_gpus_there_are_places_without_a_gpu():
    with Slots([], 1).one() as gpu:
        assert gpu is None


def test_each_job_of_a_run_sees_one_gpu_and_the_line_says_which(checkout, install):
    install(TWO)
    file = checkout.folder / "methods/toy.py"
    file.write_text(file.read_text().replace('print("a library', 'print(os.environ["CUDA_VISIBLE_DEVICES"], "'))
    done = checkout.compare("--seeds", "0,1", "--jobs", "4", "--set", "toy.pause=1")
    logs = [log.read_text().split()[0] for log in checkout.results.glob("jobs/*/*/*/log.txt")]
    assert done.returncode == 0 and sorted(logs) == ["GPU-aaaa-0"] * 2 + ["GPU-bbbb-1"] * 2
    assert [done.stderr.count(f"starting, sees GPU {number}") for number in range(2)] == [2, 2]


def test_a_job_on_the_cpu_gets_no_gpu(checkout, install):
    install(TWO)
    done = checkout.compare("--device", "cpu", "--categories", "bolt")
    assert done.returncode == 0 and "sees GPU" not in done.stderr
