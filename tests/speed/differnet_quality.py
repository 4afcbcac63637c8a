"""AUROC of our DifferNet beside the published procedure: the same images, epochs and seeds.

python -m tests.speed.differnet_quality --dataset demo --category brick --epochs 16 --seeds 0,1,2
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import images, metrics, plan, plugins

Scored = Callable[..., Sequence[float]]
"""(train, test, epochs=, seed=) -> scores of the test images."""


def published(train: images.Images, test: images.Images, *, epochs: int, seed: int) -> list[float]:
    """The published procedure."""
    from methods import _weights
    from tests.speed.published_differnet import PublishedDifferNet

    network = PublishedDifferNet(_weights.find(), seed=seed)
    for _ in network.train(train, epochs=epochs):
        pass
    return [network.score(image) for image in test]


def ours(train: images.Images, test: images.Images, *, epochs: int, seed: int, settings: dict[str, Any]) -> list[float]:
    """Ours, as the suite runs it."""
    method = plugins.choose("differnet", {**settings, "meta_epochs": epochs, "sub_epochs": 1}).method
    for _ in method.fit(train, seed=seed, device=method.find_device("auto")):
        pass
    return [score.image for score in method.score(test)]


def main(
    dataset: str = "demo",
    category: str = "brick",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    epochs: int = 16,
    seeds: str = "0,1,2",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None,
) -> None:
    """Print the AUROC of both by seed, and whether ours is lower by more than two standard errors."""
    samples = list(plugins.dataset(dataset).samples(data or plan.default_data(dataset), category))
    train = images.Images([sample for sample in samples if sample.split == "train"])
    tested = [sample for sample in samples if sample.split == "test"]
    test, labels = images.Images(tested), [sample.defect is not None for sample in tested]
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    procedures: dict[str, Scored] = {"published": published, "ours": partial(ours, settings=settings)}
    aurocs: dict[str, list[float]] = {name: [] for name in procedures}
    for seed in map(int, seeds.split(",")):
        for name, scored in procedures.items():
            aurocs[name].append(metrics.auroc(scored(train, test, epochs=epochs, seed=seed), labels))
            print(f"{category} {epochs} epochs seed {seed} {name}: image AUROC {aurocs[name][-1]:.3f}", flush=True)
    difference = np.subtract(aurocs["ours"], aurocs["published"])
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
    print(
        f"{category}: published {np.mean(aurocs['published']):.3f}, ours {np.mean(aurocs['ours']):.3f}, "
        f"difference {difference.mean():+.3f} with standard error {error:.3f} over {len(difference)} seeds"
    )


if __name__ == "__main__":
    typer.run(main)
