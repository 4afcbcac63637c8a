"""How many images a method sees of one: what tiles multiply."""

from benchmarks.images.tiling import Tiling
from benchmarks.tiling.grid import grid


def seen_of(shape: tuple[int, int] | None, tiling: Tiling) -> int:
    """Number of tiles of an image of (height, width); 1, the image itself, without tiles or where no shape is known."""
    return 1 if tiling.tile is None or shape is None else len(grid(shape, tiling))


def learned_of(shape: tuple[int, int] | None, tiling: Tiling) -> int:
    """Number of them that are learned from, of a training image."""
    return min(seen_of(shape, tiling), tiling.tiles_per_image or seen_of(shape, tiling))
