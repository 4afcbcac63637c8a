"""Synthetic defects: a seeded generator blends them into normal images, each with its exact mask."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy import ndimage

LEAST_SIDE = 32
LONGEST = 2.0  # the longer side of what is painted on, in shorter sides: a defect is never longer than one of these
LEAST_OPACITY = 0.15  # fainter edges stay unchanged
LEAST_CHANGE = 3  # gray levels; every pixel in the mask differs by at least this


class Paint(NamedTuple):
    """The layer that a defect puts over an image."""

    opacity: np.ndarray
    """(h, w), 0 to 1."""
    colour: np.ndarray
    """(h, w, 3), 0 to 255."""


def blend(image: np.ndarray, kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of `image`, (h, w, 3) uint8, with a defect of one of `KINDS`, and its mask, (h, w) bool.

    A pixel is in the mask if and only if it changed. Gray images stay gray. Defects scale with the shorter side of
    the image. Raises ValueError where that is below 32 pixels.
    """
    side = min(image.shape[:2])
    if side < LEAST_SIDE:
        raise ValueError(f"expected an image of at least {LEAST_SIDE}x{LEAST_SIDE} pixels, but one side is {side}")
    window = _window(image.shape, generator)
    blended, mask = image.copy(), np.zeros(image.shape[:2], bool)
    blended[window], mask[window] = _painted(image[window], kind, generator)
    return blended, mask


def _window(shape: tuple[int, ...], generator: np.random.Generator) -> tuple[slice, slice]:
    """The part of an image that is painted on: all of it, or a random part of a long one, which saves memory."""
    longest = int(LONGEST * min(shape[:2]))
    sides = [min(side, longest) for side in shape[:2]]
    starts = [
        int(generator.integers(whole - side + 1)) if side < whole else 0
        for whole, side in zip(shape[:2], sides, strict=True)
    ]
    rows, columns = (slice(start, start + side) for start, side in zip(starts, sides, strict=True))
    return rows, columns


def _painted(image: np.ndarray, kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    before = image.astype(np.float32)
    paint = KINDS[kind](before, generator)
    mask = paint.opacity > LEAST_OPACITY
    change = paint.opacity[..., None] * (np.clip(paint.colour, 0, 255) - before)
    unseen = np.abs(change).max(axis=2, keepdims=True) < LEAST_CHANGE
    away = np.where(before.mean(axis=2, keepdims=True) < 128, LEAST_CHANGE, -LEAST_CHANGE)
    after = np.rint(np.clip(before + np.where(unseen, away, change), 0, 255)).astype(np.uint8)
    return np.where(mask[..., None], after, image), mask


def _scratch(image: np.ndarray, generator: np.random.Generator) -> Paint:
    """A thin, nearly straight line, brighter than the surface, worn in places."""
    side = min(image.shape[:2])
    path = _walk(image.shape, generator, length=generator.uniform(0.5, 0.9) * side, wander=0.06)
    worn = 0.75 + 0.15 * _clouds(image.shape, generator, scale=0.03 * side)
    opacity = _stroke(path, image.shape, width=max(1.2, 0.016 * side))
    return Paint(opacity * np.clip(worn, 0.4, 1), _shift(image, 1.3))


def _crack(image: np.ndarray, generator: np.random.Generator) -> Paint:
    """A dark, jagged line with two branches."""
    side = min(image.shape[:2])
    trunk = _walk(image.shape, generator, length=generator.uniform(0.5, 0.9) * side, wander=0.6)
    forks = trunk[generator.integers(len(trunk), size=2)]
    branches = [_walk(image.shape, generator, length=0.25 * side, wander=0.6, through=fork) for fork in forks]
    opacity = _stroke(np.concatenate([trunk, *branches]), image.shape, width=max(1.4, 0.018 * side))
    return Paint(0.9 * opacity, _shift(image, -1.4))


def _stain(image: np.ndarray, generator: np.random.Generator) -> Paint:
    """A soft-edged, mottled film, darker or brighter, under which the surface loses contrast."""
    side = min(image.shape[:2])
    blob = _blob(image.shape, generator, radius=generator.uniform(0.15, 0.22) * side, roughness=0.35)
    mottled = 0.8 + 0.12 * _clouds(image.shape, generator, scale=0.04 * side)
    film = 0.5 * image + 0.5 * _blurred(image, 0.02 * side)
    return Paint(np.clip(3 * blob, 0, 1) * np.clip(mottled, 0.4, 1), _shift(film, generator.choice([-1.2, 1.2])))


def _hole(image: np.ndarray, generator: np.random.Generator) -> Paint:
    """A small pit: dark, sharp-edged, lit from one side."""
    side = min(image.shape[:2])
    blob = _blob(image.shape, generator, radius=generator.uniform(0.07, 0.11) * side, roughness=0.25)
    light = ndimage.sobel(ndimage.gaussian_filter(blob, 0.01 * side), axis=int(generator.integers(2)))
    bottom = _shift(_blurred(image, 0.015 * side), -1.3)
    return Paint(np.clip(6 * blob, 0, 1), bottom + 25 * (light / np.abs(light).max())[..., None])


def _misplaced(image: np.ndarray, generator: np.random.Generator) -> Paint:
    """A piece of the same image, rotated by 90 degrees, enlarged, and put in another place."""
    height, width = image.shape[:2]
    size = int(generator.uniform(0.28, 0.4) * min(height, width))
    taken = int(size / generator.uniform(1.4, 1.8))
    top, left = generator.integers(height - taken), generator.integers(width - taken)
    piece = np.rot90(image[top : top + taken, left : left + taken], k=generator.choice([1, 3]))
    piece = ndimage.zoom(piece, (size / taken, size / taken, 1), order=1, grid_mode=True, mode="nearest")
    row, column = generator.integers(height - size), generator.integers(width - size)
    opacity, colour = np.zeros((height, width), np.float32), image.copy()
    opacity[row : row + size, column : column + size] = 1
    colour[row : row + size, column : column + size] = piece[:size, :size]
    return Paint(ndimage.uniform_filter(opacity, 3), colour)


KINDS: Mapping[str, Callable[[np.ndarray, np.random.Generator], Paint]] = {
    "crack": _crack,
    "hole": _hole,
    "misplaced": _misplaced,
    "scratch": _scratch,
    "stain": _stain,
}
"""The types of defect by name."""


def _shift(image: np.ndarray, amount: float) -> np.ndarray:
    """Make the image brighter, or darker for a negative amount; more so where its standard deviation is large.

    The direction is reversed where the image is too bright or too dark for the change to show.
    """
    levels = amount * (20 + 1.2 * image.std())
    room = 255 - image.mean() if amount > 0 else image.mean()
    return image + (levels if room > 64 else -levels)


def _blurred(image: np.ndarray, pixels: float) -> np.ndarray:
    return ndimage.gaussian_filter(image, (pixels, pixels, 0))


def _centre(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """A point (row, column) away from the edges."""
    return generator.uniform(0.2, 0.8, size=2) * shape[:2]


def _clouds(shape: tuple[int, ...], generator: np.random.Generator, *, scale: float) -> np.ndarray:
    """Smooth noise, (h, w), with mean 0 and standard deviation 1."""
    noise = ndimage.gaussian_filter(generator.standard_normal(shape[:2]), scale, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def _blob(shape: tuple[int, ...], generator: np.random.Generator, *, radius: float, roughness: float) -> np.ndarray:
    """An irregular disc, (h, w): 1 at its centre, 0 on its edge, below 0 outside."""
    row, column = _centre(shape, generator)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    stretch = generator.uniform(0.75, 1.33)
    distance = np.hypot((rows - row) * stretch, (columns - column) / stretch) / radius
    return 1 - distance * (1 + roughness * np.tanh(_clouds(shape, generator, scale=radius / 2)))


def _walk(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    *,
    length: float,
    wander: float,
    through: np.ndarray | None = None,
) -> np.ndarray:
    """Points (row, column) half a pixel apart on a line; its direction has a standard deviation of `wander` radians.

    `through` is its middle point; None: a random point away from the edges.
    """
    steps = max(8, int(2 * length))
    strays = ndimage.gaussian_filter1d(generator.standard_normal(steps), 0.03 * min(shape[:2]))
    heading = generator.uniform(0, 2 * np.pi) + wander * strays / strays.std()
    points = np.cumsum(0.5 * np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
    middle = _centre(shape, generator) if through is None else through
    return points - points[steps // 2] + middle


def _stroke(points: np.ndarray, shape: tuple[int, ...], *, width: float) -> np.ndarray:
    """The opacity, (h, w), of a smooth-edged line along those `points` that lie in the image."""
    pixels = np.rint(points).astype(int)
    pixels = pixels[((pixels >= 0) & (pixels < shape[:2])).all(axis=1)]
    free = np.ones(shape[:2], bool)
    free[tuple(pixels.T)] = False
    distance = ndimage.distance_transform_edt(free)
    return np.clip(width / 2 + 0.5 - distance, 0, 1)
