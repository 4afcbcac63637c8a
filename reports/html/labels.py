"""How the page calls methods and jobs: by the letters of the legend, the best method first."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from reports.rows import IDENTITY, Row
from reports.tables import names


class Label(NamedTuple):
    """How the page calls a job."""

    letter: str
    title: str
    """Method and what was set."""
    place: str
    name: str
    """The name in tables: the letter and the method."""


class Labels:
    """The names of the methods of `Report.jobs`, and the label of each job."""

    def __init__(self, table: pd.DataFrame):
        self.names = names(table)
        first = table.drop_duplicates("name").set_index("name")
        self.letters, self.titles, self.methods = (first[column].to_dict() for column in ("letter", "title", "method"))
        shown = table[["letter", "title", "place", "name"]].itertuples(index=False, name=None)
        keys = table[list(IDENTITY)].itertuples(index=False, name=None)
        self._jobs = {_key(job): Label(*label) for job, label in zip(keys, shown, strict=True)}

    def of(self, row: Row) -> Label:
        """The label of the job that a row is of."""
        return self._jobs[_key(row[column] for column in IDENTITY)]

    def settings(self, name: str) -> str:
        """What was set of a method; empty: nothing."""
        return self.titles[name].removeprefix(self.methods[name]).strip(" ,")


def _key(values: Iterable[Any]) -> tuple:
    return tuple(None if pd.isna(value) else value for value in values)
