"""What stands between images and a method: the one place where it is decided what a method sees of an image."""

from benchmarks.images import Reading
from benchmarks.pages import OverPages
from benchmarks.tiling.over_tiles import OverTiles
from methods import Method

Judge = Method | OverTiles | OverPages
"""What is trained on images and judges them."""


def judge(method: Method, reading: Reading) -> Judge:
    """What judges images that are read in that way: pages by their tiles, tiles by the method itself."""
    seen = method if reading.tile is None else OverTiles(method, reading)
    return OverPages(seen) if reading.every_page else seen
