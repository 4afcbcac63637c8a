"""The short names of methods on the page: A, B, ..., the highest mean image AUROC first."""

from collections.abc import Iterator, Mapping
from itertools import count, product
from string import ascii_uppercase
from typing import NamedTuple

import pandas as pd

from reports.rows import IDENTITY, Row
from reports.tables import names


class Label(NamedTuple):
    """How the page calls a job."""

    letter: str
    name: str
    place: str


class Labels:
    """The letter of each method of a table, and the label of each job."""

    def __init__(self, table: pd.DataFrame):
        self.names = _ranked(table)
        self.letters: Mapping[str, str] = dict(zip(self.names, _letters(), strict=False))
        shown = zip(table["name"], table["place"], strict=True)
        keys = table[list(IDENTITY)].itertuples(index=False, name=None)
        self._jobs = {_key(job): (name, place) for job, (name, place) in zip(keys, shown, strict=True)}

    def of(self, row: Row) -> Label:
        """The label of the job that a row is of."""
        name, place = self._jobs[_key(row[column] for column in IDENTITY)]
        return Label(self.letters[name], name, place)


def _key(values) -> tuple:
    return tuple(None if pd.isna(value) else value for value in values)


def _ranked(table: pd.DataFrame) -> list[str]:
    if "image_auroc" not in table:
        return names(table)
    means = table.groupby("name", sort=False)["image_auroc"].mean()
    return list(means.sort_values(ascending=False, kind="stable", na_position="last").index)


def _letters() -> Iterator[str]:
    """A to Z, AA, AB, ..."""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))
