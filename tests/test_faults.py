"""What goes wrong around a run: it is named, costs only itself, and the same command mends it."""

import os
import random
import resource
import signal
import time

import numpy as np
import pytest
from PIL import Image

from tests.checkout.program import CATEGORIES, SIZE, Checkout

ROUNDS = 100
GIGABYTE = 10**9


def reasons(checkout: Checkout) -> list[str]:
    rows = checkout.rows()
    return list(rows.failure.dropna()) if "failure" in rows else []


def test_a_job_out_of_memory_is_named_as_that(checkout):
    done = checkout.compare("--set", "toy.fault=memory", limits={resource.RLIMIT_AS: 6 * GIGABYTE})
    assert done.returncode == 1
    assert len(reasons(checkout)) == 2 and all("memory ran out" in reason for reason in reasons(checkout))


def test_a_full_disk_is_named_and_the_same_command_goes_on(checkout):
    assert checkout.compare("--categories", "bolt").returncode == 0
    full = checkout.compare(limits={resource.RLIMIT_FSIZE: 1500})
    assert full.returncode in (1, 2)
    assert "disk is full" in full.stderr or "File too large" in full.stderr
    assert checkout.compare().returncode == 0
    assert checkout.done() == list(CATEGORIES)


def test_a_results_folder_that_cannot_be_made_is_one_sentence(checkout):
    checkout.results.write_text("a file where the folder should be")
    done = checkout.compare()
    assert done.returncode == 2 and "--results" in done.stderr and len(done.stderr.splitlines()) <= 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_results_folder_is_one_sentence(checkout):
    checkout.compare()
    checkout.results.chmod(0o500)
    try:
        done = checkout.compare("--force")
    finally:
        checkout.results.chmod(0o700)
    assert done.returncode == 2 and str(checkout.results) in done.stderr


def test_an_image_changed_behind_a_clock_set_back_is_seen(checkout):
    """Same path, same size, same time: a copy that keeps times, or a clock that went back."""
    assert checkout.compare().returncode == 0
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
    """Runner or job is killed after a random time; then the same command ends with the table of an undisturbed run."""
    options = ("--seeds", "0,1", "--set", "toy.pause=0.05")
    assert checkout.compare(*options).returncode == 0
    undisturbed = checkout.csv_without_costs()
    generator = random.Random(0)
    for _ in range(ROUNDS):
        for result in generator.sample(sorted(checkout.results.glob("jobs/*/*/*/result.json")), 2):
            result.unlink()
        kept = checkout.finish_times()
        process = checkout.start(*checkout.options, *options)
        time.sleep(generator.uniform(0, 2.5))
        victim = generator.choice([process.pid, *children(process.pid)])
        os.kill(victim, signal.SIGKILL)
        process.communicate(timeout=60)
        assert checkout.compare(*options).returncode == 0
        assert checkout.csv_without_costs() == undisturbed
        again = checkout.finish_times()
        assert {name: again[name] for name in kept} == kept


def children(parent: int) -> list[int]:
    try:
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:
        return []
