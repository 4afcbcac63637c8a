"""Libraries that only some makings need: they are installed as an extra of this program."""

from importlib import import_module
from types import ModuleType

from datasets import DataError


def library(name: str, *, extra: str, wanted_for: str) -> ModuleType:
    """A library of an extra. Raises DataError, with the command that installs it, where it is not there."""
    try:
        return import_module(name)
    except ImportError:
        raise DataError(f"{wanted_for} needs {name.partition('.')[0]}: pip install -e '.[{extra}]'") from None
