"""Pixel AUROC and AUPRO of DifferNet's anomaly maps, by what they show, beside the published map.

    python -m tests.speed.differnet_maps --dataset demo --category brick --set differnet.preset=fast

The flow is trained once; all maps are of that flow. Beside each number of rotations stands what a map costs, as a
multiple of the processor time of a score.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from tabulate import tabulate
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from benchmarks import images, plugins
from benchmarks.evaluation import pixel_metrics
from datasets import Sample
from methods import Image
from methods._views import fixed_views
from methods.differnet import DifferNet, flow, localisation
from tests.speed import sources
from tests.speed.differnet_heading import heading

PUBLISHED_BLUR, PUBLISHED_CUT = 3.0, 4
"""Standard deviation in pixels of the Gaussian over the signed gradient; it is cut at this number of them."""

Mapper = Callable[[Image], np.ndarray]


def _smoothed(signed: Tensor) -> Tensor:
    """The published Gaussian."""
    radius = round(PUBLISHED_CUT * PUBLISHED_BLUR)
    return gaussian_blur(signed, [2 * radius + 1] * 2, [PUBLISHED_BLUR] * 2)


SHOWN = {
    "gradient": localisation.magnitude,
    "gradient times input": localisation.contribution,
    "gradient, blurred with its sign": lambda pixels, gradient: _smoothed(gradient).norm(dim=1),
    "gradient times input, blurred with its sign": lambda pixels, gradient: (
        _smoothed(gradient * pixels.float()).sum(dim=1).abs()
    ),
}
OF = {
    "score": localisation.score,
    "root of the score": lambda z: localisation.score(z).sqrt(),
    "logarithm of the score": localisation.log_score,
}
TRIED = {
    f"{what}: {name}": localisation.Evidence(of, shown) for what, of in OF.items() for name, shown in SHOWN.items()
}


def published_map(image: Image, method: DifferNet, *, rotations: int) -> np.ndarray:
    """(h, w) float32: the loss is differentiated, its signed gradient blurred, and the map stretched image by image.

    Facts: `grad_map_viz` of github.com/marco-rudolph/differnet; rotated back bilinearly here, by cubic splines there.
    """
    resized, views = method._features.resized(image), fixed_views(rotations, method.rotation_degrees)
    total = 0.0
    for start in range(0, rotations, localisation.BATCH):
        batch = views[start : start + localisation.BATCH]
        gradient = _loss_gradient(method._features.rendered(resized, batch), method) * len(batch) / rotations
        upright = [
            localisation._rotated_back(channel, [view.degrees for view in batch]) for channel in gradient.unbind(dim=1)
        ]
        total = total + _smoothed(torch.stack(upright, dim=1)).abs().mean(dim=1).sum(dim=0)
    squared = (total / rotations) ** 2
    map = ((squared - squared.min()) / (squared.max() - squared.min())).numpy()
    return localisation.padded(map, method.border_crop)


def _loss_gradient(pixels: Tensor, method: DifferNet) -> Tensor:
    pixels = pixels.detach().requires_grad_()
    loss = flow.negative_log_likelihood(*method._flow(method._features.pooled(pixels)))
    return torch.autograd.grad(loss, pixels)[0].float()


def mappers(method: DifferNet, *, rotations: int, blur: float) -> dict[str, Mapper]:
    """The kinds of maps that are compared."""
    ours = partial(
        localisation.anomaly_map,
        features=method._features,
        flow=method._flow,
        rotations=rotations,
        degrees=method.rotation_degrees,
        blur=blur,
    )
    tried = {name: partial(ours, evidence=evidence) for name, evidence in TRIED.items()}
    return tried | {"loss: published": partial(published_map, method=method, rotations=rotations)}


def trained(samples: list[Sample], method: DifferNet, seed: int) -> DifferNet:
    """The method after training on the normal training images."""
    train = images.Images([sample for sample in samples if sample.split == "train"])
    for _ in method.fit(train, seed=seed, device="cpu"):
        pass
    return method


def main(
    dataset: str = "demo",
    category: str = "brick",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    rotations: Annotated[str, typer.Option(help="Rotations that a map is the mean over, separated by commas.")] = "16",
    blur: Annotated[float, typer.Option(help="Standard deviation of the Gaussian over our maps, pixels.")] = 3.0,
    kinds: Annotated[str, typer.Option(help="Names of maps, separated by semicolons; all where none is given.")] = "",
    seed: int = 0,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None,
) -> None:
    """Print the pixel metrics and the cost of each kind of map."""
    os.environ.pop("BENCHMARKS_FEATURES", None)  # what is timed is computed
    source = sources.opened(dataset, data)
    samples = source.samples(category)
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    method = trained(samples, plugins.choose("differnet", settings).method, seed)
    tested = [sample for sample in samples if sample.split == "test"]
    shown, lines = list(images.Images(tested)), []
    begun = time.process_time()
    for _ in method.image_scores(shown):
        pass
    score_seconds = time.process_time() - begun
    print(heading())
    print(
        f"{category}: a score of {method.test_views} views takes {score_seconds / len(shown):.2f} processor seconds.\n"
    )
    for count in map(int, rotations.split(",")):
        for name, mapper in mappers(method, rotations=count, blur=blur).items():
            if kinds and name not in kinds.split(";"):
                continue
            begun = time.process_time()
            maps = [mapper(image) for image in shown]
            cost = (time.process_time() - begun) / score_seconds
            measured, _ = pixel_metrics.measure(tested, maps, source.reading)
            lines.append([category, name, count, measured.auroc, measured.aupro, cost, measured.images])
    headers = ["category", "map", "rotations", "pixel AUROC", "AUPRO", "cost of a map / score", "images"]
    print(tabulate(lines, headers, "pipe", floatfmt=("", "", "", ".3f", ".3f", ".2f", "")))


if __name__ == "__main__":
    typer.run(main)
