"""DifferNet as published, procedure by procedure, to compare ours with: the same flow, trained the expensive way.

Facts: github.com/marco-rudolph/differnet. Every epoch runs AlexNet again over fresh rotations, in float32, and
differentiates through it; Adam steps tensor by tensor after the whole backward pass; the log-determinant comes from
a second pass through all subnets; each test image is scored over 64 random rotations.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms import functional

from methods import Image
from methods._backbones import IMAGENET_DEVIATION, IMAGENET_MEAN
from methods._backbones.arrays import Weights
from methods.differnet import flow

SIDE, SCALES = 448, 3
IMAGES, VIEWS, TEST_VIEWS = 24, 4, 64


class PublishedDifferNet:
    """Trains and scores as the published program does."""

    def __init__(self, weights: Weights, *, seed: int):
        self.generator = torch.Generator().manual_seed(seed)
        self.alexnet = models.alexnet().features
        state = {name.removeprefix("features."): torch.from_numpy(array) for name, array in weights.arrays.items()}
        self.alexnet.load_state_dict(state)
        self.flow = flow.build(flow.Shape(256 * SCALES, blocks=8, hidden_width=2048, clamp=3.0), seed=seed)
        self.adam = torch.optim.Adam(
            self.flow.parameters(), lr=2e-4, betas=(0.8, 0.8), eps=1e-4, weight_decay=1e-5, foreach=False
        )

    def train(self, images: Sequence[Image], *, epochs: int) -> Iterator[float]:
        """The mean loss of each epoch."""
        for _ in range(epochs):
            order = torch.randperm(len(images), generator=self.generator).tolist()
            losses = []
            for start in range(0, len(images), IMAGES):
                members = [images[index] for index in order[start : start + IMAGES]]
                losses.append(self._step(torch.cat([self._views(image, self._angles(VIEWS)) for image in members])))
            yield sum(losses) / len(losses)

    @torch.no_grad()
    def score(self, image: Image) -> float:
        """The mean of z^2 over random rotations; the published evaluation keeps no gradients either."""
        z, _ = self.flow(self.seen(image, self._angles(TEST_VIEWS)))
        return float((z**2).mean())

    @torch.no_grad()
    def seen(self, image: Image, angles: Sequence[float]) -> Tensor:
        """(views, 768): the features of an image rotated by these degrees."""
        return self._features(self._views(image, angles))

    def _step(self, views: Tensor) -> float:
        self.adam.zero_grad()
        features = self._features(views)
        z, _ = self.flow(features)
        _, log_det = self.flow(features)  # the published second pass
        loss = flow.negative_log_likelihood(z, log_det)
        loss.backward()
        self.adam.step()
        return float(loss.detach())

    def _angles(self, count: int) -> list[float]:
        return (360 * torch.rand(count, generator=self.generator) - 180).tolist()

    def _views(self, image: Image, angles: Sequence[float]) -> Tensor:
        picture = functional.resize(functional.to_pil_image(image), [SIDE, SIDE])
        pixels = torch.stack([functional.to_tensor(functional.rotate(picture, angle)) for angle in angles])
        return functional.normalize(pixels, IMAGENET_MEAN, IMAGENET_DEVIATION)

    def _features(self, views: Tensor) -> Tensor:
        scaled = [views, *(nn.functional.interpolate(views, SIDE >> scale) for scale in range(1, SCALES))]
        return torch.cat([self.alexnet(each).mean((2, 3)) for each in scaled], dim=1)
