"""Training of an autoencoder: epochs of augmented batches, stopped early by the loss on held-out images."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from methods import Preparing
from methods.cae import patches, rates
from methods.cae.augmentation import batches
from methods.cae.differences import losses
from methods.cae.history import History, Losses, Trial
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.preprocessing import as_floats
from methods.cae.reconstruction import loss_of_standing_in, mean_loss

TRIALS = np.geomspace(1e-5, 1, 100).tolist()
"""The rates that the learning-rate finder tries, one a step. The Keras project also begins at 1e-5."""
SMOOTHING = 0.9
"""Weight of the previous steps in the smoothed loss of a trial."""
HOPELESS = 6
"""The finder stops when the loss is this many times the lowest one, as in the Keras project."""


class Schedule(NamedTuple):
    """Number of held-out images, of steps in an epoch, and of epochs in a training."""

    held_out: int
    steps: int
    epochs: int


def schedule(count: int, settings: AutoencoderSettings) -> Schedule:
    """The schedule for `count` images, at least two: at least one is held out, and at least one trained on."""
    held_out = min(max(1, round(settings.validation_share * count)), count - 1)
    steps = -(-(count - held_out) // settings.batch_size)
    epochs = settings.instances // (steps * settings.batch_size)
    return Schedule(held_out, steps, max(1, min(settings.epochs, epochs)))


class Data(NamedTuple):
    """The images that a network is trained on, and those that decide when to stop."""

    held_out: np.ndarray
    """(n, side, side, channels) uint8 of the network's input size, not augmented."""
    mean: np.ndarray
    """(side, side, channels) float32 from 0 to 1: the mean of the training images, not augmented."""
    training: Iterator[np.ndarray]
    """Endless augmented batches."""
    trying: Iterator[np.ndarray]
    """Other endless augmented batches, for the learning-rate finder."""


def divided(pixels: np.ndarray, side_px: int, settings: AutoencoderSettings, seed: np.random.SeedSequence) -> Data:
    """Images (n, height, width, channels) uint8, divided at random by the seed, in patches if they are larger.

    A training batch has one patch from each image, at a random place. Held-out images are cut without overlap.
    """
    splitting, *seeds = seed.spawn(5)
    order = np.random.default_rng(splitting).permutation(len(pixels))
    count = schedule(len(pixels), settings).held_out
    held_out, fitted = pixels[order[:count]], pixels[order[count:]]
    training, trying = (_stream(fitted, side_px, settings, *pair) for pair in (seeds[:2], seeds[2:]))
    mean = patches.cut(fitted.mean(axis=0, keepdims=True), side_px, side_px).mean(axis=0)
    return Data(patches.cut(held_out, side_px, side_px), as_floats(mean), training, trying)


def _stream(
    pixels: np.ndarray,
    side_px: int,
    settings: AutoencoderSettings,
    augmenting: np.random.SeedSequence,
    drawing: np.random.SeedSequence,
) -> Iterator[np.ndarray]:
    stream = batches(pixels, settings, augmenting)
    return stream if side_px == pixels.shape[1] else patches.drawn(stream, side_px, drawing)


def train(
    network: Any, pixels: np.ndarray, settings: AutoencoderSettings, *, seed: int, engine: str
) -> Iterator[Preparing | History]:
    """Train on uint8 images (n, height, width, channels), and yield the history so far after each epoch.

    At the end, or when the generator is closed, the network has the weights of the best epoch. `engine` is noted in
    the history.
    """
    plan = schedule(len(pixels), settings)
    data = divided(pixels, network.input_shape[1], settings, np.random.SeedSequence(seed))
    standing_in = loss_of_standing_in(data.mean, data.held_out, settings)
    history = History(engine, plan.held_out, len(pixels), plan.epochs, [], mean_image_loss=standing_in)
    if settings.find_learning_rate:
        history = yield from with_found_rate(history, network, data.trying, settings)
    trainer = Trainer(network, settings)
    best = network.get_weights()
    try:
        while len(history.epochs) < plan.epochs and not ended_early(history, settings):
            training = _epoch(trainer, data.training, plan, history, settings)
            held_out = mean_loss(network, data.held_out, settings)
            history.epochs.append(Losses(training, held_out))
            best = best if history.stale else network.get_weights()
            yield history
    finally:
        network.set_weights(best)


def ended_early(history: History, settings: AutoencoderSettings) -> bool:
    """Whether the held-out loss has not fallen for `patience` epochs. A one-cycle schedule always runs to its end."""
    return settings.learning_rate_schedule != "one_cycle" and history.stale >= settings.patience


def _epoch(
    trainer: "Trainer", stream: Iterator, plan: Schedule, history: History, settings: AutoencoderSettings
) -> float:
    """Train for the next epoch, and return its mean training loss."""
    rate = partial(
        rates.rate,
        settings,
        highest=history.found_rate or settings.learning_rate,
        steps=plan.steps * plan.epochs,
        losses=[epoch.validation for epoch in history.epochs],
    )
    first = plan.steps * len(history.epochs)
    found = [trainer.step(batch, rate(step=step)) for step, batch in enumerate(islice(stream, plan.steps), first)]
    return float(np.mean(found))


def with_found_rate(
    history: History, network: Any, stream: Iterator, settings: AutoencoderSettings
) -> Iterator[Preparing]:
    """Try rising learning rates, and return the history with the one found. The weights are restored."""
    trainer, kept, found = Trainer(network, settings), network.get_weights(), []
    try:
        for number, (rate, batch) in enumerate(zip(TRIALS, stream, strict=False), start=1):
            found.append(trainer.step(batch, rate))
            means = rates.smoothed(found, SMOOTHING)
            if not means[-1] <= HOPELESS * min(means):
                break
            yield Preparing("finding the learning rate", number, len(TRIALS))
    finally:
        network.set_weights(kept)
    trials = tuple(Trial(rate, mean) for rate, mean in zip(TRIALS, means, strict=False) if np.isfinite(mean))
    return history._replace(trials=trials, found_rate=rates.suggested(trials, settings.finder_drop))


class Trainer:
    """Trains the layers of a network.

    The optimizer belongs to a second model of the same layers, so it is not saved with the network.
    """

    def __init__(self, network: Any, settings: AutoencoderSettings):
        from keras import Model, optimizers

        loss = partial(losses, loss=settings.loss, data_range=settings.data_range)
        self._model = Model(network.input, network.output)
        self._model.compile(optimizers.Adam(settings.learning_rate), loss=loss, jit_compile=settings.jit_compile)

    def step(self, batch: np.ndarray, rate: float) -> float:
        """Train on one batch at a learning rate; return its loss, with the penalty on kernels if there is one."""
        self._model.reset_metrics()
        self._model.optimizer.learning_rate = rate
        return float(self._model.train_on_batch(batch, batch))
