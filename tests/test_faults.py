"""What goes wrong around a run: it is named, costs only itself, and the same command mends it."""

import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from tests.checkout.program import CATEGORIES, SIZE, Checkout
from tests.processes import alive, children, wait_for

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
    undisturbed, generator = checkout.csv_without_costs(), random.Random(0)
    lose_two_results(checkout, generator)
    begun = time.monotonic()
    assert checkout.compare(*options).returncode == 0
    seconds, killed = time.monotonic() - begun, Counter()
    for _ in range(ROUNDS):
        kept = lose_two_results(checkout, generator)
        killed[kill_runner_or_job(checkout, options, generator, within_seconds=seconds)] += 1
        done = checkout.finish_times()
        assert kept.items() <= done.items()
        assert checkout.compare(*options).returncode == 0
        assert done.items() <= checkout.finish_times().items()
        assert checkout.csv_without_costs() == undisturbed
    assert min(killed["runner"], killed["job"]) >= ROUNDS // 10


def lose_two_results(checkout: Checkout, generator: random.Random) -> dict[str, int]:
    """When the others were finished."""
    for result in generator.sample(sorted(checkout.results.glob("jobs/*/*/*/result.json")), 2):
        result.unlink()
    return checkout.finish_times()


def kill_runner_or_job(
    checkout: Checkout, options: Sequence[str], generator: random.Random, *, within_seconds: float
) -> str:
    """Which of the two was killed."""
    runner = checkout.start(*checkout.options, *options)
    time.sleep(generator.uniform(0, within_seconds))
    jobs = children(runner.pid)
    victim = generator.choice([runner.pid, *jobs])
    with suppress(ProcessLookupError):  # a job may have ended by itself
        os.kill(victim, signal.SIGKILL)
    _, error = runner.communicate(timeout=60)
    assert "Traceback" not in error
    wait_for(lambda: not any(map(alive, jobs)))
    return "job" if victim in jobs else "runner"
