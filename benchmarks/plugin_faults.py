"""What a plugin did wrong, in a sentence that names its file and line: such an error is mended there."""

import traceback
from pathlib import Path

from pydantic import ValidationError

from benchmarks.errors import PluginError

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("methods", "datasets")
LONGEST = 300
"""Most characters quoted of an error: it may hold a whole array."""


def in_words(error: BaseException) -> str:
    """The type of an error and the first line of what it says."""
    if isinstance(error, SystemExit):
        return f"it ended the program with sys.exit({'' if error.code is None else repr(error.code)[:LONGEST]})"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}, got {first['input']!r:.100}"
    said = " ".join((str(error).splitlines() or [""])[0].split())[:LONGEST]
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def blamed(error: BaseException) -> PluginError | None:
    """The error as that of the plugin whose code raised it, last of all our code; None: none did."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if place := _place(frame.filename):
            return PluginError(f"{place}, line {frame.lineno}: {in_words(error)}")
    return None


def unloadable(name: str, error: BaseException) -> PluginError:
    """The error of a plugin that cannot be imported, where `name` is that of its module."""
    if isinstance(error, SyntaxError) and (place := _place(error.filename or "")):
        where = f"{place}, line {error.lineno}"
        return PluginError(f"the plugin {name} cannot be loaded: {where}: {in_words(error)}")
    found = blamed(error)
    return PluginError(f"the plugin {name} cannot be loaded: {found or in_words(error)}")


def _place(filename: str) -> str | None:
    """A file of a plugin below the root of the program; None for any other."""
    path = Path(filename)
    if not path.is_relative_to(ROOT):
        return None
    inside = path.relative_to(ROOT)
    return inside.as_posix() if inside.parts[:1] and inside.parts[0] in FOLDERS else None
