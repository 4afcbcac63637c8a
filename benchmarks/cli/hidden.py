"""Commands that the program calls itself: a job, and what is asked before one."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import caches


def job(spec: Path, leash: Annotated[bool, typer.Option("--leash")] = False) -> None:
    """Do the job that a job.json describes. With --leash, end when standard input ends."""
    from benchmarks.jobs import runner

    status = runner.work(spec, leash=leash)
    if leash:  # the result is stored: nothing that a library left behind, such as a thread, delays or spoils the end
        sys.stdout.flush()
        sys.stderr.flush()
        caches.remove()
        os._exit(status)
    raise typer.Exit(status)


def probe(method: str, device: str) -> None:
    """End with an error if a method cannot run on a device."""
    from benchmarks import plugins

    plugins.choose(method, {}).method.find_device(device)


def forecast(method: str, device: str) -> None:
    """Print how long jobs of a method take under each of its presets, as JSON.

    Standard input has its changed settings and the numbers of images to fit and to score of each job, as JSON.
    """
    from benchmarks.jobs import forecast
    from methods import Work

    changed, works = json.load(sys.stdin)
    print(json.dumps(forecast.measure(method, changed, [Work(*work) for work in works], device)))
