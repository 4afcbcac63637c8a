"""Write the output of `finetune`: a record, a table of areas, figures, and the operating point to judge by."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.evaluation import decision, pixel_metrics
from benchmarks.finetune.operating_point import Tuned
from benchmarks.jobs.layout import POINT, TUNED
from benchmarks.trained import Trained
from reports import finetune_plots
from reports.files import write_text
from reports.results import OperatingPoint, PixelScores, write


def record(tuned: Tuned, trained: Trained) -> dict[str, Any]:
    """The chosen point with its results, and the oracle point that knows the test labels, as values for JSON."""
    normal, defective = tuned.test_classes
    set_by, of_rest = tuned.set_by
    return {
        "method": trained.job.cell.method,
        "category": trained.job.cell.category,
        "seed": trained.job.cell.seed,
        "key": trained.result.key,
        "area_px": tuned.area_px,
        "area_share": decision.area_share(tuned.area_px, tuned.evidence.shape),
        "threshold": tuned.threshold,
        "set_by": set_by,
        "threshold_of_rest": of_rest,
        "chosen_on": tuned.levels.on,
        "wanted_false_alarm_share": tuned.evidence.request.false_alarm_share,
        **tuned.false_alarm_share._asdict(),
        "calibration_images": len(tuned.levels.setting),
        "tuning": _rates(tuned.tuning_rates, tuned.index) if tuned.tuning_aurocs is not None else None,
        "test": _on_test(tuned, normal, defective),
        "oracle": _oracle(tuned, normal, defective),
    }


def _rates(rates: decision.Rates, index: int) -> dict[str, float | None]:
    values = {
        "true_positive_rate": rates.true_positive[index],
        "true_negative_rate": rates.true_negative[index],
        "balanced_accuracy": rates.balanced_accuracy[index],
    }
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _on_test(tuned: Tuned, normal: np.ndarray, defective: np.ndarray) -> dict[str, Any]:
    both = len(normal) and len(defective)
    auroc = float(decision.aurocs_by_area(normal, defective)[tuned.index]) if both else None
    return {
        "normal_images": len(normal),
        "defective_images": len(defective),
        **_rates(tuned.test_rates, tuned.index),
        "area_image_auroc": auroc,
    }


def _oracle(tuned: Tuned, normal: np.ndarray, defective: np.ndarray) -> dict[str, Any] | None:
    """The best point on the test images, chosen on these images; None if a class is empty."""
    if not (len(normal) and len(defective)):
        return None
    best = decision.oracle(normal, defective)
    return {
        "area_px": int(tuned.evidence.areas_px[best.index]),
        "threshold": best.threshold,
        "true_positive_rate": best.true_positive_rate,
        "true_negative_rate": best.true_negative_rate,
        "balanced_accuracy": (best.true_positive_rate + best.true_negative_rate) / 2,
    }


def by_area(tuned: Tuned) -> pd.DataFrame:
    """A row for each area that was tried, with its threshold and the rates of the tuning images."""
    areas, rates = tuned.evidence.areas_px, tuned.tuning_rates
    return pd.DataFrame(
        {
            "area_px": areas,
            "area_share": decision.area_share(areas, tuned.evidence.shape),
            "threshold": tuned.thresholds,
            "tuning_image_auroc": np.full(len(areas), np.nan) if tuned.tuning_aurocs is None else tuned.tuning_aurocs,
            "tuning_true_positive_rate": rates.true_positive,
            "tuning_true_negative_rate": rates.true_negative,
            "tuning_balanced_accuracy": rates.balanced_accuracy,
            "chosen": np.arange(len(areas)) == tuned.index,
        }
    )


def store(trained: Trained, record: dict[str, Any], by_area: pd.DataFrame) -> Path:
    """Write finetune.json and finetune.csv into a folder beside the model, remove older figures, return the folder."""
    folder = trained.folder / TUNED
    for name in finetune_plots.NAMES:  # they show another choice
        for suffix in (".png", ".pdf"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
    write_text(folder / "finetune.json", json.dumps(record, indent=1) + "\n")
    write_text(folder / "finetune.csv", by_area.to_csv(index=False))
    return folder


def draw(tuned: Tuned, folder: Path) -> None:
    """Write the figures into a folder."""
    from benchmarks.finetune.figures import figures

    finetune_plots.draw(folder, figures(tuned))


def store_point(tuned: Tuned, trained: Trained) -> None:
    """Store the operating point beside the result, where `report` and `predict` find it."""
    write(trained.folder / POINT, _operating_point(tuned, trained))


def _operating_point(tuned: Tuned, trained: Trained) -> OperatingPoint:
    scored = [image for image in trained.result.images if image.part == "test"]
    levels = tuned.test_levels[:, tuned.index]
    set_by, of_rest = tuned.set_by
    left = [index for index in range(len(scored)) if index not in tuned.levels.tuned_on]
    maps = tuned.evidence.maps("test", tuned.evidence.parts.test)
    return OperatingPoint(
        key=trained.result.key,
        area_px=tuned.area_px,
        area_share=decision.area_share(tuned.area_px, tuned.evidence.shape),
        threshold=tuned.threshold,
        chosen_on=tuned.levels.on,
        calibration_images=len(tuned.levels.setting),
        set_by=set_by,
        threshold_of_rest=of_rest,
        **tuned.false_alarm_share._asdict(),
        images=[scored[index].model_copy(update={"score": float(levels[index])}) for index in left],
        largest_areas_px=[decision.largest_area(maps[index], tuned.threshold) for index in left],
        tuned_on=[scored[index].path for index in sorted(tuned.levels.tuned_on)],
        pixels=_pixels_of(left, tuned, trained) if tuned.levels.tuned_on else None,
    )


def _pixels_of(left: list[int], tuned: Tuned, trained: Trained) -> PixelScores | None:
    """Pixel metrics of the test images in `left`, which did not choose the area; None if they cannot be measured."""
    samples = [tuned.evidence.parts.test[index] for index in left]
    kept = tuned.evidence.keeper.maps("test", tuned.evidence.parts.test)
    if pixel_metrics.why_none(samples, has_maps=True):
        return None
    measured, _ = pixel_metrics.measure(
        samples, pixel_metrics.Some(kept, left), trained.reading, tuned.evidence.advance
    )
    return measured
