"""Normal images that a flow is not trained on: their loss shows when it overfits, and may choose its weights."""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from methods import Epoch, Image
from methods.differnet import flow

VIEWS = 16
"""Test views, at most, of each held-out image."""
FEWEST = 2
"""The loss of a single held-out image says little, and a small training set misses it."""
PARTED = 0.05
"""By so much more than its lowest value the held-out loss has risen where the two losses have parted."""


class Some(Sequence[Image]):
    """Some of the images, decoded on access."""

    def __init__(self, images: Sequence[Image], places: Sequence[int]):
        self.images, self.places = images, places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, number: int) -> Image:
        return self.images[self.places[number]]


def divided(images: Sequence[Image], share: float, generator: torch.Generator) -> tuple[Some, Some]:
    """The images to train on, two at least, and those held out, drawn by the generator and in their order.

    None is held out where there would be fewer than FEWEST.
    """
    count = min(round(share * len(images)), len(images) - 2)
    if count < FEWEST:
        return Some(images, range(len(images))), Some(images, ())
    order = torch.randperm(len(images), generator=generator).tolist()
    return Some(images, sorted(order[count:])), Some(images, sorted(order[:count]))


class History(NamedTuple):
    """The losses of each meta epoch: the mean of its steps, and that of held-out images after it."""

    training: tuple[float, ...] = ()
    held_out: tuple[float, ...] = ()
    """Empty where no image is held out."""
    images: int = 0
    """Number of held-out images."""
    keeps_best: bool = False
    """Whether the weights of the meta epoch with the lowest held-out loss are kept, instead of the last ones."""

    @property
    def best(self) -> int:
        """The meta epoch, from 1, with the lowest held-out loss."""
        return 1 + min(range(len(self.held_out)), key=lambda place: _or_infinity(self.held_out[place]))

    @property
    def kept(self) -> int:
        """The meta epoch whose weights are kept."""
        return self.best if self.keeps_best and self.held_out else len(self.training)

    @property
    def parted(self) -> bool:
        """Whether the held-out loss has risen while the loss of training fell."""
        if not self.held_out:
            return False
        rise = _or_infinity(self.held_out[-1]) - self.held_out[self.best - 1]
        return rise > PARTED and self.training[-1] < self.training[self.best - 1]

    def plus(self, training: float, held_out: float | None) -> "History":
        """With one more meta epoch."""
        further = () if held_out is None else (held_out,)
        return self._replace(training=(*self.training, training), held_out=(*self.held_out, *further))

    def epoch(self, number: int, *, of: int) -> Epoch:
        """The last meta epoch, as the contract tells of it."""
        held_out = self.held_out[-1] if self.held_out else None
        return Epoch(number, of, self.training[-1], held_out, self.kept)

    def json(self) -> str:
        """As a line of JSON."""
        return json.dumps(self._asdict())

    @classmethod
    def parsed(cls, line: str) -> "History":
        """Out of a line of JSON. Raises ValueError where it is another."""
        try:
            return TypeAdapter(cls).validate_json(line)
        except ValidationError:
            raise ValueError("its losses are missing or damaged") from None

    def remarks(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        if not self.training:
            return ()
        if not self.held_out:
            kept = ": the last weights are kept, although the lowest held-out loss was to choose" * self.keeps_best
            return (f"no image was held out to see whether the flow overfits{kept}",)
        lowest, last = self.held_out[self.best - 1], self.held_out[-1]
        when = f"lowest after meta epoch {self.best} of {len(self.held_out)} ({lowest:.3g}; at the end {last:.3g})"
        found = [f"loss of {self.images} held-out images {when}; the weights after meta epoch {self.kept} are kept"]
        if self.parted:
            found.append(
                f"the two losses have parted: from meta epoch {self.best} on the loss of training fell and that of "
                "held-out images rose, so the flow overfits"
            )
        return tuple(found)


class Watch:
    """Looks at the held-out images after each meta epoch, and keeps the best weights where these are wanted."""

    def __init__(self, views: Sequence[Tensor], *, keeps_best: bool, precision: str):
        self.views, self.precision = views, precision
        self.history = History(images=len(views), keeps_best=keeps_best)
        self.best: dict[str, Tensor] = {}

    def look(self, network: nn.Module, training_loss: float) -> None:
        """Add a meta epoch to the history."""
        loss = self._loss(network) if self.views else None
        self.history = self.history.plus(training_loss, loss)
        if self.history.keeps_best and loss is not None and self.history.best == len(self.history.training):
            self.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def restore(self, network: nn.Module) -> None:
        """Give the network the weights that are kept."""
        if self.best and self.history.kept < len(self.history.training):
            network.load_state_dict(self.best)

    @torch.no_grad()
    def _loss(self, network: nn.Module) -> float:
        found = [flow.latent(network, views, precision=self.precision) for views in self.views]
        return float(torch.stack([flow.negative_log_likelihood(*each) for each in found]).mean())


def _or_infinity(loss: float) -> float:
    return math.inf if math.isnan(loss) else loss
