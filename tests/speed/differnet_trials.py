"""What DifferNet's image AUROC rests on: one setting changed at a time, on few images and a short schedule.

    python -m tests.speed.differnet_trials --dataset folder --data parts --categories plate --csv trials.csv

A line is written as soon as it is known: stopped and started again, the script continues. Trials with the same views
of an image share its features; with BENCHMARKS_FEATURES set to a folder, so do further calls. The images are drawn, as
many normal ones as defective ones. With `--blended 1` no test image is seen: three in ten normal training images are
held out, and defects are blended into them. The spread over seeds is that of the flow: all seeds share one draw of
images and of views.

Every training is judged by each rule of the image score, and with the weights of the last epoch and of the lowest loss
on held-out images.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import typer
from tabulate import tabulate
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks import images, split
from benchmarks.evaluation import metrics
from benchmarks.finetune.sampling import Blended
from datasets import Sample
from methods import Preparing
from methods._precision import supported
from methods._views import View, fixed_views, random_views
from methods.differnet import DifferNet, flow, held_out, scores
from methods.differnet.training_views import Bank, Drawing
from reports.files import write_text
from tests.speed import sources
from tests.speed.differnet_heading import heading

BASE = {
    "features_precision": "auto",
    "scoring_precision": supported("auto", "cpu"),
    "test_views": 32,
    "hidden_width": 512,
    "bank_views": 64,
}
"""A narrow flow, whose step takes a seventh of the time, in all trials but that of the published width.

In bfloat16 where the processor multiplies it natively: in software it takes 300 times as long as float32.
"""
MANY = {"test_views": 64}
TRIALS: dict[str, dict[str, Any]] = {
    "base": MANY,
    "fresh views": {"fresh": True} | MANY,
    "bank of 16": {"bank_views": 16} | MANY,
    "bank of 32": {"bank_views": 32} | MANY,
    "bank of 128": {"bank_views": 128} | MANY,
    "bank of 64, renewed to 160": {"bank_renewal": 1.5 / 23} | MANY,
    "bank of 64, renewed to 256": {"bank_renewal": 3 / 23} | MANY,
    "bank of 32, renewed to 128": {"bank_views": 32, "bank_renewal": 3 / 23} | MANY,
    "bank of 32, renewed to 256": {"bank_views": 32, "bank_renewal": 7 / 23} | MANY,
    "renewed, width 1024": {"bank_renewal": 3 / 23, "hidden_width": 1024} | MANY,
    "renewed, width 2048": {"bank_renewal": 3 / 23, "hidden_width": 2048} | MANY,
    "renewed, fill mean": {"bank_renewal": 3 / 23, "rotation_fill": "mean"} | MANY,
    "renewed, bilinear": {"bank_renewal": 3 / 23, "rotation_interpolation": "bilinear"} | MANY,
    "renewed, fill mean, bilinear": {
        "bank_renewal": 3 / 23,
        "rotation_fill": "mean",
        "rotation_interpolation": "bilinear",
    }
    | MANY,
    "renewed, jitter 0.15": {"bank_renewal": 3 / 23, "brightness": 0.15, "contrast": 0.15} | MANY,
    "image size 224": {"image_size": 224, "n_scales": 2} | MANY,
    "image size 320": {"image_size": 320} | MANY,
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
LOOKS, LOOK_VIEWS = (8, 16, 48, 96), 16
"""Epochs at which the image AUROC is shown, and the test views of a look at the end of each meta epoch."""
AT_ONCE = 8
"""Images that go through the flow together, as its weights are cast for each pass."""
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


def blended(samples: Sequence[Sample], train: int, test: int, strength: float) -> Category:
    """Normal training images alone: up to `train` to fit, and up to `test` others without and with blended defects.

    A defect of `strength` 1 is as `finetune` blends it; of a lower one, it is that transparent.
    """
    parts = split.divide(samples, seed=0, shots=None, calibration=0.3)
    normal = images.Images(parts.calibration[:test])
    made = Blended(normal, 0)
    some = sorted(np.random.default_rng(0).permutation(len(made))[: max(50, test)])
    labels = np.repeat([False, True], [len(normal), len(some)])
    faint = [
        np.uint8(np.rint(strength * made[place] + (1 - strength) * np.float32(normal[made.sources[place]])))
        for place in some
    ]
    return Category(images.Images(parts.fit[:train]), [*normal, *faint], labels)


class Eyes:
    """Features of a category's images, extracted once for all trials with the same views."""

    def __init__(self, category: Category, methods: Iterable[DifferNet]):
        self.category = category
        self.most: dict[tuple, int] = {}
        for method in methods:
            seen = _seen(method, jittered=True)
            self.most[seen] = max(views_needed(method), self.most.get(seen, 0))
        self._bank, self._test = cache(self._extract_bank), cache(self._extract_test)

    def bank(self, method: DifferNet) -> Tensor:
        """(n, views, dims): random views of the training images; those of a smaller bank come first."""
        return self._bank(_seen(method, jittered=True))

    def test(self, method: DifferNet) -> Tensor:
        """(m, views, dims): fixed views of the test images."""
        return self._test((*_seen(method, jittered=False), ("test_views", method.test_views)))

    def _extract_bank(self, seen: tuple) -> Tensor:
        method = opened(seen)
        generator = torch.Generator().manual_seed(0)
        spread = View(method.rotation_degrees, method.brightness, method.contrast, method.saturation)
        views = (
            random_views(self.most[seen], spread=spread, generator=generator) for _ in range(len(self.category.train))
        )
        return torch.stack([method._features.extract(*each) for each in zip(self.category.train, views, strict=True)])

    def _extract_test(self, seen: tuple) -> Tensor:
        method = opened(seen)
        views = fixed_views(method.test_views, method.rotation_degrees)
        return torch.stack([method._features.extract(image, views) for image in self.category.test])


def views_needed(method: DifferNet) -> int:
    """Different views of an image that a training of this method is shown."""
    return round(method._views_seen("cpu"))


def _seen(method: DifferNet, *, jittered: bool) -> tuple:
    """The settings on which views depend; test views are never colour-jittered."""
    fields = [
        "features_precision",
        "image_size",
        "n_scales",
        "rotation_degrees",
        "rotation_interpolation",
        "rotation_fill",
    ]
    return tuple((name, getattr(method, name)) for name in fields + ["brightness", "contrast"] * jittered)


def opened(seen: tuple) -> DifferNet:
    """A method with these settings, ready to extract features."""
    method = DifferNet(**dict(seen))
    method._open(method.find_device("auto"))
    return method


def trial(name: str, *, epochs: int) -> tuple[DifferNet, Way]:
    """The method of a trial of this number of epochs, and how it trains."""
    settings = BASE | TRIALS[name] | {"meta_epochs": min(24, epochs), "sub_epochs": max(1, epochs // 24)}
    way = Way(**{field: settings.pop(field) for field in Way._fields if field in settings})
    if way.fresh:
        settings["bank_views"] = epochs * DifferNet().views_per_image
    return DifferNet(**settings), way


class Extracted(Bank):
    """A bank out of views that were extracted before: (n, views, dims)."""

    def __init__(self, all_views: Tensor, method: DifferNet, generator: torch.Generator):
        super().__init__(Drawing((), None, View(), generator), size=method.bank_views, renewal=method.bank_renewal)
        self.all_views, self.taken = all_views, 0
        self.views = all_views.new_empty(len(all_views), self.size, all_views.shape[2])
        list(self.filled())

    def _extracted(self, places: Tensor, what: str) -> Iterator[Preparing]:
        new = slice(self.taken, self.taken + len(places))
        self.views[:, places] = self.all_views[:, new]
        self.taken = new.stop
        return iter(())


class Trained(NamedTuple):
    """A flow after a meta epoch."""

    epoch: int
    """Epochs so far."""
    network: nn.Module
    watch: held_out.Watch


def trained(method: DifferNet, way: Way, views: Tensor, *, seed: int) -> Iterator[Trained]:
    """The flow after each meta epoch; a share of the images (rows of `views`) is held out of it."""
    generator = torch.Generator().manual_seed(seed)
    fitted, watched = held_out.divided(views, method.validation_share, generator)
    looks = [each[: held_out.VIEWS] for each in watched]
    bank = Extracted(views[fitted.places], method, generator)
    network = flow.build(method._shape, seed=seed).to(views.device)
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(DECAY)) if way.averaged else None
    watch = held_out.Watch(looks, keeps_best=True, precision=method.scoring_precision)
    precision = supported(method.training_precision, views.device.type)
    epochs = method.meta_epochs * method.sub_epochs
    with flow.Trainer(network, precision=precision, **method._adam) as trainer:
        losses = []
        for epoch in range(epochs):
            if epoch and epoch % method.sub_epochs == 0:
                list(bank.renewed())
            if way.cycle:
                share = np.interp(epoch / (epochs - 1), [0, 0.3, 1], [0.1, 1, 0.001])
                trainer.adam["lr"] = method.learning_rate * float(share)
            batches = fresh_batches(bank.views, epoch, method, generator) if way.fresh else method._batches(bank)
            losses.append(trainer.epoch(batches))
            if mean:
                mean.update_parameters(network)
            if (epoch + 1) % method.sub_epochs == 0:
                shown = mean.module if mean else network
                watch.look(shown, float(torch.cat(losses).mean()))
                losses.clear()
                yield Trained(epoch + 1, shown, watch)


def fresh_batches(views: Tensor, epoch: int, method: DifferNet, generator: torch.Generator) -> Iterator[Tensor]:
    """The batches of an epoch with views that no other epoch has."""
    first = epoch * method.views_per_image
    for rows in torch.randperm(len(views), generator=generator).split(method.batch_size):
        yield views[rows, first : first + method.views_per_image].flatten(0, 1)


def judged(network: nn.Module, test: Tensor, method: DifferNet, *, step: int = 1) -> dict[str, np.ndarray]:
    """The scores of the images by each rule, from every `step`-th of their views."""
    places = scores.places_of_scales(network, dims=method._dims, scales=method.n_scales)
    found = [each for images in test[:, ::step].split(AT_ONCE) for each in latents(network, images, method)]
    return {name: np.array([rule(*each, places) for each in found]) for name, rule in scores.RULES.items()}


def latents(network: nn.Module, images: Tensor, method: DifferNet) -> Iterator[tuple[Tensor, Tensor]]:
    """z and log|det dz/dx| of each of a few images (n, views, dims)."""
    z, log_det = flow.latent(network, images.flatten(0, 1), precision=method.scoring_precision)
    return zip(z.unflatten(0, images.shape[:2]), log_det.unflatten(0, images.shape[:2]), strict=True)


def measure(name: str, eyes: Eyes, *, epochs: int, seed: int) -> dict[str, float]:
    """The image AUROC of a trial: at some epochs, at the end by each rule, at the lowest held-out loss, by views."""
    method, way = trial(name, epochs=epochs)
    test, defective = eyes.test(method), eyes.category.defective
    found: dict[str, float] = {}
    late: list[np.ndarray] = []
    looks: dict[int, float] = {}
    for after in trained(method, way, eyes.bank(method), seed=seed):
        number, network, watch = after
        few = judged(network, test, method, step=-(-method.test_views // LOOK_VIEWS))
        looks[number] = metrics.auroc(few["mean_z2"], defective)
        if number in LOOKS:
            found[f"epoch {number}"] = looks[number]
        if way.late and (1 - LATE) * epochs < number < epochs:
            late.append(judged(network, test, method)["mean_z2"])
    by_rule = judged(network, test, method)
    late.append(by_rule["mean_z2"])
    history = watch.history
    found |= {"oracle": max(looks.values()), "at epoch": max(looks, key=looks.get)}
    found |= {"loss": history.training[-1], "last": metrics.auroc(np.mean(late, axis=0), defective)}
    found |= {rule: metrics.auroc(values, defective) for rule, values in by_rule.items() if rule != "mean_z2"}
    for views in (8, 16, 32, 128):
        if views < method.test_views:
            few = judged(network, test, method, step=method.test_views // views)
            found[f"{views} views"] = metrics.auroc(few["mean_z2"], defective)
    if history.held_out:
        watch.restore(network)
        best = {
            f"best {rule}": metrics.auroc(values, defective) for rule, values in judged(network, test, method).items()
        }
        found |= {
            "held-out": history.held_out[-1],
            "lowest": history.held_out[history.best - 1],
            "of": history.best,
        } | best
    return found


def lines(
    categories: Mapping[str, Category], names: Sequence[str], seeds: Sequence[int], known: set[tuple], **size: float
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
    strength: Annotated[
        float, typer.Option("--blended", help="Instead of test images, blended defects of this strength, up to 1.")
    ] = 0.0,
    train: Annotated[int, typer.Option(help="Training images.")] = 200,
    test: Annotated[int, typer.Option(help="Test images of each kind, normal and defective.")] = 150,
    epochs: int = 24,
    csv: Path = Path("differnet_trials.csv"),
) -> None:
    """Add what is missing to the CSV, then print the means over seeds of all its lines."""
    source = sources.opened(dataset, data)
    chosen = categories.split(",") if categories else source.categories()
    draw = partial(blended, strength=strength) if strength else drawn
    shown = {name: draw(source.samples(name), train, test) for name in chosen}
    finished = pd.read_csv(csv, dtype={"category": str}).to_dict("records") if csv.exists() else []
    known = {tuple(line[name] for name in KEY[1:]) for line in finished if line["dataset"] == dataset}
    numbers, size = (
        [int(seed) for seed in seeds.split(",")],
        {"train": train, "test": test, "epochs": epochs} | ({"blended": strength} if strength else {}),
    )
    for line in lines(shown, trials.split(";"), numbers, known, **size):
        finished.append({"dataset": dataset} | line)
        write_text(csv, pd.DataFrame(finished).to_csv(index=False))
        print(finished[-1], flush=True)
    table = pd.DataFrame(finished).groupby(KEY[:-1], sort=False).mean().drop(columns="seed").reset_index()
    print("\n" + heading())
    print(tabulate(table.drop(columns="setup"), "keys", "pipe", floatfmt=".3f", showindex=False))


if __name__ == "__main__":
    typer.run(main)
