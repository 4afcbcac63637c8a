"""Section 6: defect types by methods, as a table coloured by the share that is missed."""

from typing import Any, NamedTuple

from reports.html.counts import number
from reports.html.labels import Labels
from reports.rows import Row, natural
from reports.tables import NOT_AVAILABLE, decimals

STEPS = 8
"""Number of colours."""


class Heat(NamedTuple):
    """A defect type under a method."""

    missed: str
    auroc: str
    step: int | None
    """The colour, 0 where none is missed; None: there is no threshold."""


class Line(NamedTuple):
    """A defect type of a category."""

    place: str
    defect: str
    images: str
    cells: list[Heat | None]


def shown(rows: list[Row], labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    cells: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        label = labels.of(row)
        cells.setdefault((label.place, row["defect"]), {}).setdefault(label.name, []).append(row)
    methods = [name for name in labels.names if any(name in own for own in cells.values())]
    lines = [
        Line(place, defect, _images(own), [_heat(own[name]) if name in own else None for name in methods])
        for (place, defect), own in sorted(cells.items(), key=lambda cell: (natural(cell[0][0]), cell[0][1]))
    ]
    several = any(row["of_several_types"] for row in rows)
    return {
        "lines": lines,
        "methods": [(labels.letters[name], labels.titles[name]) for name in methods],
        "several": several,
    }


def _images(own: dict[str, list[Row]]) -> str:
    found = [row["images"] for rows in own.values() for row in rows]
    return " to ".join(dict.fromkeys(map(str, (min(found), max(found)))))


def _heat(rows: list[Row]) -> Heat:
    aurocs = [row["image_auroc"] for row in rows if row["image_auroc"] is not None]
    auroc = decimals(sum(aurocs) / len(aurocs)) if aurocs else NOT_AVAILABLE
    if any(row["missed"] is None for row in rows):
        return Heat(NOT_AVAILABLE, auroc, None)
    missed, images = (sum(row[column] for row in rows) / len(rows) for column in ("missed", "images"))
    return Heat(f"{number(missed)}/{number(images)}", auroc, round(missed / images * (STEPS - 1)))
