"""A contact sheet: many small pictures on one page, each strip with a caption, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

CELL_PX = 128
GAP_PX = 6
CAPTION_PX = 14
PER_LINE = 9
"""Pictures beside one another, about."""
PAPER, INK = (255, 255, 255), (40, 40, 40)
LETTER_PX = 6


class Strip(NamedTuple):
    """Pictures that belong together, such as an image, its mask and the result, with a caption below."""

    pictures: Sequence[np.ndarray]
    """(h, w, 3) uint8, or (h, w) bool: a mask."""
    caption: str


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """A picture or a mask, as (h, w, 3) uint8: at most 128 pixels high and wide, and more than half of it if it can.

    A small picture is enlarged by a whole number, so that its pixels stay what they are.
    """
    from PIL import Image

    pixels = np.where(picture, 255, 0).astype(np.uint8) if picture.dtype == bool else picture
    small = Image.fromarray(pixels).convert("RGB")
    small.thumbnail((CELL_PX, CELL_PX))
    times = max(1, CELL_PX // max(small.size))
    return np.asarray(small).repeat(times, 0).repeat(times, 1)


def draw(strips: Sequence[Strip]) -> np.ndarray:
    """The sheet, (h, w, 3) uint8: strips in rows, from left to right. Pictures keep their aspect."""
    from PIL import Image

    longest = max((len(strip.pictures) for strip in strips), default=1)
    across = max(1, min(len(strips), PER_LINE // longest))
    width, height = longest * (CELL_PX + 2) + GAP_PX, CELL_PX + CAPTION_PX + GAP_PX
    down = -(-len(strips) // across)
    page = Image.new("RGB", (across * width + GAP_PX, max(1, down) * height + GAP_PX), PAPER)
    for index, strip in enumerate(strips):
        row, column = divmod(index, across)
        _draw_strip(page, strip, left=GAP_PX + column * width, top=GAP_PX + row * height, letters=width // LETTER_PX)
    return np.asarray(page)


def _draw_strip(page: Image.Image, strip: Strip, *, left: int, top: int, letters: int) -> None:
    from PIL import Image, ImageDraw

    place = left
    for picture in map(thumbnail, strip.pictures):
        page.paste(Image.fromarray(picture), (place, top + CELL_PX - picture.shape[0]))  # beside its caption
        place += picture.shape[1] + 2
    text = strip.caption if len(strip.caption) < letters else f"{strip.caption[: letters - 4]}..."
    ImageDraw.Draw(page).text((left, top + CELL_PX), text.encode("ascii", "replace").decode(), fill=INK)
