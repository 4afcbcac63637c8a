"""The figure of a training: the losses by epoch, and the other curves of the fit."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports import plots
from reports.results import Cell, Curve, Result, StoredEpoch

PANEL_INCHES, TITLE_POINTS = 3.4, 11
LOGARITHMIC_FROM = 10
"""An axis is logarithmic if its values are positive and the highest is at least this many times the lowest."""


@plots.styled
def training(result: Result) -> Figure:
    """Draw the losses of the epochs (at least one) of a result, and below them each of its curves."""
    panels = 1 + len(result.curves)
    size = (plots.WIDTH_INCHES, PANEL_INCHES * panels)
    figure = Figure(figsize=size, dpi=plots.DOTS_PER_INCH, layout="constrained")
    losses, *others = figure.subplots(panels, squeeze=False).flat
    losses.set_title(plots.wrapped(_title(result.cell), inches=plots.TITLE_INCHES, points=TITLE_POINTS))
    _draw_losses(losses, result.epochs)
    for axes, curve in zip(others, result.curves, strict=True):
        _draw_curve(axes, curve)
    return figure


def _title(cell: Cell) -> str:
    changes = f" {cell.changes}" if cell.changes else ""
    return f"Training of {cell.method}{changes} on {cell.dataset}/{cell.category}, seed {cell.seed}"


def _draw_losses(axes: Axes, epochs: Sequence[StoredEpoch]) -> None:
    numbers, losses = [epoch.number for epoch in epochs], [epoch.loss for epoch in epochs]
    held_out = [(epoch.number, epoch.held_out_loss) for epoch in epochs if epoch.held_out_loss is not None]
    axes.plot(numbers, losses, color=plots.BLUE, marker=plots.markers(numbers), label="training")
    if held_out:
        line = {"color": plots.ORANGE, "linestyle": "--", "marker": plots.markers(held_out, "s")}
        axes.plot(*zip(*held_out, strict=True), **line, label="held-out images")
        kept = epochs[-1].kept or numbers[-1]
        plots.mark_line(axes, kept, label=f"kept: epoch {kept}")
    _fit_axis(axes, "y", plots.finite(losses, [loss for _, loss in held_out]))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend()


def _draw_curve(axes: Axes, curve: Curve) -> None:
    x, y = np.transpose(curve.points)
    axes.plot(x, y, color=plots.BLUE, marker=plots.markers(x))
    if curve.chosen is not None:
        plots.mark_line(axes, curve.chosen, label=f"chosen: {curve.chosen:.3g}")
        axes.legend()
    for name, values in (("x", x), ("y", y)):
        _fit_axis(axes, name, values)
    axes.set(title=curve.title, xlabel=curve.x, ylabel=curve.y)


def _fit_axis(axes: Axes, name: str, values: np.ndarray) -> None:
    """Make axis `name` ("x" or "y") logarithmic where the values span a wide range."""
    if values.min() > 0 and values.max() >= LOGARITHMIC_FROM * values.min():
        plots.logarithmic_axis(axes, name, values)
