"""The folder that a command makes: whole or not at all, resumed after a stop, with its record."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.console import say
from benchmarks.errors import UsageError
from datasets import relative_name
from datasets.making.record import NAME, Record
from reports.files import write_text


def is_made(to: Path, record: Record) -> bool:
    """Whether a folder holds what this record asks for. Raises UsageError where it holds something else."""
    if not to.exists() or (to.is_dir() and not any(to.iterdir())):
        return False
    if not (to / NAME).is_file():
        raise UsageError(f"--to {to}: there is something else; name a new folder")
    if other := record.asked_otherwise(read_record(to)):
        raise UsageError(f"--to {to} was made in another way: {other}; name a new folder, or remove that one")
    return True


def read_record(folder: Path) -> Record:
    """The record in a folder. Raises DataError where its file is something else."""
    return Record.parse((folder / NAME).read_text(encoding="utf-8", errors="replace"))


def digests(files: Iterable[Path], base: Path | None = None) -> dict[str, str]:
    """The name of each file, below `base` if one is given -> the SHA-256 of its contents. Raises UsageError."""
    found = {}
    for file in files:
        try:
            with open(file, "rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from None
        found[relative_name(file, base or file.parent)] = digest
    return found


def finish(place: Path, record: Record) -> None:
    """Write the record of what was made in a folder."""
    write_text(place / NAME, record.text)


@contextmanager
def growing(to: Path, record: Record) -> Iterator[Path]:
    """A hidden folder beside `to`, to be filled and given its finished record; without an error it becomes `to`.

    After a stop or an error it stays, and the same making goes on in it. Raises UsageError where it is of another.
    """
    place = to.with_name(f".{to.name}.making")
    if (place / NAME).is_file():
        if other := record.differs(read_record(place)):
            raise UsageError(f"{place} was begun in another way: {other}; remove it, or ask for the same")
        say(f"going on with what is in {place}")
    else:
        write_text(place / NAME, record.text)
    yield place
    if to.is_dir():
        to.rmdir()  # it is empty, see `is_made`
    place.rename(to)
