"""An autoencoder whose encoder is trained on ImageNet."""

from pathlib import Path

from methods import MethodError
from methods.cae.architectures.decoding import enlarging_stage
from methods.cae.architectures.layers import Layer

ENCODER_PARAMETERS = 54_336_736
"""Parameters of InceptionResNetV2 without its top, moving statistics included."""


def inception_resnet_v2(images: Layer, encoder_weights: str | None) -> Layer:
    """`resnet` of the Keras project "MVTec-Anomaly-Detection", March 2020, for colour, with equal value ranges.

    | encoder              | output    | decoder                           | output     |
    |----------------------|-----------|-----------------------------------|------------|
    | 2 value - 1          | 299x299x3 | stage 512 4x4 valid               | 18x18x512  |
    | InceptionResNetV2    | 8x8x1536  | stage 256 3x3 valid               | 37x37x256  |
    | 2 conv 512 1x1       | 8x8x512   | stage 128 4x4                     | 74x74x128  |
    |                      |           | stage 64 3x3 valid                | 149x149x64 |
    |                      |           | transposed 3 3x3 /2 valid sigmoid | 299x299x3  |

    The encoder is that of Szegedy et al. 2016, arXiv:1602.07261, from `keras.applications`. A stage is a transposed
    convolution of stride 2, plus the output of a second, 3x3 one on it. The network has 64,503,075 parameters,
    54,336,736 of them in the encoder.

    Changed: the published network had inputs from -1 to 1 and a sigmoid output from 0 to 1, so that it could not
    reproduce its input. Here the input is from 0 to 1 too, and is scaled to the encoder's range inside. The encoder is
    not trained here. The published project trained it in the last 40 % of the epochs, at a rate of 1e-5.

    Beware: its 8x8x512 latent numbers are enough to copy anomalies too.
    """
    ready = images.rescaled(2, -1)
    values = ready.then("InceptionResNetV2", (8, 8, 1536), ENCODER_PARAMETERS, weights=encoder_weights)
    values = values.conv(512, 1).conv(512, 1)
    values = enlarging_stage(values, 512, 4, padding="valid")
    values = enlarging_stage(values, 256, 3, padding="valid")
    values = enlarging_stage(values, 128, 4)
    values = enlarging_stage(values, 64, 3, padding="valid")
    return values.transposed(images.shape[2], 3, stride=2, padding="valid", activation="sigmoid")


def named_file(encoder_weights: str) -> Path:
    """The file of encoder weights that the user names. Raises MethodError if it does not exist."""
    if not Path(encoder_weights).is_file():
        raise MethodError(
            f"{encoder_weights}: no such file; encoder_weights must name a file of weights for inception_resnet_v2"
        )
    return Path(encoder_weights)
