"""What ignoring backgrounds that differ on every part changes: a table of docs/measurements/regions.md.

python -m tests.speed.backgrounds
"""

import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from tests import cases
from tests.regions import white

SIDE, PART = 128, (150, 130, 110)
NUMBERS = {"train/good": 30, "test/good": 12, "test/spot": 12}
METHODS = {"knn": cases.LIGHT_KNN, "mean_image": cases.UNCHANGED}


def main(seed: Annotated[int, typer.Option(help="Of the images.")] = 0) -> None:
    """Make the parts, run both methods in both ways, and print a row each."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), seed)
        print("| method | background | image AUROC | pixel AUROC | defects found | false alarms |")
        print("|:--|:--|--:|--:|--:|--:|")
        for method, changed in METHODS.items():
            for said, given in (("counts", {}), ("ignored", {"ignore": f"{folder}/backgrounds"})):
                reached = cases.run(
                    Path(folder, "data"), Path(folder, "results"), method=method, changed=changed, **given
                )
                image, pixel = ("" if value is None else f"{value:.3f}".lstrip("0") for value in reached.aurocs)
                found, alarms = (round(12 * reached.row[f"{kind}_positive_rate"]) for kind in ("true", "false"))
                print(f"| `{method}` | {said} | {image} | {pixel} | {found}/12 | {alarms}/12 |", flush=True)


def write(folder: Path, seed: int) -> None:
    """Write the images in the layout of MVTec AD, and the masks of their backgrounds."""
    generator = np.random.default_rng(seed)
    for place, count in NUMBERS.items():
        for number in range(count):
            name = f"part/{place}/{number:03}.png"
            part = _ellipse(generator)
            pixels = np.where(part[..., None], PART, _stripes(generator)) + generator.normal(0, 6, (SIDE, SIDE, 3))
            if place.endswith("spot"):
                spot = _spot(part, generator)
                pixels[spot] -= 70
                white(folder / f"data/part/ground_truth/spot/{number:03}_mask.png", spot)
            white(folder / "backgrounds" / name, ~part)
            path = folder / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)


def _ellipse(generator: np.random.Generator) -> np.ndarray:
    """Where a part is, (h, w) bool."""
    (row, column), radii = generator.uniform(54, 74, 2), generator.uniform(34, 44, 2)
    rows, columns = np.ogrid[:SIDE, :SIDE]
    return ((rows - row) / radii[0]) ** 2 + ((columns - column) / radii[1]) ** 2 < 1


def _stripes(generator: np.random.Generator) -> np.ndarray:
    """A background of any colour, (h, w, 3)."""
    rows, columns = np.ogrid[:SIDE, :SIDE]
    waves = np.sin(rows * generator.uniform(-0.5, 0.5) + columns * generator.uniform(-0.5, 0.5))
    return generator.integers(0, 256, 3) + 60 * waves[..., None]


def _spot(part: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A square of 8x8 pixels on a part, (h, w) bool."""
    rows, columns = np.nonzero(part)
    place = generator.integers(len(rows))
    spot = np.zeros_like(part)
    spot[max(0, rows[place] - 4) : rows[place] + 4, max(0, columns[place] - 4) : columns[place] + 4] = True
    return spot & part


if __name__ == "__main__":
    typer.run(main)
