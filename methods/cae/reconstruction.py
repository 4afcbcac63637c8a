"""What a trained network makes of images, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from keras import ops

from methods import Image, Score
from methods.cae.differences import losses, maps
from methods.cae.preprocessing import as_floats, prepare

BATCH = 8
"""Images reconstructed at once; fewer are made up with black ones, for one shape is traced and computed alike."""


def reconstruct(network: Any, images: np.ndarray, *, batch_size: int = BATCH) -> np.ndarray:
    """The reconstructions (n, height, width, channels) of so many images or fewer."""
    batch = np.zeros((batch_size, *images.shape[1:]), np.float32)
    batch[: len(images)] = images
    return network.predict_on_batch(batch)[: len(images)]


def mean_loss(network: Any, pixels: np.ndarray, *, loss: str) -> float:
    """The mean loss of uint8 images, as they are."""
    size = min(BATCH, len(pixels))
    found = []
    for start in range(0, len(pixels), size):
        images = as_floats(pixels[start : start + size])
        found.extend(ops.convert_to_numpy(losses(images, reconstruct(network, images, batch_size=size), loss=loss)))
    return float(np.mean(found))


def scores(network: Any, images: Sequence[Image], *, color_mode: str, difference: str) -> Iterator[Score]:
    """Each image's map, and the map's maximum; no more than a batch is read before it is needed."""
    for batch in _batches(network, images, color_mode):
        for map in maps(batch, reconstruct(network, batch), difference=difference):
            yield Score(float(map.max()), map)


def pictures(network: Any, images: Sequence[Image], *, color_mode: str) -> Iterator[Image]:
    """The reconstruction of each image, (size, size, 3) uint8; gray where the network sees gray."""
    for batch in _batches(network, images, color_mode):
        for picture in np.rint(255 * np.clip(reconstruct(network, batch), 0, 1)).astype(np.uint8):
            yield np.broadcast_to(picture, (*picture.shape[:2], 3))


def _batches(network: Any, images: Sequence[Image], color_mode: str) -> Iterator[np.ndarray]:
    size = network.input_shape[1]
    for start in range(0, len(images), BATCH):
        members = range(start, min(start + BATCH, len(images)))
        yield as_floats(np.stack([prepare(images[index], size=size, color_mode=color_mode) for index in members]))
