"""Mean ranks of methods over categories: the section of the report and its figure."""

from pathlib import Path

import pandas as pd

from reports import statistics
from reports.tables import decimals, escape, has, markdown, significant

FIGURE = "ranks"
FEWEST_METHODS, FEWEST_CATEGORIES = 3, 5
"""With fewer categories, even methods that differ in all of them have no significant difference of ranks."""


def ranked(table: pd.DataFrame) -> pd.DataFrame | None:
    """Image AUROC (categories, methods), mean over seeds, for the categories that all methods have; None: too few."""
    if not has(table, "image_auroc"):
        return None
    by_category = table.pivot_table(index="place", columns="name", values="image_auroc", sort=False).dropna()
    enough = len(by_category) >= FEWEST_CATEGORIES and by_category.shape[1] >= FEWEST_METHODS
    return by_category if enough else None


def section(table: pd.DataFrame) -> str:
    """Mean ranks and their critical difference; empty for fewer than three methods or five categories."""
    by_category = ranked(table)
    if by_category is None:
        return ""
    ranks = pd.Series(statistics.mean_ranks(by_category.to_numpy()), by_category.columns).sort_values()
    apart = statistics.critical_difference(by_category.shape[1], len(by_category))
    lines = [[escape(name), significant(rank), decimals(by_category[name].mean())] for name, rank in ranks.items()]
    text = (
        f"Methods are ranked by image AUROC in each of the {len(by_category)} categories for which all have a value; "
        f"1 is best. Mean ranks that differ by less than {apart:.2f} do not differ significantly "
        "(Nemenyi's test at 5 %, which counts all pairs of methods; Demšar 2006)."
    )
    return "\n\n".join(
        [
            "## Ranks over categories",
            text,
            markdown(["method", "mean rank", "mean image AUROC"], lines),
            f"![Mean ranks and which methods do not differ significantly]({FIGURE}.png)",
        ]
    )


def draw(folder: Path, by_category: pd.DataFrame | None) -> None:
    """Draw the result of `ranked` beside the report, as PNG and PDF; nothing for None."""
    if by_category is None:
        return
    from reports import plots, ranks_plot

    figure = ranks_plot.critical_difference(list(by_category.columns), by_category.to_numpy())
    plots.save(figure, folder, FIGURE)
