"""What happened while an autoencoder was trained."""

import json
import math
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from methods import Curve, MethodError, first_sentence

HARDLY_BETTER = 0.9
"""A network whose loss is at least this share of the mean training image's loss has learned little."""


class Losses(NamedTuple):
    """The mean losses of one epoch."""

    training: float
    """On augmented images; the weights change from batch to batch."""
    validation: float
    """On the held-out images, with the weights at the end of the epoch."""


class Trial(NamedTuple):
    """One step of the learning-rate finder."""

    rate: float
    loss: float
    """A mean over the previous steps that weights recent ones most."""


class History(NamedTuple):
    """The losses of every epoch so far, and the conditions of the training."""

    engine: str
    """The backend that Keras ran on, and its precision."""
    held_out: int
    """Number of held-out images, by whose loss training stops."""
    images: int
    """Number of all images, held-out ones included."""
    planned: int
    """Number of epochs if training does not stop early."""
    epochs: list[Losses]
    trials: tuple[Trial, ...] = ()
    """The steps of the learning-rate finder; none where it did not run."""
    found_rate: float | None = None
    """The learning rate that the finder chose."""
    mean_image_loss: float | None = None
    """The loss on held-out images if the mean training image is taken as every reconstruction."""

    @property
    def best(self) -> int:
        """Number, from 1, of the epoch with the lowest validation loss. Its weights are kept."""
        return 1 + min(range(len(self.epochs)), key=lambda index: _or_infinity(self.epochs[index].validation))

    @property
    def stale(self) -> int:
        """Number of epochs since the best one."""
        return len(self.epochs) - self.best if self.epochs else 0

    @property
    def learned_little(self) -> bool:
        """Whether the kept network reproduces held-out images hardly better than the mean training image does."""
        if self.mean_image_loss is None:
            return False
        return not self.epochs[self.best - 1].validation < HARDLY_BETTER * self.mean_image_loss

    def remarks(self) -> tuple[str, ...]:
        """What a reader of the scores must know, for the report."""
        stop = f"trained {len(self.epochs)} of at most {self.planned} epochs and kept the weights of epoch {self.best}"
        remarks = [
            f"Keras ran on {self.engine}",
            f"{stop}, which had the lowest loss on the held-out images ({self.held_out} of {self.images})",
        ]
        if self.learned_little:
            remarks.append(
                "the network has learned little: the mean training image is as close to the held-out images as its "
                "reconstructions are, or nearly so"
            )
        if self.trials:
            remarks.append(f"learning rate {self.found_rate:.2g}, found in {len(self.trials)} steps")
        return tuple(remarks)

    def curves(self) -> tuple[Curve, ...]:
        """The trials of the learning-rate finder; none where it did not run."""
        if not self.trials:
            return ()
        return (Curve("Trial of learning rates", "learning rate", "loss, smoothed", self.trials, self.found_rate),)

    def save(self, file: Path) -> None:
        """Write the history as JSON."""
        file.write_text(json.dumps(self._asdict(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote. Raises MethodError where it is missing or damaged."""
        try:
            return TypeAdapter(cls).validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise MethodError(f"{file} cannot be read as a history: {first_sentence(error)}") from None


def _or_infinity(loss: float) -> float:
    return math.inf if math.isnan(loss) else loss
