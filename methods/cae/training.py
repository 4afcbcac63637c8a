"""How an autoencoder is trained: epochs of augmented batches, ended early by images held out."""

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
"""The rates that the learning-rate finder tries, a step each; the published project too began at 1e-5."""
SMOOTHING = 0.9
"""Weight of the steps before in a trial's loss."""
HOPELESS = 6
"""The finder ends where the loss is so many times the lowest (published value)."""


class Schedule(NamedTuple):
    """How many images are held out, how many steps make an epoch, and epochs a training."""

    held_out: int
    steps: int
    epochs: int


def schedule(count: int, settings: AutoencoderSettings) -> Schedule:
    """The schedule for so many images, two at least: one or more are held out, and one or more trained on."""
    held_out = min(max(1, round(settings.validation_share * count)), count - 1)
    steps = -(-(count - held_out) // settings.batch_size)
    epochs = settings.instances // (steps * settings.batch_size)
    return Schedule(held_out, steps, max(1, min(settings.epochs, epochs)))


class Data(NamedTuple):
    """What a network is trained on, and stopped by."""

    held_out: np.ndarray
    """(n, side, side, channels) uint8 of the network's side, as they are."""
    mean: np.ndarray
    """(side, side, channels) float32 from 0 to 1: the mean of the images trained on, not augmented."""
    training: Iterator[np.ndarray]
    """Augmented batches without end."""
    trying: Iterator[np.ndarray]
    """Others, for the learning-rate finder."""


def divided(pixels: np.ndarray, side_px: int, settings: AutoencoderSettings, seed: np.random.SeedSequence) -> Data:
    """Images (n, height, width, channels) uint8, divided by the seed; of larger ones patches of that side.

    A training batch has one patch of an image, anywhere; the held-out images are cut up without overlap.
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
    """Train on uint8 images (n, height, width, channels); the history so far after each epoch.

    At its end, or when it is closed, the network has the weights of the best epoch. `engine` is what the history says
    that Keras runs on.
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
    """Whether the held-out loss has not fallen for long; a cycle of the learning rate is always ended."""
    return settings.learning_rate_schedule != "one_cycle" and history.stale >= settings.patience


def _epoch(
    trainer: "Trainer", stream: Iterator, plan: Schedule, history: History, settings: AutoencoderSettings
) -> float:
    """The mean training loss of the next epoch."""
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
    """Returns the history with the learning rate that trials find; the network's weights are as before."""
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

    The optimizer belongs to a second model over the same layers, so that it is not saved with the network.
    """

    def __init__(self, network: Any, settings: AutoencoderSettings):
        from keras import Model, optimizers

        loss = partial(losses, loss=settings.loss, data_range=settings.data_range)
        self._model = Model(network.input, network.output)
        self._model.compile(optimizers.Adam(settings.learning_rate), loss=loss, jit_compile=settings.jit_compile)

    def step(self, batch: np.ndarray, rate: float) -> float:
        """Train on one batch at a learning rate; its loss, with the penalty on kernels where there is one."""
        self._model.reset_metrics()
        self._model.optimizer.learning_rate = rate
        return float(self._model.train_on_batch(batch, batch))
