"""Ten categories of small normal pictures, from scikit-image's own photographs and from the tests' synthetic parts."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import binary_fill_holes, gaussian_filter, label
from skimage import data
from skimage.filters import threshold_local

from tests.films import Belt

COUNT = 14
"""Pictures of a category."""
SIDE = 96


class Picture(NamedTuple):
    """A normal picture, and where its object is; None: a surface fills it."""

    pixels: np.ndarray
    """(h, w, 3) uint8."""
    object: np.ndarray | None
    """(h, w) bool."""


BY_SERVER = "gravel_by_server"
"""The category whose defects are painted by a server; its pictures are those of gravel."""


def write(folder: Path, names: Iterable[str]) -> list[str]:
    """Write these categories as pictures/CATEGORY/normal and objects/CATEGORY. Return the names of the textures."""
    textures = []
    for name in names:
        for number, picture in enumerate(CATEGORIES[name]()):
            _save(folder / f"pictures/{name}/normal/{number:03}.png", picture.pixels)
            if picture.object is not None:
                _save(folder / f"objects/{name}/{number:03}.png", np.where(picture.object, 255, 0).astype(np.uint8))
            elif name not in textures:
                textures.append(name)
    return textures


def _surface(photograph: Callable[[], np.ndarray]) -> Callable[[], Iterator[Picture]]:
    """Pieces of a photograph that do not overlap, drawn from a grid."""

    def pieces() -> Iterator[Picture]:
        whole = _colour(photograph())
        rows, columns = (size // SIDE for size in whole.shape[:2])
        drawn = np.random.default_rng(0).permutation(rows * columns)[:COUNT]
        for top, left in (divmod(int(place), columns) for place in drawn):
            yield Picture(whole[top * SIDE :, left * SIDE :][:SIDE, :SIDE], None)

    return pieces


def _coins() -> Iterator[Picture]:
    """The coins of one photograph, each alone in its picture, turned by quarters: the light comes from all sides."""
    photograph = data.coins()
    bright = gaussian_filter(photograph.astype(float), 1) > threshold_local(photograph, 151, offset=-12)
    labels, count = label(binary_fill_holes(bright))
    half, found = 32, 0
    for number in range(1, count + 1):
        rows, columns = np.nonzero(labels == number)
        top, left = (int(side.mean()) - half for side in (rows, columns))
        fits = top >= 0 and left >= 0 and top + 2 * half <= labels.shape[0] and left + 2 * half <= labels.shape[1]
        if 700 < rows.size < 3600 and fits and found < COUNT:
            place = np.s_[top : top + 2 * half, left : left + 2 * half]
            alone = Picture(_colour(photograph)[place], (labels == number)[place])
            yield Picture(*(np.rot90(each, found % 4) for each in alone))
            found += 1


def _cups() -> Iterator[Picture]:
    """One cup, photographed again and again: at another place, in other light, with the noise of a camera."""
    generator = np.random.default_rng(0)
    photograph = data.coffee()
    rows, columns = np.ogrid[: photograph.shape[0], : photograph.shape[1]]
    saucer = ((rows - 205) / 175) ** 2 + ((columns - 278) / 195) ** 2 < 1
    for number in range(COUNT):
        top, left = 8 * (number % 3), 64 + 8 * (number // 3)
        place = np.s_[top : top + 384, left : left + 384]
        small = np.asarray(Image.fromarray(photograph[place]).resize((SIDE, SIDE), Image.Resampling.BOX))
        lit = small * generator.uniform(0.9, 1.1) + generator.normal(0, 5, small.shape)
        yield Picture(_bytes(lit), saucer[place][::4, ::4])


def _discs() -> Iterator[Picture]:
    """Round parts on a ground."""
    generator = np.random.default_rng(0)
    rows, columns = np.ogrid[:SIDE, :SIDE]
    for _ in range(COUNT):
        row, column = generator.uniform(40, 56, size=2)
        part = np.hypot(rows - row, columns - column) < 30
        pixels = np.where(part[..., None], (150, 110, 60), (40, 60, 90)) + generator.normal(0, 8, (SIDE, SIDE, 3))
        yield Picture(_bytes(pixels), part)


def _bottles() -> Iterator[Picture]:
    """The parts without a scratch of the film of the tests, in a frame that shows each whole."""
    belt = Belt(parts=COUNT * 3 // 2 + 1)
    normal = [part for part in range(belt.parts) if part not in belt.scratched][:COUNT]
    for part in normal:
        frame = belt.seen(part)[2]
        left, top = belt.corner(part, frame)
        pixels = belt.picture(frame)[top - 10 : top + 54, left - 10 : left + 54]
        inside = np.zeros(pixels.shape[:2], bool)
        inside[10:50, 10:54] = True
        yield Picture(pixels, inside)


CATEGORIES: Mapping[str, Callable[[], Iterator[Picture]]] = {
    "bottle": _bottles,
    "brick": _surface(data.brick),
    "coin": _coins,
    "cup": _cups,
    "disc": _discs,
    "grass": _surface(data.grass),
    "gravel": _surface(data.gravel),
    "retina": _surface(lambda: data.retina()[300:1100, 300:1100]),
    "sky": _surface(data.hubble_deep_field),
    "tissue": _surface(data.immunohistochemistry),
    BY_SERVER: _surface(data.gravel),
}
"""The pictures of each category."""


def _colour(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
