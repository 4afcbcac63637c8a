"""The figures by which threshold and minimum area are tuned: each as PNG and as PDF.

An image is called defective where {map > threshold} has an 8-connected region of at least so many pixels.
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
    """Write the figures and return the paths written; those for which there is no data are left out.

    Without tuning images these are the rates and the surface, without panels the sample.
    """
    # Matplotlib is loaded only where something is drawn.
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
