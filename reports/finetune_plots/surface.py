"""The figure of balanced accuracy for every pair of threshold and minimum area."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from reports import plots
from reports.finetune_plots.curves import MINIMUM_AREA, chosen_area
from reports.finetune_plots.inputs import Rule, Surface, Tuning


@plots.styled
def balanced_accuracy(tuning: Tuning, rule: Rule) -> Figure:
    """The surface, with the line of the accepted false-positive rate and the chosen point."""
    title = f"Balanced accuracy by threshold and minimum area, measured on {tuning.tuned_on}"
    figure, axes = plots.new_figure(title, height_inches=5.2)
    axes.grid(False)
    surface = tuning.surface
    plots.logarithmic_axis(axes, "x", plots.finite(surface.areas_px, rule.area_px))
    plots.level_axis(axes, "y", plots.finite(surface.thresholds, rule.threshold))
    x, y = plots.cell_edges(axes, "x", surface.areas_px), plots.cell_edges(axes, "y", surface.thresholds)
    # As a raster: thousands of vector cells make a slow file with visible seams.
    mesh = axes.pcolormesh(x, y, surface.balanced_accuracy, cmap=plots.SEQUENTIAL, rasterized=True)
    figure.colorbar(mesh, ax=axes, label="balanced accuracy (share, 0.5 is chance)")
    _wanted_line(axes, surface, x, y)
    label = f"chosen: {chosen_area(rule)}, threshold {plots.level(rule.threshold)}"
    plots.mark_point(axes, rule.area_px, rule.threshold, label=label)
    axes.set(xlim=_around(x, rule.area_px), ylim=_around(y, rule.threshold))
    axes.set_xlabel(f"{MINIMUM_AREA} ({plots.AREA})")
    plots.share_axis(axes, "x", rule.image_px)
    plots.legend_below(figure)
    return figure


def _wanted_line(axes: Axes, surface: Surface, x: np.ndarray, y: np.ndarray) -> None:
    """Draw the line between the cells above and below the accepted false-positive rate, given the edges of cells."""
    lowest = lowest_allowed(surface, y)
    reached = "above this line:" if np.isfinite(lowest).any() else "no threshold shown has a"
    label = f"{reached} false-positive rate at most {plots.percent(surface.wanted_share)}{_of_whom(surface)}"
    stroke = [withStroke(linewidth=4, foreground=plots.BLACK)]
    line = {"color": "white", "linewidth": 2, "path_effects": stroke, "label": label}
    axes.step(x, np.append(lowest, lowest[-1]), where="post", **line)


def _of_whom(surface: Surface) -> str:
    """What the line is worth: it is drawn by few images, and new ones may be called defective more often."""
    if not surface.setters:
        return ""
    of = f"\nof the {surface.setters:,} normal image{'s' * (surface.setters != 1)} that set the threshold"
    if surface.promised_share is None:
        return f"{of}; no rate is promised for new images"
    return f"{of}; new images: at most {plots.percent(surface.promised_share)} is promised"


def lowest_allowed(surface: Surface, edges: np.ndarray) -> np.ndarray:
    """For each area, the lower edge of the lowest cell with the accepted rate; NaN where no threshold reaches it."""
    allowed = surface.false_alarm_share <= surface.wanted_share
    return np.where(allowed.any(axis=0), edges[allowed.argmax(axis=0)], np.nan)


def _around(edges: np.ndarray, chosen: float) -> tuple[float, float]:
    return min(edges[0], chosen), max(edges[-1], chosen)
