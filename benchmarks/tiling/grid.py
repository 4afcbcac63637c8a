"""Where the tiles of an image lie: pure geometry."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from benchmarks.images.tiling import Tiling


@dataclass(frozen=True)
class Grid:
    """The tiles of an image, as the rows and columns of pixels that each takes, from left to right, top to bottom.

    Together they cover the image, and none leaves it. All are of one size.
    """

    rows: tuple[slice, ...]
    columns: tuple[slice, ...]

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __getitem__(self, number: int) -> tuple[slice, slice]:
        row, column = divmod(range(len(self))[number], len(self.columns))
        return self.rows[row], self.columns[column]

    def __iter__(self) -> Iterator[tuple[slice, slice]]:
        return product(self.rows, self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image, pixels."""
        return self.rows[-1].stop, self.columns[-1].stop

    @property
    def tile_shape(self) -> tuple[int, int]:
        """Height and width of each tile, pixels."""
        return self.rows[0].stop, self.columns[0].stop


@cache
def grid(shape: tuple[int, int], tiling: Tiling) -> Grid:
    """The tiles of an image of (height, width). A side shorter than a tile has one, cut to the image."""
    return Grid(*(spans(length, tiling.tile, overlap=tiling.tile_overlap) for length in shape))


def spans(length: int, side: int, *, overlap: float) -> tuple[slice, ...]:
    """Parts of `side` pixels that cover a length, each overlapping the next by a share of it or more.

    The last is moved inwards, so that it ends where the length does.
    """
    if length <= side:
        return (slice(0, length),)
    step = max(1, round(side * (1 - overlap)))
    return tuple(slice(begin, begin + side) for begin in (*range(0, length - side, step), length - side))
