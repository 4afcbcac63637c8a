"""Cutting images into overlapping square patches, and averaging patches into images."""

from collections.abc import Iterator

import numpy as np


def corners(side_px: int, patch_px: int, stride_px: int) -> list[int]:
    """Where patches begin along a side: one every stride, and one at the end, so that every pixel is in a patch."""
    last = side_px - patch_px
    return [*range(0, last, stride_px), last]


def cut(images: np.ndarray, patch_px: int, stride_px: int) -> np.ndarray:
    """(n, height, width, channels) -> (n * k, patch, patch, channels): the k patches of each image, row by row."""
    rows, columns = (corners(side, patch_px, stride_px) for side in images.shape[1:3])
    windows = np.lib.stride_tricks.sliding_window_view(images, (patch_px, patch_px), axis=(1, 2))
    patches = np.moveaxis(windows[:, rows][:, :, columns], 3, -1)
    return patches.reshape(-1, patch_px, patch_px, images.shape[3])


def blended(patches: np.ndarray, shape: tuple[int, ...], stride_px: int) -> np.ndarray:
    """Images of that shape from patches in the order of `cut`; where patches overlap, their mean."""
    count, height, width, channels = shape
    patch_px = patches.shape[1]
    sums, covers = np.zeros(shape, np.float32), np.zeros((height, width, 1), np.float32)
    places = [
        (row, column) for row in corners(height, patch_px, stride_px) for column in corners(width, patch_px, stride_px)
    ]
    of_place = patches.reshape(count, len(places), patch_px, patch_px, channels).swapaxes(0, 1)
    for (row, column), values in zip(places, of_place, strict=True):
        window = np.s_[row : row + patch_px, column : column + patch_px]
        sums[:, *window] += values
        covers[window] += 1
    return sums / covers


def drawn(batches: Iterator[np.ndarray], patch_px: int, seed: np.random.SeedSequence) -> Iterator[np.ndarray]:
    """One patch at a random place from each image of each batch."""
    generator = np.random.default_rng(seed)
    for images in batches:
        count, height, width, _ = images.shape
        rows = generator.integers(0, height - patch_px + 1, count)
        columns = generator.integers(0, width - patch_px + 1, count)
        yield np.stack(
            [
                image[row : row + patch_px, column : column + patch_px]
                for image, row, column in zip(images, rows, columns, strict=True)
            ]
        )
