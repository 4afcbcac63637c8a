"""Section 9: the methods by letter, with all their settings."""

import json
from typing import Any, NamedTuple

import pandas as pd

from reports.html.labels import Labels


class Method(NamedTuple):
    """A method with its settings."""

    letter: str
    method: str
    changed: str
    """What was set; empty: nothing."""
    settings: list[tuple[str, str]]
    jobs: int


def shown(table: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    first = {name: (own.iloc[0], len(own)) for name, own in table.groupby("name", sort=False)}
    return {"methods": [_method(name, *first[name], labels) for name in labels.names]}


def _method(name: str, row: pd.Series, jobs: int, labels: Labels) -> Method:
    settings = json.loads(row["settings"])
    told = [(field, json.dumps(value)) for field, value in settings.items()]
    return Method(labels.letters[name], row["method"], labels.settings(name), told, jobs)
