"""The settings of the convolutional autoencoder."""

from typing import ClassVar, Literal

from pydantic import Field

from methods import Method, preset_field, settings


@settings
class AutoencoderSettings(Method):
    """The settings. Where a default departs from what was published, its description or comment says so."""

    presets: ClassVar = {
        "paper": {},
        # For a first look: on demo a third of the time, and the same image AUROC but for the spread over seeds.
        "light": {"instances": 500, "patience": 6},
    }

    preset: Literal["paper", "light"] = preset_field(presets)
    architecture: Literal[
        "mvtec", "mvtec_seed", "mvtec2", "baseline", "inception", "resnet", "skip", "inception_resnet_v2"
    ] = Field("mvtec", description="the network: mvtec is the paper's; see the files in methods/cae/architectures")
    latent_size: int = Field(
        100, ge=1, le=10_000, description="numbers in the latent code of mvtec and mvtec_seed (paper: 100)"
    )
    encoder_weights: str | None = Field(
        None,
        description="file of ImageNet weights (.h5) for inception_resnet_v2; without one, Keras's cache or download",
    )
    patches: bool = Field(
        False,
        description="work on overlapping patches of 128x128 pixels instead of whole images of 256x256 (paper: for "
        "textures)",
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
        "grayscale",
        description="grayscale (ITU-R 601 weights) or rgb (paper: grayscale for ssim, so presumably rgb for l2)",
    )
    # Not the paper's ssim, which told blended defects worse: see image_score.
    loss: Literal["ssim", "mse", "mae", "l2", "ms_ssim"] = Field(
        "mse",
        description="ssim: 1 - mean SSIM (Keras project: half of it); mse, mae: mean squared or absolute error over "
        "all pixels; l2: squared error summed over an image; ms_ssim: 1 - MS-SSIM of five scales",
    )
    map: Literal["auto", "l1", "l2", "ssim"] = Field(
        "auto",
        description="anomaly map: absolute (l1) or squared (l2) difference, or 1 - SSIM (ssim); auto: as the loss "
        "(mse: l2, mae: l1)",
    )
    map_color: Literal["maximum", "gray"] = Field(
        "maximum",
        description="map of an rgb image: the largest difference of the three colours, or the difference of the images "
        "in gray (Keras project)",
    )
    # Below 0.05, rounding errors of float32 variances are no longer small beside SSIM's constant (0.03 L)^2.
    data_range: float = Field(
        1.0,
        ge=0.05,
        le=255,
        description="L of SSIM in loss and map. Images here are 0 to 1, so 1 is the definition; a larger value treats "
        "differences of low contrast as noise (maps of the Keras project, by accident: 2)",
    )
    # Chosen without labels, on defects blended into normal images of demo, cookie and category 0 of DSAII. Mean image
    # AUROC over the five categories by max / mean / top_mean: .67 / .88 / .77 with mse, .60 / .70 / .66 with ssim.
    image_score: Literal["max", "mean", "top_mean"] = Field(
        "mean", description="image score: the map's maximum, its mean, or the mean of its highest pixels (top_share)"
    )
    top_share: float = Field(0.01, gt=0, le=1, description="top_mean: share of the map's pixels that is averaged")
    batch_size: int = Field(
        8, ge=1, le=1024, description="images a step (paper: 128; with small categories that leaves too few steps)"
    )
    learning_rate: float = Field(
        2e-4, gt=0, le=1, description="learning rate of Adam at the first step; with one_cycle, the highest rate"
    )
    find_learning_rate: bool = Field(
        False,
        description="first try learning rates from 1e-5 to 1, and use the one found as learning_rate (Keras project: "
        "yes)",
    )
    finder_drop: float = Field(
        0.85,
        gt=0,
        lt=1,
        description="find_learning_rate: take the rate at which the loss has done this share of its fall",
    )
    learning_rate_schedule: Literal["decay", "plateau", "one_cycle"] = Field(
        "decay",
        description="the rate falls with every step (decay), when the held-out loss stalls (plateau), or cycles",
    )
    learning_rate_decay: float = Field(
        1e-5, ge=0, le=1, description="decay: step n has learning_rate / (1 + decay * n)"
    )
    plateau_patience: int = Field(
        6, ge=1, description="plateau: epochs without a lower held-out loss before the rate is reduced"
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="plateau: factor by which the rate is reduced")
    epochs: int = Field(200, ge=1, le=100_000, description="at most this many epochs")
    instances: int = Field(
        10_000,
        ge=1,
        description="augmented training images over all epochs, rounded down to whole epochs, at least one epoch",
    )
    patience: int = Field(
        12,
        ge=1,
        description="epochs without a lower held-out loss before training stops (never with one_cycle; paper: never)",
    )
    validation_share: float = Field(
        0.1, gt=0, lt=1, description="share of the images held out for early stopping, at least one image"
    )
    rotation_degrees: float = Field(
        10, ge=0, le=180, description="training images are rotated by at most this angle, in both directions"
    )
    shift_share: float = Field(
        0.05, ge=0, lt=1, description="training images are shifted by at most this share of a side, in all directions"
    )
    brightness_change: float = Field(
        0.05, ge=0, lt=1, description="training images are multiplied by a factor between 1 - this and 1 + this"
    )
    fill: Literal["nearest", "reflect", "constant"] = Field(
        "nearest",
        description="pixels that a rotation or shift leaves empty: the nearest pixel, the mirrored image, or black",
    )
    # The paper mirrors objects where they permit it. The mirror image of a printed capsule or of a screw is no normal
    # part, and nothing here knows which part is one. So the default is the Keras project's.
    mirror: Literal["none", "horizontal", "vertical", "both"] = Field(
        "none",
        description="training images are mirrored with a chance of one half: left to right, top to bottom, or each of "
        "the two (paper: objects that permit it; Keras project: none)",
    )
    # With four losses on cookie, the pixel AUROC of mixed_bfloat16 was within 0.007 of float32, in 0.7 to 0.8 of the
    # time.
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32",
        description="precision of the layers. Weights, last layer, loss, maps and the encoder of inception_resnet_v2 "
        "are always float32. mixed_bfloat16 is faster on processors with AVX512-BF16 or AMX and on GPUs, and slower on "
        "others",
    )
    jit_compile: bool = Field(
        False,
        description="compile with XLA, or with torch's own compiler: for GPUs (on a CPU a step of mvtec with XLA took "
        "1.8 times as long)",
    )
