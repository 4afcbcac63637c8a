"""Frozen AlexNet features of an image's rotated views, shared by the methods that look through them."""

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import PIL.ImageStat
import torch
from torch import Tensor, nn

from methods import Image, MethodError
from methods._timing import seconds_a_call
from methods._weights import IMAGENET_DEVIATION, IMAGENET_MEAN, Weights
from methods._winograd import fewer_multiplications

CHANNELS = 256
"""Features of one scale."""
STORE_BYTES = 256 << 20
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
    mean: tuple[float, ...] = IMAGENET_MEAN
    deviation: tuple[float, ...] = IMAGENET_DEVIATION
    """Mean and standard deviation of each colour, from 0 to 1, that normalise AlexNet's input."""


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


def alexnet_features(weights: Weights) -> nn.Sequential:
    """torchvision's AlexNet up to its last pooling, frozen."""
    with torch.device("meta"):  # no initial weights are drawn, so no global generator is touched
        network = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
        )
    state = {name.removeprefix("features."): torch.from_numpy(array) for name, array in weights.arrays.items()}
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def find_device(wanted: str) -> str:
    """The device to use for `auto`, `cpu`, `cuda` or `cuda:N`. Raises MethodError where a named one does not exist."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cpu":
        return wanted
    count = torch.cuda.device_count()
    named = re.fullmatch(r"cuda(?::(\d+))?", wanted, re.ASCII)
    if not named or int(named[1] or 0) >= count:
        raise MethodError(f"there is no device {wanted}: {count} CUDA devices are here; choose auto or cpu")
    return wanted


class Features:
    """Features of an image's views, (views, 256 x scales) float32: means of AlexNet's last map, finest scale first.

    `image_size` is the side in pixels of the finest scale; each coarser one has half of it. A batch holds views of one
    image only, so an image's features do not depend on the other images.
    """

    were_read = False
    """Whether some features were read from disk instead of computed."""

    def __init__(
        self,
        weights: Weights,
        *,
        image_size: int,
        n_scales: int,
        precision: str,
        device: str,
        rendering: Rendering = PUBLISHED,
    ):
        self.device = torch.device(device)
        self.rendering = rendering
        self.precision = precision
        self.dtype = getattr(torch, precision)
        self.sizes = [image_size >> scale for scale in range(n_scales)]
        self.network = alexnet_features(weights).to(self.device, self.dtype, memory_format=torch.channels_last)
        self.mean, self.deviation = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1)
            for values in (rendering.mean, rendering.deviation)
        )
        on_cpu = self.device.type == "cpu"
        if on_cpu and precision == "float32":  # in bfloat16 its transforms would lose too many digits
            self.network = fewer_multiplications(self.network)
        self.batch = 8 if on_cpu else 64
        self.map = map if on_cpu else ThreadPoolExecutor().map  # AlexNet itself takes all cores of a CPU
        if not on_cpu and precision == "float32":
            torch.backends.cudnn.allow_tf32 = False  # or convolutions would have the 10 bits of TF32

    def resized(self, image: Image) -> PIL.Image.Image:
        """The image at the finest scale, less its border; its aspect ratio is not kept, as published."""
        side, (height, width) = self.sizes[0], image.shape[:2]
        top, left = (min(round(length * self.rendering.border_crop), (length - 1) // 2) for length in (height, width))
        inner = np.ascontiguousarray(image[top : height - top, left : width - left])
        return PIL.Image.fromarray(inner).resize((side, side), PIL.Image.Resampling.BILINEAR)

    @torch.no_grad()
    def extract(self, image: Image, views: Sequence[View]) -> Tensor:
        """The features of an image's views, on the device."""
        resized, different = self.resized(image), list(dict.fromkeys(views))
        batches = (different[start : start + self.batch] for start in range(0, len(different), self.batch))
        found = torch.cat([self.pooled(self.rendered(resized, batch)) for batch in batches])
        if len(different) == len(views):
            return found
        places = {view: place for place, view in enumerate(different)}
        return found[[places[view] for view in views]]

    def rendered(self, image: PIL.Image.Image, views: Sequence[View]) -> Tensor:
        """Views of an image of the finest scale, (views, 3, side, side), normalised as AlexNet expects."""
        drawn = self.map(lambda view: render(image, view, self.rendering), views)
        pixels = torch.from_numpy(np.stack(list(drawn))).to(self.device)
        return pixels.permute(0, 3, 1, 2).float().div_(255).sub_(self.mean).div_(self.deviation).to(self.dtype)

    def pooled(self, finest: Tensor) -> Tensor:
        """The features of what `rendered` returns, (views, 256 x scales); can be differentiated."""
        coarser = (nn.functional.interpolate(finest, size) for size in self.sizes[1:])  # nearest, as published
        maps = (self.network(scaled) for scaled in (finest, *coarser))
        return torch.cat([map.float().mean((2, 3)) for map in maps], dim=1)


def noise() -> Image:
    """An image to measure speed on."""
    return np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)


def seconds_a_view(features: Features) -> float:
    """Seconds of a view of an image that is decoded, nothing being read from a disk."""
    views = fixed_views(features.batch, HALF_TURN)
    image = features.resized(noise())
    with torch.no_grad():
        return seconds_a_call(lambda: features.pooled(features.rendered(image, views)).sum().item()) / len(views)


class FeatureStore:
    """Features of images by their content, so that scoring a test set again costs nothing.

    The images seen first are stored, up to the limit. If the images seen last were stored instead, a large test set
    that is scored again from its beginning would find none of its images.
    """

    def __init__(self, features: Features, views: Sequence[View], *, limit_bytes: int = STORE_BYTES):
        self.features, self.views = features, views
        self.limit_bytes = limit_bytes
        self.stored: dict[bytes, Tensor] = {}

    def clear(self) -> None:
        """Forget all images."""
        self.stored.clear()

    def of(self, image: Image) -> Tensor:
        """The features of the image's views."""
        digest = hashlib.blake2b(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).digest()
        if digest in self.stored:
            return self.stored[digest]
        found = self.features.extract(image, self.views)
        if (len(self.stored) + 1) * found.nbytes <= self.limit_bytes:
            self.stored[digest] = found
        return found
