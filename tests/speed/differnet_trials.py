"""What DifferNet's image AUROC rests on: one setting changed at a time, on few images and a short schedule.

    python -m tests.speed.differnet_trials --dataset folder --data parts --categories plate --csv trials.csv

A line is written as soon as it is known: stopped and started again, the script continues. Trials with the same views
of an image share its features. The images are drawn, as many normal ones as defective ones. The spread over seeds is
that of the flow: all seeds share one draw of images and of views.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import typer
from tabulate import tabulate
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks import images
from benchmarks.evaluation import metrics
from datasets import Sample
from methods._precision import supported
from methods._views import fixed_views
from methods.differnet import DifferNet, flow
from reports.files import write_text
from tests.speed import sources
from tests.speed.differnet_heading import heading

BASE = {"features_precision": "bfloat16", "scoring_precision": "bfloat16", "test_views": 32, "hidden_width": 512}
"""A narrow flow, whose step takes a seventh of the time, in all trials but that of the published width."""
MANY = {"test_views": 64}
TRIALS: dict[str, dict[str, Any]] = {
    "base": MANY,
    "fresh views": {"fresh": True} | MANY,
    "bank of 16": {"bank_views": 16} | MANY,
    "bank of 32": {"bank_views": 32} | MANY,
    "bank of 128": {"bank_views": 128} | MANY,
    "bank of 256": {"bank_views": 256} | MANY,
    "128 test views": {"test_views": 128},
    "training in float32": {"training_precision": "float32"} | MANY,
    "published width": {"hidden_width": 2048} | MANY,
    "one-cycle rate": {"cycle": True, "learning_rate": 4e-4} | MANY,
    "mean of weights": {"averaged": True} | MANY,
    "mean of late scores": {"late": True} | MANY,
    "fill mean": {"rotation_fill": "mean"},
    "bilinear": {"rotation_interpolation": "bilinear"},
    "jitter 0.15": {"brightness": 0.15, "contrast": 0.15},
    "rotation 10": {"rotation_degrees": 10.0},
    "no rotation": {"rotation_degrees": 0.0, "bank_views": 1, "test_views": 1},
    "no rotation, jitter 0.15": {"rotation_degrees": 0.0, "test_views": 1, "brightness": 0.15, "contrast": 0.15},
    "features in float32": {"features_precision": "float32"},
    "scores in float32": {"scoring_precision": "float32"} | MANY,
    "batches of 48 images, twice the rate": {"batch_size": 48, "learning_rate": 4e-4} | MANY,
}
"""Settings of DifferNet, and those of `Way`."""
LOOKS, LOOK_VIEWS = (8, 16, 48, 96), 32
LATE = 0.25
"""The share of the epochs, the last ones, whose scores are averaged."""
DECAY = 0.8
"""Weight of the previous mean when an epoch updates the mean of the weights."""
KEY = ["dataset", "category", "trial", "setup", "seed"]


class Way(NamedTuple):
    """How a trial trains, beyond DifferNet's settings."""

    fresh: bool = False
    """No view is used twice, whatever `bank_views` says."""
    cycle: bool = False
    """The learning rate rises from a tenth to its height at 30 % of the epochs, and falls to a thousandth: half of its
    height on average."""
    averaged: bool = False
    """The flow scored has the mean of the epochs' weights, later ones counting more."""
    late: bool = False
    """The final scores are means over the flows of the last epochs."""


class Category(NamedTuple):
    """The images of a category that trials use."""

    train: images.Images
    test: images.Images
    defective: np.ndarray


def drawn(samples: Sequence[Sample], train: int, test: int) -> Category:
    """Up to `train` training images, and up to `test` normal and defective test images each, drawn by one seed."""
    generator = np.random.default_rng(0)

    def some(chosen: Iterable[Sample], count: int) -> list[Sample]:
        listed = list(chosen)
        return [listed[place] for place in sorted(generator.permutation(len(listed))[:count])]

    tested = [sample for sample in samples if sample.split == "test"]
    normal = some((sample for sample in tested if sample.defect is None), test)
    defective = some((sample for sample in tested if sample.defect is not None), test)
    fitted = some((sample for sample in samples if sample.split == "train"), train)
    labels = np.array([False] * len(normal) + [True] * len(defective))
    return Category(images.Images(fitted), images.Images(normal + defective), labels)


class Eyes:
    """Features of a category's images, extracted once for all methods with the same views."""

    def __init__(self, category: Category, methods: Iterable[DifferNet]):
        self.category = category
        self.most: dict[tuple, int] = {}
        for method in methods:
            seen = _seen(method, jittered=True)
            self.most[seen] = max(method.bank_views, self.most.get(seen, 0))
        self._bank, self._test = cache(self._extract_bank), cache(self._extract_test)

    def bank(self, method: DifferNet) -> Tensor:
        """(n, views, dims): random views of the training images; a smaller bank is part of a larger one."""
        return self._bank(_seen(method, jittered=True))[:, : method.bank_views]

    def test(self, method: DifferNet) -> Tensor:
        """(m, views, dims): fixed views of the test images."""
        return self._test((*_seen(method, jittered=False), ("test_views", method.test_views)))

    def _extract_bank(self, seen: tuple) -> Tensor:
        method = opened(seen, bank_views=self.most[seen])
        generator = torch.Generator().manual_seed(0)
        extract = method._features.extract
        return torch.stack([extract(image, method._training_views(generator)) for image in self.category.train])

    def _extract_test(self, seen: tuple) -> Tensor:
        method = opened(seen)
        views = fixed_views(method.test_views, method.rotation_degrees)
        return torch.stack([method._features.extract(image, views) for image in self.category.test])


def _seen(method: DifferNet, *, jittered: bool) -> tuple:
    """The settings on which views depend; test views are never colour-jittered."""
    fields = ["features_precision", "rotation_degrees", "rotation_interpolation", "rotation_fill"]
    return tuple((name, getattr(method, name)) for name in fields + ["brightness", "contrast"] * jittered)


def opened(seen: tuple, **further: Any) -> DifferNet:
    """A method with these settings, ready to extract features."""
    method = DifferNet(**dict(seen), **further)
    method._open(method.find_device("auto"))
    return method


def trial(name: str, *, epochs: int) -> tuple[DifferNet, Way]:
    """The method of a trial of this number of epochs, and how it trains."""
    settings = BASE | TRIALS[name]
    way = Way(**{field: settings.pop(field) for field in Way._fields if field in settings})
    if way.fresh:
        settings["bank_views"] = epochs * DifferNet().views_per_image
    return DifferNet(**settings), way


def trained(method: DifferNet, way: Way, bank: Tensor, *, epochs: int, seed: int) -> Iterator[tuple[nn.Module, float]]:
    """The flow to score with and the loss, after each epoch."""
    generator = torch.Generator().manual_seed(seed)
    network = flow.build(method._shape, seed=seed).to(bank.device)
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(DECAY)) if way.averaged else None
    precision = supported(method.training_precision, bank.device.type)
    with flow.Trainer(network, precision=precision, **method._adam) as trainer:
        for epoch in range(epochs):
            if way.cycle:
                share = np.interp(epoch / (epochs - 1), [0, 0.3, 1], [0.1, 1, 0.001])
                trainer.adam["lr"] = method.learning_rate * float(share)
            views = fresh_batches(bank, epoch, method, generator) if way.fresh else method._batches(bank, generator)
            loss = float(trainer.epoch(views).mean())
            if mean:
                mean.update_parameters(network)
            yield (mean.module if mean else network), loss


def fresh_batches(bank: Tensor, epoch: int, method: DifferNet, generator: torch.Generator) -> Iterator[Tensor]:
    """The batches of an epoch with views that no other epoch has."""
    first = epoch * method.views_per_image
    for rows in torch.randperm(len(bank), generator=generator).split(method.batch_size):
        yield bank[rows, first : first + method.views_per_image].flatten(0, 1)


def scores(network: nn.Module, test: Tensor, method: DifferNet) -> np.ndarray:
    """(images, views): the mean of z^2 over dimensions."""
    found = [(flow.latent(network, views, precision=method.scoring_precision) ** 2).mean(dim=1) for views in test]
    return torch.stack(found).numpy(force=True)


def measure(name: str, eyes: Eyes, *, epochs: int, seed: int) -> dict[str, float]:
    """The image AUROC and the loss of normal test images of a trial at some epochs.

    After the last epoch also the loss of training, and the AUROC by the number of test views.
    """
    method, way = trial(name, epochs=epochs)
    bank, test = eyes.bank(method), eyes.test(method)
    found: dict[str, float] = {}
    late: list[np.ndarray] = []
    for number, (network, loss) in enumerate(trained(method, way, bank, epochs=epochs, seed=seed), start=1):
        found["loss"] = loss
        if number in LOOKS or number == epochs:
            few = test[:, :: -(-test.shape[1] // LOOK_VIEWS)]
            found[f"epoch {number}"] = auroc(scores(network, few, method), eyes.category.defective)
            found[f"normal, {number}"] = loss_of(network, few[~eyes.category.defective], method)
        if number == epochs or (way.late and number > (1 - LATE) * epochs):
            late.append(scores(network, test, method))
    by_view = np.mean(late, axis=0)
    return found | {
        f"{views} views": auroc(by_view[:, :: test.shape[1] // views], eyes.category.defective)
        for views in (1, 4, 16, 32, 64, 128)
        if views <= test.shape[1]
    }


@torch.no_grad()
def loss_of(network: nn.Module, images: Tensor, method: DifferNet) -> float:
    """The negative log-likelihood of images (n, views, dims).

    For normal images that were not trained on, it rises where a flow overfits its bank.
    """
    with flow.precise(images.device, method.scoring_precision):
        return float(flow.negative_log_likelihood(*network(images.flatten(0, 1))))


def auroc(by_view: np.ndarray, defective: np.ndarray) -> float:
    """Image AUROC of the mean over views."""
    return metrics.auroc(by_view.mean(axis=1), defective)


def lines(
    categories: Mapping[str, Category], names: Sequence[str], seeds: Sequence[int], known: set[tuple], **size: int
) -> Iterator[dict[str, Any]]:
    """A line for each category, trial and seed, without the known ones; `size` is the number of epochs and images."""
    for category, shown in categories.items():
        eyes = Eyes(shown, [trial(name, epochs=size["epochs"])[0] for name in names])
        for name in names:
            setup = json.dumps(BASE | TRIALS[name] | size, sort_keys=True)
            for seed in seeds:
                if (category, name, setup, seed) not in known:
                    yield {"category": category, "trial": name, "setup": setup, "seed": seed} | measure(
                        name, eyes, epochs=size["epochs"], seed=seed
                    )


def main(
    dataset: str = "demo",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    categories: Annotated[str, typer.Option(help="Names, separated by commas; all where none is given.")] = "",
    trials: Annotated[str, typer.Option(help="Names, separated by semicolons.")] = ";".join(TRIALS),
    seeds: str = "0,1",
    train: Annotated[int, typer.Option(help="Training images.")] = 200,
    test: Annotated[int, typer.Option(help="Test images of each kind, normal and defective.")] = 150,
    epochs: int = 24,
    csv: Path = Path("differnet_trials.csv"),
) -> None:
    """Add what is missing to the CSV, then print the means over seeds of all its lines."""
    source = sources.opened(dataset, data)
    chosen = categories.split(",") if categories else source.categories()
    shown = {name: drawn(source.samples(name), train, test) for name in chosen}
    finished = pd.read_csv(csv, dtype={"category": str}).to_dict("records") if csv.exists() else []
    known = {tuple(line[name] for name in KEY[1:]) for line in finished if line["dataset"] == dataset}
    numbers, size = [int(seed) for seed in seeds.split(",")], {"train": train, "test": test, "epochs": epochs}
    for line in lines(shown, trials.split(";"), numbers, known, **size):
        finished.append({"dataset": dataset} | line)
        write_text(csv, pd.DataFrame(finished).to_csv(index=False))
        print(finished[-1], flush=True)
    table = pd.DataFrame(finished).groupby(KEY[:-1], sort=False).mean().drop(columns="seed").reset_index()
    print("\n" + heading())
    print(tabulate(table.drop(columns="setup"), "keys", "pipe", floatfmt=".3f", showindex=False))


if __name__ == "__main__":
    typer.run(main)
