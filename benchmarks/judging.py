"""What stands between images and a method: the one place where it is decided what a method sees of an image."""

from pathlib import Path

from benchmarks.answers import Checked
from benchmarks.images import Reading
from benchmarks.pages import OverPages
from benchmarks.regions.filling import Fill
from benchmarks.regions.over_regions import OverRegions
from benchmarks.tiling.by_place import ByPlace
from benchmarks.tiling.over_tiles import OverTiles
from methods import Method

Judge = OverRegions
"""What is trained on images and judges them."""


def judge(method: Method, reading: Reading) -> Judge:
    """What judges images that are read in that way.

    Ignored regions are filled and left out; pages are judged by their tiles, tiles by the method, its answers checked.
    """
    return _over(ByPlace(method) if learns_by_place(method, reading) else Checked(method), reading)


def loaded(method: Method, reading: Reading, folder: Path, *, device: str) -> Judge:
    """The same of a method that was loaded from a folder, where `Judge.save` wrote it with what belongs to it.

    Raises MethodError naming the file that is missing, damaged or another's.
    """
    fill = Fill.load(folder)
    if not learns_by_place(method, reading):
        return _over(Checked(method), reading, fill)
    by_place = ByPlace(method)
    by_place.load_others(folder, device=device)
    return _over(by_place, reading, fill)


def name_of(judge: Judge) -> str:
    """How an error calls it: by the method that it stands before."""
    while not isinstance(judge, Method):
        judge = judge.method
    return type(judge).__name__


def learns_by_place(method: Method, reading: Reading) -> bool:
    """Whether each place of an image has a method of its own."""
    return reading.tile is not None and method.learns_by_place


def _over(method: Checked | ByPlace, reading: Reading, fill: Fill | None = None) -> Judge:
    seen = method if reading.tile is None else OverTiles(method, reading)
    return OverRegions(OverPages(seen) if reading.every_page else seen, fill)
