"""Places that change from image to image while the rest is alike, such as a label, in words."""

from collections.abc import Iterable, Iterator

from benchmarks.likeness.changing import QUIET, Place

NAMES = (("top left", "top", "top right"), ("left", "middle", "right"), ("bottom left", "bottom", "bottom right"))
"""Names of the ninths of an image."""


def remarks(places: Iterable[Place]) -> Iterator[str]:
    """A sentence on each place, with what to do."""
    for place in places:
        yield (
            f"{_name(place)}, {place.width}x{place.height} px at (left, top) = ({place.left}, {place.top}): the pixels "
            f"differ from one normal image to the next {place.times:.0f} times as much as {100 * QUIET:.0f} % of the "
            "others: a label? If it does not matter, leave it out with --ignore"
        )


def _name(place: Place) -> str:
    height, width = place.shape
    row = (2 * place.top + place.height) * 3 // (2 * height)
    column = (2 * place.left + place.width) * 3 // (2 * width)
    return NAMES[row][column]
