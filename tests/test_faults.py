"""Faults during a run are named and affect only their own job, and the same command does the rest."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from benchmarks import cli, plugins
from benchmarks.commands import report
from benchmarks.errors import UsageError
from benchmarks.images.files import opened
from benchmarks.jobs import failures, plan, seal, storage
from benchmarks.jobs.plan import Job, Request
from benchmarks.jobs.progress import PlainLines
from benchmarks.jobs.runner import Runner
from benchmarks.jobs.time_left import TimeLeft
from reports.results import Result, read
from tests.checkout.program import ROOT, SIZE, Checkout
from tests.processes import alive, children, wait_for
from tests.stored import made_images, made_result, store

ROUNDS = 100
GIGABYTE = 10**9


def reasons(checkout: Checkout) -> list[str]:
    rows = checkout.rows()
    return list(rows.failure.dropna()) if "failure" in rows else []


def test_a_job_out_of_memory_is_named_as_that(checkout):
    done = checkout.compare(
        "--categories", "bolt", "--set", "toy.fault=memory", limits={resource.RLIMIT_AS: 6 * GIGABYTE}
    )
    assert done.returncode == 1
    (reason,) = reasons(checkout)
    assert "memory ran out" in reason


def test_memory_that_ran_out_while_an_image_was_read_is_not_blamed_on_the_image(tmp_path):
    Image.new("L", (8000, 8000)).save(tmp_path / "large.png")
    code = (
        "import resource; from pathlib import Path; from benchmarks.images import read_image; "
        f"held = int(Path('/proc/self/statm').read_text().split()[0]) * {resource.getpagesize()}; "
        "resource.setrlimit(resource.RLIMIT_AS, (held + 30_000_000,) * 2); "
        f"read_image(Path({str(tmp_path / 'large.png')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("MemoryError")


def test_memory_that_the_system_refuses_is_not_blamed_on_the_image(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "small.png")
    with pytest.raises(OSError, match="Cannot allocate memory"), opened(tmp_path / "small.png"):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def test_a_command_that_memory_does_not_suffice_for_ends_in_one_sentence(monkeypatch, capsys):
    def check(**_) -> None:
        bytes(1 << 60)

    monkeypatch.setattr(cli, "app", check)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "benchmarks: memory ran out, give the job more or a smaller task: MemoryError"
    ]


OUT_OF_MEMORY = {
    "C++": (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'"),
    "NumPy": (1, "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 9. GiB"),
    "PyTorch": (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB"),
    "CUDA": (1, "RuntimeError: CUDA error: out of memory"),
    "TensorFlow": (1, "tensorflow.python.framework.errors_impl.ResourceExhaustedError: {{function_node __wrapped__"),
    "a graph of TensorFlow": (1, "OOM when allocating tensor with shape[64,512] and type float"),
    "the system": (2, "benchmarks: a file cannot be read or written: Cannot allocate memory"),
}


@pytest.mark.parametrize(("status", "line"), OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
def test_memory_that_ran_out_is_named_with_the_line_that_says_so(status, line):
    named = failures.reason(status, ["epoch 1", line] + [""] * (status != 2), Path("jobs"))
    assert named.startswith("memory ran out") and named.endswith(line)


ELSE = {
    "a refusal that quotes a name": (2, "MemoryError/No space left on device/1.png cannot be read as an image"),
    "another exception": (1, "ValueError: 3 colours requested and none is there"),
    "another signal": (-signal.SIGSEGV, "Fatal Python error: Segmentation fault"),
    "a file that is not there": (2, "benchmarks: weights.pt cannot be read or written: No such file or directory"),
}


@pytest.mark.parametrize(("status", "line"), ELSE.values(), ids=ELSE)
def test_what_failed_for_another_reason_is_not_blamed_on_memory_or_disk(status, line):
    named = failures.reason(status, ["epoch 1", line], Path("jobs"))
    assert not any(word in named.partition(line)[0] for word in ("memory", "disk"))


SAVING = {
    "Python": "(folder / 'more').write_bytes(bytes(10**7))",
    "NumPy": "np.save(folder / 'more.npy', np.ones(10**6))",
}


@pytest.mark.parametrize("saving", SAVING.values(), ids=SAVING)
def test_a_full_disk_fails_only_the_job_that_meets_it_and_the_same_command_goes_on(checkout, saving):
    """The limit of a file's size is enough for planning, reporting and a small job, but not for a large model."""
    text = (checkout.folder / "methods/toy.py").read_text().replace("class Toy", "class Large")
    text = text.replace("np.save(folder", f"{saving}\n        np.save(folder", 1)
    (checkout.folder / "methods/large.py").write_text(text)
    command = ["--methods", "large,toy", "--categories", "bolt"]
    assert checkout.compare(*command, limits={resource.RLIMIT_FSIZE: 1_000_000}).returncode == 1
    (reason,) = reasons(checkout)
    (job,) = checkout.results.glob("jobs/large/bolt/*")
    assert reason.startswith("the disk is full") and str(job) in reason
    assert [name.split("/")[1] for name in checkout.finish_times()] == ["toy"]
    assert checkout.compare(*command).returncode == 0
    assert [name.split("/")[1] for name in checkout.finish_times()] == ["large", "toy"]


@pytest.mark.parametrize("name", ["scores.csv", "report.md", "report.csv", "report.html"])
def test_a_file_of_the_report_that_cannot_be_written_is_named_and_costs_no_other_form(tmp_path, capsys, name):
    result = made_result(images=made_images([("calibration", None, 0.1), ("test", None, 0.2), ("test", "cut", 0.3)]))
    store(tmp_path, result)
    (tmp_path / name / "full").mkdir(parents=True)
    assert report.run([tmp_path]) == 1
    told = capsys.readouterr()
    assert f"{tmp_path / name} cannot be read or written: Is a directory" in told.err
    assert "the results are kept" in told.err and f"report --results={tmp_path}" in told.err
    files = {"scores.csv", "report.md", "report.csv", "report.tex", "report.html"} - {name}
    assert all((tmp_path / each).is_file() for each in files)
    assert f"{tmp_path / name}\n" not in told.out and f"{tmp_path / 'report.tex'}\n" in told.out


@pytest.mark.parametrize("name", ["report.md", "scores.csv", "ranks.png"])
def test_a_report_takes_the_place_of_no_file_of_another_origin_but_of_an_older_report(tmp_path, name):
    store(tmp_path / "results", made_result())
    assert [report.run([tmp_path / "results"], to=tmp_path / "page") for _ in range(2)] == [0, 0]
    (tmp_path / "page" / name).write_text("my own notes")
    with pytest.raises(UsageError, match=f"page: {name} is there and was not written by this program"):
        report.run([tmp_path / "results"], to=tmp_path / "page")
    assert (tmp_path / "page" / name).read_text() == "my own notes"


def test_a_job_whose_folder_cannot_be_written_fails_alone_and_is_listed(after_run):
    checkout = after_run()
    (spec,) = checkout.results.glob("jobs/*/bolt/*/job.json")
    spec.unlink()
    spec.mkdir()
    done = checkout.compare("--force")
    assert done.returncode == 1 and checkout.done() == ["nut"]
    for page in (done.stderr, (checkout.results / "report.md").read_text()):
        assert "job.json cannot be read or written: Is a directory" in page


def test_nothing_in_the_environment_costs_a_job_its_result(checkout, tmp_path, monkeypatch):
    """A print at the start of the interpreter, threads by level, and a backend of figures that only a notebook has."""
    (tmp_path / "start").mkdir()
    (tmp_path / "start/sitecustomize.py").write_text("print('hello from the environment')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "start"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1,2")
    monkeypatch.setenv("MPLBACKEND", "module://nowhere")
    assert checkout.compare("--categories", "bolt").returncode == 0
    (log,) = checkout.results.glob("jobs/*/bolt/*/log.txt")
    assert checkout.done() == ["bolt"] and "hello from the environment" in log.read_text()


@pytest.fixture
def jobs(checkout) -> list[Job]:
    choice = plugins.choose("mean_image", {})
    return plan.plan(Request([choice], dataset="folder", root=checkout.data, results=checkout.results))


@pytest.mark.parametrize(
    ("name", "why"), [("parts.txt/below", "Not a directory"), ("x" * 300, "File name too long")], ids=["file", "long"]
)
def test_a_failure_that_cannot_be_stored_is_returned_and_the_other_jobs_go_on(checkout, jobs, name, why):
    (checkout.folder / "parts.txt").touch()
    lost = jobs[0].model_copy(update={"folder": checkout.folder / name})
    (failure,) = Runner(2).run([lost, jobs[1]], PlainLines(Console(), TimeLeft(jobs)))
    assert failure.key == lost.key and failure.reason.endswith(why) and str(lost.folder) in failure.reason
    assert storage.finished(jobs[1])


def test_jobs_whose_processes_cannot_be_started_are_failures(jobs, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    failures = Runner(1).run(jobs, PlainLines(Console(), TimeLeft(jobs)))
    assert ["/nowhere/python" in failure.reason for failure in failures] == [True, True]


def test_a_results_folder_that_cannot_be_made_is_one_sentence(checkout):
    checkout.results.write_text("a file where the folder should be")
    done = checkout.compare()
    assert done.returncode == 2 and "--results" in done.stderr and len(done.stderr.splitlines()) <= 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_results_folder_is_one_sentence(after_run):
    checkout = after_run()
    checkout.results.chmod(0o500)
    try:
        done = checkout.compare("--force")
    finally:
        checkout.results.chmod(0o700)
    assert done.returncode == 2 and str(checkout.results) in done.stderr


def test_a_changed_image_of_the_same_size_and_time_is_noticed(after_run):
    """Path, size and time are equal after a copy that preserves times, or if the clock was set back."""
    checkout = after_run()
    before = checkout.finish_times()
    image = checkout.data / "nut/train/good/0.bmp"
    (checkout.data / "nut/train/good/0.png").unlink()
    for value in (10, 250):
        Image.fromarray(np.full((*SIZE, 3), value, np.uint8)).save(image)
        os.utime(image, (1_000_000_000, 1_000_000_000))
        assert checkout.compare().returncode == 0
        after = checkout.finish_times()
        changed = {name for name in before if before[name] != after[name]}
        assert changed and all("/nut/" in name for name in changed)
        before = after


@pytest.mark.slow
def test_killed_at_random_moments_a_hundred_times_nothing_is_lost_torn_or_done_twice(checkout):
    """Runner or job is killed after a random time. The same command then gives the table of an undisturbed run.

    Every third run repeats finished jobs, and is killed while a new result replaces an old one.
    """
    options = ("--seeds", "0,1", "--set", "toy.pause=0.05")
    assert checkout.compare(*options).returncode == 0
    undisturbed, generator = checkout.csv_without_costs(), random.Random(0)
    checkout.lose_two_results(generator)
    begun = time.monotonic()
    assert checkout.compare(*options).returncode == 0
    seconds, killed = time.monotonic() - begun, Counter()
    for number in range(ROUNDS):
        if number % 3:
            kept = checkout.lose_two_results(generator)
            victim = kill_runner_or_job(checkout, options, generator, within_seconds=seconds)
            assert kept.items() <= checkout.finish_times().items()
        else:
            kept = checkout.finish_times()
            victim = kill_runner_or_job(checkout, (*options, "--force"), generator, within_seconds=0, replacing=True)
            assert len(kept.keys() - checkout.finish_times().keys()) <= 1
        killed[victim] += 1
        assert_sound(checkout)
        done = checkout.finish_times()
        assert checkout.compare(*options).returncode == 0
        assert done.items() <= checkout.finish_times().items()
        assert_sound(checkout)
        assert checkout.csv_without_costs() == undisturbed
    assert min(killed["runner"], killed["job"]) >= ROUNDS // 10


def assert_sound(checkout: Checkout) -> None:
    """Check that every result is complete and has its model."""
    for name in checkout.finish_times():
        file = checkout.results / name
        assert seal.is_of(file.parent / "model", read(file, Result).key)
        assert (file.parent / "model/mean.npy").stat().st_size


def kill_runner_or_job(
    checkout: Checkout,
    options: Sequence[str],
    generator: random.Random,
    *,
    within_seconds: float,
    replacing: bool = False,
) -> str:
    """Kill the runner or a job after a random time, and return which of them.

    The time counts from the start of the run or, if `replacing`, from when an old result has been deleted.
    """
    runner = checkout.start(*checkout.options, *options)
    if replacing:
        wait_for_a_replacement(checkout, generator)
    time.sleep(generator.uniform(0, within_seconds))
    jobs = children(runner.pid)
    victim = generator.choice([runner.pid, *jobs])
    with suppress(ProcessLookupError):  # a job may have ended by itself
        os.kill(victim, signal.SIGKILL)
    _, error = runner.communicate(timeout=60)
    assert "Traceback" not in error
    wait_for(lambda: not any(map(alive, jobs)))
    return "job" if victim in jobs else "runner"


def wait_for_a_replacement(checkout: Checkout, generator: random.Random) -> None:
    """Wait until a random job has deleted its old result. The new one follows within milliseconds."""
    old = generator.choice(sorted(checkout.results.glob("jobs/*/*/*/result.json")))
    written, end = old.stat().st_mtime_ns, time.monotonic() + 60  # not the inode number, which a new file may reuse
    with suppress(FileNotFoundError):
        while old.stat().st_mtime_ns == written:
            assert time.monotonic() < end, "waited too long"
