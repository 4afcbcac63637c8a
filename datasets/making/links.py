"""Links to pictures, by category, and what is known of each: lists of them in files."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from datasets import DataError
from datasets.making.cells import meant


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to a picture."""

    category: str
    url: str
    title: str = ""
    creator: str = ""
    creator_url: str = ""
    licence: str = ""
    licence_url: str = ""
    source: str = ""
    """Who shows it, such as flickr."""
    page: str = ""
    """The page on which it is shown."""


LONGEST_NAME = 200
"""Of a folder, in bytes; file systems have room for 255."""
FIELDS = tuple(field.name for field in fields(Link))


def read(file: Path) -> list[Link]:
    """The links in a file: a list as DSAII publishes them, or a CSV file with the columns url and category.

    Raises DataError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    found = list(_of_json(file, text) if file.suffix.lower() == ".json" else _of_csv(file, text))
    if not found:
        raise DataError(f"{file} holds no link")
    return found


def once(links: Iterable[Link]) -> list[Link]:
    """The links, each once in its category, in their order."""
    found: dict[tuple[str, str], Link] = {}
    for link in links:
        found.setdefault((link.category, link.url), link)
    return list(found.values())


def require_folder_name(category: str, where: str) -> None:
    """Raise DataError where a category cannot be the name of a folder."""
    fits = category == category.strip() and 0 < len(category.encode()) <= LONGEST_NAME
    if not fits or category.startswith(".") or not category.isprintable() or set(category) & set("/\\:"):
        raise DataError(f"{where}: {category!r} cannot be a category, as it cannot be the name of a folder")


def _of_json(file: Path, text: str) -> Iterator[Link]:
    try:
        entries = json.loads(text)
        pairs = [(str(entry["img_path"]), str(entry["url"])) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DataError(f'{file} is no list of {{"img_path": "./CATEGORY/FILE", "url": ...}}') from None
    for path, url in pairs:
        folders = [part for part in path.replace("\\", "/").split("/")[:-1] if part != "."]
        category = folders[0] if folders else Path(os.path.realpath(file)).parent.name
        require_folder_name(category, f"{file}, {path}")
        yield Link(category=category, url=url)


def _of_csv(file: Path, text: str) -> Iterator[Link]:
    try:
        reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
        rows, columns = list(reader), reader.fieldnames or []
    except csv.Error as error:
        raise DataError(f"{file} cannot be read as a table: {error}") from None
    if absent := [name for name in ("url", "category") if name not in columns]:
        raise DataError(f"{file} has no column {absent[0]}: expected url and category, and perhaps {_others()}")
    for number, row in enumerate(rows, start=2):
        values = known(row)
        if not values.get("url"):
            raise DataError(f"{file}, row {number}: there is no url")
        require_folder_name(values.get("category", ""), f"{file}, row {number}")
        yield Link(**values)


def known(row: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a link in a row of a table."""
    return {name: meant(" ".join((row.get(name) or "").split())) for name in FIELDS}


def _others() -> str:
    return ", ".join(name for name in FIELDS if name not in ("url", "category"))
