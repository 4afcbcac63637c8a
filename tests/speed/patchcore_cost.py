"""What PatchCore's fit and scores cost, beside its backbone alone and beside the published program.

    python -m tests.speed.patchcore_cost --dataset visa --data VisA --category macaroni1 --random-weights

320 training and 160 test images of 256 x 256. All figures are processor seconds of one core, on which other
programs weigh little. The published loop makes `PICKS` picks, and its whole time is extrapolated from these. Published
scores are brute-force distances to the memory, as its faiss index computes them, here by a matrix product.
"""

import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch
import typer
from tabulate import tabulate

from benchmarks import plugins
from benchmarks.images import Images
from benchmarks.jobs.machine import peak_memory_mb
from methods import _precision
from methods._resizing import resized
from methods.patchcore import coreset, training
from tests.random_weights import written
from tests.speed import published_patchcore, sources
from tests.speed.timing import processor_seconds

TRAIN, TEST, PICKS = 320, 160, 30


class Cost(NamedTuple):
    """Processor seconds of a whole job, ours and as published; None: not measured."""

    what: str
    ours: float
    published: float | None = None


def brute_force(queries: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """(q,) squared distances to the nearest rows."""
    squares = rows.square().sum(dim=1)
    return torch.stack([(squares - 2 * each @ rows.T).amin(dim=1) for each in queries.split(256)])


def costs(method: Any, images: list) -> list[Cost]:
    """Of the parts of a job."""
    method._open("cpu")
    patches, generator = method._patches, torch.Generator().manual_seed(0)
    image, pixels = images[0], patches.pixels(images[:1])
    with torch.no_grad():
        backbone = processor_seconds(lambda: patches.network(pixels))
    look = processor_seconds(lambda: patches.of(image))
    features = torch.cat([patches.of(each).flatten(0, 1) for each in islice(cycle(images), TRAIN)])
    choice = method._choice
    points = features
    if choice.projects(features.shape[1]):
        points = features @ coreset.projection(features.shape[1], choice.projection_dims, generator).T
    count, starts = int(choice.share * len(points)), torch.randperm(len(points), generator=generator)[:10]
    begun = time.process_time()
    picked = torch.cat(list(coreset.picks(points, count=count, starts=starts))).sort().values
    ours = time.process_time() - begun
    published = processor_seconds(lambda: published_patchcore.picks(points, PICKS, starts), 1) / PICKS * count
    rows = features[picked]
    method._keep(rows, [count])
    query = patches.of(images[-1]).flatten(0, 1)
    search = processor_seconds(lambda: method._memory.nearest(query))
    all_rows = processor_seconds(lambda: brute_force(query, rows))
    score = processor_seconds(lambda: method._score(images[-1], range(0)))
    return [
        Cost("backbone alone, an image", backbone),
        Cost("patches of an image, with the backbone", look),
        Cost(f"coreset of {count} among {len(points)}", ours, published),
        Cost(f"search of {len(query)} patches", search, all_rows),
        Cost("score and map of an image", score, look + all_rows),
        Cost("**score and map, times the backbone alone**", score / backbone, (look + all_rows) / backbone),
        Cost(f"fit on {TRAIN} images", TRAIN * look + ours, TRAIN * look + published),
    ]


def main(
    dataset: Annotated[str, typer.Option()] = "demo",
    data: Annotated[Path | None, typer.Option()] = None,
    category: Annotated[str, typer.Option()] = "brick",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="patchcore.FIELD=VALUE")] = None,
    random_weights: bool = False,
    float32: Annotated[bool, typer.Option(help="as on a processor without fast bfloat16")] = False,
) -> None:
    """Print a table of processor seconds."""
    torch.set_num_threads(1)
    if float32:
        _precision._is_fast = lambda processor: False
    training.KEPT_BYTES["cpu"] = 1 << 40
    source = sources.opened(dataset, data)
    samples = [sample for sample in source.samples(category) if sample.split == "train"]
    images = [resized(image, side_px=256, color_mode="rgb") for image in islice(Images(samples), TRAIN + 1)]
    method = plugins.choose("patchcore", plugins.parse_assignments(set_ or [], ["patchcore"])["patchcore"]).method
    with tempfile.TemporaryDirectory() as folder:
        if random_weights:
            method.weights = str(written(method.backbone, Path(folder)))
        lines = [
            [cost.what, cost.ours, cost.published, cost.published and cost.published / cost.ours]
            for cost in costs(method, images)
        ]
    headers = [f"{method.backbone}, {category}", "here", "published", "published / here"]
    print(tabulate(lines, headers, "pipe", floatfmt=".3g"))
    print(f"\npeak memory {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    typer.run(main)
