"""How long training and scoring take, from a few steps on noise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from methods import Work
from methods._resizing import CHANNELS
from methods._timing import seconds_a_call
from methods.cae import architectures
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.preprocessing import as_floats
from methods.cae.reconstruction import BATCH, scores
from methods.cae.training import Trainer, schedule

FEWEST_IMAGES = 2


def expected_seconds(network: Any, works: Sequence[Work], settings: AutoencoderSettings) -> list[float]:
    """The seconds of each job, with all planned epochs: early stopping may end it sooner."""
    step, scored = _step_seconds(network, settings), _scored_seconds(network, settings)
    plans = [schedule(max(FEWEST_IMAGES, work.fit_images), settings) for work in works]
    epochs = [plan.epochs * (plan.steps * step + plan.held_out * scored) for plan in plans]
    return [fit + work.scored_images * scored for fit, work in zip(epochs, works, strict=True)]


def _step_seconds(network: Any, settings: AutoencoderSettings) -> float:
    """Seconds of a training step, augmentation apart."""
    trainer, batch = Trainer(network, settings), as_floats(_noise(settings.batch_size, network.input_shape[1:]))
    return seconds_a_call(lambda: trainer.step(batch, settings.learning_rate))


def _scored_seconds(network: Any, settings: AutoencoderSettings) -> float:
    """Seconds to score an image, its decoding apart."""
    side_px = architectures.image_px(settings)
    images = list(_noise(BATCH, (side_px, side_px, CHANNELS["rgb"])))
    return seconds_a_call(lambda: list(scores(network, images, settings))) / BATCH


def _noise(count: int, shape: Sequence[int]) -> np.ndarray:
    """(count, *shape) uint8."""
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
