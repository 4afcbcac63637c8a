"""An autoencoder with skip connections from its encoder to its decoder."""

from methods.cae.architectures.layers import Layer

SLOPE = 0.3
"""Slope of LeakyReLU below zero, the default of Keras in 2020."""


def skip(images: Layer) -> Layer:
    """`skipCAE` of the Keras project "MVTec-Anomaly-Detection", 2020.

    | encoder         | output     | decoder                    | output     |
    |-----------------|------------|----------------------------|------------|
    | conv 32 3x3 /2  | 128x128x32 | dense 256, folded          | 1x1x256    |
    | conv 32 3x3 /2  | 64x64x32   | transposed 256 3x3         | 1x1x256    |
    | conv 64 3x3 /2  | 32x32x64   | transposed 256 3x3 /2      | 2x2x256    |
    | conv 64 3x3 /2  | 16x16x64   | transposed 128 3x3 /2      | 4x4x128    |
    | conv 128 3x3 /2 | 8x8x128    | transposed 128 3x3 /2, sum | 8x8x128    |
    | conv 128 3x3 /2 | 4x4x128    | transposed 64 3x3 /2       | 16x16x64   |
    | conv 256 3x3 /2 | 2x2x256    | transposed 64 3x3 /2, sum  | 32x32x64   |
    | conv 256 3x3 /2 | 1x1x256    | transposed 32 3x3 /2       | 64x64x32   |
    | dense 64        | 64         | transposed 32 3x3 /2       | 128x128x32 |
    |                 |            | transposed c 3x3 /2        | 256x256xc  |

    LeakyReLU 0.3 follows every convolution, ReLU both dense layers, and sigmoid the last layer. "sum" adds the
    encoder's layer of the same shape, both before their LeakyReLU. LeakyReLU and batch normalisation follow the sum.
    "folded" is reshaped. With one channel it has 2,967,041 parameters, with three 2,968,195.

    Beware: the skip connections carry the image and its anomalies past the latent code, so the network copies its
    input, as its authors warn. It is here for comparison.
    """
    values, kept = images, {}
    for filters in (32, 32, 64, 64, 128, 128, 256, 256):
        convolved = values.conv(filters, 3, stride=2)
        kept[convolved.shape] = convolved
        values = convolved.leaky_relu(SLOPE)
    values = values.reshaped(256).dense(64, activation="relu").dense(256, activation="relu").reshaped(1, 1, 256)
    values = values.transposed(256, 3).leaky_relu(SLOPE)
    for filters in (256, 128, 128, 64, 64, 32, 32):
        values = _enlarged(values, filters, kept)
    return values.transposed(images.shape[2], 3, stride=2, activation="sigmoid")


def _enlarged(values: Layer, filters: int, kept: dict[tuple[int, ...], Layer]) -> Layer:
    large = values.transposed(filters, 3, stride=2)
    if large.shape in ((8, 8, 128), (32, 32, 64)):
        return large.plus(kept[large.shape]).leaky_relu(SLOPE).batch_norm()
    return large.leaky_relu(SLOPE)
