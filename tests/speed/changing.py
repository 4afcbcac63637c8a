"""How often a label is found, and how often a place without one, where parts move a little from image to image.

Each scene is drawn: plates and discs, with noise. A third is rotated a little too, a third varies in brightness. Every
image is looked at twice, with a changing label in the corner and without it.
"""

from typing import Annotated

import numpy as np
import typer
from scipy import ndimage

from benchmarks.likeness import changing

MOVED_PX = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Standard deviations of the movement, pixels of the pictures that are compared."""
SHAPE = (144, 192)
IMAGES = 16
SEED = 1
"""Other scenes than those on which the limits were chosen, which had none."""
LABEL = (slice(6, 15), slice(160, 184))


def scene(random: np.random.Generator) -> np.ndarray:
    """Gray levels (h, w) of a scene of discs and plates."""
    drawn = np.full(SHAPE, 100.0)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for _ in range(random.integers(4, 13)):
        row, column = random.uniform(0.15, 0.85, 2) * SHAPE
        radius, aspect = random.uniform(3, 30), random.uniform(0.3, 2)
        disc = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        plate = (abs(rows - row) < radius) & (abs(columns - column) < radius * aspect)
        drawn[disc if random.random() < 0.5 else plate] = random.uniform(20, 230)
    return ndimage.gaussian_filter(drawn, 0.6)


def pictures(random: np.random.Generator, *, moved: float, number: int, has_label: bool) -> np.ndarray:
    """Pictures (n, h, w) uint8 of one scene, each moved."""
    still, seen = scene(random), []
    for _ in range(IMAGES):
        place = random.normal(0, moved, 2)
        image = still.copy()
        if has_label:
            strokes = random.random((3, 12)) < 0.5
            image[LABEL] += 60 * strokes.repeat(3, 0).repeat(2, 1)
        image = ndimage.shift(image, place, order=1, mode="nearest")
        if number % 3 == 1:
            image = ndimage.rotate(image, random.normal(0, moved), reshape=False, order=1, mode="nearest")
        if number % 3 == 2:
            image = image * random.uniform(0.8, 1.1)
        seen.append(np.clip(image + random.normal(0, 2, SHAPE), 0, 255).astype(np.uint8))
    return np.stack(seen)


def _places(number: int, *, moved: float, has_label: bool) -> list[changing.Place]:
    random = np.random.default_rng([SEED, number])
    return changing.changing(pictures(random, moved=moved, number=number, has_label=has_label), SHAPE)


def is_the_label(place: changing.Place) -> bool:
    """Whether a place overlaps the label."""
    rows, columns = LABEL
    return place.top < rows.stop and place.left + place.width > columns.start


def main(scenes: Annotated[int, typer.Option(min=1, help="Scenes for each movement.")] = 60) -> None:
    """Print a table: a line for each movement."""
    print("| moved, pixels of 256 | label found | another place named beside it | a place named without a label |")
    print("|--:|--:|--:|--:|")
    for moved in MOVED_PX:
        found = beside = false = 0
        for number in range(scenes):
            with_label, without = (_places(number, moved=moved, has_label=each) for each in (True, False))
            found += any(map(is_the_label, with_label))
            beside += not all(map(is_the_label, with_label))
            false += bool(without)
        print(f"| {moved} | {found} of {scenes} | {beside} | {false} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
