"""Shapes of defects: drawn by the suite's generator, or taken from a folder of masks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets import DataError
from datasets._names import is_image_name, relative_name

CANVAS_PX = 256


class Shape(NamedTuple):
    """The shape of one defect."""

    name: str
    """The kind that was generated, or the file below the folder of masks."""
    mask: np.ndarray
    """(h, w) bool, with at least one pixel."""


Draw = Callable[[np.random.Generator], Shape]


def generated(generator: np.random.Generator) -> Shape:
    """A shape of one of the kinds of defect that `demo` has, drawn on an empty square."""
    from datasets._defects import KINDS, LEAST_OPACITY

    canvas = np.full((CANVAS_PX, CANVAS_PX, 3), 128, np.float32)
    kind = str(generator.choice(sorted(KINDS)))
    return Shape(kind, KINDS[kind](canvas, generator).opacity > LEAST_OPACITY)


def of_folder(folder: Path, read: Callable[[Path], np.ndarray]) -> Draw:
    """A function that draws from the masks in a folder, at any depth. Empty masks are never drawn.

    `read` returns the mask of a file as (h, w) bool. Raises DataError where no mask is there.
    """
    masks = mask_files(folder)
    if not masks:
        raise DataError(f"{folder} holds no mask: give a folder of masks, such as the ground_truth of a dataset")

    def draw(generator: np.random.Generator) -> Shape:
        while masks:
            path = masks[generator.integers(len(masks))]
            mask = read(path)
            if mask.any():
                return Shape(relative_name(path, folder), mask)
            masks.remove(path)
        raise DataError(f"{folder} holds no mask of a defect: all are empty")

    return draw


def mask_files(folder: Path) -> list[Path]:
    """The images in a folder at any depth, sorted."""
    found: Sequence[Path] = [path for path in folder.rglob("*") if is_image_name(path.name) and path.is_file()]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
