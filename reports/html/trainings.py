"""Section 8: the curves of trainings, and what methods and data remark."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from reports.html.figures import Axis, axis
from reports.html.jobs import Job
from reports.html.labels import Label, Labels
from reports.html.provenance import HASH
from reports.html.shared import remarks
from reports.results import Curve
from reports.rows import identity

WIDTH, HEIGHT = 260, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 26
MOST = 48
"""More figures than this only make the page long; each lies beside its job, too."""
FEWEST_POINTS = 3


class Plot(NamedTuple):
    """A curve, or the losses by epoch."""

    label: Label
    seed: int
    title: str
    x: Axis
    y: Axis
    lines: list[tuple[str, str]]
    """Name and points of each line."""
    chosen: float | None
    """The place on the x axis that was chosen."""


def shown(table: pd.DataFrame, labels: Labels, jobs: Sequence[Job]) -> dict[str, Any]:
    """What the template shows."""
    first = table["seed"].min()
    said = [remark for remark in remarks(table, labels) if HASH not in remark.text]  # weights are under provenance
    plots = [plot for job in jobs if job.cell.seed == first for plot in _plots(job, labels)]
    return {"plots": plots[:MOST], "left_out": len(plots[MOST:]), "remarks": said}


def _plots(job: Job, labels: Labels) -> list[Plot]:
    label = labels.of(identity(job.cell))
    found = [_losses(job, label)] if len(job.epochs) >= FEWEST_POINTS else []
    return found + [_curve(job, label, curve) for curve in job.curves if len(curve.points) >= FEWEST_POINTS]


def _losses(job: Job, label: Label) -> Plot:
    trained = [(epoch.number, epoch.loss) for epoch in job.epochs]
    held_out = [(epoch.number, epoch.held_out_loss) for epoch in job.epochs if epoch.held_out_loss is not None]
    kept = min(held_out, key=lambda point: point[1])[0] if held_out else None
    return _plot(job, label, "loss by epoch", [("training", trained), ("held out", held_out)], kept, logarithmic=False)


def _curve(job: Job, label: Label, curve: Curve) -> Plot:
    title = f"{curve.title}: {curve.y} by {curve.x}"
    return _plot(job, label, title, [("", curve.points)], curve.chosen, logarithmic=None)


def _plot(
    job: Job,
    label: Label,
    title: str,
    lines: list[tuple[str, list[tuple[float, float]]]],
    chosen: float | None,
    *,
    logarithmic: bool | None,
) -> Plot:
    """`logarithmic` is of the x axis."""
    points = [point for _, line in lines for point in line]
    x = axis([x for x, _ in points], LEFT, WIDTH - RIGHT, logarithmic=logarithmic)
    y = axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    drawn = [(name, " ".join(f"{x.at(a)},{y.at(b)}" for a, b in line)) for name, line in lines if line]
    return Plot(label, job.cell.seed, title, x, y, drawn, None if chosen is None else x.at(chosen))
