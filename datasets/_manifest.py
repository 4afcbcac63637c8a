"""The table of a manifest: a line for each image with its split, label, masks, group and category."""

import csv
import difflib
import io
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from datasets import DataError, Sample, relative_name, several
from datasets._names import looks_normal

COLUMNS = ("image", "split", "label", "mask", "group", "category", "ignore")
REQUIRED = ("image", "label")
SPLITS = ("train", "validation", "test")
NORMAL = ("normal", "good", "ok", "0")
"""Labels of a normal image, in any case; the first is written."""
BETWEEN = ";"
"""Between several labels, or masks, of one image."""
DELIMITERS = ",;\t"


class Row(NamedTuple):
    """One line; an empty text where nothing is said."""

    line: int
    image: str
    split: str
    label: str
    mask: str
    group: str
    category: str
    ignore: str


class Table(NamedTuple):
    """The rows of a file, and the names of its columns that are not read."""

    file: Path
    rows: list[Row]
    unread: list[str]

    @property
    def categories(self) -> list[str]:
        """The categories, sorted."""
        return sorted({row.category for row in self.rows})

    def fault(self, row: Row, sentence: str) -> DataError:
        """The error of a row, which names file and line."""
        return DataError(f"{self.file}, line {row.line}: {sentence}")


def read(file: Path) -> Table:
    """Read a manifest. Raises DataError for a file that is no such table, naming the line at fault."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{file} is not UTF-8 text: save it as a CSV file in UTF-8") from None
    return parse(text, file)


def parse(text: str, file: Path) -> Table:
    """The table in a text. Columns are separated by a comma, a semicolon (as a spreadsheet may write), or a tab."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, ())]
        unread = _unread(names, file)
        rows = [_row(names, fields, reader.line_num, file) for fields in reader if any(map(str.strip, fields))]
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: cannot be read as a row of a table: {error}") from None
    if not rows:
        raise DataError(f"{file} has no row below its first line: add one for each image")
    return Table(file, rows, unread)


def listed(table: Table, category: str) -> list[Sample]:
    """The samples of a category in the order of the rows.

    Where no row has a split, normal images have `train` and defective ones `test`. Raises DataError naming the line of
    a row that says something impossible, or that names a file that is not there.
    """
    rows = [row for row in table.rows if row.category == category]
    if not rows:
        raise DataError(f"{table.file} has no row of category {category}; it has: {', '.join(table.categories)}")
    told = has_split(table, category)
    found = [_sample(table, row, told=told) for row in rows]
    _require_once(table, rows, found)
    return found


def has_split(table: Table, category: str) -> bool:
    """Whether the rows of a category say their split; without one it must be drawn."""
    return any(row.split for row in table.rows if row.category == category)


def text(samples: Iterable[Sample], file: Path) -> str:
    """The text of a manifest of these samples, for the given place. Images below its folder are named relative to it.

    Raises DataError where reading it again would not give the same samples.
    """
    samples, folder = list(samples), file.absolute().parent
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_fields(sample, folder) for sample in samples)
    _require_same(samples, written.getvalue(), file)
    return written.getvalue()


def _fields(sample: Sample, folder: Path) -> tuple[str, ...]:
    label = BETWEEN.join(sample.defect_types) or NORMAL[0]
    masks = BETWEEN.join(relative_name(mask.absolute(), folder) for mask in sample.masks)
    image = relative_name(sample.image.absolute(), folder)
    ignored = relative_name(sample.ignored.absolute(), folder) if sample.ignored else ""
    return image, sample.split, label, masks, sample.group or "", sample.category, ignored


def _require_same(written: Sequence[Sample], text: str, file: Path) -> None:
    table = parse(text, file.absolute())
    for category in dict.fromkeys(sample.category for sample in written):
        own = [sample for sample in written if sample.category == category]
        for sample, again in zip(own, listed(table, category.strip()), strict=True):
            if sample != again:
                raise DataError(
                    f"{sample.image} cannot stand in a manifest: a name, label or group has spaces around it, "
                    f"{BETWEEN!r} in it, or a meaning of its own ({', '.join(NORMAL)}); rename it"
                )


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0].lower()
    return next((each for each in DELIMITERS if "image" in (name.strip(' "\r') for name in first.split(each))), ",")


def _unread(names: Sequence[str], file: Path) -> list[str]:
    """The columns that are not known. Raises DataError for a missing or repeated column, and for a mistyped one."""
    unread = [name for name in names if name not in COLUMNS]
    absent = [name for name in COLUMNS if name not in names]
    for name in unread:
        if close := difflib.get_close_matches(name, absent, n=1, cutoff=0.75):
            raise DataError(f"{file} has a column {name!r}: did you mean {close[0]!r}? rename it")
    for name in REQUIRED:
        if name in absent:
            raise DataError(
                f"{file} has no column {name}: its first line must name the columns, out of {', '.join(COLUMNS)}; "
                f"it has: {', '.join(names) or 'nothing'}"
            )
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise DataError(f"{file} has two columns {twice[0]}: keep one")
    return unread


def _row(names: Sequence[str], fields: Sequence[str], line: int, file: Path) -> Row:
    if len(fields) > len(names):
        raise DataError(
            f"{file}, line {line}: {len(fields)} fields for {len(names)} columns; put quotes around a field that holds "
            "the character between columns"
        )
    given = dict(zip(names, map(str.strip, fields), strict=False))
    row = Row(line, *(given.get(name, "") for name in COLUMNS))
    return row._replace(category=row.category or file.stem)


def _sample(table: Table, row: Row, *, told: bool) -> Sample:
    labels = [label for part in row.label.split(BETWEEN) if (label := part.strip())]
    normal = [label.lower() in NORMAL for label in labels]
    if not labels or any(normal) != all(normal):
        raise table.fault(row, f"expected label normal or defect types separated by {BETWEEN!r}, got {row.label!r}")
    if odd := [label for label in labels if looks_normal(label) and not any(normal)]:  # it would invert the label
        raise table.fault(row, f"label {odd[0]!r} would count as a defect type: write {NORMAL[0]} for a normal image")
    defect, kinds = (None, ()) if all(normal) else several(labels)
    split = row.split.lower() if told else ("test" if defect else "train")
    if split not in SPLITS:
        some = ", or none in all rows of the category" if not row.split else ""
        raise table.fault(row, f"expected split {', '.join(SPLITS)}{some}, got {row.split!r}")
    if split == "train" and defect:
        raise table.fault(
            row,
            f"label {row.label!r} in train: training images are normal (labels of these are {', '.join(NORMAL)}); "
            "move it to test",
        )
    if row.mask and not defect:
        raise table.fault(row, "a normal image has no mask: leave the mask out, or name the defect in the label")
    masks = tuple(_path(table, row, name) for part in row.mask.split(BETWEEN) if (name := part.strip()))
    ignored = _path(table, row, row.ignore) if row.ignore else None
    image = _path(table, row, row.image, masks)
    return Sample(image, row.category, split, defect, masks, row.group or None, kinds, ignored)


def _path(table: Table, row: Row, name: str, masks: Sequence[Path] = ()) -> Path:
    """The file of that name, relative to the folder of the manifest. Raises DataError where it is not there."""
    path = table.file.parent / name
    path = Path(os.path.normpath(path)) if ".." in path.parts else path  # one name a file, so that none is read twice
    if name and path.is_file():
        return path
    hint = "; write / between folders" if "\\" in name else ""
    lost = f", so that its mask {masks[0]} is of no image" if masks else ""
    raise table.fault(row, f"there is no file {path}{lost}{hint}" if name else "it names no image")


def _require_once(table: Table, rows: Sequence[Row], found: Sequence[Sample]) -> None:
    """Raise DataError where an image or a mask of defects is named twice."""
    own = [(sample.image, *sample.masks) for sample in found]
    times = Counter(file for files in own for file in files)
    for row, files in zip(reversed(rows), reversed(own), strict=True):
        if twice := [file for file in files if times[file] > 1]:
            raise table.fault(row, f"{twice[0]} is named twice in category {row.category}: keep one of the two")
