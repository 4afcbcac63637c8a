"""Figures of the areas of regions."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports import plots
from reports.finetune_plots.inputs import AreaDistribution, Rule

BINS, NARROWEST = 40, 1.03  # smallest ratio of the edges of a bin; with less, equal areas make an invisible bar
LINE_STYLES = ("-", "--", "-.", ":")
BELOW_ONE = 0.01  # below 1, where a line leaves a logarithmic axis of counts


@plots.styled
def distribution(lowest: AreaDistribution, rule: Rule) -> Figure:
    """Histogram of the areas at one threshold."""
    count, threshold = len(lowest.areas_px), plots.level(lowest.threshold)
    regions = "the 1 region" if count == 1 else f"the {count:,} regions"
    figure, axes = plots.new_figure(f"Areas of {regions} above threshold {threshold} (the lowest shown)")
    edges = whole_pixel_edges(lowest.areas_px)
    numbers, _ = np.histogram(lowest.areas_px, edges)
    axes.stairs(numbers, edges, fill=True, color=plots.SKY_BLUE, label="regions in each bin of areas")
    _area_axis(axes, edges, rule)
    if not count:
        plots.note(axes, "no region at this threshold")
    plots.logarithmic_axis(axes, "y", plots.finite(numbers, 0))
    axes.set(ylabel="number of regions (in each bin)", ylim=(0, None))
    plots.legend_below(figure, columns=2)
    return figure


@plots.styled
def at_rising_thresholds(distributions: Sequence[AreaDistribution], rule: Rule) -> Figure:
    """For each threshold, the number of regions of at least a given area."""
    figure, axes = plots.new_figure("Number of regions of at least a given area", height_inches=5)
    colors = colormaps[plots.SEQUENTIAL](np.linspace(0, 0.85, len(distributions)))
    for index, (threshold, areas_px) in enumerate(distributions):
        style = {"color": colors[index], "linestyle": LINE_STYLES[index % len(LINE_STYLES)]}
        label = f"threshold {plots.level(threshold)}" + ("" if len(areas_px) else " (no region)")
        axes.plot(*at_least(areas_px), label=label, **style)
    _area_axis(axes, plots.finite(*(areas_px for _, areas_px in distributions)), rule)
    most = max(len(areas_px) for _, areas_px in distributions)
    plots.logarithmic_axis(axes, "y", np.array([1, max(most, 10)]))
    axes.set_ylabel("number of regions of at least this area")
    plots.legend_below(figure, columns=3)
    return figure


def at_least(areas_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the step curve of the number of regions of at least each area, from 1 px on."""
    areas, counts = np.unique(areas_px, return_counts=True)
    numbers = np.cumsum(counts[::-1])[::-1]
    x = np.append(areas.min(initial=1), areas)
    return np.repeat(x, 2)[1:], np.repeat(np.append(numbers, BELOW_ONE), 2)[:-1]


def whole_pixel_edges(areas_px: np.ndarray) -> np.ndarray:
    """Bin edges between whole areas, equally wide on a logarithmic axis where whole pixels allow; never narrower."""
    lowest, highest = (int(areas_px.min()), int(areas_px.max())) if len(areas_px) else (1, 1)
    edges = [max(lowest, 1)]
    factor = max(((highest + 1) / edges[0]) ** (1 / BINS), NARROWEST)
    while edges[-1] <= highest:
        edges.append(max(edges[-1] + 1, math.ceil(edges[-1] * factor)))
    return np.array([lowest, *edges[1:]]) - 0.5


def _area_axis(axes: Axes, shown_px: np.ndarray, rule: Rule) -> None:
    plots.mark_line(axes, rule.area_px, label=f"chosen minimum area {rule.area_px:,} px")
    shown_px = plots.finite(shown_px, rule.area_px)
    plots.area_axis(axes, "x", shown_px, image_px=rule.image_px, label="area of a region")
