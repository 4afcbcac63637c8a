"""Views of images that lie on a GPU as tensors: rotated and colour-jittered there, pixel by pixel as Pillow does it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from methods._views import Rendering, View

FIXED_POINT = 1 << 16
"""Pillow's affine transform without interpolation counts in whole 65,536ths of a pixel."""
GRAY = (19595, 38470, 7471)
"""65,536ths of red, green and blue in Pillow's gray."""


class Plan(NamedTuple):
    """Where the pixels of n views come from, and how their light varies; `part` takes some of them."""

    places: Tensor
    """(n, 6) float64: x and y in the image are affine functions of x and y in the view, at the centres of pixels."""
    factors: Tensor
    """(n, 3) float32: brightness, contrast, saturation."""
    jittered: bool
    """Whether a factor differs from 1."""

    def part(self, rows: slice) -> "Plan":
        """The plan of these views alone."""
        return Plan(self.places[rows], self.factors[rows], self.jittered)


def plan(views: Sequence[View], side: int, device: torch.device) -> Plan:
    """How to make views of square images of this side; a copy to a GPU does not wait for it."""
    factors = [view[1:] for view in views]
    tensors = (
        torch.tensor([_places(view.degrees, side) for view in views], dtype=torch.float64),
        torch.tensor(factors, dtype=torch.float32),
    )
    return Plan(
        *(sent(tensor, device) for tensor in tensors), jittered=any(factor != 1 for each in factors for factor in each)
    )


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device; the host does not wait for a copy to a GPU."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def _places(degrees: float, side: int) -> tuple[float, ...]:
    """The affine functions of a rotation about the centre, as `PIL.Image.rotate` rounds them."""
    angle = -math.radians(degrees % 360.0)
    a, b = round(math.cos(angle), 15), round(math.sin(angle), 15)
    d, e = round(-math.sin(angle), 15), round(math.cos(angle), 15)
    centre = side / 2.0
    return a, b, -a * centre - b * centre + centre, d, e, -d * centre - e * centre + centre


def rendered(images: Tensor, views: Plan, rendering: Rendering) -> Tensor:
    """(n, side, side, 3) uint8: view i of image i; `images` are (n, side, side, 3) uint8 on the plan's device."""
    fill = _fill(images, rendering.fill)
    turned = TURNED[rendering.interpolation](images, views.places, fill)
    return _jittered(turned, views.factors) if views.jittered else turned


def _fill(images: Tensor, name: str) -> Tensor:
    """(n, 1, 3): the colour of the corners that a rotation leaves empty."""
    if name == "black":
        return images.new_zeros(len(images), 1, 3)
    return images.double().mean((1, 2)).round().to(images.dtype)[:, None]


def _nearest(images: Tensor, places: Tensor, fill: Tensor) -> Tensor:
    a, b, c, d, e, f = places.T[..., None, None]
    steps = torch.arange(images.shape[1], device=images.device)
    x, y = steps[None, None, :], steps[None, :, None]
    columns = (_fixed(c + a * 0.5 + b * 0.5) + _fixed(b) * y + _fixed(a) * x) >> 16
    rows = (_fixed(f + d * 0.5 + e * 0.5) + _fixed(e) * y + _fixed(d) * x) >> 16
    found = _taken(images, rows, columns)
    return torch.where(_inside(images, rows, columns).flatten(1)[..., None], found, fill).view(images.shape)


def _fixed(number: Tensor) -> Tensor:
    return (number * FIXED_POINT + 0.5).floor().long()


def _bilinear(images: Tensor, places: Tensor, fill: Tensor) -> Tensor:
    a, b, c, d, e, f = places.T[..., None, None]
    steps = torch.arange(images.shape[1], device=images.device, dtype=places.dtype) + 0.5
    x, y = steps[None, None, :], steps[None, :, None]
    columns, rows = a * x + b * y + c, d * x + e * y + f
    inside = _inside(images, rows, columns)
    left, top = (columns - 0.5).floor(), (rows - 0.5).floor()
    right_share, low_share = (
        (place - 0.5 - edge).flatten(1)[..., None] for place, edge in ((columns, left), (rows, top))
    )

    def row(which: Tensor) -> Tensor:
        first, second = (_taken(images, which, each).to(places.dtype) for each in (left.long(), left.long() + 1))
        return first + (second - first) * right_share

    above, below = row(top.long()), row(top.long() + 1)
    mixed = (above + (below - above) * low_share).to(images.dtype)
    return torch.where(inside.flatten(1)[..., None], mixed, fill).view(images.shape)


TURNED = {"nearest": _nearest, "bilinear": _bilinear}
"""Rotates images, by the name of the interpolation."""


def _inside(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    side = images.shape[1]
    return (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)


def _taken(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(n, side x side, 3): the pixels at these places, or the nearest at the edge."""
    side = images.shape[1]
    places = (rows.clamp(0, side - 1) * side + columns.clamp(0, side - 1)).flatten(1)
    return images.flatten(1, 2).gather(1, places[..., None].expand(-1, -1, 3))


def _jittered(images: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast, saturation in this order, each a mixture with black, mean gray, the gray image."""
    brightness, contrast, saturation = factors.clamp(min=0).T[..., None, None, None]
    images = _mixed(torch.zeros_like(images[:, :1, :1]), images, brightness)
    mean = (_gray(images).double().mean((1, 2), keepdim=True) + 0.5).floor().to(images.dtype)
    images = _mixed(mean, images, contrast)
    return _mixed(_gray(images), images, saturation)


def _gray(images: Tensor) -> Tensor:
    """(n, side, side, 1) uint8."""
    red, green, blue = (images[..., channel].int() * share for channel, share in enumerate(GRAY))
    return ((red + green + blue + FIXED_POINT // 2) >> 16).to(images.dtype)[..., None]


def _mixed(without: Tensor, image: Tensor, factor: Tensor) -> Tensor:
    """`PIL.Image.blend`: cut off at 0 and 255, fractions dropped; a factor of 1 changes nothing."""
    start = without.float()
    return (start + factor * (image.float() - start)).clamp(0, 255).to(image.dtype)
