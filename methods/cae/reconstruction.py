"""Reconstructions, anomaly maps and scores of images by a trained network, batch by batch."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from keras import ops

from methods import Image, Score
from methods._resizing import resized
from methods.cae import architectures, patches
from methods.cae.differences import losses, maps
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.preprocessing import as_floats
from methods.cae.scores import image_score

BATCH = 8
"""Images reconstructed at once. Black ones fill a smaller batch: one shape is compiled once and computed alike."""


def reconstruct(network: Any, images: np.ndarray, *, batch_size: int = BATCH) -> np.ndarray:
    """The reconstructions (n, height, width, channels) of at most `batch_size` images."""
    batch = np.zeros((batch_size, *images.shape[1:]), np.float32)
    batch[: len(images)] = images
    return network.predict_on_batch(batch)[: len(images)]


def reconstruct_whole(network: Any, images: np.ndarray, *, stride_px: int) -> np.ndarray:
    """Reconstructions of images of any size; where an image is larger than the input, its patches' are averaged."""
    side_px = network.input_shape[1]
    if images.shape[1] == side_px:
        return reconstruct(network, images)
    found = [reconstruct(network, pieces) for pieces in _pieces(images, side_px, stride_px)]
    return patches.blended(np.concatenate(found), images.shape, stride_px)


def anomaly_maps(network: Any, images: np.ndarray, settings: AutoencoderSettings) -> np.ndarray:
    """(n, height, width) float32: the anomaly map of each image; `patch_average` says how it is made of patches."""
    side_px, stride_px = network.input_shape[1], settings.patch_stride_px
    if images.shape[1] == side_px or settings.patch_average == "reconstructions":
        return maps(images, reconstruct_whole(network, images, stride_px=stride_px), settings)
    found = [maps(pieces, reconstruct(network, pieces), settings) for pieces in _pieces(images, side_px, stride_px)]
    return patches.blended(np.concatenate(found)[..., None], (*images.shape[:3], 1), stride_px)[..., 0]


def _pieces(images: np.ndarray, side_px: int, stride_px: int) -> Iterator[np.ndarray]:
    """The patches of all images, in batches."""
    pieces = patches.cut(images, side_px, stride_px)
    return (pieces[start : start + BATCH] for start in range(0, len(pieces), BATCH))


def mean_loss(network: Any, pixels: np.ndarray, settings: AutoencoderSettings) -> float:
    """The mean loss of a network on uint8 images of its input size, without augmentation."""
    return _mean_loss(partial(reconstruct, network, batch_size=min(BATCH, len(pixels))), pixels, settings)


def loss_of_standing_in(image: np.ndarray, pixels: np.ndarray, settings: AutoencoderSettings) -> float:
    """The mean loss on uint8 images if one float image is taken as every reconstruction."""
    return _mean_loss(lambda images: np.broadcast_to(image, images.shape), pixels, settings)


def _mean_loss(make: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray, settings: AutoencoderSettings) -> float:
    found = []
    for start in range(0, len(pixels), BATCH):
        images = as_floats(pixels[start : start + BATCH])
        values = losses(images, make(images), loss=settings.loss, data_range=settings.data_range)
        found.extend(ops.convert_to_numpy(values))
    return float(np.mean(found))


def scores(network: Any, images: Sequence[Image], settings: AutoencoderSettings) -> Iterator[Score]:
    """The anomaly map and score of each image. Images are read lazily, a batch at a time."""
    for batch in _batches(images, settings):
        for map in anomaly_maps(network, batch, settings):
            yield Score(image_score(map, settings), map)


def pictures(network: Any, images: Sequence[Image], settings: AutoencoderSettings) -> Iterator[Image]:
    """The reconstruction of each image, (side, side, 3) uint8, in gray if the network sees gray."""
    for batch in _batches(images, settings):
        made = reconstruct_whole(network, batch, stride_px=settings.patch_stride_px)
        for picture in np.rint(255 * np.clip(made, 0, 1)).astype(np.uint8):
            yield np.broadcast_to(picture, (*picture.shape[:2], 3))


def _batches(images: Sequence[Image], settings: AutoencoderSettings) -> Iterator[np.ndarray]:
    side_px = architectures.image_px(settings)
    for start in range(0, len(images), BATCH):
        members = range(start, min(start + BATCH, len(images)))
        pixels = [resized(images[index], side_px=side_px, color_mode=settings.color_mode) for index in members]
        yield as_floats(np.stack(pixels))
