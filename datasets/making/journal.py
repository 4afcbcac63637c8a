"""A table that grows by a line for each thing that is done, so that a stopped making knows what to do next."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from datasets import DataError


class Journal:
    """A CSV file with a header. Its lines are on disk as soon as they are added."""

    def __init__(self, path: Path, fields: Sequence[str]):
        self.path, self.fields = path, fields
        if path.is_file():
            _drop_half_a_line(path)
        if not path.is_file() or not path.stat().st_size:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append([dict(zip(fields, fields, strict=True))])
        self.rows = read(path, needed=fields)

    def add(self, row: Mapping[str, object]) -> None:
        """Write one more line."""
        self._append([row])
        self.rows.append({name: str(row.get(name, "")) for name in self.fields})

    def _append(self, rows: Iterable[Mapping[str, object]]) -> None:
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, self.fields, lineterminator="\n").writerows(rows)


def read(path: Path, *, needed: Iterable[str]) -> list[dict[str, str]]:
    """The lines of a table. Raises DataError where it cannot be read or lacks one of the needed columns."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table: {getattr(error, 'strerror', None) or error}") from None
    if absent := [name for name in needed if name not in columns]:
        raise DataError(f"{path} has no column {absent[0]}: expected {', '.join(needed)}")
    return [{name: value or "" for name, value in row.items() if name} for row in rows]


def _drop_half_a_line(path: Path) -> None:
    """Cut off what a stopped process wrote of its last line."""
    whole = path.read_bytes()
    complete = whole[: whole.rfind(b"\n") + 1]
    if complete != whole:
        path.write_bytes(complete)
