"""The backbone's feature maps of the training images, kept in memory."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


class KeptMaps:
    """Feature maps of images, in float16 where all of a map is within its range.

    The maps and not the patches made of them: these take about twice the memory of the maps with the published
    settings, and as they overlap they say nothing more.
    """

    def __init__(self):
        self.images: list[list[Tensor]] = []

    def __len__(self) -> int:
        return len(self.images)

    def add(self, maps: Sequence[Tensor]) -> None:
        """Keep the maps of one image, (1, channels, h, w) a layer."""
        self.images.append([halved(map) for map in maps])

    def batches(self, size: int, generator: torch.Generator) -> Iterator[list[Tensor]]:
        """All images, shuffled, in batches of `size` or fewer: (n, channels, h, w) float32 a layer."""
        order = torch.randperm(len(self), generator=generator).tolist()
        for start in range(0, len(order), size):
            of_images = [self.images[number] for number in order[start : start + size]]
            yield [torch.cat([map.float() for map in of_layer]) for of_layer in zip(*of_images, strict=True)]


def halved(map: Tensor) -> Tensor:
    """The map in float16, or unchanged where a value is beyond float16's range and would become infinite."""
    half = map.half()
    return half if bool(half.isfinite().all()) else map
