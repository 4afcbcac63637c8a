"""How a file becomes an image: the one description that every command follows."""

from typing import Annotated, Any, Literal

from PIL import ImageColor
from pydantic import BeforeValidator, Field, FiniteFloat, field_validator

from benchmarks.images.tiling import Tiling

KEPT = "kept"
"""Value of `alpha` with which transparent pixels keep their colour."""
LARGEST_MEGAPIXELS = 178
"""The largest image that Pillow decodes by default: a larger one may be a small file made to fill the memory."""


def _numbers(separator: str) -> BeforeValidator:
    return BeforeValidator(lambda value: tuple(value.split(separator)) if isinstance(value, str) else value)


class Reading(Tiling):
    """How the file of an image becomes (height, width, 3) uint8 RGB, and that of a mask defect pixels.

    In tiles, these are then seen part by part.

    None: nobody has chosen. Then the rule that each field names is followed, and what is lost by it is said.
    """

    page: Annotated[int, Field(ge=1)] | Literal["all"] | None = Field(
        None,
        description="Page of a file that has several, from 1; all: each page is a view of the part, whose score is the "
        "highest of its pages. Default: the first, and it is said.",
        json_schema_extra={"metavar": "N|all", "expected": "a page from 1, or all"},
    )
    bands: Annotated[tuple[Annotated[int, Field(ge=1)], ...], _numbers(",")] | None = Field(
        None,
        description="The band to see as gray, or the three bands to see as red, green and blue, from 1. "
        "Default: the first three, and it is said.",
        json_schema_extra={"metavar": "N|N,N,N", "expected": "one band or three, from 1, such as 4 or 4,3,2"},
    )
    alpha: str | None = Field(
        None,
        description="Colour under transparent pixels, such as white or #808080; kept: as stored, as if nothing were "
        "transparent. Default: black, and it is said.",
        json_schema_extra={"metavar": "COLOUR|kept", "expected": "a colour, such as white or #808080, or kept"},
    )
    exif: Literal["obey", "ignore"] | None = Field(
        None,
        description="Whether the orientation in EXIF turns an image: obey or ignore. Default: obey, and it is said.",
        json_schema_extra={"metavar": "obey|ignore", "expected": "obey or ignore"},
    )
    range: Annotated[tuple[FiniteFloat, FiniteFloat], _numbers(":")] | None = Field(
        None,
        description="Values that become black and white, for images of more than 8 bits or of floating-point numbers. "
        "Default: 0:65535 for 16 bits; none for floating-point numbers, which are refused.",
        json_schema_extra={"metavar": "LOW:HIGH", "expected": "two numbers, the lower one first, such as 0:1"},
    )
    mask_above: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="A pixel of a mask marks a defect where its value is above this. Default: what `list DATASET` "
        "says.",
        json_schema_extra={"metavar": "VALUE", "expected": "a whole number from 0, such as 127"},
    )
    megapixels: Annotated[float, Field(gt=0)] = Field(
        LARGEST_MEGAPIXELS,
        description="The largest image that is decoded, in millions of pixels: a larger one is refused. "
        f"Default: {LARGEST_MEGAPIXELS}.",
        json_schema_extra={"metavar": "NUMBER", "expected": "a number above 0, such as 500"},
    )

    @field_validator("bands")
    @classmethod
    def _one_or_three(cls, bands: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if bands is not None and len(bands) not in (1, 3):
            raise ValueError("neither one band nor three")
        return bands

    @field_validator("alpha")
    @classmethod
    def _a_colour(cls, alpha: str | None) -> str | None:
        if alpha not in (None, KEPT):
            try:
                is_opaque = len(ImageColor.getrgb(alpha)) == 3
            except ValueError:
                is_opaque = False
            if not is_opaque:
                raise ValueError("no colour, or a transparent one")
        return alpha

    @field_validator("range")
    @classmethod
    def _ascending(cls, limits: tuple[float, float] | None) -> tuple[float, float] | None:
        if limits is not None and not limits[0] < limits[1]:
            raise ValueError("the first is not the lower one")
        return limits

    @property
    def every_page(self) -> bool:
        """Whether each page of a file is a view of its part."""
        return self.page == "all"

    @property
    def why_no_leave_one_out(self) -> str | None:
        """The option by which no method can leave out a training image, and why; None: some can."""
        if self.every_page:
            return "--page all: a part has several pages"
        if self.tile:
            return "--tile: a method leaves out one tile, and still knows the others of its image"
        return None

    @property
    def first_page(self) -> int:
        """The first page to read, from 1."""
        return self.page if isinstance(self.page, int) else 1

    @property
    def background(self) -> tuple[int, int, int] | None:
        """The colour under transparent pixels; None: as stored."""
        return None if self.alpha == KEPT else ImageColor.getcolor(self.alpha or "black", "RGB")

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults, with values as JSON stores them."""
        return self.model_dump(mode="json", exclude_defaults=True)


AS_STORED = Reading()
"""Nothing was chosen."""
