"""SimpleNet's settings and presets."""

from typing import ClassVar, Literal

from pydantic import Field

from methods import preset_field, settings
from methods._patch_method import PatchMethod
from methods._precision import AutoPrecision

FAST = {"backbone": "mobilenet_v2", "pooling": "mean", "noise_deviation": 0.15, "meta_epochs": 20}


@settings
class SimpleNetSettings(PatchMethod):
    """The settings. Their defaults are those of the published run.sh, unless a comment says otherwise."""

    presets: ClassVar = {
        "paper": {},
        # The smaller backbone's few channels are taken as they are. Its features are on another scale than those that
        # the published noise is for. The noise and the half of the passes were chosen on defects blended into held-out
        # images of five categories.
        "fast": FAST,
        "light": FAST | {"image_size": 256},
    }

    preset: Literal["paper", "fast", "light"] = preset_field(presets)
    # The published run.sh scales the shorter side to 329 and cuts out the central 288 x 288 (image_size=329
    # crop_size=288). Here the backbone sees as many pixels, but all of the image: a defect at the border counts too.
    image_size: int = Field(288, ge=32, description="side of the resized image, or with crop_size its shorter side, px")
    pretrain_dims: int = Field(1536, ge=1, description="dimensions to which adaptive pooling brings each layer")
    dims: int = Field(1536, ge=1, description="dimensions to which adaptive pooling brings the layers together")

    hidden_width: int = Field(1024, ge=1, description="units in the discriminator's hidden layer")
    leaky_slope: float = Field(0.2, ge=0, le=1, description="slope of the discriminator's LeakyReLU below zero")
    noise_deviation: float = Field(
        0.015, gt=0, description="standard deviation of the noise that makes an adapted feature anomalous"
    )
    margin: float = Field(0.5, ge=0, description="how far from zero D of a feature must be to add nothing to the loss")
    discriminator_learning_rate: float = Field(2e-4, gt=0, description="step size of the discriminator's Adam")
    discriminator_weight_decay: float = Field(1e-5, ge=0, description="its L2 penalty, added to the gradient")
    adaptor_learning_rate: float = Field(1e-4, gt=0, description="step size of the adaptor's AdamW")
    adaptor_weight_decay: float = Field(0.01, ge=0, description="its decay of the weights, apart from the gradient")
    batch_size: int = Field(8, ge=1, description="images in a batch, each with all its patches")
    meta_epochs: int = Field(40, ge=1, description="epochs that are reported")
    sub_epochs: int = Field(4, ge=1, description="passes over the training images in one meta epoch")
    # The published program's is float32. On 32 images of macaroni1 and of Magnetic Tile (mobilenet_v2), losses agreed
    # within .0002 and the image AUROC within .01 after 5, 10, 15 and 20 meta epochs. A step of 8 images of 1536
    # dimensions takes 0.9 s of a CPU core; in float32 2.9 s, and as published 3.4 s.
    training_precision: AutoPrecision = Field(
        "auto", description="precision of the matrix products in training; auto: bfloat16 where that is faster"
    )
