"""How long jobs will take: each method measures its own speed on this machine, in a process of its own."""

import json
import math
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import plugins
from benchmarks.fingerprint import ROOT
from benchmarks.jobs import sessions
from benchmarks.jobs.plan import Job
from benchmarks.jobs.runner import job_environment
from benchmarks.jobs.time_left import duration
from methods import Method, Work

BRIEF_SECONDS = 60
"""A run that takes less is not announced."""
LIGHT = "light"
"""The preset for a first look."""
FEW_IMAGES = 1_000
"""With this preset and fewer images in all jobs together, a run is brief."""
WORTH_NAMING = 0.8
"""A preset is named if it takes at most this share of the time."""
LIMIT_SECONDS = 120
"""A method that has not measured its speed by then is left out."""

AS_SET = ""
"""Stands for the settings of the run among the names of presets."""
Seconds = Mapping[str, float]
"""Seconds of some jobs by preset, `AS_SET` among them."""


def speeds(jobs: Sequence[Job]) -> Mapping[str, Seconds | None]:
    """Seconds of all jobs of each method that says how long they take; None where that fails. Empty: they are brief."""
    if _is_brief(jobs):
        return {}
    return {method: _measured(own) for method, own in _by_method(jobs).items() if _can_tell(method)}


def as_set(measured: Mapping[str, Seconds | None]) -> dict[str, float]:
    """Seconds of each method's jobs with the settings of the run, where they are known."""
    return {method: seconds[AS_SET] for method, seconds in measured.items() if seconds}


def sentence(measured: Mapping[str, Seconds | None], *, devices: int = 1) -> str | None:
    """How long jobs take, and under which presets less; None where that is brief.

    They are divided between the devices. Methods that do not say how long they take are the fast ones: they count as
    nothing.
    """
    known = [seconds for seconds in measured.values() if seconds]
    presets = dict.fromkeys(preset for seconds in known for preset in seconds)
    totals = {preset: sum(seconds.get(preset, seconds[AS_SET]) for seconds in known) / devices for preset in presets}
    planned = totals.pop(AS_SET, 0.0)
    if planned < BRIEF_SECONDS:
        return None
    faster = [
        f"with --preset {preset} about {duration(less)}"
        for preset, less in totals.items()
        if less < WORTH_NAMING * planned
    ]
    unknown = [method for method, seconds in measured.items() if not seconds]
    without = [f"without {', '.join(unknown)}, whose speed could not be measured"] if unknown else []
    return "; ".join([f"about {duration(planned)} by the speed just measured", *faster, *without])


def measure(name: str, changed: Mapping[str, Any], works: Sequence[Work], device: str) -> Seconds:
    """Seconds that a method takes for jobs, with these settings and with each of its lighter presets.

    Raises UsageError or MethodError where the method cannot run.
    """
    chosen = plugins.choose(name, changed).method
    presets = list(chosen.presets)
    lighter = presets[presets.index(chosen.preset) + 1 :] if presets else []
    by_preset = {preset: plugins.choose(name, {**changed, "preset": preset}).method for preset in lighter}
    found = chosen.find_device(device)
    return {
        preset: sum(method.expected_seconds(works, device=found))
        for preset, method in {AS_SET: chosen, **by_preset}.items()
    }


def _by_method(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """A run has one choice of settings for each method."""
    found = defaultdict(list)
    for job in jobs:
        found[job.cell.method].append(job)
    return found


def _can_tell(method: str) -> bool:
    return plugins.method(method).expected_seconds is not Method.expected_seconds


def _is_brief(jobs: Sequence[Job]) -> bool:
    """Whether jobs are so light that to measure them would take a good part of their time."""
    light = all(job.cell.settings.get("preset") == LIGHT for job in jobs if _can_tell(job.cell.method))
    return light and sum(job.fit_images + job.scored_images for job in jobs) < FEW_IMAGES


def _measured(jobs: Sequence[Job]) -> Seconds | None:
    """Seconds of the jobs of one method, measured in the surroundings of a job; None where that fails."""
    job = jobs[0]
    works = [Work(each.fit_images, each.scored_images) for each in jobs]
    command = [sys.executable, "-m", "benchmarks", "forecast", job.cell.method, job.device]
    asked = {"given": json.dumps([job.cell.changed, works]), "env": job_environment(job, at_once=1), "cwd": ROOT}
    try:
        done = sessions.run(command, seconds=LIMIT_SECONDS, **asked)
        found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None
    sound = isinstance(found, dict) and all(math.isfinite(seconds) and seconds >= 0 for seconds in found.values())
    return found if sound else None
