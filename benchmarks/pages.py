"""Files with several pages, each a view of its part: the method sees every page, the part has the highest score.

A part lit by four lights in turn is one file of four pages. A defect that shows under one light is a defect.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.answers import Checked
from benchmarks.images.lazy import Kept, name_of, shape_of
from benchmarks.tiling.over_tiles import OverTiles
from methods import Epoch, Image, Preparing, Score

Part = np.ndarray
"""(pages, height, width, 3) uint8, RGB: every page of one file."""


class Pages(Sequence):
    """The pages of parts, one after the other. A part is decoded once for its pages if they are read in order."""

    def __init__(self, parts: Sequence[Part]):
        self.parts = Kept(parts)
        self.each = len(parts[0]) if len(parts) else 1

    def __len__(self) -> int:
        return len(self.parts) * self.each

    def __getitem__(self, index: int) -> Image:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        part, page = divmod(range(len(self))[index], self.each)
        return self.parts[part][page]

    def name(self, index: int) -> str:
        """The file that a page is of, or the place of its part."""
        return name_of(self.parts, index // self.each)

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of a page."""
        return shape_of(self.parts, index // self.each)


class OverPages:
    """A method that is trained on pages and judges parts by the highest score, and the highest maps, of their pages."""

    def __init__(self, method: Checked | OverTiles):
        self.method = method

    def fit(self, parts: Sequence[Part], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """See `Method.fit`."""
        return self.method.fit(Pages(parts), seed=seed, device=device)

    def score(self, parts: Sequence[Part]) -> Iterator[Score]:
        """See `Method.score`."""
        pages = Pages(parts)
        for scores in _by_part(self.method.score(pages), pages):
            yield Score(max(score.image for score in scores), _highest([score.map for score in scores]))

    def image_scores(self, parts: Sequence[Part]) -> Iterator[float]:
        """See `Method.image_scores`."""
        pages = Pages(parts)
        return map(max, _by_part(self.method.image_scores(pages), pages))

    def anomaly_maps(self, parts: Sequence[Part]) -> Iterator[np.ndarray | None]:
        """See `Method.anomaly_maps`."""
        pages = Pages(parts)
        return map(_highest, _by_part(self.method.anomaly_maps(pages), pages))

    def reconstruct(self, parts: Sequence[Part]) -> Iterator[Image | None]:
        """How the first page of each part would look if it were normal; see `Method.reconstruct`."""
        return self.method.reconstruct([part[0] for part in parts])

    def save(self, folder: Path) -> None:
        """See `Method.save`."""
        self.method.save(folder)


def _by_part(answers: Iterator, pages: Pages) -> Iterator[tuple]:
    """Answers on pages, together for each part, each as soon as it is complete."""
    return zip(*[iter(answers)] * pages.each, strict=True)


def first(image: Image | Part) -> Image:
    """What is shown of an image: with every page the first one."""
    return image[0] if image.ndim == 4 else image


def _highest(maps: Sequence[np.ndarray | None]) -> np.ndarray | None:
    return None if maps[0] is None else np.maximum.reduce(maps)
