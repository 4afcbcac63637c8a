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

__all__ = ["AreaDistribution", "Calibration", "Figures", "Panel", "Rule", "Surface", "Sweep", "Tuning", "draw"]


def draw(folder: Path, figures: Figures) -> list[Path]:
    """Write the figures and return their paths.

    Without tuning images the rates and the surface are left out, without panels the sample of images.
    """
    # Matplotlib is imported only when something is drawn.
    from reports import plots
    from reports.finetune_plots import areas, curves, sample, surface

    sweep, distributions, calibration, tuning, rule, panels = figures
    drawn = {
        "1_number_of_regions": curves.number_of_regions(sweep, rule),
        "2_area_of_regions": curves.area_of_regions(sweep, rule),
        "3_distribution_of_areas": areas.distribution(distributions[0], rule),
        "4_areas_at_rising_thresholds": areas.at_rising_thresholds(distributions, rule),
        "5_calibrated_threshold": curves.calibrated_threshold(calibration, rule),
    }
    if tuning is not None:
        drawn["6_rates_by_minimum_area"] = curves.rates(tuning, rule)
        drawn["7_balanced_accuracy_surface"] = surface.balanced_accuracy(tuning, rule)
    if panels:
        drawn["8_sample_of_images"] = sample.sample(panels, rule)
    return [path for name, figure in drawn.items() for path in plots.save(figure, folder, name)]
