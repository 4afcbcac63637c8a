"""Features of the patches of an image: neighbourhoods in a frozen network's maps, as PatchCore makes them.

Roth, Pemula, Zepeda, Schölkopf, Brox, Gehler: Towards Total Recall in Industrial Anomaly Detection, CVPR 2022, arXiv
2106.08265, section 3.1; facts of the authors' program.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from methods import Image, MethodError
from methods._backbones import BACKBONES, Name
from methods._backbones.arrays import Weights
from methods._backbones.networks import frozen, full_float32
from methods._resizing import centre, resized

Pooling = Literal["adaptive", "mean"]
LARGEST = 1e12
"""Features above it are taken for infinite: squares of theirs would soon be."""


class Look(NamedTuple):
    """How patches are made from an image."""

    backbone: Name
    layers: tuple[str, ...]
    precision: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Mean and standard deviation of each colour, from 0 to 1, that normalise the backbone's input."""
    image_size: int
    crop_size: int
    """0: the whole image, squashed to a square. Else the central square of an image with image_size as shorter side."""
    patch_size: int
    """Side of a neighbourhood, places of the map."""
    pooling: Pooling
    pretrain_dims: int
    dims: int
    """Dimensions of a patch."""

    @property
    def side(self) -> int:
        """Side in pixels of what the backbone sees."""
        return self.crop_size or self.image_size

    @property
    def merges_by_layer(self) -> bool:
        """Whether adaptive pooling gives each layer dimensions of its own: the layers divide them evenly."""
        return self.dims % len(self.layers) == 0


class Patches:
    """Patches of images, one for each place in the map of the first layer; an image's do not depend on the others."""

    def __init__(self, weights: Weights, look: Look, *, device: str):
        self.look, self.device, self.dtype = look, torch.device(device), getattr(torch, look.precision)
        self.network = frozen(look.backbone, weights, look.layers, device=self.device, dtype=self.dtype)
        self.mean, self.deviation = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (look.mean, look.deviation)
        )
        layers = BACKBONES[look.backbone].layers
        self.kernels = [pooling_kernel(look, layers[name].channels).to(self.device) for name in look.layers]

    def pixels(self, images: Sequence[Image]) -> Tensor:
        """(n, 3, side, side), normalised as the backbone expects."""
        seen = torch.from_numpy(np.stack([self._seen(image) for image in images])).to(self.device)
        return seen.permute(0, 3, 1, 2).float().div_(255).sub_(self.mean).div_(self.deviation).to(self.dtype)

    @torch.no_grad()
    def maps(self, images: Sequence[Image]) -> list[Tensor]:
        """The map of each layer, (n, channels, height, width) float32. Raises MethodError for numbers out of range."""
        with full_float32():
            found = self.network(self.pixels(images))
        maps = [found[layer].float() for layer in self.look.layers]
        if not all(bool(map.abs().max() < LARGEST) for map in maps):
            raise MethodError(
                f"the features of {self.look.backbone} are not finite: check `weights`, `input_mean`, `input_deviation`"
            )
        return maps

    def patches(self, maps: Sequence[Tensor]) -> Tensor:
        """(n, rows, columns, dims) float32 from the maps of the layers: pooled, brought to one grid, merged."""
        return self.on_grid(self.pooled(maps))

    @torch.no_grad()
    def pooled(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """The neighbourhoods of each layer by themselves, (n, dims of a layer, height, width), channels last."""
        pairs = zip(maps, self.kernels, strict=True)
        return [self._pooled(map, kernel).permute(0, 3, 1, 2) for map, kernel in pairs]

    @torch.no_grad()
    def on_grid(self, pooled: Sequence[Tensor]) -> Tensor:
        """(n, rows, columns, dims): the pooled layers brought to the grid of the first, and merged."""
        size = pooled[0].shape[2:]
        layers = [pooled[0], *(functional.interpolate(layer, size, mode="bilinear") for layer in pooled[1:])]
        together = torch.cat([layer.permute(0, 2, 3, 1) for layer in layers], dim=3)
        return self._merged(together) if self.look.pooling == "adaptive" else together

    def of(self, image: Image) -> Tensor:
        """(rows, columns, dims) float32: the patches of an image."""
        return self.patches(self.maps([image]))[0]

    def anomaly_map(self, scores: Tensor, image: Image, *, blur: float) -> np.ndarray:
        """(rows, columns) scores of an image's patches as a map of the whole image.

        Bilinear to the size that the backbone saw, then smoothed by a Gaussian of the standard deviation `blur` in
        pixels. Outside of a crop nothing was seen, and the map has its lowest value there.
        """
        side = self.look.side
        map = functional.interpolate(scores[None, None].float(), (side, side), mode="bilinear")[0, 0].cpu().numpy()
        map = blurred(map, blur)
        if not self.look.crop_size:
            return map
        place = centre(image.shape[:2], shorter_px=self.look.image_size, side_px=side)
        whole = np.full(place.size, map.min(), np.float32)
        whole[place.rows, place.columns] = map
        return whole

    def _seen(self, image: Image) -> np.ndarray:
        if not self.look.crop_size:
            return resized(image, side_px=self.look.image_size, color_mode="rgb")
        return centre(image.shape[:2], shorter_px=self.look.image_size, side_px=self.look.crop_size).of(image)

    def _pooled(self, map: Tensor, kernel: Tensor) -> Tensor:
        """(n, height, width, dims): a layer's neighbourhoods, zeros beyond the border counted as published.

        The authors bring the unpooled neighbourhoods to one grid, pool each layer and then merge the layers. All three
        are linear, and the grid concerns other axes than the others: the order changes nothing but rounding, and this
        one costs a ninth. A layer is also merged here, where no dimension of a patch is a mean over two layers.
        """
        groups, size = map.shape[1] // kernel.shape[1], self.look.patch_size
        with full_float32():
            pooled = functional.conv2d(map, kernel, padding=size // 2, groups=groups)
        return pooled.permute(0, 2, 3, 1).contiguous()

    def _merged(self, together: Tensor) -> Tensor:
        if self.look.merges_by_layer:
            return together
        flat = functional.adaptive_avg_pool1d(together.flatten(0, 2)[:, None], self.look.dims)[:, 0]
        return flat.view(*together.shape[:3], self.look.dims)


def pooling_kernel(look: Look, channels: int) -> Tensor:
    """(dims of a layer, channels of a group, patch_size, patch_size): the pooling of a layer as a convolution.

    Adaptive pooling takes means of windows of a neighbourhood's values, channel by channel. Where windows end with a
    group of channels, they are alike in all groups, so that the kernel of one group serves for all.
    """
    places = look.patch_size**2
    if look.pooling == "mean":
        return torch.full((channels, 1, look.patch_size, look.patch_size), 1 / places)
    outputs = look.dims // len(look.layers) if look.merges_by_layer else look.pretrain_dims
    groups = math.gcd(channels, look.pretrain_dims, outputs)
    first = window_means(channels // groups * places, look.pretrain_dims // groups)
    kernel = window_means(look.pretrain_dims // groups, outputs // groups) @ first
    kernel = kernel.view(outputs // groups, channels // groups, look.patch_size, look.patch_size)
    return kernel.repeat(groups, 1, 1, 1)


def window_means(ins: int, outs: int) -> Tensor:
    """(outs, ins): PyTorch's adaptive average pooling as a matrix; its windows may overlap by one."""
    places, output = torch.arange(ins), torch.arange(outs)[:, None]
    inside = (places >= output * ins // outs) & (places < -(-(output + 1) * ins // outs))
    return inside / inside.sum(dim=1, keepdim=True)


def blurred(map: np.ndarray, deviation: float) -> np.ndarray:
    """The map smoothed by a Gaussian of that standard deviation in pixels, cut off at four of them, as published."""
    return gaussian_filter(map, deviation, mode="reflect", truncate=4) if deviation else map
