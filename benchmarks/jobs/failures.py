"""Say in a sentence why a job failed: by the exit status and log of its process, or by an error of the system."""

import re
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

REFUSED = 2
"""Exit status of a job that its data, settings or machine do not allow. The last line of its log says why."""
TAIL_LINES = 12
"""Number of last lines of a log that are searched for a cause and kept with a failure."""
SYSTEM = " cannot be read or written: "
"""The words of a sentence between a file name and the error message of the system."""
CAUSES = {
    "memory ran out, give the job more or a smaller task": (
        "MemoryError",
        "bad_alloc",
        "OutOfMemoryError",
        "can't allocate memory",
        "Cannot allocate memory",
        "Memory allocation still failed",
        "CUDA out of memory",
        "CUDA error: out of memory",
        "CUDA_ERROR_OUT_OF_MEMORY",
        "CUBLAS_STATUS_ALLOC_FAILED",
        "OOM when allocating",
        "ResourceExhaustedError",
        "RESOURCE_EXHAUSTED",
    ),
    "the disk is full or a file may not grow (the job writes into {folder})": (
        "No space left on device",
        "File too large",
        "Disk quota exceeded",
        "Not enough free space to write",  # NumPy
        r"\d requested and \d+ written",  # NumPy, too
        r"unexpected pos \d",  # PyTorch
    ),
}
"""Causes of failure, with regular expressions that find them in a log. The last line may not name the cause."""


def reason(status: int, log: Sequence[str], folder: Path) -> str:
    """Why a job's process failed, given its exit status, the lines of its log, and the folder that it writes into."""
    last = log[-1] if log else "it printed nothing"
    if status == REFUSED:  # such a line may quote anything, such as a file name; a message of the system does not
        return _with_cause([last] if SYSTEM in last else [], folder) or last
    if named := _with_cause(reversed(log[-TAIL_LINES:]), folder, f"{_end(status)}: "):
        return named
    return _end(status) if status < 0 else f"{_end(status)}: {last}"


def refusal(error: OSError, folder: Path) -> str:
    """Why a job could not be done, given an error of the system outside the job's process."""
    where = error.filename2 or error.filename or f"what the job in {folder} needs"
    return reason(REFUSED, [f"{where}{SYSTEM}{system_words(error)}"], folder)


def refused_here(error: Exception) -> str | None:
    """What the system refused this process, in a sentence; None for any other error, which is a fault of ours."""
    if not isinstance(error, OSError):
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return _with_cause([words.removesuffix(":")], Path.cwd())
    return error.strerror and f"{error.filename2 or error.filename or 'a file'}{SYSTEM}{system_words(error)}"


def system_words(error: OSError) -> str:
    """The error message of the system, in one line."""
    return " ".join((error.strerror or str(error) or type(error).__name__).split())


def _with_cause(lines: Iterable[str], folder: Path, end: str = "") -> str | None:
    """The first line that shows a known cause, as `cause: end line`; None if no line shows one."""
    for line in lines:
        for cause, words in CAUSES.items():
            if any(re.search(word, line) for word in words):
                return f"{cause.format(folder=folder)}: {end}{line.strip()}"
    return None


def _end(status: int) -> str:
    if status == -signal.SIGKILL:
        return "it was killed (signal 9): by hand, or by the system because memory ran out"
    if status < 0:
        return f"it ended by signal {-status} ({signal.strsignal(-status)})"
    return f"exit status {status}"
