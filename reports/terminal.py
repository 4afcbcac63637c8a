"""The summary that a run ends with on a terminal."""

from collections.abc import Iterable, Iterator
from itertools import islice

import pandas as pd
from rich.table import Table
from rich.text import Text

from reports.comparison import DOUBTFUL, Cell, lines
from reports.rows import Tables
from reports.tables import METRICS, has, names

NAMED = 3
"""The most jobs or images named in a sentence."""


def summary(table: pd.DataFrame, column: str = "image_auroc") -> Table | None:
    """Categories by methods, the best of each row in bold; None where no job has the number."""
    if not has(table, column):
        return None
    shown = Table("category", title=METRICS[column], title_justify="left", title_style="bold", box=None)
    for name in names(table):
        shown.add_column(Text(name), justify="right")
    for line in lines(table, column):
        style = "italic" if line.of_all else ""
        shown.add_row(Text(line.title, style), *map(_cell, line.cells))
    return shown


def doubts(tables: Tables) -> Iterator[str]:
    """What a user must know before believing the numbers, a sentence each."""
    if broken := tables.contradictions:
        places = dict.fromkeys(f"{row['method']} on {row['category']}" for row in broken)
        yield (
            f"false alarms contradict the promised false-positive rate in {len(broken)} of {len(tables.rows)} jobs "
            f"({_few(places)}): calibration images are not like the test images, see the report"
        )
    if tables.unlike:
        paths = dict.fromkeys(f"{row['path']}" for row in tables.unlike)
        yield f"training images that look unlike the others: {_few(paths)}, see the report"


def _few(names: Iterable[str]) -> str:
    first = list(islice(names, NAMED + 1))
    return ", ".join(first[:NAMED]) + (", ..." if len(first) > NAMED else "")


def _cell(cell: Cell) -> Text:
    text = Text(cell.text, "bold" if cell.best else "")
    return text.append(f" {DOUBTFUL}") if cell.doubtful else text
