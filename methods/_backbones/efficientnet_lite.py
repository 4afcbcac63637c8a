"""EfficientNet-Lite0: EfficientNet-B0 with ReLU6 and without squeeze-and-excitation, for mobile devices.

Tan and Le, EfficientNet, 2019, arXiv 1905.11946; the Lite variant is TensorFlow's. Layers are named as those of
torchvision's EfficientNet: `features.0` is the stem, 1 to 7 are the stages, 8 is the head.
"""

from typing import NamedTuple

from torch import Tensor, nn

EPSILON = 1e-3


class Stage(NamedTuple):
    """Blocks alike; the first may have a stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
"""Channels of the first and the last layer."""


class SamePadding(nn.Module):
    """TensorFlow's padding SAME before a convolution: an odd pixel goes below and to the right."""

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, images: Tensor) -> Tensor:
        (top, bottom), (left, right) = (self._around(length) for length in images.shape[2:])
        return nn.functional.pad(images, (left, right, top, bottom))

    def _around(self, length: int) -> tuple[int, int]:
        outputs = -(-length // self.stride)
        total = max((outputs - 1) * self.stride + self.kernel - length, 0)
        return total // 2, total - total // 2


def _convolution(ins: int, outs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution without bias, padded, and its batch normalisation."""
    padding = kernel // 2 if stride == 1 else 0
    convolution = nn.Conv2d(ins, outs, kernel, stride, padding, groups=groups, bias=False)
    padded = [SamePadding(kernel, stride), convolution] if stride > 1 else [convolution]
    return [*padded, nn.BatchNorm2d(outs, eps=EPSILON)]


class Block(nn.Module):
    """An inverted bottleneck: expanded, convolved channel by channel, projected; added to its input if of its shape."""

    def __init__(self, ins: int, stage: Stage, stride: int):
        super().__init__()
        wide = ins * stage.expansion
        self.layers = nn.Sequential(
            *([*_convolution(ins, wide), nn.ReLU6()] if wide != ins else []),
            *_convolution(wide, wide, kernel=stage.kernel, stride=stride, groups=wide),
            nn.ReLU6(),
            *_convolution(wide, stage.channels),
        )
        self.adds = stride == 1 and ins == stage.channels

    def forward(self, images: Tensor) -> Tensor:
        return images + self.layers(images) if self.adds else self.layers(images)


class EfficientNetLite0(nn.Module):
    """The convolutions, without the classifier."""

    def __init__(self):
        super().__init__()
        layers, ins = [nn.Sequential(*_convolution(3, STEM, kernel=3, stride=2), nn.ReLU6())], STEM
        for stage in STAGES:
            strides = (stage.stride, *[1] * (stage.blocks - 1))
            inputs = (ins, *[stage.channels] * (stage.blocks - 1))
            layers.append(nn.Sequential(*(Block(n, stage, stride) for n, stride in zip(inputs, strides, strict=True))))
            ins = stage.channels
        self.features = nn.Sequential(*layers, nn.Sequential(*_convolution(ins, HEAD), nn.ReLU6()))

    def forward(self, images: Tensor) -> Tensor:
        return self.features(images)
