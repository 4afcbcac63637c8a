"""Processes that end with all that they started. Each is the leader of a session, to which its children belong."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

ROUNDS = 3
"""How often the processes of a session are looked for: one may start another meanwhile."""


def end(leader: int) -> None:
    """Kill what is left of the session of a process, the leader last."""
    for _ in range(ROUNDS):
        for pid in _others(leader):
            with suppress(OSError):  # it is gone
                os.kill(pid, signal.SIGKILL)
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def run(command: Sequence[str], *, seconds: float, given: str = "", **options: Any) -> subprocess.CompletedProcess:
    """Run a command to its end and return what it printed; its children end with it.

    Raises subprocess.TimeoutExpired where it takes longer. Files take its output: a pipe would be waited for as long as
    a child holds it.
    """
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        asked.write(given.encode())
        asked.seek(0)
        streams = {"stdin": asked, "stdout": out, "stderr": error}
        process = subprocess.Popen(command, start_new_session=True, **streams, **options)
        try:
            status = process.wait(seconds)
        finally:
            end(process.pid)
            process.wait()
        out.seek(0)
        error.seek(0)
        texts = (stream.read().decode("utf-8", "replace") for stream in (out, error))
        return subprocess.CompletedProcess(command, status, *texts)


def _others(leader: int) -> Iterator[int]:
    import psutil

    for pid in psutil.pids():
        with suppress(OSError):
            if pid != leader and os.getsid(pid) == leader:
                yield pid
