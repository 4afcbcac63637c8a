"""An autoencoder whose encoder is a residual network of 18 layers, without pretraining."""

from typing import Any

from methods.cae.architectures.decoding import enlarging_stage
from methods.cae.architectures.layers import Layer

ENCODER = {"initializer": "HeNormal", "penalty": 1e-4}
UNITS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]
"""(filters, stride) of the residual units after the first one."""


def resnet(images: Layer) -> Layer:
    """`resnetCAE` of the Keras project "MVTec-Anomaly-Detection", 2020, with corrected shortcuts.

    | encoder             | output     | decoder                     | output     |
    |---------------------|------------|-----------------------------|------------|
    | conv 64 7x7 /2      | 128x128x64 | stage 512                   | 16x16x512  |
    | maximum of 3x3 /2   | 64x64x64   | stage 256                   | 32x32x256  |
    | 2 units of 64       | 64x64x64   | stage 128                   | 64x64x128  |
    | 2 units of 128, /2  | 32x32x128  | stage 64                    | 128x128x64 |
    | 2 units of 256, /2  | 16x16x256  | transposed c 4x4 /2 sigmoid | 256x256xc  |
    | 2 units of 512, /2  | 8x8x512    |                             |            |
    | 2 conv 512 1x1 ReLU | 8x8x512    |                             |            |

    A unit (He et al. 2016, arXiv:1603.05027) is the sum of a shortcut and a branch. The branch has two 3x3
    convolutions, each after batch normalisation and ReLU. The shortcut is the unit's input, or a 1x1 convolution of it
    where the shape changes. A stage is a transposed convolution of 4x4 and stride 2, plus the output of a second, 3x3
    one on it. With one channel it has 21,797,249 parameters, with three 21,805,571.

    Changed: the published network concatenated shortcuts and branches instead of adding them. It dropped the branch of
    its last unit, so that its encoder ended in a 1x1 convolution. Here every unit adds, and every branch is used.

    Beware: its 8x8x512 latent numbers are half as many as the pixels. Its authors warn that it copies its input.
    """
    stem = images.conv(64, 7, stride=2, **ENCODER).batch_norm().activated("relu").max_pooled(3, stride=2)
    values = stem.plus(_branch(stem, 64, stride=1))
    for filters, stride in UNITS:
        values = _unit(values, filters, stride)
    values = values.batch_norm().activated("relu").conv(512, 1, activation="relu").conv(512, 1, activation="relu")
    for filters in (512, 256, 128, 64):
        values = enlarging_stage(values, filters, 4)
    return values.transposed(images.shape[2], 4, stride=2, activation="sigmoid")


def _unit(values: Layer, filters: int, stride: int) -> Layer:
    ready = values.batch_norm().activated("relu")
    same = values.shape[2] == filters and stride == 1
    shortcut = values if same else values.conv(filters, 1, stride=stride, **ENCODER)
    return shortcut.plus(_branch(ready, filters, stride=stride))


def _branch(ready: Layer, filters: int, **options: Any) -> Layer:
    inner = ready.conv(filters, 3, **options, **ENCODER).batch_norm().activated("relu")
    return inner.conv(filters, 3, **ENCODER)
