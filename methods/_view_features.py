"""Frozen features of an image's rotated views, shared by the methods that look through them."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
import torch
from torch import Tensor, nn

from methods import Image, _tensor_views
from methods._backbones import BACKBONES, Name
from methods._backbones.arrays import Weights
from methods._backbones.networks import frozen, full_float32
from methods._timing import noise, seconds_a_call
from methods._views import HALF_TURN, PUBLISHED, Rendering, View, fixed_views, render

STORE_BYTES = 256 << 20
DECODERS = 8
"""Threads that decode images beside a GPU."""


class Look(NamedTuple):
    """How features are made from an image."""

    backbone: Name
    image_size: int
    """Side in pixels of the finest scale."""
    n_scales: int
    """Each scale has half the side of the one before."""
    precision: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Mean and standard deviation of each colour, from 0 to 1, that normalise the backbone's input."""
    rendering: Rendering = PUBLISHED

    @property
    def sides(self) -> list[int]:
        """The side in pixels of each scale, finest first."""
        return [self.image_size >> scale for scale in range(self.n_scales)]


class Features:
    """Features of an image's views, (views, channels x scales) float32: means of the last map, finest scale first.

    A batch holds views of one image only, so an image's features do not depend on the other images.
    """

    were_read = False
    """Whether some features were read from disk instead of computed."""
    made_again = 0
    """Number of images whose features on disk were not as they were stored, and were made again."""

    def __init__(self, weights: Weights, look: Look, *, device: str):
        self.look, self.device = look, torch.device(device)
        self.dtype = getattr(torch, look.precision)
        self.layer = BACKBONES[look.backbone].last
        self.network = frozen(look.backbone, weights, [self.layer], device=self.device, dtype=self.dtype)
        self.mean, self.deviation = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (look.mean, look.deviation)
        )
        self.on_cpu = self.device.type == "cpu"
        self.batch = 8 if self.on_cpu else 64

    def resized(self, image: Image) -> PIL.Image.Image:
        """The image at the finest scale, less its border; its aspect ratio is not kept, as published."""
        side, crop, (height, width) = self.look.image_size, self.look.rendering.border_crop, image.shape[:2]
        top, left = (min(round(length * crop), (length - 1) // 2) for length in (height, width))
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
        """Views of an image of the finest scale, (views, 3, side, side), normalised as the backbone expects."""
        if self.on_cpu:
            drawn = [render(image, view, self.look.rendering) for view in views]
            return self.normalised(torch.from_numpy(np.stack(drawn)))
        pixels = self.sent(image).expand(len(views), -1, -1, -1)
        plan = _tensor_views.plan(views, self.look.image_size, self.device)
        return self.normalised(_tensor_views.rendered(pixels, plan, self.look.rendering))

    @torch.no_grad()
    def of_tensors(self, pixels: Tensor, plan: _tensor_views.Plan) -> Tensor:
        """The features of view i of image i: `pixels` are (n, side, side, 3) uint8, of the finest scale."""
        batches = (slice(start, start + self.batch) for start in range(0, len(pixels), self.batch))
        views = (_tensor_views.rendered(pixels[rows], plan.part(rows), self.look.rendering) for rows in batches)
        return torch.cat([self.pooled(self.normalised(each)) for each in views])

    def sent(self, image: PIL.Image.Image) -> Tensor:
        """The pixels of an image of the finest scale on the device, (1, side, side, 3) uint8."""
        return torch.from_numpy(np.array(image))[None].to(self.device)

    def normalised(self, pixels: Tensor) -> Tensor:
        """(n, 3, side, side), as the backbone expects, of (n, side, side, 3) uint8."""
        return pixels.permute(0, 3, 1, 2).float().div_(255).sub_(self.mean).div_(self.deviation).to(self.dtype)

    def ahead(self, images: Sequence[Image], made: Callable[[Image], Any] = lambda image: image) -> Iterator[Any]:
        """What is `made` of each image, in order; beside a GPU, the cores decode a few images ahead."""
        if self.on_cpu:
            yield from map(made, images)
            return
        with ThreadPoolExecutor(DECODERS) as pool:
            waiting: deque[Future] = deque()
            for number in range(len(images)):
                waiting.append(pool.submit(lambda number: made(images[number]), number))
                if len(waiting) > 2 * DECODERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def pooled(self, finest: Tensor) -> Tensor:
        """The features of what `rendered` returns, (views, channels x scales); can be differentiated."""
        coarser = (nn.functional.interpolate(finest, size) for size in self.look.sides[1:])  # nearest, as published
        with full_float32():
            maps = [self.network(scaled)[self.layer] for scaled in (finest, *coarser)]
        return torch.cat([map.float().mean((2, 3)) for map in maps], dim=1)


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
