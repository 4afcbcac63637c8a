"""Image AUROC of our DifferNet beside the published procedure: the same images, epochs and seeds.

    python -m tests.speed.differnet_quality --dataset demo --category brick --epochs 16 --seeds 0,1,2

Each flow is scored over both kinds of test views: random ones, others for each seed, as published, and evenly spaced
ones, as ours. With few test images the choice of 64 views alone moves the AUROC by several hundredths, so that only
flows scored over the same views tell how well each was trained.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from torch import Tensor

from benchmarks import images, metrics, plan, plugins
from methods import _weights
from methods.differnet import DifferNet, flow
from tests.speed.published_differnet import PublishedDifferNet

CHOICES = ["flow", "views"]
OURS, PUBLISHED = "ours", "published"


def published(train: images.Images, *, epochs: int, seed: int) -> PublishedDifferNet:
    """Trained by the published procedure."""
    network = PublishedDifferNet(_weights.find(), seed=seed)
    for _ in network.train(train, epochs=epochs):
        pass
    return network


def ours(train: images.Images, *, epochs: int, seed: int, settings: dict[str, Any]) -> DifferNet:
    """Trained as the suite does it."""
    method = plugins.choose("differnet", {**settings, "meta_epochs": epochs, "sub_epochs": 1}).method
    for _ in method.fit(train, seed=seed, device="cpu"):
        pass
    return method


def auroc(network: torch.nn.Module, views: Sequence[Tensor], labels: Sequence[bool]) -> float:
    """Of the mean of z^2 over an image's views."""
    return metrics.auroc(
        [float((flow.latent(network, each, precision="float32") ** 2).mean()) for each in views], labels
    )


def measure(
    train: images.Images, test: images.Images, labels: Sequence[bool], *, epochs: int, seed: int, settings: dict
) -> Iterator[dict[str, Any]]:
    """A line for each flow and kind of views."""
    theirs, method = (
        published(train, epochs=epochs, seed=seed),
        ours(train, epochs=epochs, seed=seed, settings=settings),
    )
    views = {PUBLISHED: [theirs.seen(image) for image in test], OURS: [method._store.of(image) for image in test]}
    for trained, network in ((PUBLISHED, theirs.flow), (OURS, method._flow)):
        for kind, features in views.items():
            yield {"seed": seed, "flow": trained, "views": kind, "auroc": auroc(network, features, labels)}


def comparison(aurocs: pd.DataFrame, first: tuple[str, str], second: tuple[str, str]) -> str:
    """How much lower or higher the second (flow, views) is, in words; `aurocs` has a row a seed."""
    difference = aurocs[second] - aurocs[first]
    return f"{difference.mean():+.3f} with standard error {difference.sem():.3f} over {len(difference)} seeds"


def main(
    dataset: str = "demo",
    category: str = "brick",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    epochs: int = 16,
    seeds: str = "0,1,2",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None,
) -> None:
    """Print the AUROC of both by seed and kind of views, and how far ours is from the published."""
    samples = list(plugins.dataset(dataset).samples(data or plan.default_data(dataset), category))
    train = images.Images([sample for sample in samples if sample.split == "train"])
    tested = [sample for sample in samples if sample.split == "test"]
    test, labels = images.Images(tested), [sample.defect is not None for sample in tested]
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    lines = []
    for seed in map(int, seeds.split(",")):
        for line in measure(train, test, labels, epochs=epochs, seed=seed, settings=settings):
            lines.append(line)
            print(f"{category} {epochs} epochs {line}", flush=True)
    aurocs = pd.DataFrame(lines).pivot(index="seed", columns=CHOICES, values="auroc")
    print(f"{category}: mean over seeds\n{aurocs.mean().unstack().round(3)}")
    for views in (PUBLISHED, OURS):
        print(f"flow, on {views} views: {comparison(aurocs, (PUBLISHED, views), (OURS, views))}")
    print(f"views, of our flow: {comparison(aurocs, (OURS, PUBLISHED), (OURS, OURS))}")
    print(f"all in all: {comparison(aurocs, (PUBLISHED, PUBLISHED), (OURS, OURS))}", flush=True)


if __name__ == "__main__":
    typer.run(main)
