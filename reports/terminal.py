"""The summary that a run ends with on a terminal."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from reports.comparison import DOUBTFUL, Cell, lines
from reports.tables import METRICS, has, names


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


def _cell(cell: Cell) -> Text:
    text = Text(cell.text, "bold" if cell.best else "")
    return text.append(f" {DOUBTFUL}") if cell.doubtful else text
