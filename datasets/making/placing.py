"""Put the shape of a defect on an object: rotated, sheared, flipped, scaled and moved, until its area is right."""

from typing import NamedTuple

import numpy as np

from datasets.making.defect_shapes import Draw

TRIES = 300
LARGEST_SHEAR_DEGREES = 10.0


class Limits(NamedTuple):
    """The least and the most that a defect covers, as shares of the image."""

    least: float
    most: float

    def __str__(self) -> str:
        return f"{100 * self.least:g} to {100 * self.most:g} %"


OBJECT_AREA = Limits(0.01, 0.05)
TEXTURE_AREA = Limits(0.05, 0.10)
"""The areas that DSAII accepts."""


class Turn(NamedTuple):
    """How a shape is transformed before it is moved."""

    degrees: float
    shear_degrees: float
    flipped: bool
    """Left to right; with a rotation by 180 degrees, that is top to bottom."""
    scale: float

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2), from (row, column) of the shape to (row, column) of the image."""
        angle, shear = np.radians([self.degrees, self.shear_degrees])
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        sheared = np.array([[1, 0], [np.tan(shear), 1]])
        return self.scale * rotation @ sheared @ np.diag([1, -1 if self.flipped else 1])


class Placed(NamedTuple):
    """A defect on an object."""

    mask: np.ndarray
    """(h, w) bool, inside the object."""
    shape: str
    """Name of its shape."""
    turn: Turn
    tries: int
    """Number of draws until one was accepted."""

    @property
    def share(self) -> float:
        """The part of the image that it covers."""
        return float(self.mask.mean())


def place(draw: Draw, target: np.ndarray, limits: Limits, generator: np.random.Generator) -> Placed | None:
    """A defect within `target`, the (h, w) bool mask of an object; None where none of 300 draws has the right area.

    Each draw takes a shape, an angle, a shear and a flip, a size within the limits, and a pixel of the object as the
    centre. What lies outside the object is cut off. The draw is accepted if the area that is left is within the limits.
    """
    inside = np.flatnonzero(target)
    if len(inside) < limits.least * target.size:
        return None
    for tries in range(1, TRIES + 1):
        shape = draw(generator)
        wanted = generator.uniform(*limits) * target.size
        turn = Turn(
            degrees=generator.uniform(0, 360),
            shear_degrees=generator.uniform(-LARGEST_SHEAR_DEGREES, LARGEST_SHEAR_DEGREES),
            flipped=bool(generator.random() < 0.5),
            scale=float(np.sqrt(wanted / shape.mask.sum())),
        )
        centre = np.unravel_index(generator.choice(inside), target.shape)
        mask = moved(turned(shape.mask, turn), target.shape, centre) & target
        if limits.least * target.size <= mask.sum() <= limits.most * target.size:
            return Placed(mask, shape.name, turn, tries)
    return None


def turned(mask: np.ndarray, turn: Turn) -> np.ndarray:
    """The pixels of a mask, (h, w) bool, after a transformation, in a frame that just holds them."""
    from scipy import ndimage

    rows, columns = np.nonzero(mask)
    piece = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    half = np.array(piece.shape) / 2
    reach = np.abs(turn.matrix) @ half  # of the box after the transformation
    size = tuple(np.ceil(2 * reach - 1e-6).astype(int) + 2)
    back = np.linalg.inv(turn.matrix)
    offset = half - 0.5 - back @ ((np.array(size) - 1) / 2)
    pixels = piece.astype(np.float32)
    return ndimage.affine_transform(pixels, back, offset, output_shape=size, order=1, mode="grid-constant") > 0.5


def moved(piece: np.ndarray, shape: tuple[int, int], centre: tuple[int, int]) -> np.ndarray:
    """A frame of `shape`, (h, w) bool, with a piece centred on a pixel; what lies outside the frame is cut off."""
    frame = np.zeros(shape, bool)
    corner = [int(middle) - size // 2 for middle, size in zip(centre, piece.shape, strict=True)]
    to, taken = [], []
    for first, size, whole in zip(corner, piece.shape, shape, strict=True):
        begin, end = max(first, 0), min(first + size, whole)
        to.append(slice(begin, max(begin, end)))
        taken.append(slice(begin - first, max(begin, end) - first))
    frame[tuple(to)] = piece[tuple(taken)]
    return frame
