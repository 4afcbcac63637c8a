"""Flat rows of numbers from stored results; neither images nor methods are needed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress
from typing import NamedTuple

from benchmarks import data_settings, plugins
from benchmarks.errors import UsageError
from benchmarks.evaluation import decision, metrics, pixel_metrics, promise, significance, verdict_rows
from benchmarks.evaluation.decision import FalseAlarmShare
from benchmarks.evaluation.doubts import CONTRADICTED, Doubts, doubts
from benchmarks.evaluation.significance import Scored
from datasets import Counts
from reports import statistics
from reports.results import ImageScore, OperatingPoint, Result
from reports.rows import Row, Tables, identity, variant

DEFINITIONS = metrics.DEFINITIONS | decision.DEFINITIONS | significance.DEFINITIONS

SETTER = ("set_by", "threshold_of_rest", "missed_of_rest", "false_alarms_of_rest")
"""Columns on the image that set the threshold."""


class Measured(NamedTuple):
    """The part of a result that the report needs: of the images, only their scores."""

    row: Row
    defects: list[Row]
    entry: significance.Entry | None
    """None if a class has no test image."""
    doubts: Doubts


def tables(results: Iterable[Measured]) -> Tables:
    """The rows of all results. Significance needs all of them, because methods are compared with each other."""
    measured = list(results)
    sure = _over_seeds(measured)
    contradicted = promise.contradicted([each.doubts.promise for each in measured])
    rows = [
        {**each.row, **_remarked(each.row, broken), **sure[variant(each.row)]}
        for each, broken in zip(measured, contradicted, strict=True)
    ]
    contradictions = [each.doubts.contradiction for each in compress(measured, contradicted)]
    setters = [each.doubts.setter for each in measured if each.doubts.setter]
    return Tables(
        rows=rows,
        defects=[row for each in measured for row in each.defects],
        contradictions=contradictions,
        setters=setters,
        unlike=[row for each in measured for row in each.doubts.unlike],
        verdicts=verdict_rows.verdicts(rows, setters, contradictions),
    )


def _over_seeds(measured: Sequence[Measured]) -> dict[tuple, Row]:
    """By method and category: interval and p-value of the image AUROC, averaged over the seeds."""
    entries = defaultdict(list)
    for each in measured:
        entries[variant(each.row)] += [each.entry] if each.entry else []
    averaged = [(own and significance.averaged(own)) or None for own in entries.values()]
    intervals = [each and statistics.auroc_interval(each.placements) for each in averaged]
    return {
        key: {
            "image_auroc_mean_low": interval and interval.low,
            "image_auroc_mean_high": interval and interval.high,
            "image_auroc_p_value_holm": p_value,
        }
        for key, interval, p_value in zip(entries, intervals, significance.p_values_holm(averaged), strict=True)
    }


def _remarked(row: Row, contradicted: bool) -> Row:
    """The remarks of a row, with that on a contradicted promise where it is one."""
    return {"remarks": "\n".join(filter(None, [row["remarks"], CONTRADICTED]))} if contradicted else {}


def measure(result: Result, point: OperatingPoint | None = None) -> Measured:
    """All numbers of one result. Test images on which an operating point was chosen are left out of all of them."""
    test = _by_class(_test_images(result, point))
    normal, defective = map(Scored.of, test)
    judged = [Scored.of(images) for images in _by_class(point.images)] if point else [normal, defective]
    placements = statistics.placements(normal.scores, defective.scores) if normal.paths and defective.paths else None
    ranking = metrics.compare(normal.scores, defective.scores) if placements else None
    of_levels = metrics.compare(*(each.scores for each in judged)) if point and ranking else ranking
    job, rule = identity(result.cell), _rule(result, point)
    found = doubts(result, point, rule=rule, normal=judged[0], defective=judged[1])
    row = {
        **job,
        "made": result.made,
        "trained_on": result.trained_on,
        "why_no_leave_one_out": data_settings.read(result.cell.data_settings).why_no_leave_one_out,
        "test_normal": len(normal.paths),
        "test_defective": len(defective.paths),
        **_beside_published(result, len(normal.paths), len(defective.paths)),
        **_image_metrics(ranking, placements, normal=len(normal.paths), defective=len(defective.paths)),
        **_pixel_metrics(result, point),
        **rule,
        **{column: found.setter and found.setter[column] for column in SETTER},
        **_at_threshold(*judged, rule["threshold"]),
        **_by_level(point, of_levels),
        **_oracle_epoch(result),
        **_costs(result),
        "machine": result.machine,
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(result.versions.items())),
        "data": result.data,
        "contents": result.contents,
        "ignore": result.cell.data_settings.get("ignore"),
        "ignored": result.ignored,
        "code": result.code,
        "key": result.key,
        "remarks": "\n".join([*result.remarks, *_tuned_on(point), *_outdated(result)]),
    }
    defects = [job | each for each in _defects(test[1], placements, judged[1], rule["threshold"])]
    entry = placements and significance.entry(_contest(result), normal, defective, placements)
    return Measured(row, defects, entry, found)


def _beside_published(result: Result, test_normal: int, test_defective: int) -> Row:
    """Our numbers of images and the published ones of the category, as text; None: not published."""
    calibration = sum(image.part == "calibration" for image in result.images)
    held_out = 0 if result.cell.leaves_one_out else calibration + result.copies
    used = Counts(result.trained_on + held_out, test_normal, test_defective)
    published = _published_counts(result.cell.dataset).get(result.cell.category)
    return {"images_used": str(used), "images_published": published and str(published)}


@cache
def _published_counts(dataset: str) -> Mapping[str, Counts]:
    """Published counts by category; empty if the file of the dataset no longer exists, or cannot be loaded."""
    try:
        return plugins.dataset(dataset).counts
    except UsageError:
        return {}


def _contest(result: Result) -> tuple:
    """The key that competing jobs share."""
    return result.cell.dataset, result.cell.category


def _test_images(result: Result, point: OperatingPoint | None) -> list[ImageScore]:
    left_out = set(point.tuned_on) if point else ()
    return [image for image in result.images if image.part == "test" and image.path not in left_out]


def _by_class(images: Iterable[ImageScore]) -> tuple[list[ImageScore], list[ImageScore]]:
    """The normal and the defective images."""
    classes = [], []
    for image in images:
        classes[image.defect is not None].append(image)
    return classes


def _image_metrics(
    ranking: metrics.Ranking | None, placements: statistics.Placements | None, *, normal: int, defective: int
) -> Row:
    absent = [name for name, images in (("normal", normal), ("defective", defective)) if not images]
    interval = placements and statistics.auroc_interval(placements)
    return {
        "image_auroc": ranking and ranking.auroc(),
        "image_auroc_low": interval and interval.low,
        "image_auroc_high": interval and interval.high,
        "image_average_precision": ranking and ranking.average_precision(),
        "oracle_tpr_at_fpr_1": ranking and ranking.true_positive_rate_at(0.01),
        "oracle_tpr_at_fpr_5": ranking and ranking.true_positive_rate_at(0.05),
        "oracle_image_f1": ranking and ranking.best_f1(),
        "why_no_image_metrics": f"no {' and no '.join(absent)} test image" if absent else None,
    }


def _pixel_metrics(result: Result, point: OperatingPoint | None) -> Row:
    found, reason = (point.pixels if point and point.tuned_on else result.pixels), None
    if found is None:
        reason = result.why_no_pixels or "no test image with a mask is left"
    elif None in (found.auroc, found.average_precision, found.aupro):
        reason = "the masks of the test images do not hold both normal and defective pixels"
    return {
        "pixel_auroc": found and found.auroc,
        "pixel_average_precision": found and found.average_precision,
        "aupro": found and found.aupro,
        "pixel_images": found and found.images,
        "why_no_pixel_metrics": reason,
    }


def _rule(result: Result, point: OperatingPoint | None) -> Row:
    """The threshold and its false-positive rate, promised or expected; None without calibration images."""
    if point:
        images, threshold = point.calibration_images, point.threshold
        share = FalseAlarmShare(point.promised_false_alarm_share, point.expected_false_alarm_share)
    elif scores := decision.calibration_scores(result.images):
        images, threshold = len(scores), decision.threshold(scores)
        share = decision.false_alarm_share(images, leaves_one_out=result.cell.leaves_one_out)
    else:
        images, threshold, share = 0, None, FalseAlarmShare(None, None)
    return {"calibration_images": images, "threshold": threshold, **share._asdict()}


def _at_threshold(normal: Scored, defective: Scored, threshold: float | None) -> Row:
    """Numbers and rates at a threshold; None without one, a rate also without images."""
    counts = decision.counts(normal.scores, defective.scores, threshold)
    found = None if threshold is None else defective.scores.size - counts["missed"]
    rates = _share(found, defective), _share(counts["false_alarms"], normal)
    return {
        **counts,
        "true_positive_rate": rates[0],
        "false_positive_rate": rates[1],
        "balanced_accuracy": None if None in rates else (rates[0] + 1 - rates[1]) / 2,
    }


def _share(number: int | None, of: Scored) -> float | None:
    return None if number is None or not of.scores.size else number / of.scores.size


def _by_level(point: OperatingPoint | None, ranking: metrics.Ranking | None) -> Row:
    """The minimum defect area and its origin, and what the levels that are compared with the threshold could give."""
    return {
        "min_area_px": point and point.area_px,
        "min_area_share": point and point.area_share,
        "area_chosen_on": point and point.chosen_on,
        "area_image_auroc": ranking.auroc() if point and ranking else None,
        "oracle_balanced_accuracy": ranking and ranking.best_balanced_accuracy(),
    }


def _tuned_on(point: OperatingPoint | None) -> list[str]:
    if point is None or not point.tuned_on:
        return []
    return [f"the minimum defect area was chosen on {len(point.tuned_on)} test images; all numbers here leave them out"]


def _outdated(result: Result) -> list[str]:
    if result.pixels is None or result.pixels.code == pixel_metrics.code():
        return []
    return ["the pixel metrics were measured by an older version of the code: run with --force to measure them again"]


def _oracle_epoch(result: Result) -> Row:
    """The best evaluation on the test set during training; the first if several are equal."""
    looks = [epoch for epoch in result.epochs if epoch.image_auroc is not None]
    best = max(looks, key=lambda epoch: epoch.image_auroc, default=None)
    return {
        "oracle_image_auroc_max": best and best.image_auroc,
        "oracle_epoch_of_max": best and best.number,
    }


def _costs(result: Result) -> Row:
    """Time, memory and size of the job; no seconds where they are not the cost of the method."""
    tracked = result.epochs[-1].seconds if result.tracked and result.epochs else None
    cost = {"tracked_fit_seconds": tracked, **result.cost.model_dump()}
    untold = ("tracked_fit_seconds", "fit_seconds", "score_seconds", "images_per_second")
    return cost | (dict.fromkeys(untold) if result.cost.why_no_seconds else {})


def _defects(
    defective: Sequence[ImageScore], placements: statistics.Placements | None, judged: Scored, threshold: float | None
) -> Iterator[Row]:
    """A row for each defect type; `judged` has the levels that are compared with the threshold.

    An image with several types counts under each of them.
    """
    levels = dict(zip(judged.paths, judged.scores.tolist(), strict=True))
    for defect in sorted({kind for image in defective for kind in image.defect_types}):
        own = [defect in image.defect_types for image in defective]
        images = list(compress(defective, own))
        yield {
            "defect": defect,
            "images": len(images),
            "of_several_types": sum(len(image.kinds) > 1 for image in images),
            "image_auroc": placements and statistics.Placements(placements.normal, placements.defective[own]).auroc(),
            "missed": None if threshold is None else sum(levels[image.path] <= threshold for image in images),
        }
