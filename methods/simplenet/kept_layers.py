"""The pooled feature maps of the training images, kept in memory."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


class KeptLayers:
    """The pooled layers of so many images, in float16 as long as all values of a layer are within its range.

    Layers and not patches: on the grid of its finest layer, a patch repeats what the coarser ones say at fewer places.
    With the published settings an image takes 2.5 MB, its patches would take 4 MB.

    Against float32, on 32 images of Magnetic Tile (mobilenet_v2, 5 meta epochs): patches differed by 0.017 % of their
    norm, which is 0.4 % of the noise in training. Losses were equal to four digits, image scores had a rank correlation
    of .9998, the image AUROC changed by .001.
    """

    def __init__(self, images: int):
        self.images, self.layers = images, []
        """One tensor a layer, (images, dims of the layer, height, width)."""

    def put(self, number: int, layers: Sequence[Tensor]) -> None:
        """Keep those of one image, (1, dims of a layer, height, width) a layer."""
        if not self.layers:
            self.layers = [layer.new_empty(self.images, *layer.shape[1:], dtype=torch.float16) for layer in layers]
        for place, layer in enumerate(layers):
            if is_beyond_float16(layer):
                self.layers[place] = self.layers[place].float()
            self.layers[place][number] = layer[0]

    def batches(self, size: int, generator: torch.Generator) -> Iterator[list[Tensor]]:
        """All images, shuffled, in batches of `size` or fewer: (n, dims of a layer, height, width) float32 a layer."""
        for chosen in torch.randperm(self.images, generator=generator).split(size):
            yield [layer[chosen.to(layer.device)].float() for layer in self.layers]


def is_beyond_float16(layer: Tensor) -> bool:
    """Whether a finite value would become infinite in float16."""
    return not bool(layer.half().isfinite().all())
