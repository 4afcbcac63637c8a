"""The architecture of Bergmann et al., VISAPP 2019, arXiv:1807.02011."""

from methods.cae.architectures.layers import Layer

LEAKY = {"activation": "leaky_relu"}
"""Its slope below zero is 0.2, the default of Keras (arXiv:1807.02011, section 4.1)."""


def mvtec(images: Layer, latent_size: int) -> Layer:
    """Table 1 of arXiv:1807.02011 for patches of 128x128. At 256x256 there is one more layer of stride 2 at each end.

    | encoder          | at 256x256 | at 128x128 | decoder                     | at 256x256 | at 128x128 |
    |------------------|------------|------------|-----------------------------|------------|------------|
    | conv 32 4x4 /2   | 128x128x32 |            | transposed 32 8x8 valid     | 8x8x32     | 8x8x32     |
    | conv 32 4x4 /2   | 64x64x32   | 64x64x32   | conv 64 3x3                 | 8x8x64     | 8x8x64     |
    | conv 32 4x4 /2   | 32x32x32   | 32x32x32   | conv 128 3x3                | 8x8x128    | 8x8x128    |
    | conv 32 3x3      | 32x32x32   | 32x32x32   | transposed 64 4x4 /2        | 16x16x64   | 16x16x64   |
    | conv 64 4x4 /2   | 16x16x64   | 16x16x64   | conv 64 3x3                 | 16x16x64   | 16x16x64   |
    | conv 64 3x3      | 16x16x64   | 16x16x64   | transposed 32 4x4 /2        | 32x32x32   | 32x32x32   |
    | conv 128 4x4 /2  | 8x8x128    | 8x8x128    | conv 32 3x3                 | 32x32x32   | 32x32x32   |
    | conv 64 3x3      | 8x8x64     | 8x8x64     | transposed 32 4x4 /2        | 64x64x32   | 64x64x32   |
    | conv 32 3x3      | 8x8x32     | 8x8x32     | transposed 32 4x4 /2        | 128x128x32 |            |
    | conv d 8x8 valid | 1x1xd      | 1x1xd      | transposed c 4x4 /2 sigmoid | 256x256xc  | 128x128xc  |

    LeakyReLU 0.2 follows every layer but the latent one (linear) and the last. The CVPR 2019 paper has d = 100 for
    objects at 256x256 and for patches of textures alike. With d = 100 and one channel the network has 1,081,381
    parameters at 256x256 and 1,048,549 at 128x128. With three channels it has 1,083,431 and 1,050,599.
    """
    side, _, channels = images.shape
    larger = [(32, 4, 2)] if side == 256 else []
    values = images
    for filters, kernel, stride in [*larger, (32, 4, 2), (32, 4, 2), (32, 3, 1), (64, 4, 2), (64, 3, 1), (128, 4, 2)]:
        values = values.conv(filters, kernel, stride=stride, **LEAKY)
    values = values.conv(64, 3, **LEAKY).conv(32, 3, **LEAKY).conv(latent_size, 8, padding="valid")
    values = values.transposed(32, 8, padding="valid", **LEAKY).conv(64, 3, **LEAKY).conv(128, 3, **LEAKY)
    values = values.transposed(64, 4, stride=2, **LEAKY).conv(64, 3, **LEAKY)
    values = values.transposed(32, 4, stride=2, **LEAKY).conv(32, 3, **LEAKY)
    for filters, kernel, stride in [(32, 4, 2), *larger]:
        values = values.transposed(filters, kernel, stride=stride, **LEAKY)
    return values.transposed(channels, 4, stride=2, activation="sigmoid")
