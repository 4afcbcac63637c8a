"""How an autoencoder is trained: epochs of augmented batches, ended early by images held out."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from methods.cae.augmentation import batches
from methods.cae.differences import losses
from methods.cae.engine import description
from methods.cae.history import History, Losses
from methods.cae.reconstruction import mean_loss

if TYPE_CHECKING:
    from methods.cae import ConvolutionalAutoencoder


class Schedule(NamedTuple):
    """How many images are held out, how many steps make an epoch, and epochs a training."""

    held_out: int
    steps: int
    epochs: int


def schedule(count: int, settings: "ConvolutionalAutoencoder") -> Schedule:
    """The schedule for so many images, two at least: one or more are held out, and one or more trained on."""
    held_out = min(max(1, round(settings.validation_share * count)), count - 1)
    steps = -(-(count - held_out) // settings.batch_size)
    epochs = settings.instances // (steps * settings.batch_size)
    return Schedule(held_out, steps, max(1, min(settings.epochs, epochs)))


def train(network: Any, pixels: np.ndarray, settings: "ConvolutionalAutoencoder", *, seed: int) -> Iterator[History]:
    """Train on uint8 images (n, height, width, channels); the history so far after each epoch.

    At its end, or when it is closed, the network has the weights of the best epoch.
    """
    plan = schedule(len(pixels), settings)
    history = History(description(), plan.held_out, len(pixels), plan.epochs, [])
    splitting, augmenting = np.random.SeedSequence(seed).spawn(2)
    order = np.random.default_rng(splitting).permutation(len(pixels))
    held_out, fitted = pixels[order[: plan.held_out]], pixels[order[plan.held_out :]]
    stream = batches(fitted, settings, augmenting)
    step = training_step(network, settings)
    best = network.get_weights()
    try:
        while len(history.epochs) < plan.epochs and history.stale < settings.patience:
            training = np.mean([step(batch) for batch in islice(stream, plan.steps)])
            history.epochs.append(Losses(float(training), mean_loss(network, held_out, loss=settings.loss)))
            best = best if history.stale else network.get_weights()
            yield history
    finally:
        network.set_weights(best)


def training_step(network: Any, settings: "ConvolutionalAutoencoder") -> Any:
    """A function that trains on one batch and says its loss.

    The optimizer belongs to a second model over the same layers, so that it is not saved with the network.
    """
    from keras import Model, optimizers

    rate = optimizers.schedules.InverseTimeDecay(settings.learning_rate, 1, settings.learning_rate_decay)
    trainer = Model(network.input, network.output)
    trainer.compile(optimizers.Adam(rate), loss=partial(losses, loss=settings.loss), jit_compile=settings.jit_compile)

    def step(batch: np.ndarray) -> float:
        trainer.reset_metrics()
        return float(trainer.train_on_batch(batch, batch))

    return step
