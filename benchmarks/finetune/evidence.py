"""The data that an operating point is chosen by: images of a finished job, their maps, and the maps' levels T_A."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import images
from benchmarks.errors import UsageError
from benchmarks.evaluation import decision
from benchmarks.finetune.maps import Keeper
from benchmarks.trained import Trained
from datasets import Sample
from methods import Image

HELD_OUT = "held out"
"""Under this name the maps of the held-out images are kept."""


class TuningRequest(NamedTuple):
    """What a user asks for when choosing an operating point."""

    areas_px: Sequence[int] | None = None
    """Areas to try, pixels; None: `decision.default_areas`."""
    false_alarm_share: float = 0.05
    """Highest false-positive rate wanted; 0: the lowest that so many images allow."""
    area_px: int | None = None
    """The minimum defect area, pixels, if the user gives it; None: it is chosen."""
    test_share: float = 0.0
    """Share of the test images to choose the area on. They leave the test set."""
    threshold: float | None = None
    """The threshold, if the user gives it beside the area; None: normal images set it."""


class Evidence:
    """The images of a finished job, their maps at full size, and the levels T_A of the maps for the areas to try.

    Raises UsageError if a threshold is to be set and no normal image was held out, or if an area is larger than the
    smallest image.
    """

    def __init__(
        self, trained: Trained, request: TuningRequest, *, data: Path | None, advance: Callable[[str, int, int], None]
    ):
        self.request, self.advance = request, advance
        self.seed = trained.job.cell.seed
        self.leaves_one_out = trained.job.cell.leaves_one_out
        self.base = trained.source(data).base
        self.parts = trained.parts(data)
        self.keeper = Keeper(trained, advance)
        self.reading = trained.reading
        if not self.held_out and request.threshold is None:
            raise UsageError(
                f"{trained.folder}: no normal image was held out to set a threshold; do the run again with "
                "--calibration"
            )
        for option, largest in (("--area", request.area_px), ("--areas", request.areas_px and request.areas_px[-1])):
            if largest and largest > min(self._pixels):
                raise UsageError(
                    f"{option}: expected at most the {min(self._pixels)} pixels of the smallest image"
                    f"{self._without_ignored}, got {largest}"
                )

    @cached_property
    def held_out(self) -> list[Sample]:
        """The normal images that are no test images and were not trained on or, with leave-one-out, were left out."""
        return [*self.parts.calibration, *self._normal_validation]

    @cached_property
    def _normal_validation(self) -> list[Sample]:
        return [each for each in self.parts.validation if each.defect is None]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Median height and width of the images, pixels. Shares of areas refer to this size."""
        height, width = np.median(self._shapes, axis=0).astype(int)
        return int(height), int(width)

    @cached_property
    def areas_px(self) -> np.ndarray:
        """The areas to try, pixels, increasing. None is larger than what counts in any image."""
        areas = decision.default_areas(self.shape) if self.request.areas_px is None else self.request.areas_px
        given = [] if self.request.area_px is None else [self.request.area_px]
        areas = np.unique([*areas, *given])
        return areas[areas <= min(self._pixels)]

    def decoded(self, samples: Sequence[Sample]) -> images.Images:
        """The images of samples, decoded on access."""
        return images.Images(samples, self.reading)

    def maps(self, name: str, samples: Sequence[Sample], pixels: Sequence[Image] | None = None) -> images.ResizedMaps:
        """The maps of samples, or of the images `pixels` made from them, at the size of each sample's image.

        `name` tells these images from others whose maps are kept.
        """
        kept = self.keeper.maps(name, self.decoded(samples) if pixels is None else pixels)
        return self._at_full_size(kept, samples)

    def levels(self, name: str, samples: Sequence[Sample], pixels: Sequence[Image] | None = None) -> np.ndarray:
        """The levels T_A of the maps of samples, or of `pixels`, as (images, areas)."""
        return self._levels_of(name, self.maps(name, samples, pixels))

    def _levels_of(self, name: str, maps: images.ResizedMaps) -> np.ndarray:
        self.advance(f"regions of {name}", 0, 1)
        return decision.levels(maps, self.areas_px)

    def held_out_maps(self) -> images.ResizedMaps:
        """The maps of the held-out images, at the size of each."""
        if not self.leaves_one_out:
            return self.maps(HELD_OUT, self.held_out)
        fit, others = self.decoded(self.parts.fit), self.decoded(self._normal_validation)
        return self._at_full_size(self.keeper.left_out_maps(HELD_OUT, [fit], others), self.held_out)

    @cached_property
    def held_out_levels(self) -> np.ndarray:
        """The levels of the held-out images, as (held-out images, areas)."""
        return self._levels_of(HELD_OUT, self.held_out_maps())

    def left_out_levels(self, name: str, fits: Sequence[Sequence[Image]]) -> np.ndarray:
        """The levels of altered images of the fit, each left out of it, as (images, areas): see `Keeper`."""
        maps = self.keeper.left_out_maps(name, fits)
        return self._levels_of(name, self._at_full_size(maps, self.parts.fit * len(fits)))

    @cached_property
    def _samples(self) -> list[Sample]:
        parts = self.parts
        return list(dict.fromkeys((*parts.fit, *parts.calibration, *parts.validation, *parts.test)))

    @cached_property
    def _shapes(self) -> list[tuple[int, int]]:
        return [images.image_size(sample.image, self.reading) for sample in self._samples]

    @cached_property
    def _pixels(self) -> list[int]:
        """Number of pixels of each image that count."""
        decoded = self.decoded(self._samples)
        ignored = (decoded.ignored(index) for index in range(len(decoded)))
        both = zip(self._shapes, ignored, strict=True)
        return [height * width - (0 if mask is None else int(mask.sum())) for (height, width), mask in both]

    @property
    def _without_ignored(self) -> str:
        """That not all pixels of an image count, where that is so."""
        return " without those that do not count" if any(sample.ignored for sample in self._samples) else ""

    def _at_full_size(self, maps: Sequence[np.ndarray], samples: Sequence[Sample]) -> images.ResizedMaps:
        return images.ResizedMaps(maps, [images.image_size(sample.image, self.reading) for sample in samples])
