"""A method that sees tiles, and judges whole images by them."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.answers import Checked
from benchmarks.images.tiling import Tiling
from benchmarks.tiling.by_place import ByPlace
from benchmarks.tiling.grid import Grid
from benchmarks.tiling.joining import joined
from benchmarks.tiling.tiles import Tiles
from methods import Epoch, Image, MethodError, Preparing, Score


class OverTiles:
    """A method that is trained on tiles and judges images by the highest scores and the joined maps of their tiles.

    A law, held by a test over every method: one tile as large as the image gives what no tiling gives, to the last bit.
    The method gets the tiles of all images as one sequence: where it scores images in batches, those are of tiles.
    """

    def __init__(self, method: Checked | ByPlace, tiling: Tiling):
        self.method, self.tiling = method, tiling

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """See `Method.fit`. Where tiles per image are limited, they are drawn by the seed."""
        tiles = Tiles(images, self.tiling).some(seed)
        try:
            yield from self.method.fit(tiles, seed=seed, device=device)
        except MethodError as error:
            raise MethodError(f"{error} (it learns from {len(tiles)} tiles of {len(images)} images)") from None

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """See `Method.score`."""
        tiles = Tiles(images, self.tiling)
        for grid, scores in _by_image(self.method.score(tiles), tiles):
            yield Score(self._image_score([each.image for each in scores]), _map([each.map for each in scores], grid))

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """See `Method.image_scores`."""
        tiles = Tiles(images, self.tiling)
        return (self._image_score(scores) for _, scores in _by_image(self.method.image_scores(tiles), tiles))

    def anomaly_maps(self, images: Sequence[Image]) -> Iterator[np.ndarray | None]:
        """See `Method.anomaly_maps`."""
        tiles = Tiles(images, self.tiling)
        return (_map(maps, grid) for grid, maps in _by_image(self.method.anomaly_maps(tiles), tiles))

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image | None]:
        """See `Method.reconstruct`."""
        tiles = Tiles(images, self.tiling)
        return (_picture(pictures, grid) for grid, pictures in _by_image(self.method.reconstruct(tiles), tiles))

    def save(self, folder: Path) -> None:
        """See `Method.save`."""
        self.method.save(folder)

    def _image_score(self, scores: Sequence[float]) -> float:
        """The highest, or the mean of the highest few: of all, where there are fewer."""
        return max(scores) if self.tiling.highest_tiles == 1 else fmean(nlargest(self.tiling.highest_tiles, scores))


def _by_image(answers: Iterable, tiles: Tiles) -> Iterator[tuple[Grid, list]]:
    """Answers on tiles, together for each image, as soon as they are complete."""
    answers = iter(answers)
    for grid in tiles.grids:
        yield grid, list(islice(answers, len(grid)))


def _map(maps: Sequence[np.ndarray | None], grid: Grid) -> np.ndarray | None:
    return None if maps[0] is None else joined(maps, grid)


def _picture(pictures: Sequence[Image | None], grid: Grid) -> Image | None:
    if len(grid) == 1 or pictures[0] is None:
        return pictures[0]
    colours = [joined([picture[..., colour].astype(np.float32) for picture in pictures], grid) for colour in range(3)]
    return np.rint(np.stack(colours, axis=-1)).astype(np.uint8)
