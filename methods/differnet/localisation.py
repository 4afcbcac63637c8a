"""Anomaly maps: the gradient of the logarithm of the score at each pixel, averaged over rotations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import gaussian_blur, rotate

from methods import Image
from methods._view_features import Features
from methods._views import fixed_views

BATCH = 8
"""Views in one backward pass."""


def anomaly_map(
    image: Image,
    features: Features,
    flow: nn.Module,
    *,
    rotations: int,
    degrees: float,
    blur: float,
    evidence: "Evidence",
) -> np.ndarray:
    """(h, w) float32: the influence of each pixel on the score, mean over evenly spaced rotations rotated back.

    The map covers the whole image; it is zero on a border that was cut off. A pixel is averaged over the rotations
    that show it. `blur` is the standard deviation in pixels of a Gaussian that smooths the mean. That is done after
    the signs are removed: in the published order, neighbours of opposite sign cancel.
    """
    resized = features.resized(image)
    views = fixed_views(rotations, degrees)
    total, seen = 0.0, 0.0
    for start in range(0, len(views), BATCH):
        batch = views[start : start + BATCH]
        pixels = features.rendered(resized, batch)
        found = evidence.shown(pixels, _gradient(pixels, features, flow, evidence.of))
        angles = [view.degrees for view in batch]
        total = total + _rotated_back(found, angles).sum(dim=0)
        seen = seen + _rotated_back(torch.ones_like(found), angles).sum(dim=0)
    return padded(_blurred(total / seen.clamp(min=1e-6), blur).cpu().numpy(), features.look.rendering.border_crop)


def padded(map: np.ndarray, crop: float) -> np.ndarray:
    """The map with a border of zeros, which is a share `crop` of the whole at each side."""
    return np.pad(map, round(len(map) * crop / (1 - 2 * crop)))


def _gradient(pixels: Tensor, features: Features, flow: nn.Module, of: Callable[[Tensor], Tensor]) -> Tensor:
    """The gradient of `of`(z), z being each view's latent, at the view's pixels."""
    with torch.enable_grad():
        pixels = pixels.detach().requires_grad_()
        z, _ = flow(features.pooled(pixels))
        (gradient,) = torch.autograd.grad(of(z).sum(), pixels)
    return gradient.float()


def _rotated_back(maps: Tensor, angles: list[float]) -> Tensor:
    """(n, side, side): maps of views, each rotated by minus its angle; 0 outside of the view."""
    upright = [rotate(map[None], -angle, InterpolationMode.BILINEAR) for map, angle in zip(maps, angles, strict=True)]
    return torch.cat(upright)


def _blurred(map: Tensor, deviation: float) -> Tensor:
    if not deviation:
        return map
    radius = min(int(np.ceil(3 * deviation)), (map.shape[-1] - 1) // 2)
    return gaussian_blur(map[None], [2 * radius + 1] * 2, [deviation] * 2)[0]


class Evidence(NamedTuple):
    """What a map shows."""

    of: Callable[[Tensor], Tensor]
    """What is differentiated: (n,) from the latent z (n, dims) of n views."""
    shown: Callable[[Tensor, Tensor], Tensor]
    """What is shown: (n, side, side), not negative, from pixels (n, 3, side, side) and the gradient there."""


def score(z: Tensor) -> Tensor:
    """(n,): the score of each view."""
    return (z**2).mean(dim=1)


def log_score(z: Tensor) -> Tensor:
    """(n,): the logarithm of each view's score.

    Scores span orders of magnitude: without the logarithm, a few images would hold all bright pixels.
    """
    return score(z).log()


def magnitude(pixels: Tensor, gradient: Tensor) -> Tensor:
    """The norm of the gradient over the colours."""
    return gradient.norm(dim=1)


def contribution(pixels: Tensor, gradient: Tensor) -> Tensor:
    """The gradient times the input: to first order, the change of the score if the pixel were mean gray."""
    return (gradient * pixels.float()).sum(dim=1).abs()


EVIDENCE = {
    "gradient": Evidence(of=log_score, shown=magnitude),
    "gradient_times_input": Evidence(of=log_score, shown=contribution),
}
