"""What happened while an autoencoder was trained."""

import json
import math
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from methods import Curve, MethodError, first_sentence

HARDLY_BETTER = 0.9
"""From this share of the mean training image's loss on, a network has learned hardly more than that image."""


class Losses(NamedTuple):
    """The mean losses of one epoch."""

    training: float
    """On augmented images, while the weights were changing."""
    validation: float
    """On the held-out images, with the weights at the epoch's end."""


class Trial(NamedTuple):
    """One step of the learning-rate finder."""

    rate: float
    loss: float
    """Smoothed over the steps before."""


class History(NamedTuple):
    """The losses of every epoch so far, and the circumstances."""

    engine: str
    """What Keras ran on, and in what precision."""
    held_out: int
    """Number of images that decided when to stop."""
    images: int
    """Number of images in all."""
    planned: int
    """Epochs if nothing stops them."""
    epochs: list[Losses]
    trials: tuple[Trial, ...] = ()
    """What the learning-rate finder saw, where it was asked."""
    found_rate: float | None = None
    """The learning rate it chose."""
    mean_image_loss: float | None = None
    """The held-out loss where the mean training image stands in for every reconstruction."""

    @property
    def best(self) -> int:
        """Number, from 1, of the epoch with the lowest validation loss: its weights are kept."""
        return 1 + min(range(len(self.epochs)), key=lambda index: _or_infinity(self.epochs[index].validation))

    @property
    def stale(self) -> int:
        """How many epochs have passed since the best one."""
        return len(self.epochs) - self.best if self.epochs else 0

    @property
    def hardly_learned(self) -> bool:
        """Whether the network that is kept reproduces held-out images hardly better than the mean image does."""
        if self.mean_image_loss is None:
            return False
        return not self.epochs[self.best - 1].validation < HARDLY_BETTER * self.mean_image_loss

    def remarks(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        stop = f"trained {len(self.epochs)} of at most {self.planned} epochs and kept the weights of epoch {self.best}"
        remarks = [
            f"Keras ran on {self.engine}",
            f"{stop}, with the lowest loss on {self.held_out} held-out of {self.images} images",
        ]
        if self.hardly_learned:
            remarks.append(
                "the mean training image would reproduce held-out images as well or nearly so: "
                "it has learned little beyond that image"
            )
        if self.trials:
            remarks.append(f"learning rate {self.found_rate:.2g}, found in {len(self.trials)} steps")
        return tuple(remarks)

    def curves(self) -> tuple[Curve, ...]:
        """The trials of the learning-rate finder, if there were any."""
        if not self.trials:
            return ()
        return (Curve("Trial of learning rates", "learning rate", "loss, smoothed", self.trials, self.found_rate),)

    def save(self, file: Path) -> None:
        """Write it as JSON."""
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
