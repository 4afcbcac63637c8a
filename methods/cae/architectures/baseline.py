"""A plain convolutional autoencoder with batch normalisation and a dense latent code."""

from methods.cae.architectures.layers import Layer

FILTERS = (32, 32, 64, 64, 128, 128)
PENALTY = 1e-6
"""Factor of the L2 penalty on every kernel."""


def baseline(images: Layer) -> Layer:
    """`baselineCAE` of the Keras project "MVTec-Anomaly-Detection", 2020.

    | encoder          | output     | decoder          | output     |
    |------------------|------------|------------------|------------|
    | block 32, pool   | 128x128x32 | dense 64, folded | 4x4x4      |
    | block 32, pool   | 64x64x32   | block 128, x2    | 8x8x128    |
    | block 64, pool   | 32x32x64   | block 128, x2    | 16x16x128  |
    | block 64, pool   | 16x16x64   | block 64, x2     | 32x32x64   |
    | block 128, pool  | 8x8x128    | block 64, x2     | 64x64x64   |
    | block 128, pool  | 4x4x128    | block 32, x2     | 128x128x32 |
    |                  |            | block 32, x2     | 256x256x32 |
    |                  |            | conv c 3x3       | 256x256xc  |

    A block is a 3x3 convolution, batch normalisation and LeakyReLU 0.1. "pool" is a 2x2 maximum, "x2" doubles the
    sides, "folded" is reshaped. LeakyReLU 0.1 follows the latent code of 64 numbers. Batch normalisation and sigmoid
    end the decoder. With one channel it has 712,197 parameters, with three 713,359.
    """
    values = images
    for filters in FILTERS:
        values = _block(values, filters).max_pooled(2, stride=2)
    values = values.reshaped(4 * 4 * 128).dense(64, penalty=PENALTY).leaky_relu(0.1).reshaped(4, 4, 4)
    for filters in reversed(FILTERS):
        values = _block(values, filters).enlarged(2)
    return values.conv(images.shape[2], 3, penalty=PENALTY).batch_norm().activated("sigmoid")


def _block(values: Layer, filters: int) -> Layer:
    return values.conv(filters, 3, penalty=PENALTY).batch_norm().leaky_relu(0.1)
