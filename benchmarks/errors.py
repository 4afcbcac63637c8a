"""The errors that a user can mend. Each is shown as one sentence, without a traceback."""

from benchmarks.images import ImageError
from datasets import DataError
from methods import MethodError
from reports.results import ResultError


class UsageError(ValueError):
    """An option or a combination of options cannot be used."""


class PluginError(UsageError):
    """A file in methods/ or datasets/ has a fault; the message names it."""


STOPPED = "stopped; run the same command again to go on: what is finished is kept"
"""What a run, or a making of data, prints when Ctrl-C stops it."""
USER_ERRORS = (UsageError, ImageError, DataError, MethodError, ResultError)
