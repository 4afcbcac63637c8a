"""Rotated and colour-jittered views of an image."""

from typing import NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import PIL.ImageStat
import torch

HALF_TURN = 180.0


class View(NamedTuple):
    """How an image is rotated and colour-jittered; the factors are those of `PIL.ImageEnhance`."""

    degrees: float = 0.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0


def fixed_views(count: int, degrees: float) -> list[View]:
    """Evenly spaced rotations within plus or minus `degrees`, one of them none at all.

    All around they begin with none, as published. Within less, an odd number is centred on none; an even number is one
    more without the last. Without rotation there is one view, as all would be the same.
    """
    if degrees == 0:
        return [View()]
    if degrees == HALF_TURN:
        angles = (2 * degrees * number / count for number in range(count))
        return [View(angle if angle < degrees else angle - 2 * degrees) for angle in angles]
    odd = count + 1 - count % 2
    return [View(2 * degrees * (number - odd // 2) / odd) for number in range(count)]


def random_views(count: int, *, spread: View, generator: torch.Generator) -> list[View]:
    """Drawn uniformly: rotations within plus or minus `spread.degrees`, factors within 1 plus or minus their spread."""
    draws = 2 * torch.rand(count, len(View._fields), generator=generator, dtype=torch.float64) - 1
    centre, spread = (torch.tensor(view, dtype=torch.float64) for view in (View(), spread))
    return [View(*view) for view in (centre + draws * spread).tolist()]


class Rendering(NamedTuple):
    """How views are made from an image; the defaults are the published ones."""

    interpolation: str = "nearest"
    """Interpolation of a rotated view: nearest or bilinear."""
    fill: str = "black"
    """Colour of the corners that a rotation leaves empty: black, or mean for the image's own mean colour."""
    border_crop: float = 0.0
    """Share of the height and width that is cut off at each side."""


PUBLISHED = Rendering()


def render(image: PIL.Image.Image, view: View, rendering: Rendering = PUBLISHED) -> np.ndarray:
    """The view's pixels, (height, width, 3) uint8: rotated, then colour-jittered with its corners, as published."""
    resampling = PIL.Image.Resampling[rendering.interpolation.upper()]
    view_image = image.rotate(view.degrees, resampling, fillcolor=FILLS[rendering.fill](image))
    for enhance, factor in (
        (PIL.ImageEnhance.Brightness, view.brightness),
        (PIL.ImageEnhance.Contrast, view.contrast),
        (PIL.ImageEnhance.Color, view.saturation),
    ):
        if factor != 1:
            view_image = enhance(view_image).enhance(max(factor, 0.0))
    return np.asarray(view_image)


FILLS = {"black": lambda image: 0, "mean": lambda image: tuple(map(round, PIL.ImageStat.Stat(image).mean))}
"""The colour of an image's empty corners, by the name of the fill."""
