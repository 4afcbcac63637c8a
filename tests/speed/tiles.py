"""The most memory that a run in tiles, and verdicts by it, take on images of 20,000x2,000.

python -m tests.speed.tiles --tile 512
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from tabulate import tabulate

WIDTH_PX, HEIGHT_PX = 20_000, 2_000
PIT = (slice(700, 712), slice(13_000, 13_014))
TRAINING = 3
"""One of them sets the threshold."""
LIMIT_MB = 3_000


def belt(folder: Path) -> None:
    """Images of a surface of noise in the folders of a category, one of them with a pit and its mask."""
    for number in range(TRAINING):
        _write(folder / f"train/good/{number}.jpg", surface(number))
    _write(folder / "test/good/0.jpg", surface(TRAINING))
    pitted, mask = surface(TRAINING + 1), np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    pitted[PIT], mask[PIT] = 240, 255
    _write(folder / "test/pit/0.jpg", pitted)
    _write(folder / "ground_truth/pit/0_mask.png", mask)


def surface(seed: int) -> np.ndarray:
    """(height, width) uint8."""
    return np.random.default_rng(seed).integers(100, 140, (HEIGHT_PX, WIDTH_PX), np.uint8)


def _write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert("RGB" if path.suffix == ".jpg" else "L").save(path)


def measured(method: str, tile: int, folder: Path) -> Iterator[tuple[str, float, float]]:
    """Command, seconds, and the highest memory in MB of its processes and those of the commands before it."""
    belt(folder / "data/belt")
    results = folder / "results"
    run = ["--methods", method, "--dataset", "mvtec", "--data", str(folder / "data"), "--tile", str(tile)]
    judged = [str(folder / "data/belt/test"), "--method", method, "--category", "belt", "--maps", str(folder / "maps")]
    for command, arguments in (("run", [*run, "--calibration", "0.34"]), ("predict", judged)):
        begun = time.perf_counter()
        words = [sys.executable, "-m", "benchmarks", command, *arguments, "--results", str(results)]
        subprocess.run(words, check=True, stdout=sys.stderr)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        yield command, time.perf_counter() - begun, peak


def main(method: str = "mean_image", tile: Annotated[int, typer.Option(help="Side of a tile, pixels.")] = 512) -> None:
    """Print a table of seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        lines = list(measured(method, tile, Path(folder)))
    verdict = "within" if max(peak for *_, peak in lines) < LIMIT_MB else "above"
    headers = [f"{method}, 5 images of {WIDTH_PX}x{HEIGHT_PX}", "seconds", f"peak memory, MB, {verdict} {LIMIT_MB}"]
    print(tabulate(lines, headers, "pipe", floatfmt=".0f"))


if __name__ == "__main__":
    typer.run(main)
