"""An autoencoder of inception blocks."""

from methods.cae.architectures.layers import Layer, beside

FILTERS = (32, 32, 64, 64, 128, 128)
PENALTY = 1e-6
"""Factor of the L2 penalty on every kernel."""


def inception(images: Layer) -> Layer:
    """`inceptionCAE` of the Keras project "MVTec-Anomaly-Detection", 2020.

    | encoder         | output      | decoder        | output      |
    |-----------------|-------------|----------------|-------------|
    | block 32, pool  | 128x128x128 | block 128, x2  | 8x8x512     |
    | block 32, pool  | 64x64x128   | block 128, x2  | 16x16x512   |
    | block 64, pool  | 32x32x256   | block 64, x2   | 32x32x256   |
    | block 64, pool  | 16x16x256   | block 64, x2   | 64x64x256   |
    | block 128, pool | 8x8x512     | block 32, x2   | 128x128x128 |
    | block 128, pool | 4x4x512     | block 32, x2   | 256x256x128 |
    |                 |             | conv c 3x3     | 256x256xc   |

    A block of f filters joins the channels of four branches: convolutions of 1x1, 3x3 and 5x5, and a 1x1 convolution
    on a 3x3 maximum. Each branch has f filters, batch normalisation and LeakyReLU 0.1. "pool" is a 2x2 maximum, "x2"
    doubles the sides. Batch normalisation and sigmoid end the decoder. With one channel it has 11,521,797 parameters,
    with three 11,526,415.

    Beware: its 4x4x512 = 8,192 latent numbers are enough to copy anomalies too.
    """
    values = images
    for filters in FILTERS:
        values = _block(values, filters).max_pooled(2, stride=2)
    for filters in reversed(FILTERS):
        values = _block(values, filters).enlarged(2)
    return values.conv(images.shape[2], 3, penalty=PENALTY).batch_norm().activated("sigmoid")


def _block(values: Layer, filters: int) -> Layer:
    branches = [(values, 1), (values, 3), (values, 5), (values.max_pooled(3, stride=1), 1)]
    convolved = [branch.conv(filters, kernel, penalty=PENALTY) for branch, kernel in branches]
    return beside([branch.batch_norm().leaky_relu(0.1) for branch in convolved])
