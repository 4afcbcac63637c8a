"""Augmentation: training images randomly rotated, shifted, mirrored, and made brighter or darker."""

from collections.abc import Iterator

import numpy as np
from skimage.transform import warp

from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.preprocessing import as_floats

MIRRORED_AXES = {"none": (), "horizontal": (2,), "vertical": (1,), "both": (1, 2)}
"""The axes of (n, height, width, channels) along which images may be mirrored."""
FILLS = {"nearest": "edge", "reflect": "symmetric", "constant": "constant"}
"""The names of the fills in scikit-image. What it calls `reflect` does not repeat the border's pixels."""


def batches(pixels: np.ndarray, settings: AutoencoderSettings, seed: np.random.SeedSequence) -> Iterator:
    """Endless augmented batches (batch_size, height, width, channels), float32 from 0 to 1."""
    generator = np.random.default_rng(seed)
    for chosen in shuffled(len(pixels), settings.batch_size, generator):
        yield augmented(as_floats(pixels[chosen]), settings, generator)


def shuffled(count: int, batch_size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Endless batches of indices. Every index comes once before any comes again.

    Indices left over at the end of a round begin the next batch, so all batches have one size. A smaller batch would
    make the engine build the training step again.
    """
    waiting = np.empty(0, np.intp)
    while True:
        while len(waiting) < batch_size:
            waiting = np.concatenate([waiting, generator.permutation(count)])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def augmented(images: np.ndarray, settings: AutoencoderSettings, generator: np.random.Generator) -> np.ndarray:
    """Each image rotated, shifted, multiplied and mirrored by random values of its own, and clipped at 1."""
    moves = transforms(images.shape, settings, generator)
    fill = FILLS[settings.fill]
    moved = np.stack([warp(*pair, order=1, mode=fill, clip=False) for pair in zip(images, moves, strict=True)])
    change = settings.brightness_change
    factors = generator.uniform(1 - change, 1 + change, (len(images), 1, 1, 1)).astype(np.float32)
    return mirrored(np.clip(moved * factors, 0, 1), settings.mirror, generator)


def mirrored(images: np.ndarray, mirror: str, generator: np.random.Generator) -> np.ndarray:
    """Each image mirrored along each axis of `mirror` with a chance of one half; `none` draws no random number."""
    for axis in MIRRORED_AXES[mirror]:
        chosen = generator.random((len(images), 1, 1, 1)) < 0.5
        images = np.where(chosen, np.flip(images, axis), images)
    return images


def transforms(shape: tuple[int, ...], settings: AutoencoderSettings, generator: np.random.Generator) -> np.ndarray:
    """Random rotations about the image's centre and shifts: (n, 3, 3) float32, from output to input (x, y, 1)."""
    count, height, width, _ = shape
    angles = np.deg2rad(settings.rotation_degrees) * generator.uniform(-1, 1, count)
    shifts = settings.shift_share * generator.uniform(-1, 1, (2, count))
    cosine, sine = np.cos(angles), np.sin(angles)
    x, y = (width - 1) / 2, (height - 1) / 2
    across = x - cosine * x + sine * y + shifts[0] * width
    down = y - sine * x - cosine * y + shifts[1] * height
    none, one = np.zeros(count), np.ones(count)
    rows = [cosine, -sine, across, sine, cosine, down, none, none, one]
    return np.stack(rows, axis=1).reshape(-1, 3, 3).astype(np.float32)
