"""The pooled feature maps of the training images, kept in memory."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


class KeptLayers:
    """The pooled layers of images, in float16 where all values of a layer are within its range.

    Layers and not patches: on the grid of its finest layer, a patch repeats what the coarser ones say at fewer places.
    With the published settings an image takes 2.5 MB, its patches would take 4 MB.

    Against float32, on 32 images of Magnetic Tile (mobilenet_v2, 5 meta epochs): patches differed by 0.017 % of their
    norm, which is 0.4 % of the noise in training. Losses were equal to four digits, image scores had a rank correlation
    of .9998, the image AUROC changed by .001.
    """

    def __init__(self):
        self.images: list[list[Tensor]] = []

    def __len__(self) -> int:
        return len(self.images)

    def add(self, layers: Sequence[Tensor]) -> None:
        """Keep one image, (1, dims of a layer, height, width) a layer."""
        self.images.append([halved(layer) for layer in layers])

    def batches(self, size: int, generator: torch.Generator) -> Iterator[list[Tensor]]:
        """All images, shuffled, in batches of `size` or fewer: (n, dims of a layer, height, width) float32 a layer."""
        order = torch.randperm(len(self), generator=generator).tolist()
        for start in range(0, len(order), size):
            of_images = [self.images[number] for number in order[start : start + size]]
            yield [torch.cat([layer.float() for layer in of_layer]) for of_layer in zip(*of_images, strict=True)]


def halved(layer: Tensor) -> Tensor:
    """The layer in float16, or unchanged where a value is beyond float16's range and would become infinite."""
    half = layer.half()
    return half if bool(half.isfinite().all()) else layer
