"""The views that a flow is trained on: a bank that is renewed as the training goes on, or fresh ones in every epoch."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from methods import Image, Preparing, _tensor_views
from methods._view_features import Features
from methods._views import View, random_views


class Drawing(NamedTuple):
    """The training images, and how random views of them are drawn."""

    images: Sequence[Image]
    features: Features
    spread: View
    generator: torch.Generator

    def views(self, count: int) -> list[View]:
        """So many random views."""
        return random_views(count, spread=self.spread, generator=self.generator)


class TrainingViews(Protocol):
    """Where the batches of an epoch come from."""

    phrase: str
    """What the flow is trained on."""

    def filled(self) -> Iterator[Preparing]:
        """Make ready for the first epoch."""

    def renewed(self) -> Iterator[Preparing]:
        """Make ready for the next meta epoch."""

    def epoch(self, *, images: int, views: int) -> Iterator[Tensor]:
        """Shuffled batches of features, (images x views, dims): every image once, each with its views."""


class Bank:
    """`size` random views of each image, extracted before the training; an epoch draws from them with replacement.

    Before each further meta epoch a share `renewal` of them is replaced by new ones, the oldest first. So after m meta
    epochs the flow has been shown up to (1 + (m - 1) x renewal) x size different views, at the memory of `size`.
    """

    def __init__(self, drawing: Drawing, *, size: int, renewal: float):
        self.drawing, self.size, self.renewal = drawing, size, renewal
        self.oldest = 0
        self.due = 0.0
        self.views: Tensor | None = None

    @property
    def phrase(self) -> str:
        """What the flow is trained on."""
        renewed = f", of which {self.renewal:.3g} are replaced before each further meta epoch" * (self.renewal > 0)
        return f"a bank of {self.size} views an image{renewed}"

    def filled(self) -> Iterator[Preparing]:
        """Extract the views of all images."""
        yield from self._extracted(torch.arange(self.size), "training views")

    def renewed(self) -> Iterator[Preparing]:
        """Replace the oldest views. A share that is no whole number of views is made up for in later meta epochs."""
        self.due += self.renewal * self.size
        count = int(self.due + 1e-9)
        self.due -= count
        if count:
            places = (torch.arange(count) + self.oldest) % self.size
            self.oldest = (self.oldest + count) % self.size
            yield from self._extracted(places, "new training views")

    def epoch(self, *, images: int, views: int) -> Iterator[Tensor]:
        """Shuffled batches, (images x views, dims)."""
        generator, device = self.drawing.generator, self.views.device
        order = torch.randperm(len(self.views), generator=generator)
        chosen = torch.randint(self.size, (len(self.views), views), generator=generator)[order]
        order, chosen = order.to(device), chosen.to(device)  # here, as each copy to a GPU waits for it
        for start in range(0, len(order), images):
            batch = slice(start, start + images)
            yield self.views[order[batch, None], chosen[batch]].flatten(0, 1)

    def _extracted(self, places: Tensor, what: str) -> Iterator[Preparing]:
        drawing = self.drawing
        for number, image in enumerate(drawing.images):
            found = drawing.features.extract(image, drawing.views(len(places)))
            if self.views is None:
                self.views = found.new_empty(len(drawing.images), self.size, found.shape[1])
            self.views[number, places] = found
            yield Preparing(f"{what} through {drawing.features.look.backbone}", number + 1, len(drawing.images))


class Fresh:
    """New random views in every epoch, as published.

    The resized images are kept on the device, 0.6 MB each at 448 pixels. On a GPU everything else happens there, and no
    step of an epoch waits for the host.
    """

    phrase = "fresh views in every epoch"

    def __init__(self, drawing: Drawing):
        self.drawing = drawing
        self.pixels: Tensor | None = None

    def filled(self) -> Iterator[Preparing]:
        """Decode and resize all images."""
        images, features = self.drawing.images, self.drawing.features
        for number, image in enumerate(features.ahead(images, features.resized)):
            pixels = features.sent(image)
            if self.pixels is None:
                self.pixels = pixels.new_empty(len(images), *pixels.shape[1:])
            self.pixels[number] = pixels[0]
            yield Preparing("training images read", number + 1, len(images))

    def renewed(self) -> Iterator[Preparing]:
        """Nothing: every epoch has views of its own."""
        return iter(())

    def epoch(self, *, images: int, views: int) -> Iterator[Tensor]:
        """Shuffled batches, (images x views, dims)."""
        features, count = self.drawing.features, len(self.pixels)
        order = torch.randperm(count, generator=self.drawing.generator).repeat_interleave(views)
        plan = _tensor_views.plan(self.drawing.views(count * views), features.look.image_size, features.device)
        order = _tensor_views.sent(order, features.device)
        for start in range(0, len(order), images * views):
            batch = slice(start, start + images * views)
            yield features.of_tensors(self.pixels[order[batch]], plan.part(batch))
