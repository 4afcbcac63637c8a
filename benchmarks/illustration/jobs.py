"""The scores of a job's images as views, each of which a threshold can judge."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.evaluation import decision
from benchmarks.illustration.misjudged import misjudged
from reports.html.jobs import Job, Standing, View
from reports.results import ImageScore, OperatingPoint, Result


def job(folder: Path, result: Result, point: OperatingPoint | None) -> Job:
    """What the page shows of a result. Test images on which an operating point was chosen are left out."""
    tuned_on = set(point.tuned_on) if point else set()
    every = [image for image in result.images if image.part == "test"]
    kept = np.array([image.path not in tuned_on for image in every], bool)
    test = [image for image, is_kept in zip(every, kept, strict=True) if is_kept]
    defective = np.array([image.defect is not None for image in test], bool)
    views = [_of_image_scores(result, test, defective), *_of_areas(folder, result, kept, defective)]
    if point and all(view.area_px != point.area_px for view in views):
        views.append(_of_point(point, defective))
    standing = _standing(views, point)
    return Job(
        cell=result.cell,
        data=result.data,
        paths=tuple(image.path for image in test),
        types=tuple(image.defect_types for image in test),
        views=views,
        standing=standing,
        misjudged=misjudged(views[standing.view if standing else 0].test, defective, standing and standing.threshold),
        epochs=result.epochs,
        curves=result.curves,
        gives_maps=result.map_scale is not None or result.pixels is not None or not len(views[0].calibration),
    )


def _of_image_scores(result: Result, test: list[ImageScore], defective: np.ndarray) -> View:
    calibration = decision.calibration_images(result.images)
    scores = np.array([image.score for image in calibration])
    return View(
        area_px=None,
        test=(judged := np.array([image.score for image in test])),
        calibration=scores,
        calibration_paths=tuple(image.path for image in calibration),
        calibrated=decision.threshold(scores) if len(scores) else None,
        oracle=_oracle(judged, defective),
    )


def _of_areas(folder: Path, result: Result, kept: np.ndarray, defective: np.ndarray) -> Iterator[View]:
    """A view for each area whose levels `finetune` kept."""
    from benchmarks.finetune import levels

    found = levels.stored(folder, result.key)
    for column, area in enumerate(found.areas_px.tolist() if found else ()):
        judged = found.test[kept, column].astype(float)
        yield View(
            area_px=area,
            test=judged,
            calibration=found.setting[:, column].astype(float),
            calibration_paths=tuple(found.setters.tolist()),
            calibrated=float(found.thresholds[column]),
            oracle=_oracle(judged, defective),
        )


def _of_point(point: OperatingPoint, defective: np.ndarray) -> View:
    """The view of an operating point without kept levels: those of its calibration images are not known."""
    judged = np.array([image.score for image in point.images])
    return View(point.area_px, judged, np.empty(0), (), point.threshold, _oracle(judged, defective))


def _standing(views: list[View], point: OperatingPoint | None) -> Standing | None:
    if point:
        areas = [view.area_px for view in views]
        return Standing(areas.index(point.area_px), point.threshold, applied=True)
    threshold = views[0].calibrated
    return None if threshold is None else Standing(0, threshold, applied=False)


def _oracle(scores: np.ndarray, defective: np.ndarray) -> float | None:
    if defective.all() or not defective.any():
        return None
    return decision.oracle(scores[~defective, None], scores[defective, None]).threshold
