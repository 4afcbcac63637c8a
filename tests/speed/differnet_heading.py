"""What stands above a table of measurements: command, commit, machine, date."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from benchmarks.jobs import machine

ARITHMETIC = ("OMP_NUM_THREADS", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY")
"""Environment variables that change what is measured; they are part of the command where they are set."""


def heading() -> str:
    """A markdown paragraph that says how the table below it was measured."""
    given = [f"{name}={os.environ[name]}" for name in ARITHMETIC if name in os.environ]
    command = " ".join([*given, "python -m", f"tests.speed.{Path(sys.argv[0]).stem}", *sys.argv[1:]])
    return f"`{command}`, commit {_commit()}, {machine.description()}, {date.today().isoformat()}.\n"


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    return done.stdout.strip() or "unknown"
