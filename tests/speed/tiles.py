"""The most memory that a run in tiles, verdicts by it and the choice of its area take on images of 20,000x2,000.

python -m tests.speed.tiles --tile 512
"""

import os
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
    """Command, seconds, and the highest memory in MB of its processes."""
    belt(folder / "data/belt")
    run = ["--methods", method, "--dataset", "mvtec", "--data", str(folder / "data"), "--tile", str(tile)]
    job = ["--method", method, "--category", "belt"]
    commands = {
        "run": [*run, "--calibration", "0.34"],
        "predict": [str(folder / "data/belt/test"), *job, "--maps", str(folder / "maps")],
        "finetune --area 60": job,
        "finetune": job,
    }
    for command, arguments in commands.items():
        begun = time.perf_counter()
        words = [sys.executable, "-m", "benchmarks", *command.split(), *arguments, "--results", str(folder / "results")]
        process = subprocess.Popen(words, stdout=sys.stderr)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{command}: exit status {os.waitstatus_to_exitcode(status)}")
        yield command, time.perf_counter() - begun, used.ru_maxrss / 1024


def main(method: str = "mean_image", tile: Annotated[int, typer.Option(help="Side of a tile, pixels.")] = 512) -> None:
    """Print a table of seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for line in measured(method, tile, Path(folder)):
            print(*line, file=sys.stderr)
            lines.append(line)
    verdict = "within" if max(peak for *_, peak in lines) < LIMIT_MB else "above"
    headers = [f"{method}, 5 images of {WIDTH_PX}x{HEIGHT_PX}", "seconds", f"peak memory, MB, {verdict} {LIMIT_MB}"]
    print(tabulate(lines, headers, "pipe", floatfmt=".0f"))


if __name__ == "__main__":
    typer.run(main)
