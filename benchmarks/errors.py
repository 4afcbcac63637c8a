"""The errors a user can mend: each message is one clear sentence, never a traceback."""

from benchmarks.images import ImageError
from datasets import DataError
from methods import MethodError
from reports.results import ResultError


class UsageError(ValueError):
    """An option or a combination of options cannot be used."""


STOPPED = "stopped; run the same command again to go on: finished jobs are kept"
"""What a run says that Ctrl-C ended."""
USER_ERRORS = (UsageError, ImageError, DataError, MethodError, ResultError)
