"""Small pictures for the tests of reading."""

import numpy as np
from PIL import Image

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GRAY = RGB[..., 0]


def gray(pixels):
    """(h, w) values as an image of three equal channels."""
    return np.repeat(np.asarray(pixels, np.uint8)[..., None], 3, axis=2)


def oriented(picture, orientation):
    """A picture and its EXIF data, as arguments of `save`."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"picture": picture, "exif": exif}
