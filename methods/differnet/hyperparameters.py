"""DifferNet's settings and presets."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from methods import preset_field, settings
from methods._precision import AutoPrecision, Precision
from methods._refusals import Use
from methods._view_method import ROTATED, ViewMethod

Share = Annotated[float, Field(ge=0, lt=1)]
BANK_ON_CPU = 64
"""Views in the bank where the setting is auto."""
PHRASES = {
    "mean_z2": "mean of z^2 over {views} and {dims} dimensions",
    "likelihood": "negative log-likelihood per dimension, mean over {views} and {dims} dimensions",
    "worst_scale": "largest of {scales} scales' means of z^2 over {views} and {dims} dimensions",
}
"""What each rule of `image_score` computes."""


def _where_views_vary(name: str) -> Use:
    """The use of a number of training views: where all views are alike, there is one."""
    return Use(
        lambda own: own.views_vary or getattr(own, name) in (1, "auto"),
        "rotation_degrees, brightness, contrast or saturation above 0",
    )


MAPPED = Use(lambda own: own.map_rotations > 0, "map_rotations above 0")
MAPS_ROTATED = ROTATED._replace(counts=lambda own: own.rotation_degrees > 0 or own.map_rotations < 2)


@settings
class DifferNetSettings(ViewMethod):
    """The settings. Their defaults are the published values, unless a comment says otherwise."""

    presets: ClassVar = {
        "paper": {},
        # A narrow flow, and no more views than the bank holds at once. By defects blended faintly into macaroni1, whose
        # parts lie at any angle (200 training images, seed 0), the image AUROC is .889. With 48 epochs instead of 192
        # it is .851, with 32 views besides .843; with a renewed bank .921. Real defects of macaroni1 do not bear this
        # out: on its official test set .737, where 32 views and 48 epochs have .747.
        "fast": {
            "bank_renewal": 0.0,
            "hidden_width": 512,
        },
        # For a first look: its cost lets demo end within four minutes on two plain cores. Departures from `fast`: an
        # eighth of the views in the bank, a quarter of the epochs, half of the test views, half of the rotations of a
        # map. On demo its image AUROC is .80 (mean of three categories and three seeds).
        "light": {
            "bank_views": 8,
            "bank_renewal": 0.0,
            "test_views": 32,
            "hidden_width": 512,
            "sub_epochs": 2,
            "map_rotations": 4,
        },
    }

    preset: Literal["paper", "fast", "light"] = preset_field(presets)
    brightness: Share = Field(0.0, description="training views vary in brightness by up to this share")
    contrast: Share = Field(0.0, description="training views vary in contrast by up to this share")
    saturation: Share = Field(0.0, description="training views vary in saturation by up to this share")
    # On a CPU not the paper's, which draws new rotations in every epoch: 192 epochs of 4 views are 768 passes of an
    # image through AlexNet, and one costs 10 to 30 ms of a core. 64 views of an image are 0.2 MB of memory.
    # The smaller the bank, the sooner the flow overfits it: with 16 / 64 / 256 views of 200 images of Magnetic Tile,
    # the image AUROC was .728 / .808 / .840. So the bank is renewed: 64 views at a time, 255 in all.
    # On blended defects of macaroni1 that was as good as 256 at a time (.921 and .910; 64 views alone: .889).
    bank_views: Annotated[int, Field(ge=0)] | Literal["auto"] = Field(
        "auto",
        description="random views extracted per training image, from which training draws with replacement; 0: fresh "
        f"views in every epoch (paper); auto: 0 on a GPU, {BANK_ON_CPU} on a CPU",
    )
    bank_renewal: float = Field(
        0.13, ge=0, le=1, description="share of the bank that new views replace before each further meta epoch"
    )
    views_per_image: int = Field(4, ge=1, description="views of each training image in one epoch")
    coupling_blocks: int = Field(8, ge=1, description="blocks of the flow")
    hidden_width: int = Field(2048, ge=1, description="units in each of a subnet's three hidden layers")
    dropout: Share = Field(0.0, description="share of the hidden units that are left out in a training step")
    clamp: float = Field(3.0, gt=0, description="soft clamp of the log scale of a coupling")
    batch_size: int = Field(24, ge=1, description="images in a batch, each with its views")
    learning_rate: float = Field(2e-4, gt=0, description="step size of Adam")
    betas: tuple[Share, Share] = Field((0.8, 0.8), description="decay of Adam's two running means")
    adam_epsilon: float = Field(1e-4, gt=0, description="term that keeps Adam's denominator above zero")
    weight_decay: float = Field(1e-5, ge=0, description="L2 penalty, added to the gradient")
    meta_epochs: int = Field(24, ge=1, description="epochs that are reported")
    sub_epochs: int = Field(8, ge=1, description="passes over the training images in one meta epoch")
    # Not the paper's, which trains on all images and cannot see that it overfits.
    validation_share: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the training images held out of the flow, whose loss is watched; none if it is below two",
    )
    keep: Literal["last", "held_out"] = Field(
        "last",
        description="weights to keep: those of the last epoch, or of the meta epoch with the lowest held-out loss",
    )
    # The paper's is float32. On gravel of demo, losses and image AUROC were alike; a step took 0.46 s instead of 0.76.
    training_precision: AutoPrecision = Field(
        "auto",
        description="precision of the flow's subnets in training; auto: bfloat16 where that is faster",
    )
    scoring_precision: Precision = Field("float32", description="precision of the flow's subnets in scoring")
    image_score: Literal["mean_z2", "likelihood", "worst_scale"] = Field(
        "mean_z2",
        description="image score: the mean of z^2 (paper), the negative log-likelihood with the Jacobian, or the "
        "largest of the scales' means of z^2; anomaly maps always show what raises the mean of z^2",
    )

    # Not the paper's 64: the backward passes through AlexNet make a map of 64 rotations cost 2.4 times a score of 64
    # views; a map of 8 costs 0.4 of it. On the one category tried, 64 rotations showed defects no better than 16.
    map_rotations: int = Field(
        8, ge=0, description="evenly spaced rotations that an anomaly map is the mean over; 0: no maps"
    )
    map_evidence: Literal["gradient", "gradient_times_input"] = Field(
        "gradient",
        description="what a map shows at each pixel: the norm of the gradient of log score, or the gradient x input",
    )
    map_blur: float = Field(
        3.0,
        ge=0,
        le=50,
        description="standard deviation of the Gaussian that smooths a map, pixels of the resized image",
    )

    uses: ClassVar = ViewMethod.uses | {
        "bank_views": _where_views_vary("bank_views"),
        "bank_renewal": Use(lambda own: own.views_vary and own.bank_views not in (0, 1), "a bank of several views"),
        "views_per_image": _where_views_vary("views_per_image"),
        "keep": Use(lambda own: own.validation_share > 0, "validation_share above 0"),
        "map_rotations": MAPS_ROTATED,
        "map_evidence": MAPPED,
        "map_blur": MAPPED,
    }

    @property
    def views_vary(self) -> bool:
        """Whether the training views of an image differ."""
        return any((self.rotation_degrees, self.brightness, self.contrast, self.saturation))
