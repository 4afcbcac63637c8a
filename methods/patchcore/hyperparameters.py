"""PatchCore's settings and presets."""

from typing import ClassVar, Literal

from pydantic import Field

from methods import preset_field, settings
from methods._patch_method import PatchMethod
from methods._refusals import Use

REWEIGHTED = Use(lambda own: own.image_score == "reweighted", "image_score=reweighted")
CHOSEN = Use(lambda own: own.coreset_share < 1, "coreset_share below 1")


# Of three small networks whose weights a package index has, and of their layers, this one with its two layers found
# defects best that were blended into held-out images of five categories (vgg16: of four). There is no lighter schedule.
SMALL = {"backbone": "mobilenet_v2", "pooling": "mean"}


@settings
class PatchCoreSettings(PatchMethod):
    """The settings. Their defaults are those of the authors' program, unless a comment says otherwise."""

    presets: ClassVar = {"paper": {}, "fast": SMALL, "light": SMALL}

    preset: Literal["paper", "fast", "light"] = preset_field(presets)
    coreset_share: float = Field(0.1, gt=0, le=1, description="share of the training patches that the memory keeps")
    projection_dims: int = Field(
        128, ge=1, description="dimensions of a random projection in which the kept patches are chosen, if fewer"
    )
    start_points: int = Field(
        10, ge=1, description="random patches; the first pick is the farthest from them on average"
    )
    # The authors' command line offers this number, and loses it on the way: its tables are of 1.
    neighbours: int = Field(1, ge=1, description="nearest memory patches; a patch's score is the mean over them")
    # Equation 7 stands in the paper and not in the authors' program, with which the published tables were made.
    image_score: Literal["max", "reweighted"] = Field(
        "max", description="the highest patch score, or that weighted by how the memory lies around (equation 7)"
    )
    # The paper names no number. That of anomalib's program.
    reweighting_neighbours: int = Field(
        9, ge=2, description="memory patches around the nearest one that weigh the image score"
    )

    uses: ClassVar = PatchMethod.uses | {
        "reweighting_neighbours": REWEIGHTED,
        "projection_dims": CHOSEN,
        "start_points": CHOSEN,
    }
