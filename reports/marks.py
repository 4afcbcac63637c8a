"""What tells a file that this program wrote from all others: no other one is overwritten."""

from collections.abc import Iterable
from pathlib import Path

MADE_BY = "made by benchmarks, a comparison of visual anomaly detection methods"
"""Stands in pictures, maps, figures and pages: as a comment, or as the software that made them."""
REPORTED = b"method,changed,dataset,category,seed,shots,calibration,"
"""A table has no room for a mark: its header is one. So those of a report begin."""
VERDICTS = b"path,score,threshold,verdict,regions,"
"""So the table of `predict` begins."""
LOOKED_AT = 65_536
"""So many bytes at the beginning and at the end of a file are searched for the mark."""
NOT_OURS = "is there and was not written by this program: remove it, or name another place"
OTHER = "is there and was written by another command of this program: remove it, or name another place"


def is_ours(path: Path) -> bool:
    """Whether a file bears a mark of ours. Raises OSError where it cannot be read."""
    with open(path, "rb") as file:
        begin = file.read(LOOKED_AT)
        file.seek(max(0, path.stat().st_size - LOOKED_AT))
        return begin.startswith((REPORTED, VERDICTS)) or MADE_BY.encode() in begin or MADE_BY.encode() in file.read()


def foreign(paths: Iterable[Path]) -> Path | None:
    """The first of some files that is there and bears no mark of ours; None: all may be written.

    Nothing is lost in what is no file, such as a pipe.
    """
    return next((path for path in paths if path.is_file() and not is_ours(path)), None)


def begins_otherwise(path: Path, header: bytes) -> bool:
    """Whether a file is there and is not a table with this header. Raises OSError where it cannot be read."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(header)) != header
