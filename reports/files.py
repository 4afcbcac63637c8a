"""Atomic writes: a file is complete or does not exist."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reports import marks

LONGEST_NAME = 200
"""Most bytes of a name to which more is added."""


@contextmanager
def naming(path: Path, *, hidden: Path | None = None) -> Iterator[None]:
    """Within, an OSError that names no file, as that of a full disk, names `path`; so does one of a `hidden` file."""
    try:
        yield
    except OSError as error:
        if error.filename not in (None, str(hidden), hidden):
            raise
        words = error.strerror or str(error) or type(error).__name__
        raise OSError(error.errno or errno.EIO, words, str(path)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it at the end; after an error nothing has changed.

    Parent folders are created. The temporary file is hidden, and each process has its own: an OSError names `path`.
    It is on the disk before it takes the place, so that this holds even if the machine stops.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{_short(path.name)}.{os.getpid()}")
    with naming(path, hidden=temporary):
        try:
            yield temporary
            _to_disk(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def output(path: Path) -> Iterator[Path]:
    """As `replacing`, for what is written into a folder of the user's: our mark is to be in it.

    Raises FileExistsError where a file is there that bears no mark of ours.
    """
    if marks.foreign([path]):
        raise FileExistsError(errno.EEXIST, f"it {marks.NOT_OURS}", str(path))
    with replacing(path) as temporary:
        yield temporary


def keep_table_of_predict(path: Path) -> None:
    """Raise FileExistsError where a table of `predict` is in the place of one of a report."""
    if path.is_file() and not marks.begins_otherwise(path, marks.VERDICTS):
        raise FileExistsError(errno.EEXIST, f"it {marks.OTHER}", str(path))


def write_text(path: Path, text: str) -> None:
    """Write a file atomically."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _short(name: str) -> str:
    """A name that leaves room for more characters in the 255 bytes that file systems allow."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= LONGEST_NAME else hashlib.sha256(encoded).hexdigest()


def _to_disk(path: Path) -> None:
    """Without this, a machine that stops may leave the new name with nothing, or half, behind it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replaced(paths: Iterable[Path]) -> Iterator[None]:
    """Within, files and folders are put aside; at the end they are deleted, and after an error they are put back.

    What a link points to is put aside, and the link stays.
    """
    aside: list[tuple[Path, Path]] = []
    try:
        for path in paths:
            place = real(path)
            old = place.with_name(f".{place.name}.old")
            if place.exists():
                remove(old)
                place.rename(old)
                aside.append((place, old))
        yield
    except BaseException:
        for place, old in aside:
            remove(place)
            old.rename(place)
        raise
    for _, old in aside:
        remove(old)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there. Raises OSError where it cannot be deleted."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def real(path: Path) -> Path:
    """The absolute path without links. A link to itself stays as it is, and whoever opens it is told so.

    Before Python 3.13 `Path.resolve` raises RuntimeError there.
    """
    return Path(os.path.realpath(path))
