"""The settings of tiles: how large they are, how far they overlap, and how an image is judged by its own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LARGEST_OVERLAP = 0.9


class Tiling(BaseModel):
    """How an image is divided into tiles. A tile is square, or cut to its image where that is smaller."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    tile: Annotated[int, Field(ge=16)] | None = Field(
        None,
        description="Side of the square tiles that methods see instead of the whole image, in pixels of the image at "
        "full resolution, for small defects in large images. Default: none, methods see the whole image.",
        json_schema_extra={"metavar": "PIXELS", "expected": "a whole number of pixels from 16, such as 512"},
    )
    tile_overlap: Annotated[float, Field(ge=0, le=LARGEST_OVERLAP)] = Field(
        0.25,
        description="Share of its side by which a tile overlaps the next one. Default: 0.25.",
        json_schema_extra={"metavar": "SHARE", "expected": f"a share from 0 to {LARGEST_OVERLAP}, such as 0.25"},
    )
    tile_score: Annotated[str, Field(pattern=r"^(max|top[1-9][0-9]{0,5})$")] = Field(
        "max",
        description="Image score from those of its tiles: max, the highest; top3, the mean of the three highest, "
        "and so for any number. Default: max.",
        json_schema_extra={"metavar": "max|topN", "expected": "max, or top and a number, such as top3"},
    )
    tiles_per_image: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Number of tiles of each training image that are learned from, drawn by the seed. Default: all.",
        json_schema_extra={"metavar": "N", "expected": "a whole number from 1, such as 8"},
    )

    @property
    def highest_tiles(self) -> int:
        """Of how many tiles with the highest scores the image score is the mean; 1: it is the highest."""
        return 1 if self.tile_score == "max" else int(self.tile_score.removeprefix("top"))
