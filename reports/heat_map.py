"""Anomaly maps in colours that mean the same in every image of a job, alone and laid over the image."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reports.files import replacing

DEFECTIVE = (213, 94, 0)
"""Vermillion and blue, which colour-blind readers can tell apart, too."""
NORMAL = (0, 90, 150)
PALETTE = "inferno"
"""Black, violet, red, orange, yellow."""
BRIGHTEST = 0.88
"""Of the palette, where yellow is strongest: beyond, it turns pale, and cannot be told from a bright image."""
LEAST_SIDE_PX = 320
"""Smaller images are enlarged by a whole number, so that the verdict can be read."""
OPACITY = 0.8
DIMMED = 0.65
"""Brightness of the image under its map, so that the colours stand out on bright parts, too."""
LEAST_FONT_PX = 11
BAR_SHARE = 1 / 14
"""Height of the bar that tells the verdict, as a share of the drawing's longer side."""


class Scale(NamedTuple):
    """The colours of a map: `low` is black, `middle` is red, and twice as far from `low` as `middle` is yellow."""

    low: float
    middle: float

    def shares(self, map: np.ndarray) -> np.ndarray:
        """The values of a map (h, w) with 0 at `low` and 1 at `middle`, not limited."""
        return (map - self.low) / max(self.middle - self.low, np.finfo(np.float32).tiny)


def own_scale(map: np.ndarray) -> Scale:
    """The scale of one map alone: the highest value is yellow."""
    low, high = float(map.min()), float(map.max())
    return Scale(low, (low + high) / 2)


def coloured(map: np.ndarray, scale: Scale) -> np.ndarray:
    """A map (h, w) as (h, w, 3) uint8 colours."""
    from matplotlib import colormaps

    colours = colormaps[PALETTE](np.clip(scale.shares(map) / 2, 0, 1) * BRIGHTEST)[..., :3]
    return np.rint(255 * colours).astype(np.uint8)


def laid_over(image: np.ndarray, map: np.ndarray, scale: Scale) -> np.ndarray:
    """The colours of a map (h, w) over the image (h, w, 3) uint8 in dim gray; where the map is low, only the image."""
    gray = DIMMED * np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    opacity = OPACITY * np.clip(2 * scale.shares(map) - 1, 0, 1)[..., None]
    return np.rint((1 - opacity) * gray + opacity * coloured(map, scale)).astype(np.uint8)


def with_verdict(image: np.ndarray, text: str, *, defective: bool) -> np.ndarray:
    """The image (h, w, 3) uint8, enlarged if it is small, in a frame of the verdict's colour that tells the verdict."""
    colour = DEFECTIVE if defective else NORMAL
    picture = Image.fromarray(image)
    factor = max(1, -(-LEAST_SIDE_PX // max(picture.size)))
    picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    bar, frame = round(BAR_SHARE * max(picture.size)), max(2, max(picture.size) // 150)
    font = _fitting(text, width=picture.width, height=0.7 * bar)
    width = max(picture.width, round(font.getlength(text))) + 2 * frame
    drawn = Image.new("RGB", (width, picture.height + bar + frame), colour)
    drawn.paste(picture, (frame, bar))
    ImageDraw.Draw(drawn).text((2 * frame, bar / 2), text, fill="white", font=font, anchor="lm")
    return np.asarray(drawn)


def _fitting(text: str, *, width: float, height: float) -> ImageFont.FreeTypeFont:
    """The largest font in which a line of text fits, but one that can be read."""
    font = ImageFont.load_default(height)
    return ImageFont.load_default(max(LEAST_FONT_PX, min(height, height * 0.98 * width / font.getlength(text))))


def save_map(path: Path, map: np.ndarray) -> None:
    """Write a map (h, w) as a TIFF of one channel in float32, atomically; its folder is created if needed."""
    with replacing(path) as temporary:
        Image.fromarray(np.asarray(map, np.float32)).save(temporary, format="TIFF")
