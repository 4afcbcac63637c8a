"""The most memory of a job, and its seconds, by the number of its test images: with maps on disk, and all in memory.

python -m tests.speed.maps --images 500 --side 1024 --map-side 1024
python -m tests.speed.maps --images 2000,20000 --side 32 --no-masks

The job is one of `mean_image`, so that hardly anything but its maps takes memory. Each line is a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from tabulate import tabulate

from benchmarks.evaluation import metrics, pixel_metrics
from benchmarks.jobs import protocol, scoring
from benchmarks.jobs.machine import peak_memory_mb
from benchmarks.jobs.plan import Request, plan
from benchmarks.jobs.progress import Progress
from benchmarks.plugins import choose
from methods import mean_image
from tests import whole_metrics

TRAINED, DIFFERENT, DEFECTS, DEFECT_SHARE = 10, 10, 5, 0.02
ROOT = Path(__file__).resolve().parents[2]
HEADERS = ("test images", "maps", "peak, MB", "job, s", "measuring, s", "AUROC, AP, AUPRO")


class HeldMaps(list):
    """All maps in memory: what a job did before they were kept on disk."""

    is_complete = True

    def __init__(self, folder: Path, *, wanted: bool):
        super().__init__()

    add = list.append


class HeldMasks(list):
    """All masks in memory, a byte for each pixel."""

    add = list.append

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [mask.shape for mask in self]


def write_data(folder: Path, images: int, side: int, *, masks: bool) -> None:
    """A category: images of noise, half of them with masks, of which a tenth is defective."""
    generator = np.random.default_rng(0)
    pictures = [
        Image.fromarray(generator.integers(0, 256, (max(8, side // 4),) * 2 + (3,), np.uint8)).resize((side, side))
        for _ in range(DIFFERENT)
    ]
    names = [("train/good", number) for number in range(TRAINED)]
    names += [(f"test/{('good', 'bent')[number % 2]}", number) for number in range(images)]
    for part, number in names:
        (folder / "part" / part).mkdir(parents=True, exist_ok=True)
        pictures[number // 2 % DIFFERENT].save(folder / f"part/{part}/{number}.jpg")
        if masks and part == "test/bent":
            truth = folder / "part/ground_truth/bent"
            truth.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask_of(side, generator)).save(truth / f"{number}_mask.png")


def mask_of(side: int, generator: np.random.Generator) -> np.ndarray:
    """Some squares that may overlap."""
    mask, width = np.zeros((side, side), np.uint8), round(side * DEFECT_SHARE**0.5)
    for row, column in generator.integers(0, side - width, (DEFECTS, 2)):
        mask[row : row + width, column : column + width] = 255
    return mask


def do_job(data: Path, results: Path) -> None:
    """Do the job in this process and print the numbers of its line."""
    request = Request([choose("mean_image", {})], "folder", data, results, device="cpu", keep_models=False)
    (job,) = plan(request)
    seen: list[float] = []

    def tell(progress: Progress) -> None:
        if progress.stage in ("reading masks", "comparing images"):  # from the first to what comes after
            seen.append(time.process_time())

    begun = time.process_time()
    found = protocol.run(job, tell).pixels
    scores = f"{found.auroc!r} {found.average_precision!r} {found.aupro!r}" if found else "none"
    measuring = seen[-1] - seen[0]
    print(peak_memory_mb(), time.process_time() - begun, measuring, scores, sep="\t")


def hold_all() -> None:
    """Do as before: hold all maps, masks and scores in memory."""
    scoring.KeptMaps, pixel_metrics._Masks = HeldMaps, HeldMasks

    def measured(*images: list, advance) -> metrics.PixelMetrics:
        found = whole_metrics.pixel_metrics(*images)
        advance(1, 1)
        return found

    metrics.pixel_metrics = measured


def main(
    images: Annotated[str, typer.Option(help="Numbers of test images.")] = "500",
    side: Annotated[int, typer.Option(help="Height and width of the images, pixels.")] = 1024,
    map_side: Annotated[int, typer.Option(help="Height and width of the maps, pixels.")] = 256,
    masks: bool = True,
    held: Annotated[str, typer.Option(help="Only this way: held or kept.")] = "held,kept",
    of: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print a table: each number of test images, with all maps held in memory, and with maps kept on disk."""
    mean_image.SIDE, mean_image.SHAPE = map_side, (map_side, map_side, 3)
    if of:
        if held == "held":
            hold_all()
        with tempfile.TemporaryDirectory(dir=of) as results:
            do_job(of / "data", Path(results))
        return
    lines = []
    for count in map(int, images.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            write_data(Path(folder) / "data", count, side, masks=masks)
            for way in held.split(","):
                options = ["--map-side", str(map_side), "--held", way, "--of", folder]
                command = [sys.executable, "-m", "tests.speed.maps", *options]
                done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
                *numbers, scores = done.stdout.strip().split("\t")
                lines.append([f"{count:,} of {side}x{side}", way, *map(float, numbers), scores])
                print(*lines[-1], file=sys.stderr, flush=True)
    print(tabulate(lines, HEADERS, "pipe", floatfmt=("", "", ".0f", ".0f", ".1f")))


if __name__ == "__main__":
    typer.run(main)
