"""The table of categories by methods: the best method, confidence intervals, and the mark of a doubtful best."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from reports import statistics
from reports.statistics import FEWEST_NORMAL
from reports.tables import (
    NOT_AVAILABLE,
    Spread,
    decimals,
    escape,
    markdown,
    means,
    names,
    places,
    seeds_text,
    spread_text,
    spreads,
)

FAILED = "failed"
NOT_RUN = "not run"
DOUBTFUL = "≈"
OTHER_SEEDS = "mean, other seeds"
SIGNIFICANT = 0.05
"""A p-value below this level shows a difference."""
BY_CATEGORY = (
    "Each category is tested on its own, without a correction across categories: where all methods are equal, up to "
    "about one category in 20 still shows a difference by chance."
)


TOO_FEW = (
    f"Nothing is bold where a category has fewer than {FEWEST_NORMAL} normal test images: so few do not show which "
    "method is best."
)


class Cell(NamedTuple):
    """A method's number in a row."""

    number: str
    """The value, or why there is none."""
    interval: str = ""
    """Such as `[0.77, 0.99]`; empty where none is known."""
    seeds: str = ""
    """The spread over seeds, such as `(seeds ± 0.008)`; empty for one seed without an interval."""
    best: bool = False
    """Whether it is the highest of the row, if there is a choice; values that look equal are marked alike."""
    second: bool = False
    """Whether it is the highest after the best; only where a best is marked."""
    doubtful: bool = False
    """Whether this best is not shown to be better than the second."""

    @property
    def text(self) -> str:
        """All but the marks."""
        return " ".join(filter(None, [self.number, self.interval, self.seeds]))


class Line(NamedTuple):
    """A category, or what is said of all of them together."""

    title: str
    cells: list[Cell]
    of_all: bool = False


def comparison(table: pd.DataFrame, column: str) -> str:
    """The lines in markdown: the best of each row in bold, with ≈ where it is in doubt."""
    rows = [
        [f"*{line.title}*" if line.of_all else escape(line.title), *map(_in_markdown, line.cells)]
        for line in lines(table, column)
    ]
    return markdown(["category", *map(escape, names(table))], rows)


def _in_markdown(cell: Cell) -> str:
    value = " ".join(filter(None, [cell.number, cell.interval]))
    parts = [f"**{value}**" if cell.best else value, DOUBTFUL if cell.doubtful else "", cell.seeds]
    return " ".join(filter(None, parts))


def lines(table: pd.DataFrame, column: str) -> list[Line]:
    """Categories by methods, then the mean over categories.

    The columns `COLUMN_mean_low` and `COLUMN_mean_high` give intervals of the mean over seeds, `COLUMN_p_value_holm`
    the mark of a best that is not shown to be better than the second. Without them no single category is tested.
    """
    methods, seeds = names(table), table["seed"].nunique()
    cells = spreads(table, ["place", "name"], column)
    absent = _absent(table, column)
    intervals, doubtful, few = _intervals(table, column), _doubtful(table, column), few_normal(table)
    found = []
    for place in places(table):
        own = [cells.get((place, name)) or absent.get((place, name), NOT_RUN) for name in methods]
        told = [_cell(cell, intervals.get((place, name)), seeds) for name, cell in zip(methods, own, strict=True)]
        found.append(Line(place, told if place in few else _marked(told, own, place in doubtful)))
    return [*found, *_mean_lines(table, column, methods)]


def tests_categories(table: pd.DataFrame, column: str) -> bool:
    """Whether the rows of single categories are tested, and not the mean row alone."""
    return column == "image_auroc" and len(names(table)) > 1


def few_normal(table: pd.DataFrame) -> set[str]:
    """The categories with too few normal test images to call a method the best."""
    if "test_normal" not in table:
        return set()
    counts = table.groupby("place")["test_normal"].min()
    return set(counts[counts < FEWEST_NORMAL].index)


def _mean_lines(table: pd.DataFrame, column: str, methods: Sequence[str]) -> list[Line]:
    """The mean over categories, if there are several, with its interval if there are many.

    With enough seeds, a second row gives the interval over other seeds.
    """
    mean, seeds = means(table, column), table["seed"].nunique()
    if len(places(table)) < 2 or not mean.categories:
        return []
    found = [mean.by_method.get(name, NOT_AVAILABLE) for name in methods]
    values = {name: _by_category(table, name, column, mean.categories) for name in mean.by_method}
    intervals = {name: statistics.mean_interval(own) for name, own in values.items()}
    told = [_cell(cell, intervals.get(name), seeds) for name, cell in zip(methods, found, strict=True)]
    averages = [np.array([each.mean() for each in own]) for own in values.values()]
    marked = told if few_normal(table).issuperset(mean.categories) else _marked(told, found, _undecided(averages))
    over_seeds = {name: statistics.interval_over_seeds(own) for name, own in values.items()}
    others = [Cell(_ends(over_seeds.get(name)) or NOT_AVAILABLE) for name in methods]
    return [
        Line(mean.title(), marked, of_all=True),
        *([Line(OTHER_SEEDS, others, of_all=True)] if any(over_seeds.values()) else []),
    ]


def _by_category(table: pd.DataFrame, name: str, column: str, categories: Sequence[str]) -> list[np.ndarray]:
    """The values of a method: one array of seeds for each category."""
    own = table[(table["name"] == name) & table["place"].isin(categories)].dropna(subset=[column])
    return [group.to_numpy() for _, group in own.groupby("place", sort=False)[column]]


def _undecided(values: Sequence[np.ndarray]) -> bool:
    """Whether the best of several methods over the same categories is not shown to be better than the second."""
    if len(values) < 2:
        return False
    first, second = sorted(values, key=np.mean)[:-3:-1]
    p_value = statistics.wilcoxon(first, second)
    return p_value is None or p_value >= SIGNIFICANT


def _intervals(table: pd.DataFrame, column: str) -> dict[tuple[str, str], statistics.Interval]:
    ends = [f"{column}_mean_low", f"{column}_mean_high"]
    if not {*ends} <= {*table}:
        return {}
    known = table.dropna(subset=ends).drop_duplicates(["place", "name"])
    ends = known[["place", "name", *ends]].itertuples(index=False, name=None)
    return {(place, name): statistics.Interval(low, high) for place, name, low, high in ends}


def _doubtful(table: pd.DataFrame, column: str) -> set[str]:
    """Categories whose best method is not shown to be better than the second."""
    if f"{column}_p_value_holm" not in table:
        return set()
    known = table.dropna(subset=[column]).groupby(["place", "name"], sort=False)
    means = known.agg(mean=(column, "mean"), p_value=(f"{column}_p_value_holm", "first")).reset_index()
    contests = means.sort_values("mean", ascending=False, kind="stable").groupby("place")["p_value"]
    seconds = {place: own.iloc[1] for place, own in contests if len(own) > 1}
    return {place for place, p_value in seconds.items() if pd.isna(p_value) or p_value >= SIGNIFICANT}


def _cell(cell: Spread | str, interval: statistics.Interval | None, seeds: int) -> Cell:
    if isinstance(cell, str):
        return Cell(cell)
    if interval is None:
        return Cell(spread_text(cell, seeds))
    return Cell(decimals(cell.mean), _ends(interval), seeds_text(cell, seeds))


def _ends(interval: statistics.Interval | None) -> str:
    return f"[{interval.low:.2f}, {interval.high:.2f}]" if interval else ""


def _marked(told: Sequence[Cell], cells: Sequence[Spread | str], doubtful: bool) -> list[Cell]:
    """The cells, the best and the second among them marked if there is a choice."""
    shown = [float(decimals(cell.mean)) if isinstance(cell, Spread) else None for cell in cells]
    known = sorted({mean for mean in shown if mean is not None}, reverse=True)
    if sum(mean is not None for mean in shown) < 2:
        return list(told)
    best, second = known[0], known[1] if len(known) > 1 else None
    return [
        cell._replace(best=mean == best, second=mean is not None and mean == second, doubtful=doubtful and mean == best)
        for cell, mean in zip(told, shown, strict=True)
    ]


def _absent(table: pd.DataFrame, column: str) -> dict[tuple[str, str], str]:
    """The text of cells whose job has no such number."""
    without = table[table[column].isna()]
    texts = without["failure"].isna().map({True: NOT_AVAILABLE, False: FAILED})
    return dict(zip(zip(without["place"], without["name"], strict=True), texts, strict=True))
