"""The learning rate of each step, and how a trial of many rates finds the highest."""

from collections.abc import Sequence

import numpy as np

from methods import MethodError
from methods.cae.history import Trial
from methods.cae.hyperparameters import AutoencoderSettings

CYCLE_END_SHARE = 0.1
"""The share of a cycle's steps in which the rate falls below the one it began with."""
CYCLE_START_SHARE = 0.1
"""Of the highest rate: where a cycle begins."""
CYCLE_LAST_SHARE = 0.001
"""Of the highest rate: where a cycle ends."""


def rate(settings: AutoencoderSettings, *, highest: float, step: int, steps: int, losses: Sequence[float]) -> float:
    """The rate of a step, counted from 0, of so many, after epochs with these held-out losses."""
    match settings.learning_rate_schedule:
        case "decay":
            return decayed(highest, step, settings.learning_rate_decay)
        case "plateau":
            return highest * settings.plateau_factor ** plateaus(losses, settings.plateau_patience)
        case "one_cycle":
            return one_cycle(highest, step, steps)
    raise AssertionError(settings.learning_rate_schedule)


def decayed(highest: float, step: int, decay: float) -> float:
    """highest / (1 + decay * step), in the precision of the weights."""
    return float(np.float32(highest) / (1 + np.float32(decay) * np.float32(step)))


def one_cycle(highest: float, step: int, steps: int) -> float:
    """Smith 2018, arXiv:1803.09820: up from a tenth of the highest rate, as long down again, then to a thousandth."""
    end = CYCLE_END_SHARE * steps
    places = [0, (steps - end) / 2, steps - end, steps]
    shares = [CYCLE_START_SHARE, 1, CYCLE_START_SHARE, CYCLE_LAST_SHARE]
    return highest * float(np.interp(step, places, shares))


def plateaus(losses: Sequence[float], patience: int) -> int:
    """How often so many losses in a row were no lower than the lowest before them; each time it counts anew."""
    found, stale, lowest = 0, 0, np.inf
    for loss in losses:
        stale = 0 if loss < lowest else stale + 1
        lowest = min(lowest, loss)
        if stale == patience:
            found, stale = found + 1, 0
    return found


def smoothed(losses: Sequence[float], weight: float) -> list[float]:
    """Exponential means of the losses so far, without the pull towards 0 of the first ones."""
    means, mean = [], 0.0
    for count, loss in enumerate(losses, start=1):
        mean = weight * mean + (1 - weight) * loss
        means.append(mean / (1 - weight**count))
    return means


def suggested(trials: Sequence[Trial], drop: float) -> float:
    """The lowest rate tried whose loss is that share of the way down, from the highest before the lowest to the lowest.

    Raises MethodError where no rate lowers the loss.
    """
    losses = [trial.loss for trial in trials]
    way = losses[: losses.index(min(losses)) + 1] if losses else [np.inf]
    wanted = max(way) - drop * (max(way) - min(way))
    found = next((trial.rate for trial in trials[: len(way)] if trial.loss < wanted), None)
    if found is None:
        raise MethodError("no learning rate tried lowered the loss: set cae.learning_rate, without find_learning_rate")
    return found
