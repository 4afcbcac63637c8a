"""The most memory that fitting a method takes: 1,000 images of 1024x1024, decoded on access.

python -m tests.speed.memory --method differnet

Where the weights of a backbone are not there, `--random-weights` takes random ones: memory does not care.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image
from tabulate import tabulate

from benchmarks import plugins
from benchmarks.images import Images
from benchmarks.jobs.machine import peak_memory_mb
from datasets import Sample
from methods import Epoch, Method
from tests.random_weights import written

SIDE_PX, DIFFERENT = 1024, 10
SHORT: dict[str, dict[str, Any]] = {
    "cae": {"epochs": 2},
    "differnet": {"meta_epochs": 1, "sub_epochs": 2},
    "patchcore": {},
    "simplenet": {"meta_epochs": 1, "sub_epochs": 1},
}
"""Longer training takes no more."""
LIMITS_MB = {"cae": 2500, "differnet": 4500, "patchcore": 3000, "simplenet": 4500}


def photographs(folder: Path, count: int) -> list[Sample]:
    """Samples of so many JPEG files of noise, ten of them different."""
    generator = np.random.default_rng(0)
    contents = []
    for _ in range(DIFFERENT):
        noise = Image.fromarray(generator.integers(0, 256, (SIDE_PX // 4, SIDE_PX // 4, 3), np.uint8))
        noise.resize((SIDE_PX, SIDE_PX)).save(folder / "made.jpg")
        contents.append((folder / "made.jpg").read_bytes())
    paths = [folder / f"{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(contents[number % DIFFERENT])
    return [Sample(path, "noise", "train") for path in paths]


def peaks(method: Method, samples: list[Sample]) -> Iterator[tuple[str, float]]:
    """The peak of this process in MB before the fit, after each stage of it, and after each epoch."""
    yield "before the fit", peak_memory_mb()
    for event in method.fit(Images(samples), seed=0, device=method.find_device("auto")):
        if isinstance(event, Epoch):
            yield f"epoch {event.number} of {event.of}", peak_memory_mb()
        elif event.done == event.of:
            yield event.what, peak_memory_mb()


def main(
    method: Annotated[str, typer.Option(help=f"One of {', '.join(LIMITS_MB)}.")] = "cae",
    images: int = 1000,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="METHOD.FIELD=VALUE")] = None,
    random_weights: bool = False,
) -> None:
    """Print a table of the peak of this process before the fit, after each stage, and after each epoch."""
    settings = plugins.parse_assignments(set_ or [], [method])[method]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        chosen = plugins.choose(method, SHORT[method] | settings).method
        if random_weights:
            chosen.weights = str(written(chosen.backbone, Path(folder)))
        for stage, megabytes in peaks(chosen, photographs(Path(folder), images)):
            print(f"{stage}: {megabytes:.0f} MB", file=sys.stderr, flush=True)
            lines.append([stage, megabytes])
    verdict = "within" if peak_memory_mb() < LIMITS_MB[method] else "above"
    lines.append([f"**whole fit**, {verdict} the bound of {LIMITS_MB[method]} MB", peak_memory_mb()])
    headers = [f"{method}, {images} images of {SIDE_PX}x{SIDE_PX}", "peak memory, MB"]
    print(tabulate(lines, headers, "pipe", floatfmt=".0f"))


if __name__ == "__main__":
    typer.run(main)
