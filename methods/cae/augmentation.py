"""Training images turned, shifted and made brighter or darker by a seeded generator."""

from collections.abc import Iterator

import numpy as np
from skimage.transform import warp

from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.preprocessing import as_floats

MIRRORED_AXES = {"none": (), "horizontal": (2,), "vertical": (1,), "both": (1, 2)}
"""The axes of (n, height, width, channels) along which images may be mirrored."""
FILLS = {"nearest": "edge", "reflect": "symmetric", "constant": "constant"}
"""What scikit-image calls them; its other `reflect` has the border's pixels once."""


def batches(pixels: np.ndarray, settings: AutoencoderSettings, seed: np.random.SeedSequence) -> Iterator:
    """Augmented batches (batch_size, height, width, channels) float32 from 0 to 1, without end."""
    generator = np.random.default_rng(seed)
    for chosen in shuffled(len(pixels), settings.batch_size, generator):
        yield augmented(as_floats(pixels[chosen]), settings, generator)


def shuffled(count: int, batch_size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of indices without end, every index once before any comes again; what is left over starts the next.

    So all batches are of one size: a smaller last one would have the training step built again.
    """
    waiting = np.empty(0, np.intp)
    while True:
        while len(waiting) < batch_size:
            waiting = np.concatenate([waiting, generator.permutation(count)])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def augmented(images: np.ndarray, settings: AutoencoderSettings, generator: np.random.Generator) -> np.ndarray:
    """Each image turned, shifted and multiplied by values of its own, then cut off at 1."""
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
    """(n, 3, 3) float32 on (x, y, 1): from output to input pixels, about the image's centre."""
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
