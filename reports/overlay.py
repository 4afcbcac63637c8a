"""An image with its defective regions outlined."""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from skimage.morphology import isotropic_dilation

from reports.files import output
from reports.marks import MADE_BY

LINE = (213, 94, 0)  # vermillion, as in the figures
RIM = (20, 20, 20)
LINE_SHARE = 1 / 250
"""Width of the line as a share of the longer side of the image."""
LEAST_LINE_PX = 3


def draw(image: np.ndarray, regions: np.ndarray, colour: tuple[int, int, int] = LINE) -> np.ndarray:
    """A copy of an (h, w, 3) uint8 image with a line around the (h, w) bool regions; their own pixels do not change.

    A dark rim around it makes it visible on any background.
    """
    drawn = image.copy()
    if not regions.any():
        return drawn  # without a region there is no distance to it
    width = max(LEAST_LINE_PX, round(LINE_SHARE * max(regions.shape)))
    line = isotropic_dilation(regions, width)
    rim = isotropic_dilation(regions, width + max(2, width // 2))
    drawn[rim & ~line] = RIM
    drawn[line & ~regions] = colour
    return drawn


def save(path: Path, image: np.ndarray) -> None:
    """Write an (h, w, 3) uint8 image as a PNG, see `output`."""
    text = PngInfo()
    text.add_text("Software", MADE_BY)
    with output(path) as temporary:
        Image.fromarray(image).save(temporary, format="PNG", pnginfo=text)
