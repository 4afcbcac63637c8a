"""The first architecture of the Keras project "MVTec-Anomaly-Detection"."""

from methods.cae.architectures.layers import Layer
from methods.cae.architectures.mvtec import LEAKY

ENCODER = [(32, 4, 2), (32, 4, 2), (32, 4, 2), (32, 3, 1), (64, 4, 2), (64, 3, 1), (128, 4, 2), (64, 3, 1), (32, 3, 1)]
DECODER = [(64, 3, 1), (128, 4, 1), (64, 3, 2), (64, 4, 1), (32, 3, 2), (32, 4, 1), (32, 4, 2), (32, 4, 2)]
"""(filters, kernel, stride) of each layer between the input, the latent code and the output."""


def mvtec_seed(images: Layer, latent_size: int) -> Layer:
    """`mvtec` of the Keras project "MVTec-Anomaly-Detection", March 2020.

    | encoder          | output     | decoder                     | output     |
    |------------------|------------|-----------------------------|------------|
    | conv 32 4x4 /2   | 128x128x32 | transposed 32 3x3 /8 valid  | 8x8x32     |
    | conv 32 4x4 /2   | 64x64x32   | transposed 64 3x3           | 8x8x64     |
    | conv 32 4x4 /2   | 32x32x32   | transposed 128 4x4          | 8x8x128    |
    | conv 32 3x3      | 32x32x32   | transposed 64 3x3 /2        | 16x16x64   |
    | conv 64 4x4 /2   | 16x16x64   | transposed 64 4x4           | 16x16x64   |
    | conv 64 3x3      | 16x16x64   | transposed 32 3x3 /2        | 32x32x32   |
    | conv 128 4x4 /2  | 8x8x128    | transposed 32 4x4           | 32x32x32   |
    | conv 64 3x3      | 8x8x64     | transposed 32 4x4 /2        | 64x64x32   |
    | conv 32 3x3      | 8x8x32     | transposed 32 4x4 /2        | 128x128x32 |
    | conv d 8x8 valid | 1x1xd      | transposed c 4x4 /2 sigmoid | 256x256xc  |

    LeakyReLU 0.2 follows every layer but the latent one (ReLU) and the last. With d = 100 and one channel it has
    926,885 parameters. It is kept as published, for comparison; `mvtec` is the network that it was meant to be.

    Two weaknesses: the ReLU cuts off negative latent numbers, and the first layer of the decoder, with kernel 3 and
    stride 8, reaches only 9 of the 64 pixels.
    """
    values = images
    for filters, kernel, stride in ENCODER:
        values = values.conv(filters, kernel, stride=stride, **LEAKY)
    values = values.conv(latent_size, 8, padding="valid", activation="relu")
    values = values.transposed(32, 3, stride=8, padding="valid", **LEAKY)
    for filters, kernel, stride in DECODER:
        values = values.transposed(filters, kernel, stride=stride, **LEAKY)
    return values.transposed(images.shape[2], 4, stride=2, activation="sigmoid")
