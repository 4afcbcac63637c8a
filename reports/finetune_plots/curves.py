"""Curves over the threshold and over the minimum area."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports import plots
from reports.finetune_plots.inputs import Calibration, Rule, Sweep, Tuning

MINIMUM_AREA = "minimum area A"


@plots.styled
def number_of_regions(sweep: Sweep, rule: Rule) -> Figure:
    """Number of regions against threshold."""
    figure, axes = plots.new_figure(f"Number of regions above a threshold, {_maps(sweep)}")
    marker = plots.markers(sweep.thresholds)
    axes.plot(sweep.thresholds, sweep.number, color=plots.BLUE, marker=marker, label="regions above the threshold")
    _threshold_axis(axes, sweep, rule)
    plots.logarithmic_axis(axes, "y", plots.finite(sweep.number, 0))
    axes.set_ylabel("number of regions (all maps together)")
    plots.legend_below(figure, columns=2)
    return figure


@plots.styled
def area_of_regions(sweep: Sweep, rule: Rule) -> Figure:
    """Mean and standard deviation of the areas of regions against threshold."""
    figure, axes = plots.new_figure(f"Area of the regions above a threshold, {_maps(sweep)}")
    marker = plots.markers(sweep.thresholds)
    axes.plot(sweep.thresholds, sweep.mean_area_px, color=plots.BLUE, marker=marker, label="mean area")
    deviation = {"color": plots.ORANGE, "linestyle": "--", "label": "standard deviation of the area"}
    axes.plot(sweep.thresholds, sweep.std_area_px, marker=plots.markers(sweep.thresholds, "s"), **deviation)
    _threshold_axis(axes, sweep, rule)
    known = plots.finite(sweep.mean_area_px, sweep.std_area_px)
    plots.area_axis(axes, "y", known, image_px=rule.image_px, label="area")
    if not len(known):
        plots.note(axes, "no region at any of these thresholds")
    plots.legend_below(figure, columns=3)
    return figure


@plots.styled
def calibrated_threshold(calibration: Calibration, rule: Rule) -> Figure:
    """Calibrated threshold t(A) against minimum area, with the chosen point."""
    figure, axes = plots.new_figure("Calibrated threshold t(A) for each minimum area A")
    thresholds = np.where(np.isfinite(calibration.thresholds), calibration.thresholds, np.nan)
    marker = plots.markers(thresholds)
    axes.plot(calibration.areas_px, thresholds, color=plots.BLUE, marker=marker, label="calibrated threshold t(A)")
    chosen = f"chosen: {chosen_area(rule)}, threshold {plots.level(rule.threshold)}"
    plots.mark_point(axes, rule.area_px, rule.threshold, label=chosen)
    _minimum_area_axis(axes, calibration.areas_px, rule)
    plots.level_axis(axes, "y", plots.finite(thresholds, rule.threshold))
    plots.legend_below(figure)
    return figure


@plots.styled
def rates(tuning: Tuning, rule: Rule) -> Figure:
    """Rates at t(A) and image AUROC of the level T_A against the minimum area A, on the tuning images."""
    figure, axes = plots.new_figure(f"Rates at the calibrated threshold t(A), measured on {tuning.tuned_on}")
    for values, color, style, marker, label in (
        (tuning.true_positive_rate, plots.BLUE, "-", "o", "true positive rate (of defective images)"),
        (tuning.true_negative_rate, plots.ORANGE, "--", "s", "true negative rate (of normal images)"),
        (tuning.balanced_accuracy, plots.BLACK, "-.", "D", "balanced accuracy (mean of both)"),
        (tuning.image_auroc, plots.GREEN, ":", "^", "image AUROC (selects the area)"),
    ):
        marker = plots.markers(tuning.areas_px, marker)
        axes.plot(tuning.areas_px, values, color=color, linestyle=style, marker=marker, label=label)
    plots.mark_line(axes, rule.area_px, label=f"chosen: {chosen_area(rule)}")
    _minimum_area_axis(axes, tuning.areas_px, rule)
    axes.set(ylim=(-0.03, 1.03), ylabel="rate (share of the images)")
    plots.legend_below(figure, columns=2)
    return figure


def chosen_area(rule: Rule) -> str:
    """The chosen minimum area as text."""
    return f"minimum area {rule.area_px:,} px ({plots.percent(rule.area_px / rule.image_px)} of the image)"


def _minimum_area_axis(axes: Axes, areas_px: np.ndarray, rule: Rule) -> None:
    shown = plots.finite(areas_px, rule.area_px)
    plots.area_axis(axes, "x", shown, image_px=rule.image_px, label=MINIMUM_AREA)


def _threshold_axis(axes: Axes, sweep: Sweep, rule: Rule) -> None:
    label = f"chosen threshold {plots.level(rule.threshold)}"
    plots.mark_line(axes, rule.threshold, label=label)
    plots.level_axis(axes, "x", plots.finite(sweep.thresholds, rule.threshold))


def _maps(sweep: Sweep) -> str:
    return f"{sweep.maps:,} calibration map{'' if sweep.maps == 1 else 's'}"
