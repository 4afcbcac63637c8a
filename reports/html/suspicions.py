"""Section 7: what casts doubt on the data: broken promises, odd training images, single images that set a threshold."""

from typing import Any

from reports.html.labels import Labels
from reports.rows import Row, Tables
from reports.tables import significant


def shown(tables: Tables, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    return {
        "broken": [_row(row, labels) for row in tables.contradictions],
        "unlike": sorted((_row(row, labels) for row in tables.unlike), key=lambda row: -row["deviations"]),
        "setters": sorted((_row(row, labels) for row in tables.setters), key=lambda row: -row["times"]),
        "significant": significant,
    }


def _row(row: Row, labels: Labels) -> dict[str, Any]:
    return {**row, "label": labels.of(row), "times": _times(row)}


def _times(row: Row) -> float:
    """How many times the threshold of the others an image sets; 0 where that cannot be said."""
    rest = row.get("threshold_of_rest")
    return row["threshold"] / rest if rest and rest > 0 else 0.0
