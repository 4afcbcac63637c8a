"""What is said of tiles, before a run and in its result."""

from collections import Counter
from collections.abc import Sequence

from benchmarks.images.tiling import Tiling
from benchmarks.tiling.counting import seen_of
from benchmarks.tiling.grid import grid


def described(tiling: Tiling) -> str:
    """The settings of tiles in a phrase."""
    drawn = [f"{tiling.tiles_per_image} drawn of each training image"] if tiling.tiles_per_image else []
    return ", ".join([f"tiles of {tiling.tile} px", f"overlap {tiling.tile_overlap:.0%}", *drawn])


def remark(shapes: Sequence[tuple[int, int]], tiling: Tiling) -> str:
    """A sentence on the tiles of images of these (height, width): how many there are, and which are cut."""
    counts = [seen_of(shape, tiling) for shape in shapes]
    few, many = min(counts, default=0), max(counts, default=0)
    number = f"{few} tiles" if few == many else f"{few} to {many} tiles"
    rule = "the highest" if tiling.highest_tiles == 1 else f"the mean of the {tiling.highest_tiles} highest"
    judged = f"; the score of an image is {rule} of its tiles, its map is that of all tiles"
    return f"{described(tiling)}, {number} an image (of {_sizes(shapes)}){_cut(shapes, tiling)}{judged}"


def before_a_run(seen: int, images: int, tiling: Tiling) -> str:
    """A sentence on what tiles multiply, given how many of them methods will see of how many images."""
    times = f"about {round(seen / images, 1):g} times the work"
    return f"{described(tiling)}: methods see {seen:,} tiles of {images:,} images, {times}"


def _sizes(shapes: Sequence[tuple[int, int]]) -> str:
    sizes = Counter(shapes)
    ((usual, _),) = sizes.most_common(1)
    return _size(usual) if len(sizes) == 1 else f"{len(sizes)} sizes, most often {_size(usual)}"


def _cut(shapes: Sequence[tuple[int, int]], tiling: Tiling) -> str:
    """That tiles are cut, where images are smaller than a tile."""
    small = [shape for shape in shapes if min(shape) < tiling.tile]
    if not small:
        return ""
    which = "" if len(small) == len(shapes) else f" of {len(small)} images"
    example = _size(grid(small[0], tiling).tile_shape)
    return f"; the tiles{which} are cut to the image, which is smaller, as to {example}"


def _size(shape: tuple[int, int]) -> str:
    height, width = shape
    return f"{width}x{height}"
