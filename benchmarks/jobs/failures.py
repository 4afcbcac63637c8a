"""Why a job failed, in a sentence: from the exit status and the log of its process, or from what the system refused."""

import re
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

REFUSED = 2
"""Exit status of a job whose data, settings or machine do not allow it; its last line says why."""
TAIL_LINES = 12
SYSTEM = " cannot be read or written: "
"""What stands in a sentence between a file and what the system said of it."""
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
"""What in a job's log, as regular expressions, tells a cause that its last line may not name."""


def reason(status: int, log: Sequence[str], folder: Path) -> str:
    """Why a job's process failed, by its exit status, its log, and the folder it writes into."""
    last = log[-1] if log else "it printed nothing"
    if status == REFUSED:  # a refusal may quote anything, as in the name of a file; what the system said does not
        return _with_cause([last] if SYSTEM in last else [], folder) or last
    if named := _with_cause(reversed(log[-TAIL_LINES:]), folder, f"{_end(status)}: "):
        return named
    return _end(status) if status < 0 else f"{_end(status)}: {last}"


def refusal(error: OSError, folder: Path) -> str:
    """Why a job could not be done around whose process the system refused something."""
    where = error.filename2 or error.filename or f"what the job in {folder} needs"
    return reason(REFUSED, [f"{where}{SYSTEM}{system_words(error)}"], folder)


def refused_here(error: Exception) -> str | None:
    """What the system refused this process, in a sentence; None where the error is of another kind: a fault of ours."""
    if not isinstance(error, OSError):
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return _with_cause([words.removesuffix(":")], Path.cwd())
    return error.strerror and f"{error.filename or 'a file'}{SYSTEM}{system_words(error)}"


def system_words(error: OSError) -> str:
    """What the system said, in one line."""
    return " ".join((error.strerror or str(error) or type(error).__name__).split())


def _with_cause(lines: Iterable[str], folder: Path, end: str = "") -> str | None:
    """The first line that tells a cause, after the name of the cause and how the process ended."""
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
