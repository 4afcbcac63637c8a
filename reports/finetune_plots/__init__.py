"""The figures by which threshold and minimum area are tuned: each as PNG and as PDF.

An image is called defective where {map > threshold} has an 8-connected region of at least so many pixels.
"""

from pathlib import Path

from reports.finetune_plots.inputs import (
    AreaDistribution,
    Calibration,
    Choice,
    Figures,
    Panel,
    Surface,
    Sweep,
    Tuning,
)

__all__ = ["AreaDistribution", "Calibration", "Choice", "Figures", "Panel", "Surface", "Sweep", "Tuning", "draw"]


def draw(folder: Path, figures: Figures) -> list[Path]:
    """Write the figures and return the paths written; those for which there is no data are left out.

    Without tuning images these are the rates and the surface, without panels the sample.
    """
    # Matplotlib is loaded only where something is drawn.
    from reports import plots
    from reports.finetune_plots import areas, curves, sample, surface

    sweep, distributions, calibration, tuning, choice, panels = figures
    drawn = {
        "1_number_of_regions": curves.number_of_regions(sweep, choice),
        "2_area_of_regions": curves.area_of_regions(sweep, choice),
        "3_distribution_of_areas": areas.distribution(distributions[0], choice),
        "4_areas_at_rising_thresholds": areas.at_rising_thresholds(distributions, choice),
        "5_calibrated_threshold": curves.calibrated_threshold(calibration, choice),
    }
    if tuning is not None:
        drawn["6_rates_by_minimum_area"] = curves.rates(tuning, choice)
        drawn["7_balanced_accuracy_surface"] = surface.balanced_accuracy(tuning, choice)
    if panels:
        drawn["8_sample_of_images"] = sample.sample(panels, choice)
    return [path for name, figure in drawn.items() for path in plots.save(figure, folder, name)]
