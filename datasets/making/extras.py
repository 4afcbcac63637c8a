"""Libraries that only some makings need: they are installed as an extra of this program."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from datasets import DataError


def library(name: str, *, extra: str, wanted_for: str) -> ModuleType:
    """A library of an extra.

    Raises DataError, with the command that installs it where it is not there, and with its error where it is broken.
    """
    root = name.partition(".")[0]
    try:
        return import_module(name)
    except Exception as error:  # a broken library raises anything
        if find_spec(root) is None:
            raise DataError(f"{wanted_for} needs {root}: pip install -e '.[{extra}]'") from None
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"{wanted_for} needs {root}, which is installed but cannot be imported ({why})") from None
