"""Resize anomaly maps and images, bilinear."""

from collections.abc import Sequence

import numpy as np
from PIL import Image


def resize_map(map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize an anomaly map (h, w) to `shape`, float32. A map that has the shape already keeps its values.

    Bilinear, with pixel centres at half integers and repeated edges. When an axis shrinks, the triangle filter widens
    (torch: align_corners=False, antialias=True), so every pixel counts. A constant map stays constant.
    """
    map = np.asarray(map, np.float32)
    if map.shape == tuple(shape):
        return map.copy()
    return _resized(map, shape)


def resize_image(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize an (h, w, 3) uint8 image to `shape` like a map, rounded. Values stay in the range of their neighbours."""
    return _resized(image, shape)


def _resized(pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


class ResizedMaps(Sequence):
    """Anomaly maps, each resized to the (height, width) of its image on every access."""

    def __init__(self, maps: Sequence[np.ndarray], shapes: Sequence[tuple[int, int]]):
        self.maps, self.shapes = maps, shapes

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, index: int) -> np.ndarray:
        return resize_map(self.maps[index], self.shapes[index])
