"""Helpers for tests that watch running processes."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def children(parent: int) -> list[int]:
    """The child processes of a process, started by any of its threads."""
    return [pid for file in Path(f"/proc/{parent}/task").glob("*/children") for pid in _listed(file)]


def _listed(file: Path) -> list[int]:
    try:
        return [int(pid) for pid in file.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
