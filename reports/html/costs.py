"""Section 3: what a method costs against how well it ranks images."""

from typing import Any, NamedTuple

import pandas as pd

from reports.html.figures import Axis, axis
from reports.html.labels import Labels
from reports.tables import decimals, has, means, places, significant

WIDTH, HEIGHT = 340, 240
APART = 19
"""Pixels between two letters."""
LEFT, RIGHT, TOP, BOTTOM = 44, 20, 16, 40


class Cost(NamedTuple):
    """A way to pay."""

    title: str
    column: str
    unit: str


COSTS = (
    Cost("Time to judge an image", "ms_per_image", "ms"),
    Cost("Time to fit", "fit_seconds", "s"),
    Cost("Peak memory", "peak_memory_mb", "MB"),
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


def shown(table: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    done = table[table["failure"].isna()].copy()
    if done.empty or not has(done, "image_auroc"):
        return {"plots": [], "over": "", "why_none": "No job has both a cost and an image AUROC."}
    done["ms_per_image"] = 1000 / done["images_per_second"].astype(float)
    mean = means(done, "image_auroc")
    if not mean.categories:
        return {"plots": [], "over": "", "why_none": "The methods share no category: see the costs in the leaderboard."}
    kept = done[done["place"].isin(mean.categories)]
    plots = [_plot(kept, labels, cost) for cost in COSTS if has(kept, cost.column)]
    over = f"{mean.title()} categories" if len(places(done)) > 1 else f"on {places(done)[0]}"
    return {"plots": plots, "over": over}


def _plot(table: pd.DataFrame, labels: Labels, cost: Cost) -> Plot:
    cells = table.groupby(["name", "place"], sort=False)[[cost.column, "image_auroc"]].mean().dropna()
    totals = cells.groupby(level="name", sort=False).mean()
    x = axis([*cells[cost.column], *totals[cost.column]], LEFT, WIDTH - RIGHT)
    y = axis([*cells["image_auroc"], *totals["image_auroc"]], HEIGHT - BOTTOM, TOP, logarithmic=False)
    y = y._replace(high=min(y.high, 1.02))
    dots = [
        Dot(
            x.at(price),
            y.at(auroc),
            labels.letters[name],
            f"{labels.methods[name]}: {decimals(auroc)}, {significant(price)} {cost.unit}",
        )
        for name, price, auroc in totals.itertuples()
    ]
    pale = [
        Dot(x.at(price), y.at(auroc), labels.letters[name], f"{name} on {place}: {decimals(auroc)}")
        for (name, place), price, auroc in cells.itertuples()
    ]
    return Plot(cost, x, y, _apart(dots), pale if len(cells) > len(totals) else [], _front(dots))


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
