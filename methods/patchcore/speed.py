"""How long PatchCore's fit and scores take, from a few steps on noise."""

from typing import NamedTuple

import numpy as np
import torch

from methods import Work
from methods._patch_features import Patches
from methods._timing import noise, seconds_a_call
from methods.patchcore import coreset
from methods.patchcore.training import Choice

SIDE = 2048
"""Rows and columns of the matrix product that is timed."""
COMPARED = 0.9
"""Seconds of the coreset, but for its picks, as a share of those of one product of all patches and picks.

Measured on 327,680 patches of macaroni1, as was SEARCH: docs/measurements/patchcore-simplenet.md.
"""
SEARCH = 0.25
"""Seconds of a search in the memory, as a share of those of the backbone."""


class Measured(NamedTuple):
    """Seconds on this machine."""

    image: float
    """Of an image through the backbone."""
    multiply_add: float
    """Of one in a matrix product of float32."""
    pick: float
    """Of one pick among the hot points, on the processor."""
    device: torch.device


def measured(patches: Patches) -> Measured:
    """Of an image of noise and of a matrix product, about half a second each."""
    square = torch.ones(SIDE, SIDE, device=patches.device)
    hot = np.ones((coreset.HOT, 128))
    return Measured(
        seconds_a_call(lambda: patches.of(noise()).sum().item()),
        seconds_a_call(lambda: (square @ square).sum().item()) / SIDE**3,
        seconds_a_call(lambda: np.sqrt(hot @ hot[0]).argmax()),
        patches.device,
    )


def job_seconds(seconds: Measured, work: Work, choice: Choice, *, an_image: tuple[int, int]) -> float:
    """Of a whole job, whose images have so many patches and dimensions.

    Images through the backbone, again where their features are not kept; the coreset; the search in the memory.
    """
    patches, dims = work.fit_images * an_image[0], an_image[1]
    picks = int(patches * choice.share) if choice.share < 1 else 0
    compared = COMPARED * patches * picks * min(dims, choice.projection_dims) * seconds.multiply_add
    passes = work.fit_images * (1 if choice.keeps(patches, dims, seconds.device) else 2)
    return (passes + (1 + SEARCH) * work.scored_images) * seconds.image + compared + picks * seconds.pick
