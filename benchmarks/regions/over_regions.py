"""A method that never sees what does not count, and whose maps leave it out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.answers import Checked
from benchmarks.images.lazy import ignored_of
from benchmarks.images.regions import cut
from benchmarks.pages import OverPages
from benchmarks.regions.filling import Fill, Filled, learned
from benchmarks.tiling.over_tiles import OverTiles
from methods import Epoch, Image, MethodError, Preparing, Score


class OverRegions:
    """A method that is trained on images whose ignored regions are filled, and judges images filled in the same way.

    Images say themselves what does not count in them, see `images.lazy.ignored_of`. Two laws, held by tests:

    - where no image has an ignored pixel, everything is as without regions, to the last bit;
    - whatever stands in an ignored region of a judged image, its score and its map are the same.

    The image score is the method's own, of the filled image. A map of an image with an ignored pixel has the size of
    its image, and minus infinity where nothing counts, see `images.regions`.
    """

    def __init__(self, method: Checked | OverTiles | OverPages, fill: Fill | None = None):
        self.method, self.fill = method, fill

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """See `Method.fit`."""
        self.fill = yield from learned(images)
        yield from self.method.fit(self._seen(images), seed=seed, device=device)

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """See `Method.score`."""
        return self._without_ignored(self.method.score(self._seen(images)), images)

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        """See `Method.leave_one_out`. Every image is filled alike, with the mean of all."""
        return self._without_ignored(self.method.leave_one_out(self._seen(images)), images)

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """See `Method.image_scores`."""
        return self.method.image_scores(self._seen(images))

    def anomaly_maps(self, images: Sequence[Image]) -> Iterator[np.ndarray | None]:
        """See `Method.anomaly_maps`."""
        maps = self.method.anomaly_maps(self._seen(images))
        return (self._cut(map, images, index) for index, map in enumerate(maps))

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image | None]:
        """See `Method.reconstruct`."""
        return self.method.reconstruct(self._seen(images))

    def save(self, folder: Path) -> None:
        """See `Method.save`. What fills ignored regions is written beside it."""
        self.method.save(folder)
        if self.fill:
            self.fill.save(folder)

    def _seen(self, images: Sequence[Image]) -> Sequence[Image]:
        """What the method sees of images. Raises MethodError for ignored regions where it was trained without any."""
        if self.fill:
            return Filled(images, self.fill)
        if any(ignored_of(images, index) is not None for index in range(len(images))):
            raise MethodError(
                "this model was trained without ignored regions, so nothing is known to fill them with: do the run "
                "again with --ignore"
            )
        return images

    def _without_ignored(self, scores: Iterator[Score], images: Sequence[Image]) -> Iterator[Score]:
        for index, score in enumerate(scores):
            yield score._replace(map=self._cut(score.map, images, index))

    def _cut(self, map: np.ndarray | None, images: Sequence[Image], index: int) -> np.ndarray | None:
        ignored = ignored_of(images, index) if self.fill and map is not None else None
        return map if ignored is None or not ignored.any() else cut(map, ignored)
