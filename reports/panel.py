"""What a method says of one image, at a glance: the image, its heat map and its outlines side by side, and a banner."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reports import hatching, heat_map, overlay
from reports.blocks import blocks
from reports.heat_map import Scale

DEFECTIVE = (213, 94, 0)
"""Vermillion and blue, which colour-blind readers can tell apart, too."""
NORMAL = (0, 90, 150)
TRUTH = (86, 180, 233)
"""Sky blue: the outline of the ground truth."""
PAPER, INK = (255, 255, 255), (20, 20, 20)
LEAST_SIDE_PX, LARGEST_SIDE_PX = 320, 1024
"""Of the longer side of one picture: smaller images are enlarged, larger ones reduced, by a whole number."""
GAP_PX = 6
LEAST_FONT_PX, LARGEST_FONT_PX = 11, 26
FONT_SHARE = 1 / 24
"""Height of the text, as a share of the longer side of one picture."""


class Shown(NamedTuple):
    """What is shown of one image; all arrays have its size."""

    image: np.ndarray
    """(h, w, 3) uint8."""
    verdict: str
    """In the banner, such as `DEFECTIVE   score 1.5, threshold 1.25`."""
    defective: bool
    """Whether it is called defective; this colours the banner."""
    name: str = ""
    truth: str = ""
    """What the image is known to be, such as `cut`; empty: not known."""
    fault: str = ""
    """`MISSED`, `FALSE ALARM`, or empty."""
    map: np.ndarray | None = None
    """(h, w) anomaly map, minus infinity where nothing counts; None: the method gives none."""
    scale: Scale | None = None
    """The colours of the map; None: its own."""
    regions: np.ndarray | None = None
    """(h, w) bool: what is outlined; None: the pixels above the middle of the scale."""
    mask: np.ndarray | None = None
    """(h, w) bool: the ground truth; None: not known."""
    ignored: np.ndarray | None = None
    """(h, w) bool: what does not count; None: all counts."""


def drawn(shown: Shown, *, least_px: int = LEAST_SIDE_PX, largest_px: int = LARGEST_SIDE_PX) -> np.ndarray:
    """Pictures side by side under a banner, (h, w, 3) uint8."""
    pictures = _pictures(_fitted(shown, least_px, largest_px))
    height, width = next(iter(pictures.values())).shape[:2]
    font_px = round(min(max(FONT_SHARE * max(height, width), LEAST_FONT_PX), LARGEST_FONT_PX))
    return _composed(shown, pictures, font_px)


def _pictures(shown: Shown) -> dict[str, np.ndarray]:
    """The pictures by what stands below them."""
    pictures = {"image": shown.image}
    if shown.map is not None:
        scale = shown.scale or heat_map.own_scale(shown.map)
        regions = shown.map > scale.middle if shown.regions is None else shown.regions
        pictures["heat map"] = heat_map.laid_over(shown.image, shown.map, scale)
        pictures["outline" if regions.any() else "outline: none"] = overlay.draw(shown.image, regions)
    if shown.mask is not None:
        pictures["ground truth"] = overlay.draw(shown.image, shown.mask, TRUTH)
    if shown.ignored is None or not shown.ignored.any():
        return pictures
    return {_of_ignored(caption): hatching.hatched(each, shown.ignored) for caption, each in pictures.items()}


def _of_ignored(caption: str) -> str:
    """The caption of a hatched picture: that of the image says what hatching means."""
    return f"image ({hatching.CAPTION})" if caption == "image" else caption


def _fitted(shown: Shown, least_px: int, largest_px: int) -> Shown:
    """All arrays enlarged or reduced alike. Of a map, the highest level of each block stays."""
    longest = max(shown.image.shape[:2])
    step, repeats = -(-longest // largest_px), max(1, min(-(-least_px // longest), largest_px // longest))

    def fitted(array: np.ndarray | None, reduce=np.max) -> np.ndarray | None:
        if array is None:
            return None
        reduced = blocks(array, step, reduce) if step > 1 else array
        return reduced.repeat(repeats, axis=0).repeat(repeats, axis=1)

    return shown._replace(
        image=np.rint(fitted(shown.image, np.mean)).astype(np.uint8),
        map=fitted(shown.map),
        regions=fitted(shown.regions),
        mask=fitted(shown.mask),
        ignored=fitted(shown.ignored),
    )


def _composed(shown: Shown, pictures: dict[str, np.ndarray], font_px: int) -> np.ndarray:
    height, width = next(iter(pictures.values())).shape[:2]
    lines = _lines(shown)
    font = ImageFont.load_default(font_px)
    line_px = round(1.5 * font_px)
    banner = line_px * len(lines) + font_px // 2
    inner = len(pictures) * width + (len(pictures) - 1) * GAP_PX
    needed = max(round(font.getlength(text)) for text in (*lines, shown.fault)) + round(font.getlength(shown.fault))
    sheet = Image.new("RGB", (max(inner, needed + 4 * font_px) + 2 * GAP_PX, banner + height + line_px + GAP_PX), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, sheet.width, banner - 1), fill=DEFECTIVE if shown.defective else NORMAL)
    for number, text in enumerate(lines):
        pen.text((2 * GAP_PX, font_px // 4 + line_px * (number + 0.5)), text, PAPER, font, anchor="lm")
    if shown.fault:
        _tag(pen, shown.fault, font, right=sheet.width - GAP_PX, middle=font_px // 4 + line_px // 2)
    for number, (caption, picture) in enumerate(pictures.items()):
        left = GAP_PX + number * (width + GAP_PX)
        sheet.paste(Image.fromarray(picture), (left, banner + GAP_PX))
        pen.text((left, banner + GAP_PX + height + line_px / 2), caption, INK, font, anchor="lm")
    return np.asarray(sheet)


def _lines(shown: Shown) -> list[str]:
    """The texts of the banner: the verdict; the name and what the image is known to be."""
    about = "   ".join(filter(None, [shown.name, f"truth: {shown.truth}" if shown.truth else ""]))
    return [shown.verdict, *([about] if about else [])]


def _tag(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, *, right: int, middle: int) -> None:
    """A word that nobody overlooks: dark on white, at the right of the banner."""
    half, margin = round(0.65 * font.size), round(font.size / 2)
    left = right - round(font.getlength(text)) - 2 * margin
    pen.rectangle((left, middle - half, right, middle + half), fill=PAPER)
    pen.text((left + margin, middle), text, INK, font, anchor="lm")


def contact_sheet(pictures: Sequence[np.ndarray], *, columns: int) -> np.ndarray:
    """Pictures (h, w, 3) uint8 in rows of as many columns, each at its own size, on white."""
    rows = [pictures[first : first + columns] for first in range(0, len(pictures), columns)]
    widths = [
        max(row[place].shape[1] for row in rows if place < len(row)) for place in range(min(columns, len(pictures)))
    ]
    heights = [max(picture.shape[0] for picture in row) for row in rows]
    size = (sum(heights) + GAP_PX * (len(rows) + 1), sum(widths) + GAP_PX * (len(widths) + 1), 3)
    sheet = np.full(size, PAPER, np.uint8)
    for number, row in enumerate(rows):
        top = GAP_PX + sum(heights[:number]) + GAP_PX * number
        for place, picture in enumerate(row):
            left = GAP_PX + sum(widths[:place]) + GAP_PX * place
            sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet
