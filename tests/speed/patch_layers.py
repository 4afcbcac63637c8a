"""Compares the layers that PatchCore can look at, without labels: by defects blended into held-out normal images.

    python -m tests.speed.patch_layers --dataset folder --data parts --backbones mobilenet_v2 --csv patch_layers.csv

Three in ten normal training images are held out. Defects are blended into them, and the image AUROC is that of blended
against held-out images. Each row is written to the CSV when it is measured, so a stopped script goes on where it was.
The table is markdown, as it stands in docs/measurements/patchcore-simplenet.md.
"""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from tabulate import tabulate

from benchmarks import images, plugins, split
from benchmarks.evaluation import metrics
from benchmarks.finetune.sampling import Blended
from benchmarks.source import Source
from methods._backbones import BACKBONES
from tests.speed import sources

HELD_OUT = 0.3
COARSER = (4, 8, 16, 32)
"""Strides of the layers that are compared, each alone and each with the next."""
KEY = ["backbone", "settings", "category", "seed"]


def choices(backbone: str) -> Iterator[tuple[str, ...]]:
    """The layers to compare: of each stride the last one, and pairs of neighbouring strides."""
    last = {layer.stride: name for name, layer in BACKBONES[backbone].layers.items()}
    names = [last[stride] for stride in COARSER if stride in last]
    yield from ((name,) for name in names)
    yield from itertools.pairwise(names)
    yield from zip(names, names[1:], names[2:], strict=False)


def measure(method: str, settings: dict[str, Any], parts: split.Parts, seed: int) -> dict[str, Any]:
    """The image AUROC of blended defects, and the seconds of fit and score."""
    network = plugins.choose(method, settings).method
    begun = time.perf_counter()
    list(network.fit(images.Images(parts.fit), seed=seed, device="cpu"))
    fitted = time.perf_counter()
    blended = Blended(images.Images(parts.calibration), seed)
    normal, defective = (list(network.image_scores(each)) for each in (images.Images(parts.calibration), blended))
    scored = (time.perf_counter() - fitted) / (len(normal) + len(defective))
    auroc = metrics.auroc([*normal, *defective], [False] * len(normal) + [True] * len(defective))
    return {"image_auroc": auroc, "fit_seconds": fitted - begun, "score_seconds": scored}


def rows(
    source: Source, categories: Sequence[str], trials: Sequence[tuple[str, dict[str, Any]]], seed: int
) -> Iterator[tuple[dict[str, Any], split.Parts]]:
    """What each row is of, and the images it is measured on."""
    for category in categories or source.categories():
        samples = source.samples(category)
        parts = split.divide(samples, seed=seed, shots=None, calibration=HELD_OUT)
        for backbone, settings in trials:
            yield {"backbone": backbone, "settings": json.dumps(settings), "category": category, "seed": seed}, parts


def table(measured: pd.DataFrame) -> str:
    """Markdown: the image AUROC by settings and category, and their mean."""
    wide = measured.pivot_table(index=["backbone", "settings"], columns="category", values="image_auroc", sort=False)
    wide["mean"] = wide.mean(axis=1)
    wide["ms an image"] = measured.groupby(["backbone", "settings"], sort=False)["score_seconds"].median() * 1000
    return tabulate(wide.reset_index(), headers="keys", tablefmt="github", floatfmt=".3f", showindex=False)


def main(
    dataset: Annotated[str, typer.Option()] = "demo",
    data: Annotated[Path | None, typer.Option()] = None,
    categories: Annotated[str, typer.Option(help="names, with commas; none: all")] = "",
    backbones: Annotated[str, typer.Option()] = "mobilenet_v2,efficientnet_lite0,vgg16",
    method: Annotated[str, typer.Option()] = "patchcore",
    base: Annotated[str, typer.Option(help="settings of every row, JSON")] = '{"pooling": "mean"}',
    vary: Annotated[str, typer.Option(help="settings to compare, a JSON list; none: the layers")] = "",
    seed: Annotated[int, typer.Option()] = 0,
    csv: Annotated[Path, typer.Option()] = Path("patch_layers.csv"),
) -> None:
    """Measure what is not in the CSV yet, then print the table of all that is."""
    source = sources.opened(dataset, data)
    common = json.loads(base)
    trials = [
        (backbone, common | {"backbone": backbone} | changed)
        for backbone in backbones.split(",")
        for changed in (json.loads(vary) if vary else ({"layers": layers} for layers in choices(backbone)))
    ]
    done = pd.read_csv(csv).to_dict("records") if csv.exists() else []
    known = {tuple(row[key] for key in KEY) for row in done}
    for row, parts in rows(source, [name for name in categories.split(",") if name], trials, seed):
        if tuple(row.values()) in known:
            continue
        done.append(row | measure(method, json.loads(row["settings"]), parts, seed))
        pd.DataFrame(done).to_csv(csv, index=False)
        print(row["category"], row["settings"], f"{done[-1]['image_auroc']:.3f}", flush=True)
    print(table(pd.DataFrame(done)))


if __name__ == "__main__":
    typer.run(main)
