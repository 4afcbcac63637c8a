"""The critical-difference figure: mean ranks of methods, and which of them do not differ significantly."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports import plots, statistics

NAME_INCHES, NAME_POINTS, LINE_INCHES = 1.75, 9, 0.16
BAR_INCHES, RULER_INCHES = 0.13, 0.45
AROUND_INCHES = 1.15  # title, axis and explanation


class Label(NamedTuple):
    """A method's name beside the axis."""

    text: str
    rank: float
    depth_inches: float
    """Depth of its middle below the axis."""
    left: bool


@plots.styled
def critical_difference(names: Sequence[str], table: np.ndarray, *, alpha: float = 0.05) -> Figure:
    """Draw mean ranks over a (categories, methods) table (Demsar 2006).

    A bar joins methods whose ranks do not differ significantly. Raises ValueError for fewer than three methods, and
    where a number is missing.
    """
    if len(names) < 3:
        raise ValueError(f"expected three methods or more to rank, got {len(names)}: compare two by their differences")
    ranks, categories = statistics.mean_ranks(table), len(table)
    difference = statistics.critical_difference(len(names), categories, alpha)
    groups = statistics.cliques(ranks, difference)
    top = BAR_INCHES * (len(groups) + 1.5)
    labels, bottom = _labels(names, ranks, top)
    title = (
        f"Mean ranks (1 is best) of {len(names)} methods over {categories} categor{'y' if categories == 1 else 'ies'}"
    )
    figure, axes = plots.new_figure(title, height_inches=bottom + RULER_INCHES + AROUND_INCHES)
    _axis(axes, len(names), bottom + RULER_INCHES)
    for label in labels:
        _draw_label(axes, label, len(names))
    for row, group in enumerate(groups, 1):
        ends = ranks[[group[0], group[-1]]] + (-0.012 * len(names), 0.012 * len(names))
        axes.plot(ends, [BAR_INCHES * row] * 2, color=plots.BLUE, linewidth=4, solid_capstyle="butt", gid="clique")
    _ruler(axes, difference, bottom + 0.6 * RULER_INCHES)
    # Not the label of the axes, which are not centred where the names of one side are longer.
    figure.supxlabel(_explanation(bool(groups), alpha), fontsize=NAME_POINTS)
    return figure


def _labels(names: Sequence[str], ranks: np.ndarray, top: float) -> tuple[list[Label], float]:
    """Labels with the better half on the left, those of middle rank lowest, and the depth of the lowest end."""
    order = np.argsort(ranks, kind="stable")
    half = (len(order) + 1) // 2
    labels, ends = [], []
    for left, side in ((True, order[:half]), (False, order[half:][::-1])):
        depth = top
        for index in side:
            text = plots.wrapped(f"{names[index]} ({ranks[index]:.2f})", inches=NAME_INCHES, points=NAME_POINTS)
            height = LINE_INCHES * (text.count("\n") + 1.5)
            labels.append(Label(text, ranks[index], depth + height / 2, left))
            depth += height
        ends.append(depth)
    return labels, max(ends)


def _axis(axes: Axes, methods: int, depth_inches: float) -> None:
    """The axis of ranks at the top; the vertical axis counts inches downwards."""
    axes.set(xlim=(1, methods), ylim=(depth_inches, 0), xticks=range(1, methods + 1), yticks=[])
    axes.xaxis.tick_top()
    axes.grid(False)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "top")


def _draw_label(axes: Axes, label: Label, methods: int) -> None:
    end, side = (1 - 0.02 * methods, "right") if label.left else (methods + 0.02 * methods, "left")
    line = {"color": plots.BLACK, "linewidth": 0.9, "clip_on": False, "solid_joinstyle": "miter"}
    axes.plot([label.rank, label.rank, end], [0, label.depth_inches, label.depth_inches], **line)
    away_points = -3 if label.left else 3
    _write(axes, label.text, (end, label.depth_inches), away_points, ha=side, multialignment=side)


def _ruler(axes: Axes, difference: float, depth_inches: float) -> None:
    """Draw the length of the critical difference, below all labels."""
    ends, depths = [1, 1 + difference], [depth_inches] * 2
    axes.plot(ends, depths, color=plots.VERMILLION, marker="|", markersize=9, clip_on=False, gid="ruler")
    _write(axes, f"critical difference {difference:.2f}", (ends[1], depth_inches), 6, ha="left")


def _write(axes: Axes, text: str, place: tuple[float, float], away_points: float, **align: str) -> None:
    style = {"va": "center", "fontsize": NAME_POINTS, "annotation_clip": False, **align}
    axes.annotate(text, place, (away_points, 0), textcoords="offset points", **style)


def _explanation(joined: bool, alpha: float) -> str:
    what = "A bar joins methods that do" if joined else "No two methods are so close that they do"
    return f"{what} not differ significantly (Nemenyi test at {plots.percent(alpha)})."
