"""What in a new image training never saw: its size, aspect ratio, colour mode, brightness or number of pages."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from benchmarks.likeness.appearance import Appearance
from benchmarks.naming import named
from reports.results import Appearances, Range

SLACK = 0.02
"""A side or an aspect ratio counts as seen if it is within this share of one that was: a few pixels change nothing."""
SPREADS = 3.0
"""Brightness counts as seen up to this many standard deviations beyond the training images'."""
LEAST_LEVELS = 5.0
"""And up to so many gray levels of 255 beyond them, where training images were all alike."""


def together(images: Iterable[Appearance]) -> Appearances:
    """What all images have in common. Raises ValueError if there is none."""
    images = list(images)
    heights, widths = zip(*(image.shape for image in images), strict=True)
    brightness = [image.brightness for image in images]
    return Appearances(
        height=_range(heights),
        width=_range(widths),
        aspect=_range(image.aspect for image in images),
        gray=sum(image.gray for image in images),
        images=len(images),
        brightness=_range(brightness),
        brightness_deviation=float(np.std(brightness)),
        pages=max(image.pages for image in images),
    )


def _range(values: Iterable[float]) -> Range:
    values = list(values)
    return Range(lowest=min(values), highest=max(values))


class Unseen(NamedTuple):
    """Something in a new image that training never saw."""

    kind: str
    """Such as `size`."""
    here: str
    trained: str

    def __str__(self) -> str:
        return f"{self.kind} {self.here}, trained on {self.trained}"


def unseen(image: Appearance, trained: Appearances) -> list[Unseen]:
    """What in a new image the training images never had."""
    looks = (_size, _aspect, _colour, _brightness, _pages)
    return [found for look in looks if (found := look(image, trained))]


def _size(image: Appearance, trained: Appearances) -> Unseen | None:
    height, width = image.shape
    if _within(height, trained.height) and _within(width, trained.width):
        return None
    saw = f"{_text(trained.width)} x {_text(trained.height)}"
    return Unseen("size", f"{width} x {height}", saw)


def _aspect(image: Appearance, trained: Appearances) -> Unseen | None:
    if _within(image.aspect, trained.aspect):
        return None
    return Unseen("aspect ratio", f"{image.aspect:.2f}", _text(trained.aspect, ".2f"))


def _colour(image: Appearance, trained: Appearances) -> Unseen | None:
    if image.gray and not trained.gray:
        return Unseen("colour mode", "gray", "colour")
    if not image.gray and trained.gray == trained.images:
        return Unseen("colour mode", "colour", "gray")
    return None


def _brightness(image: Appearance, trained: Appearances) -> Unseen | None:
    slack = max(LEAST_LEVELS, SPREADS * trained.brightness_deviation)
    saw = trained.brightness
    if saw.lowest - slack <= image.brightness <= saw.highest + slack:
        return None
    return Unseen("brightness", f"{image.brightness:.0f}", f"{_text(saw, '.0f')} of 255")


def _pages(image: Appearance, trained: Appearances) -> Unseen | None:
    if image.pages == trained.pages:
        return None
    return Unseen("number of pages", str(image.pages), str(trained.pages))


def _within(value: float, seen: Range) -> bool:
    return seen.lowest * (1 - SLACK) <= value <= seen.highest * (1 + SLACK)


def _text(seen: Range, form: str = ".0f") -> str:
    ends = [f"{end:{form}}" for end in (seen.lowest, seen.highest)]
    return " to ".join(dict.fromkeys(ends))


class Novelties:
    """Collects what training never saw, so that it is said once for all images."""

    def __init__(self) -> None:
        self._images = 0
        self._first: dict[str, Unseen] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, name: str, unseen: Iterable[Unseen]) -> None:
        """Take what is new in one image."""
        self._images += 1
        for each in unseen:
            self._first.setdefault(each.kind, each)
            self._names.setdefault(each.kind, []).append(name)

    def sentences(self) -> list[str]:
        """One for each kind, with the number of images and the first names."""
        return [
            f"{len(names)} of {self._images} images: training never saw their {kind}, so their scores may mean "
            f"nothing: {named(names)} ({self._first[kind].here}, trained on {self._first[kind].trained})"
            for kind, names in self._names.items()
        ]
