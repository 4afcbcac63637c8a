"""Section 3: what a method costs against how well it ranks images."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from reports.html.figures import Axis, axis
from reports.html.labels import Labels
from reports.tables import decimals, has, mean_over_categories, means, ms_per_image, places, significant

WIDTH, HEIGHT = 340, 240
APART = 19
"""Pixels between two letters."""
NAMED = 6
"""The most categories named in a heading."""
LEFT, RIGHT, TOP, BOTTOM = 44, 20, 16, 40


class Cost(NamedTuple):
    """A way to pay."""

    title: str
    unit: str
    of: Callable[[pd.DataFrame], float | None]
    """The cost of jobs that are alike but for their seeds, or their categories."""


def _mean_of(column: str) -> Callable[[pd.DataFrame], float | None]:
    return lambda jobs: mean_over_categories(jobs, column)


COSTS = (
    Cost("Time to judge an image", "ms", ms_per_image),
    Cost("Time to fit", "s", _mean_of("fit_seconds")),
    Cost("Peak memory", "MB", _mean_of("peak_memory_mb")),
)


class Dot(NamedTuple):
    """A method; paler, on a single category."""

    x: float
    y: float
    letter: str
    said: str
    drawn: float = 0.0
    """Where its letter is drawn, aside of others."""


class Plot(NamedTuple):
    """A cost against the image AUROC."""

    cost: Cost
    x: Axis
    y: Axis
    dots: list[Dot]
    pale: list[Dot]
    front: str
    """The best quality at each cost, as the points of a line."""


class Group(NamedTuple):
    """Categories on which the same methods are compared."""

    over: str
    """The categories, in a phrase."""
    plots: list[Plot]


def shown(table: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    done = table[table["failure"].isna()]
    known = done.dropna(subset=["image_auroc"]) if has(done, "image_auroc") else done.iloc[:0]
    several = len(places(done)) > 1
    groups = [
        Group(_over(categories, title) if several else f"on {categories[0]}", _plots(known, categories, labels))
        for categories, title in _grouped(known)
    ]
    groups = [group for group in groups if group.plots]
    plots = [plot for group in groups for plot in group.plots]
    return {
        "groups": groups,
        "is_split": len(groups) > 1,
        "has_line": any(len(plot.dots) > 1 for plot in plots),
        "has_pale": any(plot.pale for plot in plots),
    }


def _grouped(known: pd.DataFrame) -> list[tuple[list[str], str]]:
    """The categories that all methods share, with a title; where they share none, those with the same methods."""
    if known.empty:
        return []
    mean = means(known, "image_auroc")
    if mean.categories:
        return [(mean.categories, mean.title())]
    methods = known.groupby("place")["name"].agg(frozenset)
    groups: dict[frozenset, list[str]] = {}
    for place in places(known):
        groups.setdefault(methods[place], []).append(place)
    return [(own, f"mean of {len(own)}") for own in sorted(groups.values(), key=len, reverse=True)]


def _over(categories: list[str], title: str) -> str:
    if len(categories) == 1:
        return f"on {categories[0]}"
    return f"{title} categories" + (f" ({', '.join(categories)})" if len(categories) <= NAMED else "")


def _plots(known: pd.DataFrame, categories: list[str], labels: Labels) -> list[Plot]:
    kept = known[known["place"].isin(categories)]
    found = [_plot(kept, labels, cost) for cost in COSTS]
    return [plot for plot in found if plot]


def _plot(table: pd.DataFrame, labels: Labels, cost: Cost) -> Plot | None:
    """None: no method has this cost."""
    cells = _points(table, ["name", "place"], cost)
    everywhere = cells["name"].value_counts() == table["place"].nunique()
    totals = _points(table[table["name"].map(everywhere).eq(True)], ["name"], cost)
    if totals.empty:
        return None
    x = axis([*cells["price"], *totals["price"]], LEFT, WIDTH - RIGHT)
    y = axis([*cells["auroc"], *totals["auroc"]], HEIGHT - BOTTOM, TOP, logarithmic=False)
    y = y._replace(high=min(y.high, 1.02))
    dots = [
        Dot(
            x.at(price),
            y.at(auroc),
            labels.letters[name],
            f"{labels.methods[name]}: {decimals(auroc)}, {significant(price)} {cost.unit}",
        )
        for name, price, auroc in totals.itertuples(index=False)
    ]
    pale = [
        Dot(x.at(price), y.at(auroc), labels.letters[name], f"{name} on {place}: {decimals(auroc)}")
        for name, place, price, auroc in cells.itertuples(index=False)
    ]
    return Plot(cost, x, y, _apart(dots), pale if len(cells) > len(totals) else [], _front(dots))


def _points(table: pd.DataFrame, by: list[str], cost: Cost) -> pd.DataFrame:
    """Price and image AUROC of the jobs that share the columns `by`."""
    found = [
        (*key, cost.of(jobs), jobs.groupby("place")["image_auroc"].mean().mean())
        for key, jobs in table.groupby(by, sort=False)
    ]
    return pd.DataFrame(found, columns=[*by, "price", "auroc"]).dropna()


def _apart(dots: list[Dot]) -> list[Dot]:
    """The dots with letters that do not cover each other: the later one is drawn further left."""
    placed: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: -dot.x):
        drawn = dot.x
        while any(abs(other.drawn - drawn) < APART and abs(other.y - dot.y) < APART for other in placed):
            drawn -= APART
        placed.append(dot._replace(drawn=round(drawn, 1)))
    return placed


def _front(dots: list[Dot]) -> str:
    """The line through the methods that no other beats at the same cost or less."""
    kept: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: (dot.x, dot.y)):
        if not kept or dot.y < kept[-1].y:
            kept.append(dot)
    return " ".join(f"{dot.x},{dot.y}" for dot in kept)
