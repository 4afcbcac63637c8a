"""The table of categories by methods: the best method, confidence intervals, and the mark of a doubtful best."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from reports import statistics
from reports.tables import (
    NOT_AVAILABLE,
    Spread,
    decimals,
    escape,
    markdown,
    means,
    names,
    places,
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


class Cell(NamedTuple):
    """A method's number in a row."""

    text: str
    best: bool = False
    """Whether it is the highest of the row, if there is a choice; values that look equal are marked alike."""
    doubtful: bool = False
    """Whether this best is not shown to be better than the second."""


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
    text = f"**{cell.text}**" if cell.best else cell.text
    return f"{text} {DOUBTFUL}" if cell.doubtful else text


def lines(table: pd.DataFrame, column: str) -> list[Line]:
    """Categories by methods, then the mean over categories.

    With one seed, the columns `COLUMN_low` and `COLUMN_high` give intervals, and `COLUMN_p_value_holm` the mark of a
    best that is not shown to be better than the second. With several seeds no single category is tested.
    """
    methods, seeds = names(table), table["seed"].nunique()
    cells = spreads(table, ["place", "name"], column)
    absent = _absent(table, column)
    intervals = _intervals(table, column) if seeds == 1 else {}
    doubtful = _doubtful(table, column) if seeds == 1 else set()
    found = []
    for place in places(table):
        own = [cells.get((place, name)) or absent.get((place, name), NOT_RUN) for name in methods]
        texts = [
            _with_interval(cell, intervals.get((place, name)), seeds) for name, cell in zip(methods, own, strict=True)
        ]
        found.append(Line(place, _marked(texts, own, place in doubtful)))
    return [*found, *_mean_lines(table, column, methods)]


def tests_categories(table: pd.DataFrame, column: str) -> bool:
    """Whether the rows of single categories are tested, and not the mean row alone."""
    return column == "image_auroc" and table["seed"].nunique() == 1 and len(names(table)) > 1


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
    texts = [_with_interval(cell, intervals.get(name), seeds) for name, cell in zip(methods, found, strict=True)]
    averages = [np.array([each.mean() for each in own]) for own in values.values()]
    over_seeds = {name: statistics.interval_over_seeds(own) for name, own in values.items()}
    others = [Cell(_ends(over_seeds.get(name)) or NOT_AVAILABLE) for name in methods]
    return [
        Line(mean.title(), _marked(texts, found, _undecided(averages)), of_all=True),
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
    if f"{column}_low" not in table:
        return {}
    known = table.dropna(subset=[f"{column}_low", f"{column}_high"])
    ends = known[["place", "name", f"{column}_low", f"{column}_high"]].itertuples(index=False, name=None)
    return {(place, name): statistics.Interval(low, high) for place, name, low, high in ends}


def _doubtful(table: pd.DataFrame, column: str) -> set[str]:
    """Categories whose best method is not shown to be better than the second."""
    if f"{column}_p_value_holm" not in table:
        return set()
    known = table.dropna(subset=[column])
    contests = {place: own.sort_values(column, ascending=False) for place, own in known.groupby("place")}
    seconds = {place: own.iloc[1][f"{column}_p_value_holm"] for place, own in contests.items() if len(own) > 1}
    return {place for place, p_value in seconds.items() if pd.isna(p_value) or p_value >= SIGNIFICANT}


def _with_interval(cell: Spread | str, interval: statistics.Interval | None, seeds: int) -> str:
    text = cell if isinstance(cell, str) else spread_text(cell, seeds)
    return f"{text} {_ends(interval)}" if interval else text


def _ends(interval: statistics.Interval | None) -> str:
    return f"[{interval.low:.2f}, {interval.high:.2f}]" if interval else ""


def _marked(texts: Sequence[str], cells: Sequence[Spread | str], doubtful: bool) -> list[Cell]:
    """The texts as cells, the best among them marked."""
    shown = [decimals(cell.mean) if isinstance(cell, Spread) else None for cell in cells]
    known = [float(text) for text in shown if text]
    best = [bool(mean) and len(known) > 1 and float(mean) == max(known) for mean in shown]
    return [Cell(text, is_best, is_best and doubtful) for text, is_best in zip(texts, best, strict=True)]


def _absent(table: pd.DataFrame, column: str) -> dict[tuple[str, str], str]:
    """The text of cells whose job has no such number."""
    without = table[table[column].isna()]
    texts = without["failure"].isna().map({True: NOT_AVAILABLE, False: FAILED})
    return dict(zip(zip(without["place"], without["name"], strict=True), texts, strict=True))
