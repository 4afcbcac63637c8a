"""How long SimpleNet's training and scoring take, from a few steps on noise."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from methods import Image
from methods._patch_features import Patches
from methods._timing import noise, seconds_a_call
from methods.simplenet import training

MOST_IMAGES = 8
"""Images in a timed step at the most, as in the published batch: with fewer, all would fit into the cache."""


class Seconds(NamedTuple):
    """Seconds an image takes."""

    look: float
    """In the backbone, before training."""
    training: float
    """In one pass over the training images."""
    score: float


def seconds_an_image(
    patches: Patches,
    map_of: Callable[[torch.Tensor, Image], np.ndarray],
    *,
    shape: training.Shape,
    recipe: training.Recipe,
    batch_size: int,
) -> Seconds:
    """Measured; `map_of` makes an anomaly map of the scores of an image's patches."""
    generator = torch.Generator().manual_seed(0)
    networks = training.build(shape, generator=generator).to(patches.device)
    trainer = training.Trainer(networks, recipe, generator=generator)
    image = noise()
    maps = patches.maps([image])
    images = min(batch_size, MOST_IMAGES)
    batch = [layer.repeat(images, 1, 1, 1) for layer in patches.pooled(maps)]
    look = seconds_a_call(lambda: patches.pooled(patches.maps([image]))[0].sum().item())
    step = seconds_a_call(lambda: trainer.train([patches.on_grid(batch).flatten(0, 2)]).tolist())
    score = seconds_a_call(lambda: map_of(networks.anomaly(patches.of(image)), image))
    return Seconds(look, step / images, score)
