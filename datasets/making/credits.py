"""Whose pictures they are: the table of titles, creators and licences beside them."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import NamedTuple

from datasets.making.cells import safe
from datasets.making.links import FIELDS, Link

COLUMNS = ("category", "image", *(name for name in FIELDS if name != "category"), "found_at", "sha256")


class Credit(NamedTuple):
    """One picture of a category."""

    image: str
    """The name of its file."""
    link: Link
    found_at: str
    """Where it lay in the end, after redirects."""
    sha256: str


def text(credits: Iterable[Credit]) -> str:
    """The table, which is itself a list of links; no cell is a formula."""
    return table(COLUMNS, ({**asdict(each.link), **each._asdict()} for each in credits))


def table(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A table as CSV whose cells no spreadsheet takes for formulas."""
    columns, written = list(columns), io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([safe(str(row.get(name, ""))) for name in columns] for row in rows)
    return written.getvalue()
