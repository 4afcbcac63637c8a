"""What can be set of the convolutional autoencoder."""

from typing import Literal

from pydantic import Field

from methods import Method, settings


@settings
class AutoencoderSettings(Method):
    """The settings. Where a default departs from what was published, its description or comment says so."""

    architecture: Literal[
        "mvtec", "mvtec_seed", "mvtec2", "baseline", "inception", "resnet", "skip", "inception_resnet_v2"
    ] = Field("mvtec", description="layers: mvtec is the paper's; a file each in methods/cae/architectures")
    latent_size: int = Field(
        100, ge=1, le=10_000, description="numbers in the latent code of mvtec and mvtec_seed (paper: 100)"
    )
    encoder_weights: str | None = Field(
        None, description="file of ImageNet weights (.h5) for inception_resnet_v2; none: Keras's cache or download"
    )
    patches: bool = Field(
        False, description="see textures as overlapping patches of 128x128 pixels of the 256x256 (paper: textures)"
    )
    patch_stride_px: int = Field(
        30, ge=1, le=128, description="pixels from one patch to the next in scoring (paper: 30)"
    )
    # Averaged reconstructions were the only choice before. They stay because the map is then that of the picture which
    # `finetune` shows beside it, and because an ssim map of one picture has no borders of patches inside it.
    patch_average: Literal["maps", "reconstructions"] = Field(
        "maps",
        description="what is averaged where patches overlap: the anomaly maps of the patches (paper), or their "
        "reconstructions, from which one map is made",
    )
    color_mode: Literal["grayscale", "rgb"] = Field(
        "grayscale", description="colours seen: grayscale (ITU-R 601 weights) or rgb"
    )
    # Not the paper's ssim, which told blended defects worse: see image_score.
    loss: Literal["ssim", "mse", "mae", "l2", "ms_ssim"] = Field(
        "mse",
        description="ssim: 1 - mean SSIM (published project: halved); mse, mae: mean squared or absolute error over "
        "all pixels; l2: squared error summed over an image; ms_ssim: 1 - MS-SSIM of five scales",
    )
    map: Literal["auto", "l1", "l2", "ssim"] = Field(
        "auto",
        description="anomaly map: l1 absolute, l2 squared, ssim 1 - SSIM, auto the loss's own (mse: l2, mae: l1)",
    )
    map_color: Literal["maximum", "gray"] = Field(
        "maximum", description="in rgb, a pixel of the map has its largest difference, or that of the grays (published)"
    )
    # Below 0.05 the rounding of float32 variances is no longer small beside SSIM's constant (0.03 L)^2.
    data_range: float = Field(
        1.0,
        ge=0.05,
        le=255,
        description="L of SSIM in loss and map; images here are 0 to 1, so 1 is SSIM as defined, and more takes "
        "differences of low contrast for noise (published maps, by accident: 2)",
    )
    # Chosen without labels, on defects blended into normal images of demo, cookie and category 0 of DSAII: mean image
    # AUROC over the five categories by max / mean / top_mean .67 / .88 / .77 with mse, .60 / .70 / .66 with ssim.
    image_score: Literal["max", "mean", "top_mean"] = Field(
        "mean", description="of the map's pixels: the highest, the mean, or the mean of the highest top_share"
    )
    top_share: float = Field(0.01, gt=0, le=1, description="share of the map's pixels that top_mean is of")
    batch_size: int = Field(8, ge=1, le=1024, description="images a step (paper: 128; small categories need the steps)")
    learning_rate: float = Field(2e-4, gt=0, le=1, description="of Adam: at the first step, or a cycle's highest")
    find_learning_rate: bool = Field(
        False, description="try rates from 1e-5 to 1 first, and take what is found for learning_rate (published: yes)"
    )
    finder_drop: float = Field(
        0.85, gt=0, lt=1, description="the rate taken is where the loss tried is this share of its way down"
    )
    learning_rate_schedule: Literal["decay", "plateau", "one_cycle"] = Field(
        "decay", description="after the first step: decay with each, plateau with the held-out loss, or one_cycle"
    )
    learning_rate_decay: float = Field(1e-5, ge=0, le=1, description="step n has learning_rate / (1 + decay * n)")
    plateau_patience: int = Field(
        6, ge=1, description="plateau: epochs without a lower held-out loss before the rate is reduced"
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="plateau: what a reduced rate is multiplied by")
    epochs: int = Field(200, ge=1, le=100_000, description="at most this many epochs")
    instances: int = Field(
        10_000, ge=1, description="augmented training images in all, rounded down to whole epochs, one at least"
    )
    patience: int = Field(
        12,
        ge=1,
        description="epochs without a lower held-out loss before training stops (paper: never; one_cycle: never)",
    )
    validation_share: float = Field(
        0.1, gt=0, lt=1, description="share of the images held out for early stopping, at least one"
    )
    rotation_degrees: float = Field(10, ge=0, le=180, description="training images are turned by up to this, both ways")
    shift_share: float = Field(
        0.05, ge=0, lt=1, description="training images are shifted by up to this share of a side, both ways"
    )
    brightness_change: float = Field(
        0.05, ge=0, lt=1, description="training images are multiplied by a factor within 1 +- this"
    )
    fill: Literal["nearest", "reflect", "constant"] = Field(
        "nearest", description="what turning and shifting bring in: nearest pixel, mirror image, or black"
    )
    # The paper mirrors objects where they permit it. The mirror image of a printed capsule or of a screw is no normal
    # part, and nothing here knows which part is one, so that the default is the Keras project's.
    mirror: Literal["none", "horizontal", "vertical", "both"] = Field(
        "none",
        description="training images are mirrored with a chance of one half: left to right, top to bottom, or each of "
        "the two (paper: objects that permit it; Keras project: none)",
    )
    # With four losses on cookie, the pixel AUROC of mixed_bfloat16 was within 0.007 of float32, in 0.7 to 0.8 of the
    # time.
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32",
        description="of the layers' arithmetic; weights, last layer, loss, maps and the encoder of inception_resnet_v2 "
        "are float32 in either. mixed_bfloat16 is faster on processors with AVX512-BF16 or AMX and on GPUs, and slower "
        "on others",
    )
    jit_compile: bool = Field(
        False,
        description="compile with XLA, or torch's own compiler: for GPUs (on a CPU a step of mvtec with XLA took 1.8 "
        "times as long)",
    )
