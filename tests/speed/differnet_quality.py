"""Image AUROC of our DifferNet beside the published procedure: the same images, epochs and seeds.

    python -m tests.speed.differnet_quality --dataset demo --categories brick,gravel --epochs 16 --seeds 0,1,2

Both start from the same weights, as the draw of these alone moves the AUROC of few test images by several hundredths.
Each flow is scored over both kinds of test views: random ones, others for each seed, as published, and evenly spaced
ones, as ours. The choice of 64 views moves the AUROC as much, so that only flows scored over the same views tell how
well each was trained. The published flow sees all views in float32, ours in its own precision. `untrained` is the flow
before its first step: what training has to do with the AUROC.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from torch import Tensor

from benchmarks import images, plugins
from benchmarks.evaluation import metrics
from methods._backbones.weights import find
from methods._views import HALF_TURN, View, fixed_views, random_views
from methods.differnet import DifferNet, flow
from tests.speed import sources
from tests.speed.differnet_heading import heading
from tests.speed.published_differnet import TEST_VIEWS, PublishedDifferNet

CHOICES = ["flow", "views"]
OURS, PUBLISHED, UNTRAINED = "ours", "published", "untrained"
RANDOM, FIXED = "random views", "fixed views"
TOO_SMALL = 1e-30


def configured(settings: dict[str, Any]) -> DifferNet:
    """Our DifferNet with these settings."""
    return plugins.choose("differnet", settings).method


def ours(train: images.Images, *, epochs: int, seed: int, settings: dict[str, Any]) -> DifferNet:
    """Trained as the suite does it, on all images, as the published program does."""
    method = configured({**settings, "meta_epochs": epochs, "sub_epochs": 1, "validation_share": 0})
    for _ in method.fit(train, seed=seed, device="cpu"):
        pass
    return method


def untrained(train: images.Images, *, seed: int, settings: dict[str, Any]) -> torch.nn.Module:
    """The flow that ours starts from: after a step that is too small for its weights to change."""
    return ours(train, epochs=1, seed=seed, settings=settings | {"learning_rate": TOO_SMALL})._flow


def published(train: images.Images, start: torch.nn.Module, *, epochs: int, seed: int) -> PublishedDifferNet:
    """Trained by the published procedure, from the weights of another flow."""
    network = PublishedDifferNet(find("alexnet"), seed=seed)
    network.flow.load_state_dict(start.state_dict())
    for _ in network.train(train, epochs=epochs):
        pass
    return network


def auroc(network: torch.nn.Module, views: Sequence[Tensor], labels: Sequence[bool]) -> float:
    """Image AUROC of the mean of z^2 over an image's views."""
    return metrics.auroc(
        [float((flow.latent(network, each, precision="float32")[0] ** 2).mean()) for each in views], labels
    )


def measure(
    train: images.Images, test: images.Images, labels: Sequence[bool], *, epochs: int, seed: int, settings: dict
) -> Iterator[dict[str, Any]]:
    """A line for each flow and kind of views."""
    start = untrained(train, seed=seed, settings=settings)
    theirs = published(train, start, epochs=epochs, seed=seed)
    method = ours(train, epochs=epochs, seed=seed, settings=settings)
    generator = torch.Generator().manual_seed(seed)
    for kind, views in kinds_of_views(len(test), generator).items():
        theirs_see = [
            theirs.seen(image, [view.degrees for view in own]) for image, own in zip(test, views, strict=True)
        ]
        ours_see = [method._features.extract(image, own) for image, own in zip(test, views, strict=True)]
        line = {"seed": seed, "views": kind}
        yield line | {"flow": PUBLISHED, "auroc": auroc(theirs.flow, theirs_see, labels)}
        yield line | {"flow": UNTRAINED, "auroc": auroc(start, ours_see, labels)}
        yield line | {"flow": OURS, "auroc": auroc(method._flow, ours_see, labels)}


def kinds_of_views(count: int, generator: torch.Generator) -> dict[str, list[list[View]]]:
    """The views of this number of images, by kind."""
    spread = View(HALF_TURN, 0, 0, 0)
    return {
        RANDOM: [random_views(TEST_VIEWS, spread=spread, generator=generator) for _ in range(count)],
        FIXED: [fixed_views(TEST_VIEWS, HALF_TURN)] * count,
    }


def comparison(aurocs: pd.DataFrame, first: tuple[str, str], second: tuple[str, str]) -> str:
    """How much lower or higher the second (flow, views) is, in words; `aurocs` has a row for each seed."""
    difference = aurocs[second] - aurocs[first]
    return f"{difference.mean():+.3f} with standard error {difference.sem():.3f} over {len(difference)} seeds"


def report(name: str, aurocs: pd.DataFrame) -> None:
    """Print the means over seeds, and how far ours is from the published; `aurocs` has a row for each seed."""
    print(f"\nImage AUROC on {name}, mean over seeds:\n\n{aurocs.mean().unstack().to_markdown(floatfmt='.3f')}\n")
    for views in (RANDOM, FIXED):
        print(f"- {OURS} - {PUBLISHED}, both on {views}: {comparison(aurocs, (PUBLISHED, views), (OURS, views))}")
    print(f"- {FIXED} - {RANDOM}, both of our flow: {comparison(aurocs, (OURS, RANDOM), (OURS, FIXED))}")
    all_in_all = comparison(aurocs, (PUBLISHED, RANDOM), (OURS, FIXED))
    print(f"- {OURS} on {FIXED} - {PUBLISHED} on {RANDOM}: {all_in_all}", flush=True)


def main(
    dataset: str = "demo",
    categories: Annotated[str, typer.Option(help="Names, separated by commas.")] = "brick",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    epochs: int = 16,
    seeds: str = "0,1,2",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None,
) -> None:
    """Print the AUROC of both by seed and kind of views, and how far ours is from the published."""
    source = sources.opened(dataset, data)
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    lines = []
    for category in categories.split(","):
        samples = source.samples(category)
        train = images.Images([sample for sample in samples if sample.split == "train"])
        tested = [sample for sample in samples if sample.split == "test"]
        test, labels = images.Images(tested), [sample.defect is not None for sample in tested]
        for seed in map(int, seeds.split(",")):
            for line in measure(train, test, labels, epochs=epochs, seed=seed, settings=settings):
                lines.append({"category": category} | line)
                print(lines[-1], flush=True)
    print("\n" + heading())
    aurocs = pd.DataFrame(lines).pivot(index=["category", "seed"], columns=CHOICES, values="auroc")
    for category, own in aurocs.groupby("category"):
        report(category, own.droplevel("category"))
    report("mean over categories", aurocs.groupby("seed").mean())


if __name__ == "__main__":
    typer.run(main)
