"""Figures for choosing the threshold and the minimum area, each as PNG and as PDF.

An image is called defective if the pixels of its map above the threshold have an 8-connected region of at least the
minimum area.
"""

from pathlib import Path

from reports.finetune_plots.inputs import (
    AreaDistribution,
    Calibration,
    Figures,
    Panel,
    Rule,
    Surface,
    Sweep,
    Tuning,
)

__all__ = ["NAMES", "AreaDistribution", "Calibration", "Figures", "Panel", "Rule", "Surface", "Sweep", "Tuning", "draw"]


NAMES = (
    "1_number_of_regions",
    "2_area_of_regions",
    "3_distribution_of_areas",
    "4_areas_at_rising_thresholds",
    "5_calibrated_threshold",
    "6_rates_by_minimum_area",
    "7_balanced_accuracy_surface",
    "8_sample_of_images",
)
"""The names of all figures, without extension."""


def draw(folder: Path, figures: Figures) -> list[Path]:
    """Write the figures and return their paths.

    Without tuning images the rates and the surface are left out, without panels the sample of images.
    """
    # Matplotlib is imported only when something is drawn.
    from reports import plots
    from reports.finetune_plots import areas, curves, sample, surface

    sweep, distributions, calibration, tuning, rule, panels = figures
    drawn = (
        curves.number_of_regions(sweep, rule),
        curves.area_of_regions(sweep, rule),
        areas.distribution(distributions[0], rule),
        areas.at_rising_thresholds(distributions, rule),
        curves.calibrated_threshold(calibration, rule),
        curves.rates(tuning, rule) if tuning else None,
        surface.balanced_accuracy(tuning, rule) if tuning else None,
        sample.sample(panels, rule) if panels else None,
    )
    named = zip(NAMES, drawn, strict=True)
    return [path for name, figure in named if figure for path in plots.save(figure, folder, name)]
