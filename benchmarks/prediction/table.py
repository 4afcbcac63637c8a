"""The CSV table of `predict`, which grows by a line as soon as an image is judged."""

import csv
import io
from pathlib import Path

from benchmarks.errors import UsageError
from benchmarks.jobs.failures import system_words
from benchmarks.prediction.outputs import writing
from datasets import is_image_name
from reports import marks
from reports.cells import guarded

COLUMNS = ("path", "score", "threshold", "verdict", "regions", "largest_area_px", "reason")
"""Columns of the CSV table. `regions` is the number of regions; `reason` explains an unusual verdict or a failure."""
Row = dict[str, str | int | float | None]


class Table:
    """A table in a file, or in none. A command that is stopped, or whose disk is full, keeps what it has.

    Raises UsageError, before hours of scoring, if the file cannot be written, is an image, or is someone else's.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self._file: io.RawIOBase | None = None
        self._left = _line(dict(zip(COLUMNS, COLUMNS, strict=True)))
        self._error: OSError | None = None
        if path:
            _require_writable(path)

    def add(self, row: Row) -> None:
        """Write one more line. What the system refuses is tried again with the next one."""
        if not self.path:
            return
        self._left += _line(row)
        try:
            if self._file is None:
                self._file = open(self.path, "wb", buffering=0)
            while self._left:
                self._left = self._left[self._file.write(self._left) :]
            self._error = None
        except OSError as error:
            self._error = error

    def close(self) -> str | None:
        """Close the file. Returns how many lines could not be written, and why; None: all are."""
        if self._file:
            self._file.close()
        if not self._error:
            return None
        lines = self._left.count(b"\n")
        return f"--csv {self.path} cannot be written: {system_words(self._error)}: {lines} lines are missing at its end"


def _require_writable(path: Path) -> None:
    if is_image_name(path.name):
        raise UsageError(f"--csv {path}: expected the name of a table, such as verdicts.csv, got that of an image")
    with writing("--csv", path):
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        if marks.foreign([path]):
            raise UsageError(f"--csv {path} {marks.NOT_OURS}")
        if marks.begins_otherwise(path, marks.VERDICTS):
            raise UsageError(f"--csv {path} {marks.OTHER}")


def _line(row: Row) -> bytes:
    """A line of the table, with numbers at full precision. A number that does not exist is an empty field."""
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow({name: guarded(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8")
