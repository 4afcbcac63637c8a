"""A small gray picture of an image, and what sets it apart from the other images of its category."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

SIDE = 32
"""Height and width of a thumbnail, pixels; the aspect of the image is not kept."""
FINE, COARSE = 0.7, 1.5
"""Standard deviations of the two Gaussian filters whose difference is compared, thumbnail pixels.

The finer one keeps a shift by a fraction of a pixel from mattering, the coarser one takes away the light.
"""
FLAT = 1e-4
"""Standard deviation below which a picture has no content, as a share of its mean gray level."""
HALFWAY = 256
"""The longest side, pixels, of what is averaged exactly; more is first reduced in 8 bits, which takes less memory."""
STEPS = 256
"""Steps of a stored value between two gray levels."""


def thumbnail(image: np.ndarray) -> bytes:
    """The thumbnail of an image (h, w, 3) uint8, as SIDE x SIDE numbers of 16 bits."""
    gray = Image.fromarray(image).convert("L")
    width, height = gray.size
    smaller = gray.resize((min(width, HALFWAY), min(height, HALFWAY)), Image.Resampling.BOX)
    small = smaller.convert("F").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.rint(np.asarray(small) * STEPS).astype("<u2").tobytes()


def difference(one: bytes, other: bytes) -> float:
    """The mean absolute difference of two thumbnails, gray levels of 255."""
    left, right = (np.frombuffer(each, "<u2").astype(np.int32) for each in (one, other))
    return float(np.abs(left - right).mean()) / STEPS


def residuals(thumbnails: Sequence[bytes]) -> np.ndarray:
    """What sets each image of a category apart, (n, SIDE, SIDE) float32: no brightness, mean picture or slow change.

    The mean picture is that of the images given, so aligned parts are not alike by their common outline.
    """
    from scipy.ndimage import gaussian_filter

    stored = np.frombuffer(b"".join(thumbnails), "<u2").reshape(-1, SIDE, SIDE).astype(np.float32)
    relative = stored / np.maximum(stored.mean((1, 2), keepdims=True), STEPS)
    fine, coarse = (gaussian_filter(relative, (0, sigma, sigma), mode="nearest") for sigma in (FINE, COARSE))
    detail = fine - coarse
    apart = detail - detail.mean(0) if len(detail) else detail
    apart[detail.std((1, 2)) < FLAT] = 0  # else all that is left of it would be the mean picture
    return apart
