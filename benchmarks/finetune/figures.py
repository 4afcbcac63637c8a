"""Compute the data that the figures of an operating point show."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from benchmarks import images, pages
from benchmarks.evaluation import decision
from benchmarks.evaluation.component_tree import Components, ComponentTree
from benchmarks.finetune.operating_point import Tuned
from benchmarks.prediction.truth import fault
from datasets import Sample
from reports import finetune_plots as plots

Part = Literal["calibration", "test"]
THRESHOLDS = 200
"""Number of thresholds in a sweep."""
DISTRIBUTIONS = 6
"""Number of thresholds whose distribution of areas is drawn."""
PANEL_SIDE_PX = 1024
"""Longest side of what a panel keeps, pixels: several are in memory at once, and a figure shows fewer."""
LOWEST_QUANTILE = 0.9
"""Quantile of the calibration maps' pixels from which sweeps begin. Below it, nearly all pixels are one region."""


def figures(tuned: Tuned) -> plots.Figures:
    """The data of all figures of an operating point."""
    maps = tuned.evidence.held_out_maps()
    lows, highs = zip(
        *((np.quantile(images.counted(map), LOWEST_QUANTILE), float(map.max())) for map in maps), strict=True
    )
    low, high = float(np.median(lows)), max(highs)
    levels = np.linspace(low, high, DISTRIBUTIONS + 1)[:-1]
    thresholds = np.linspace(low, high, THRESHOLDS)
    swept, areas = _regions(maps, thresholds, levels)
    return plots.Figures(
        sweep=_sweep(swept, thresholds),
        distributions=[plots.AreaDistribution(level, each) for level, each in zip(levels, areas, strict=True)],
        calibration=plots.Calibration(tuned.evidence.areas_px, _calibrated(tuned)),
        tuning=None if tuned.tuning_aurocs is None else _tuning(tuned),
        rule=plots.Rule(tuned.area_px, tuned.threshold, int(np.prod(tuned.evidence.shape))),
        panels=[*_panels(tuned)],
    )


def _calibrated(tuned: Tuned) -> np.ndarray:
    """The threshold of each area that normal images set, also where the user gave another."""
    if not tuned.is_given:
        return tuned.thresholds
    return decision.thresholds(tuned.evidence.held_out_levels, tuned.evidence.request.false_alarm_share)


def _regions(
    maps: Sequence[np.ndarray], thresholds: np.ndarray, levels: np.ndarray
) -> tuple[list[Components], list[np.ndarray]]:
    """The regions of each map at the thresholds, and the areas of all maps' regions at each level."""
    swept, areas = [], []
    for map in maps:  # one tree at a time, as it takes many times the memory of its map
        tree = ComponentTree(map)
        swept.append(tree.components_at(thresholds))
        areas.append([tree.areas_at(level) for level in levels])
    return swept, [np.concatenate(each) for each in zip(*areas, strict=True)]


def _sweep(swept: Sequence[Components], thresholds: np.ndarray) -> plots.Sweep:
    """Number, mean area and standard deviation of area of the regions of all maps together, at each threshold."""
    number = np.sum([each.number for each in swept], axis=0)
    total = np.sum([np.nan_to_num(each.number * each.mean_area_px) for each in swept], axis=0)
    squares = np.sum(
        [np.nan_to_num(each.number * (each.std_area_px**2 + each.mean_area_px**2)) for each in swept], axis=0
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
        std = np.sqrt(np.maximum(squares / number - mean**2, 0))
    return plots.Sweep(thresholds, number, mean, std, len(swept))


def _tuning(tuned: Tuned) -> plots.Tuning:
    rates, levels = tuned.tuning_rates, tuned.levels
    every = np.concatenate([levels.normal, levels.defective, levels.setting])
    thresholds = np.linspace(every.min(), every.max(), THRESHOLDS)
    swept = [decision.judge(levels.normal, levels.defective, level) for level in thresholds]
    alarms = [(levels.setting > level).mean(axis=0) for level in thresholds]
    return plots.Tuning(
        areas_px=tuned.evidence.areas_px,
        true_positive_rate=rates.true_positive,
        true_negative_rate=rates.true_negative,
        balanced_accuracy=rates.balanced_accuracy,
        image_auroc=tuned.tuning_aurocs,
        surface=plots.Surface(
            thresholds=thresholds,
            areas_px=tuned.evidence.areas_px,
            balanced_accuracy=np.array([each.balanced_accuracy for each in swept]),
            false_alarm_share=np.array(alarms),
            wanted_share=tuned.evidence.request.false_alarm_share,
            setters=len(levels.setting),
            promised_share=tuned.false_alarm_share.promised_false_alarm_share,
        ),
        tuned_on=levels.on,
    )


def _panels(tuned: Tuned) -> Iterator[plots.Panel]:
    """Panels of the calibration and normal test images with the highest and the median level, and of defective ones.

    Of the defective test images, those with the lowest, the median and the highest level are shown.
    """
    evidence, column = tuned.evidence, tuned.index
    test = evidence.parts.test
    of_normal = [index for index, sample in enumerate(test) if sample.defect is None]
    of_defective = [index for index, sample in enumerate(test) if sample.defect is not None]
    levels = evidence.held_out_levels[:, column]
    held_out = _spread(list(range(len(evidence.held_out))), levels, (1, 0.5))
    yield from _shown(tuned, "calibration", evidence.held_out, evidence.held_out_maps(), levels, held_out)
    levels = tuned.test_levels[:, column]
    chosen = [*_spread(of_normal, levels, (1, 0.5)), *_spread(of_defective, levels, (0, 0.5, 1))]
    yield from _shown(tuned, "test", test, evidence.maps("test", test), levels, chosen)


def _spread(indices: list[int], levels: np.ndarray, places: Sequence[float]) -> list[int]:
    """The indices at some places (0: lowest, 1: highest) in the order of their levels, each once."""
    ordered = sorted(indices, key=lambda index: levels[index])
    return list(dict.fromkeys(ordered[round(place * (len(ordered) - 1))] for place in places)) if ordered else []


def _shown(
    tuned: Tuned,
    part: Part,
    samples: Sequence[Sample],
    maps: Sequence[np.ndarray],
    levels: np.ndarray,
    chosen: Sequence[int],
) -> Iterator[plots.Panel]:
    pictures = tuned.evidence.decoded([samples[index] for index in chosen])
    reconstructions = tuned.evidence.keeper.method.reconstruct(pictures)
    for index, picture, reconstruction in zip(chosen, pictures, reconstructions, strict=True):
        picture = pages.first(picture)
        map = maps[index]
        found = decision.segment(map, threshold=tuned.threshold, area_px=tuned.area_px)
        panel = plots.Panel(
            title=_title(samples[index], len(found.regions), levels[index]),
            part=part,
            image=picture,
            reconstruction=None if reconstruction is None else images.resize_image(reconstruction, picture.shape[:2]),
            map=map,
            accepted=found.accepted,
            rejected=found.rejected,
            mask=_mask(samples[index], map.shape, tuned),
            ignored=images.ignored_in(map),
            fault=fault(samples[index].defect, called_defective=bool(found.regions)),
        )
        yield panel.reduced(PANEL_SIDE_PX)


def _mask(sample: Sample, shape: tuple[int, int], tuned: Tuned) -> np.ndarray | None:
    """The ground truth of a defective image; None: it has no mask, or none that can be read and fits."""
    try:
        return images.read_mask(sample.masks, shape, tuned.evidence.reading).defect if sample.masks else None
    except images.ImageError:
        return None


def _title(sample: Sample, regions: int, level: float) -> str:
    truth = sample.defect or "normal"
    verdict = f"{regions} region{'s' * (regions != 1)}" if regions else "no region"
    return f"{truth}: {sample.image.name}, level {level:.4g}, {verdict}"
