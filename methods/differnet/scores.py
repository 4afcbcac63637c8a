"""Rules that make one number of an image out of the latents of its views."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from methods.differnet import flow

Rule = Callable[[Tensor, Tensor, Tensor], float]
"""From z (views, dims), log|det dz/dx| (views,) and the places (scales, dims / scales) of each scale's dimensions."""


def mean_z2(z: Tensor, log_det: Tensor, scales: Tensor) -> float:
    """The mean of z^2 over views and dimensions: section 3.3 of the paper."""
    return float((z**2).mean())


def likelihood(z: Tensor, log_det: Tensor, scales: Tensor) -> float:
    """The negative log-likelihood a dimension, without its constant: the loss of training, equation 5."""
    return float(flow.negative_log_likelihood(z, log_det))


def worst_scale(z: Tensor, log_det: Tensor, scales: Tensor) -> float:
    """The largest of the means of z^2 over the dimensions of one scale."""
    return float((z**2).mean(dim=0)[scales].mean(dim=1).max())


RULES: dict[str, Rule] = {"mean_z2": mean_z2, "likelihood": likelihood, "worst_scale": worst_scale}


def places_of_scales(network: nn.Module, *, dims: int, scales: int) -> Tensor:
    """(scales, dims / scales): which dimensions of z belong to the features of each scale, finest first.

    A coupling scales and shifts each dimension and leaves it in its place, so only the permutations move them.
    """
    origins = torch.arange(dims)
    for block in network.module_list:
        if isinstance(block, flow.Permutation):
            origins = origins[block.order.cpu()]
    return origins.argsort().view(scales, -1)
