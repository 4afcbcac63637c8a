"""What the environment holds neither costs a job nor changes what a path or a line means."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import caches, console
from benchmarks.commands import report
from benchmarks.errors import UsageError
from benchmarks.jobs.runner import job_environment
from tests.checkout.program import ROOT
from tests.test_forecast import job

READ_ONLY = ["unshare", "--mount", "sh", "-c"]
"""A shell whose mounts are seen by nobody else."""


def mounts() -> bool:
    try:
        return subprocess.run([*READ_ONLY, "mount --bind / /"], capture_output=True).returncode == 0
    except OSError:
        return False


def test_code_is_compiled_where_checkout_and_caches_are_read_only(tmp_path):
    if not mounts():
        pytest.skip("this user may not mount a folder read-only")
    (tmp_path / "home").mkdir()
    (tmp_path / "temporary").mkdir()
    once = "mount --bind $folder $folder; mount -o remount,ro,bind $folder"
    folders = f"for folder in {ROOT} {tmp_path / 'home'}; do {once}; done"
    code = (
        "from benchmarks import caches; caches.provide(); import numpy as np; "
        "from benchmarks.evaluation.radix_sort import sort; "
        "row = np.array([2, 1], np.float32); sort(row); print(row)"
    )
    command = f'{folders}; cd {ROOT}; exec {sys.executable} -c "{code}"'
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": "", "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run([*READ_ONLY, command], env=os.environ | home, capture_output=True, text=True)
    assert done.stdout == "[1. 2.]\n", done.stderr
    assert not list((tmp_path / "temporary").iterdir()), "its folder goes with the process"


def test_numba_gets_a_folder_of_its_own_only_where_it_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(caches, "made", [])
    monkeypatch.setenv(caches.NUMBA, str(tmp_path / "given" / "new"))
    caches.provide()
    assert not caches.made
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(caches, "BESIDE_THE_CODE", file / "below")
    monkeypatch.setattr(caches.platformdirs, "user_cache_dir", lambda *_, **__: str(file))
    monkeypatch.setenv(caches.NUMBA, str(file))
    caches.provide()
    (folder,) = caches.made
    assert os.environ[caches.NUMBA] == str(folder) and folder.stat().st_mode & 0o777 == 0o700
    caches.remove()
    assert not folder.exists()


def test_a_path_in_a_variable_means_the_same_in_a_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {
        "BENCHMARKS_ALEXNET": "w/a.pth",
        "BENCHMARKS_FEATURES": "",
        "TORCH_HOME": "/torch",
        "LANG": "C",
        "TMPDIR": "t",
    }
    found = job_environment(job("toy", "bolt"), at_once=1, given=given)
    assert found["BENCHMARKS_ALEXNET"] == str(tmp_path / "w/a.pth") and found["TMPDIR"] == str(tmp_path / "t")
    assert (found["BENCHMARKS_FEATURES"], found["TORCH_HOME"], found["LANG"]) == ("", "/torch", "C")


@pytest.mark.parametrize("columns", ["0", "1", "x", "-4"])
def test_an_odd_width_of_the_terminal_hides_no_line(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    plain = console.Plain(highlight=False)
    console.say("a line that is said", on=plain)
    assert capsys.readouterr().out == "a line that is said\n"
    assert plain.width >= console.LEAST_COLUMNS


def test_without_docstrings_a_command_says_why_it_has_no_help():
    done = subprocess.run([sys.executable, "-OO", "-m", "benchmarks", "list"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "-OO takes away: leave it out" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_report_into_a_folder_that_cannot_be_written_names_the_option(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match=r"cannot be written: name another folder for the report with --to$"):
        report.run([tmp_path], to=None, wanted=["csv"])


def test_head_may_close_the_pipe(tmp_path: Path):
    shell = f"{sys.executable} -m benchmarks list | head -1"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "methods\n" and done.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
def test_a_full_disk_behind_standard_output_is_named(unbuffered):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "list"],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "benchmarks: standard output cannot be read or written: No space left on device\n"
