"""A method that compares places with themselves, such as a mean image: of tiles, each place has its own."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from benchmarks.answers import Checked, One
from benchmarks.tiling.tiles import Tiles
from methods import Epoch, Image, Method, MethodError, Preparing, Score

PLACES = "places"
"""Folder, within that of the model of the first place, of those of the others."""


class ByPlace:
    """A method fitted at each place of the grid on the tiles there, which judges the tiles there.

    Images are of one size, so that a place is the same in all. `method` is that of the first place.
    """

    def __init__(self, method: Method):
        self.method = method
        self.others: list[Method] = []

    @property
    def all(self) -> list[Method]:
        """The methods of all places, in the order of the grid."""
        return [self.method, *self.others]

    def fit(self, tiles: Tiles, *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """See `Method.fit`. All places are fitted side by side: an image that all of them read is decoded once."""
        self._require_one_grid(tiles)
        places = len(tiles.grids[0]) if tiles.grids else 1
        self.others = [replace(self.method) for _ in range(places - 1)]
        fits = [method.fit(tiles.at(place), seed=seed, device=device) for place, method in enumerate(self.all)]
        for events in zip_longest(*fits):
            yield next(event for event in events if event is not None)

    def score(self, tiles: Tiles) -> Iterator[Score]:
        """See `Method.score`."""
        return (next(method.score(tile)) for method, tile in self._pairs(tiles))

    def image_scores(self, tiles: Tiles) -> Iterator[float]:
        """See `Method.image_scores`."""
        return (next(method.image_scores(tile)) for method, tile in self._pairs(tiles))

    def anomaly_maps(self, tiles: Tiles) -> Iterator[np.ndarray | None]:
        """See `Method.anomaly_maps`."""
        return (next(method.anomaly_maps(tile)) for method, tile in self._pairs(tiles))

    def reconstruct(self, tiles: Tiles) -> Iterator[Image | None]:
        """See `Method.reconstruct`."""
        return (next(method.reconstruct(tile)) for method, tile in self._pairs(tiles))

    def save(self, folder: Path) -> None:
        """Write the method of the first place as `Method.save` does, and those of the others below it."""
        self.method.save(folder)
        for place, method in enumerate(self.others, start=1):
            method.save(_place(folder, place))

    def load_others(self, folder: Path, *, device: str) -> None:
        """Read what `save` wrote of the others. Raises MethodError naming the file that is missing or damaged."""
        count = sum(1 for _ in (folder / PLACES).iterdir()) if (folder / PLACES).is_dir() else 0
        kind = type(self.method)
        self.others = [kind.load(_place(folder, place), device=device) for place in range(1, count + 1)]

    def _pairs(self, tiles: Tiles) -> Iterator[tuple[Checked, One]]:
        """Each tile with the method of its place, whose answers are checked."""
        methods = self.all
        for index, tile in enumerate(tiles):
            if (found := len(tiles.grid_of(index))) != len(methods):
                raise MethodError(
                    f"{type(self.method).__name__} was trained on images of {len(methods)} tiles, each by itself, and "
                    f"cannot judge one of {found}: it must have their size"
                )
            yield Checked(methods[tiles.place_of(index)]), One(tile, tiles.name(index))

    def _require_one_grid(self, tiles: Tiles) -> None:
        if len(sizes := {grid.shape for grid in tiles.grids}) > 1:
            raise MethodError(
                f"{type(self.method).__name__} learns each place of an image by itself: with --tile, images must be of "
                f"one size, and these have {len(sizes)}"
            )


def _place(folder: Path, place: int) -> Path:
    return folder / PLACES / f"{place:04}"
