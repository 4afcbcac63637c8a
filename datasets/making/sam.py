"""Run segment-anything on images, where the package and a checkpoint are there. Nothing is downloaded."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datasets import DataError
from datasets.making import device as devices
from datasets.making.extras import library
from datasets.making.segments import FIELDS

MODELS = ("vit_b", "vit_l", "vit_h")


class Segment(NamedTuple):
    """One segment of an image."""

    mask: np.ndarray
    """(h, w) bool."""
    row: tuple
    """What `segments.FIELDS` name."""


Segmenter = Callable[[np.ndarray], list[Segment]]


def model_of(checkpoint: Path, given: str) -> str:
    """The model that a checkpoint is of: the given one, or that in the name of the file. Raises DataError."""
    named = [model for model in MODELS if model in checkpoint.name.lower()]
    if given and given not in MODELS:
        raise DataError(f"--sam-model {given}: expected {', '.join(MODELS)}")
    if not given and len(named) != 1:
        raise DataError(f"--sam-checkpoint {checkpoint}: its name does not say which model it is; add --sam-model")
    return given or named[0]


def segmenter(checkpoint: Path, model: str, device: str) -> Segmenter:
    """A function that finds the segments of an (h, w, 3) uint8 image. Raises DataError where it cannot be had."""
    package = library("segment_anything", extra="sam", wanted_for="--sam-checkpoint")
    if not checkpoint.is_file():
        raise DataError(f"--sam-checkpoint {checkpoint}: there is no such file")
    try:
        loaded = package.sam_model_registry[model](checkpoint=str(checkpoint))
    except Exception as error:  # a damaged or foreign file fails in many ways
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"--sam-checkpoint {checkpoint} cannot be loaded as {model}: {reason}") from None
    generator = package.SamAutomaticMaskGenerator(loaded.to(devices.found(device)))

    def find(image: np.ndarray) -> list[Segment]:
        found = enumerate(generator.generate(image))
        return [Segment(np.asarray(each["segmentation"], bool), _row(number, each)) for number, each in found]

    return find


def _row(number: int, segment: dict[str, Any]) -> tuple:
    return (number, segment["area"], *segment["bbox"], segment["predicted_iou"], segment["stability_score"])


def table(segments: Sequence[Segment]) -> str:
    """The text of metadata.csv."""
    return "".join(",".join(map(str, line)) + "\n" for line in (FIELDS, *(segment.row for segment in segments)))
