"""The architecture in all examples of the Keras project "MVTec-Anomaly-Detection"."""

from methods.cae.architectures.layers import Layer

ENCODER = [(32, 4, 2), (32, 4, 2), (32, 4, 2), (32, 3, 1), (64, 4, 2), (64, 3, 1), (128, 4, 2), (64, 3, 1), (32, 3, 1)]
"""(filters, kernel, stride) of each layer before the latent code."""
DECODER = [
    [(32, 3), (64, 3), (128, 4)],
    [(64, 3), (64, 4)],
    [(32, 3), (32, 4)],
    [(32, 4)],
    [(32, 8)],
]
"""(filters, kernel) of the layers at 8x8, 16x16, and so on. The sides are doubled after each group."""


def mvtec2(images: Layer) -> Layer:
    """`mvtec2`, later `mvtecCAE`, of the Keras project "MVTec-Anomaly-Detection", 2020, with a corrected decoder.

    | encoder         | output     | decoder                | output     |
    |-----------------|------------|------------------------|------------|
    | conv 32 4x4 /2  | 128x128x32 | conv 32 3x3            | 8x8x32     |
    | conv 32 4x4 /2  | 64x64x32   | conv 64 3x3            | 8x8x64     |
    | conv 32 4x4 /2  | 32x32x32   | conv 128 4x4           | 8x8x128    |
    | conv 32 3x3     | 32x32x32   | x2, conv 64 3x3        | 16x16x64   |
    | conv 64 4x4 /2  | 16x16x64   | conv 64 4x4            | 16x16x64   |
    | conv 64 3x3     | 16x16x64   | x2, conv 32 3x3        | 32x32x32   |
    | conv 128 4x4 /2 | 8x8x128    | conv 32 4x4            | 32x32x32   |
    | conv 64 3x3     | 8x8x64     | x2, conv 32 4x4        | 64x64x32   |
    | conv 32 3x3     | 8x8x32     | x2, conv 32 8x8        | 128x128x32 |
    | conv 1 8x8      | 8x8x1      | x2, conv c 8x8 sigmoid | 256x256xc  |

    "x2" doubles the sides. ReLU follows every layer but the latent one (linear) and the last. The 64 latent numbers
    keep their places in the image. With one channel it has 746,210 parameters, with three 751,332.

    Changed: the published decoder doubles the sides before convolutions of 4x4 and stride 2, which halve them again (a
    wrong translation of transposed convolutions). Here these have stride 1. The parameters, and the resolution after
    each group, are the published ones.
    """
    values = images
    for filters, kernel, stride in ENCODER:
        values = values.conv(filters, kernel, stride=stride, activation="relu")
    values = values.conv(1, 8)
    for group in DECODER:
        for filters, kernel in group:
            values = values.conv(filters, kernel, activation="relu")
        values = values.enlarged(2)
    return values.conv(images.shape[2], 8, activation="sigmoid")
