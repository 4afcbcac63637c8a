"""The learning rate of each step, and the choice of the highest rate from a trial."""

from collections.abc import Sequence

import numpy as np

from methods import MethodError
from methods.cae.history import Trial
from methods.cae.hyperparameters import AutoencoderSettings

CYCLE_END_SHARE = 0.1
"""Share of a cycle's steps, at its end, in which the rate is below the first one."""
CYCLE_START_SHARE = 0.1
"""The first rate of a cycle, as a share of the highest."""
CYCLE_LAST_SHARE = 0.001
"""The last rate of a cycle, as a share of the highest."""


def rate(settings: AutoencoderSettings, *, highest: float, step: int, steps: int, losses: Sequence[float]) -> float:
    """The rate of step number `step` of `steps`, counted from 0; `losses` are the held-out losses of past epochs."""
    match settings.learning_rate_schedule:
        case "decay":
            return decayed(highest, step, settings.learning_rate_decay)
        case "plateau":
            return highest * settings.plateau_factor ** plateaus(losses, settings.plateau_patience)
        case "one_cycle":
            return one_cycle(highest, step, steps)
    raise AssertionError(settings.learning_rate_schedule)


def decayed(highest: float, step: int, decay: float) -> float:
    """highest / (1 + decay * step), in float32 like the weights."""
    return float(np.float32(highest) / (1 + np.float32(decay) * np.float32(step)))


def one_cycle(highest: float, step: int, steps: int) -> float:
    """One-cycle policy, Smith 2018, arXiv:1803.09820.

    The rate rises from a tenth of the highest rate, falls again in as many steps, and then falls to a thousandth.
    """
    end = CYCLE_END_SHARE * steps
    places = [0, (steps - end) / 2, steps - end, steps]
    shares = [CYCLE_START_SHARE, 1, CYCLE_START_SHARE, CYCLE_LAST_SHARE]
    return highest * float(np.interp(step, places, shares))


def plateaus(losses: Sequence[float], patience: int) -> int:
    """How often `patience` losses in a row were not below the lowest loss before them; counting restarts each time."""
    found, stale, lowest = 0, 0, np.inf
    for loss in losses:
        stale = 0 if loss < lowest else stale + 1
        lowest = min(lowest, loss)
        if stale == patience:
            found, stale = found + 1, 0
    return found


def smoothed(losses: Sequence[float], weight: float) -> list[float]:
    """Exponential moving averages of the losses, corrected for their start at 0."""
    means, mean = [], 0.0
    for count, loss in enumerate(losses, start=1):
        mean = weight * mean + (1 - weight) * loss
        means.append(mean / (1 - weight**count))
    return means


def suggested(trials: Sequence[Trial], drop: float) -> float:
    """The lowest rate tried at which the loss has done the share `drop` of its fall.

    The fall goes from the highest loss before the lowest one to the lowest. Raises MethodError if no rate lowers the
    loss.
    """
    losses = [trial.loss for trial in trials]
    way = losses[: losses.index(min(losses)) + 1] if losses else [np.inf]
    wanted = max(way) - drop * (max(way) - min(way))
    found = next((trial.rate for trial in trials[: len(way)] if trial.loss < wanted), None)
    if found is None:
        raise MethodError("no learning rate tried lowered the loss: set cae.learning_rate, without find_learning_rate")
    return found
