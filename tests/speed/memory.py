"""The most memory that fitting a method takes: 1,000 images of 1024x1024, decoded on access.

python -m tests.speed.memory --method differnet
"""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from benchmarks import plugins
from benchmarks.images import Images
from benchmarks.jobs.machine import peak_memory_mb
from datasets import Sample
from methods import Epoch

SIDE_PX, DIFFERENT = 1024, 10
SHORT: dict[str, dict[str, Any]] = {"cae": {"epochs": 2}, "differnet": {"meta_epochs": 1, "sub_epochs": 2}}
"""Longer training takes no more."""
LIMITS_MB = {"cae": 2500, "differnet": 4500}


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


def main(
    method: Annotated[str, typer.Option(help=f"One of {', '.join(LIMITS_MB)}.")] = "cae",
    images: int = 1000,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="METHOD.FIELD=VALUE")] = None,
) -> None:
    """Print the peak of this process before the fit, after each stage, and after each epoch."""
    settings = plugins.parse_assignments(set_ or [], [method])[method]
    chosen = plugins.choose(method, SHORT[method] | settings).method
    with tempfile.TemporaryDirectory() as folder:
        samples = photographs(Path(folder), images)
        print(f"peak before the fit: {peak_memory_mb():.0f} MB")
        for event in chosen.fit(Images(samples), seed=0, device=chosen.find_device("auto")):
            if isinstance(event, Epoch) or event.done == event.of:
                print(f"peak after {event}: {peak_memory_mb():.0f} MB", flush=True)
    verdict = "within" if peak_memory_mb() < LIMITS_MB[method] else "above"
    print(f"{images} images of {SIDE_PX}x{SIDE_PX}: {peak_memory_mb():.0f} MB, {verdict} {LIMITS_MB[method]} MB")


if __name__ == "__main__":
    typer.run(main)
