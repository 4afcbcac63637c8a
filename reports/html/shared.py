"""What jobs have in common: a text, and which of them it is of."""

from typing import NamedTuple

import pandas as pd

from reports.html.labels import Labels


class Shared(NamedTuple):
    """A text that is of several jobs."""

    text: str
    letters: list[str]
    """The methods that it is of; empty: all."""
    places: list[str]
    """The categories that it is of; empty: all."""


def shared(table: pd.DataFrame, column: str, labels: Labels) -> list[Shared]:
    """Each text of a column, once, with the jobs of the table that have it."""
    places, methods = table["place"].nunique(), table["name"].nunique()
    return [_shared(str(text), own, labels, places, methods) for text, own in table.groupby(column, sort=False)]


def _shared(text: str, own: pd.DataFrame, labels: Labels, places: int, methods: int) -> Shared:
    names, of = set(own["name"]), list(own["place"].unique())
    letters = [labels.letters[name] for name in labels.names if name in names]
    return Shared(text, [] if len(letters) == methods else letters, [] if len(of) == places else of)


def remarks(table: pd.DataFrame, labels: Labels) -> list[Shared]:
    """The remarks of methods and data, each once."""
    if "remarks" not in table:
        return []
    done = table[table["failure"].isna()]
    jobs = done.assign(remark=done["remarks"].str.split("\n")).explode("remark")
    places, methods = done["place"].nunique(), done["name"].nunique()
    said = jobs[jobs["remark"].fillna("") != ""].groupby("remark", sort=False)
    return [_shared(str(text), own, labels, places, methods) for text, own in said]
