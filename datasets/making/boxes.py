"""Boxes in pixels of a frame, as real numbers: (0, 0) is the upper left corner of the upper left pixel."""

import math
from typing import NamedTuple, Self


class Box(NamedTuple):
    """A rectangle; it ends at `right` and `bottom`."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return max(0.0, self.right - self.left)

    @property
    def height(self) -> float:
        return max(0.0, self.bottom - self.top)

    @property
    def area(self) -> float:
        """0 for a box without width or height."""
        return self.width * self.height

    def common(self, other: Self) -> Self:
        """What lies in both boxes; its area is 0 where they do not meet."""
        return type(self)(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def share_in(self, other: Self) -> float:
        """The share of this box that lies in the other, 0 to 1; 0 for a box without area."""
        return self.common(other).area / self.area if self.area else 0.0

    def iou(self, other: Self) -> float:
        """Intersection over union, 0 to 1."""
        common = self.common(other).area
        return common / (self.area + other.area - common) if common else 0.0

    def inset(self, share: float) -> Self:
        """The box less a share of its width at the left and the right, and of its height at top and bottom."""
        across, down = share * self.width, share * self.height
        return type(self)(self.left + across, self.top + down, self.right - across, self.bottom - down)

    def clipped(self, width: int, height: int) -> Self:
        """What lies within a frame of that size."""
        return self.common(type(self)(0, 0, width, height))

    def whole_pixels(self) -> Self:
        """The box of all pixels that lie in it as a whole."""
        return type(self)(math.ceil(self.left), math.ceil(self.top), math.floor(self.right), math.floor(self.bottom))

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of a box in whole pixels."""
        return slice(int(self.top), int(self.bottom)), slice(int(self.left), int(self.right))

    def towards(self, other: Self, share: float) -> Self:
        """The box that has gone this share of the way to another, at a constant speed."""
        return type(self)(*(one + share * (two - one) for one, two in zip(self, other, strict=True)))

    def turned(self, degrees: float) -> Self:
        """The smallest upright box around this one turned about its centre."""
        cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
        across = (self.width * cosine + self.height * sine) / 2
        down = (self.width * sine + self.height * cosine) / 2
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        return type(self)(x - across, y - down, x + across, y + down)
