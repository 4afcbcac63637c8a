"""Processor time of our DifferNet beside the published procedure, stage by stage, in one run.

    python -m tests.speed.differnet_cost
    python -m tests.speed.differnet_cost --ours

`--ours` leaves the published procedure out. The stages are measured on synthetic images: one JPEG file of 1024x1024
decoded, one training step of 24 images with 4 views and one of what is left at the end of an epoch, one view for the
bank, one scored image, one anomaly map. The published program decodes each training image in every epoch and resizes it
for every view; here it is resized once a step. Ours decodes it anew when its bank is renewed. The whole job, 320
training and 160 test images in 192 epochs, is extrapolated from them.

Beside each stage stands its floor: its multiply-adds, at the rate of large matrix products of its own precision,
measured in the same run. In float32 on a CPU, ours is below that floor where Winograd's method takes fewer
multiplications. The published program makes maps on request and not for its scores, so the ratio is without maps, and
what they add stands beside it.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import typer
from PIL import Image
from tabulate import tabulate

from benchmarks import images, plugins
from datasets import Sample
from methods._backbones.arrays import Weights
from methods._backbones.weights import find
from methods._precision import supported
from methods._views import HALF_TURN, View, random_views
from methods.differnet import DifferNet, flow, held_out
from tests.speed.differnet_heading import heading
from tests.speed.memory import photographs
from tests.speed.published_differnet import IMAGES, TEST_VIEWS, VIEWS, PublishedDifferNet
from tests.speed.timing import processor_seconds

TRAIN, TEST, EPOCHS = 320, 160, 192
FULL = "float32"
MAP = "anomaly map"
CONVOLUTIONS = (
    (11, 4, 2, 64, True),
    (5, 1, 2, 192, True),
    (3, 1, 1, 384, False),
    (3, 1, 1, 256, False),
    (3, 1, 1, 256, False),
)
"""AlexNet's: kernel, stride, padding, channels out, whether a pooling of 3 with stride 2 follows."""


class Stage(NamedTuple):
    """A part of the work, how often a whole job does it, and the multiply-adds of doing it once."""

    name: str
    precision: str
    times: float
    seconds: float
    """Processor time of one."""
    multiply_adds: float

    @property
    def total(self) -> float:
        """Processor seconds in a whole job."""
        return self.times * self.seconds

    def times_its_floor(self, rates: Mapping[str, float]) -> float | None:
        """`rates` are multiply-adds per second, by precision; None: the stage has no multiply-adds."""
        return self.seconds * rates[self.precision] / self.multiply_adds if self.multiply_adds else None


def multiply_adds_a_second(precision: str) -> float:
    """Per processor second, of large matrix products."""
    left, right = (torch.randn(3072, 3072).to(getattr(torch, precision)) for _ in range(2))
    return 3072**3 / processor_seconds(lambda: left @ right)


def view_multiply_adds(image_size: int, n_scales: int) -> list[float]:
    """The multiply-adds of each of AlexNet's convolutions on a view at all its scales."""
    by_scale = (_convolutions(image_size >> scale) for scale in range(n_scales))
    return [sum(convolution) for convolution in zip(*by_scale, strict=True)]


def _convolutions(side: int) -> Iterator[float]:
    channels = 3
    for kernel, stride, padding, outputs, pooled in CONVOLUTIONS:
        side = (side + 2 * padding - kernel) // stride + 1
        yield side**2 * kernel**2 * channels * outputs
        channels, side = outputs, (side - 3) // 2 + 1 if pooled else side


def synthetic_images(count: int) -> list[np.ndarray]:
    """Noise of 600x500 pixels."""
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (600, 500, 3), dtype=np.uint8) for _ in range(count)]


def decoding_seconds(read: Callable[[Sample], Any]) -> float:
    """Processor time to read a file in this way."""
    with tempfile.TemporaryDirectory() as folder:
        (sample,) = photographs(Path(folder), 1)
        return processor_seconds(lambda: read(sample))


def published_stages(weights: Weights) -> list[Stage]:
    """The published procedure: features are computed, and differentiated, in every step."""
    network, (image,) = PublishedDifferNet(weights, seed=0), synthetic_images(1)
    decode = decoding_seconds(lambda sample: Image.open(sample.image).convert("RGB"))
    score = processor_seconds(lambda: network.score(image))
    multiply_adds = sum(view_multiply_adds(448, 3)) + DifferNet().parameter_count(TRAIN)
    return [
        Stage("file decoded", "", TRAIN * EPOCHS + TEST, decode, 0),
        *published_steps(network),
        Stage("scored image", FULL, TEST, score, TEST_VIEWS * multiply_adds),
    ]


def published_steps(network: PublishedDifferNet) -> Iterator[Stage]:
    """The published training."""
    first, *others = view_multiply_adds(448, 3)
    multiply_adds = 2 * first + 3 * sum(others) + 6 * DifferNet().parameter_count(TRAIN)  # pixels need no gradient
    for name, count, times in steps(TRAIN, IMAGES):
        batch = synthetic_images(count)
        seconds = processor_seconds(lambda batch=batch: list(network.train(batch, epochs=1)))
        yield Stage(name, FULL, times * EPOCHS, seconds, count * VIEWS * multiply_adds)


def steps(images: int, batch_size: int) -> list[tuple[str, int, int]]:
    """The steps of an epoch: name, number of images in each, and number of such steps."""
    whole, left = divmod(images, batch_size)
    return [("training step", batch_size, whole)] + [("last step of an epoch", left, 1)] * (left > 0)


def our_stages(method: DifferNet) -> list[Stage]:
    """Ours: a bank of views, training steps on it, and scored images."""
    os.environ.pop("BENCHMARKS_FEATURES", None)  # what is timed is computed
    method._open("cpu")
    network = method._flow = flow.build(method._shape, seed=0)
    (image,) = synthetic_images(1)
    decode = decoding_seconds(lambda sample: images.Images([sample])[0])
    views = random_views(16, spread=View(HALF_TURN, 0, 0, 0), generator=torch.Generator().manual_seed(0))
    extract = processor_seconds(lambda: method._features.extract(image, views)) / len(views)
    test_views = len(method._test_views())
    turns = method.map_rotations if method.rotation_degrees else min(method.map_rotations, 1)
    scored = torch.randn(test_views, method._dims)
    judge = processor_seconds(lambda: flow.latent(network, scored, precision=method.scoring_precision))
    show = processor_seconds(lambda: method._map(image))
    seen, multiply_adds = supported(method.features_precision, "cpu"), method.parameter_count(TRAIN)
    view = sum(view_multiply_adds(method.image_size, method.n_scales))
    fitted, watched = map(len, held_out.divided(range(TRAIN), method.validation_share, torch.Generator()))
    watched_views = watched * min(held_out.VIEWS, test_views)
    return [
        Stage("file decoded", "", decoded(method, fitted) + TEST + watched, decode, 0),
        Stage("training view", seen, round(fitted * method._views_seen("cpu")), extract, view),
        *our_steps(method, fitted),
        Stage("view of a held-out image", seen, watched_views, extract, view),
        Stage(
            "flow over held-out views",
            method.scoring_precision,
            watched_views * method.meta_epochs / test_views,
            judge,
            test_views * multiply_adds,
        ),
        Stage("view of a scored image", seen, TEST * test_views, extract, view),
        Stage("flow over its views", method.scoring_precision, TEST, judge, test_views * multiply_adds),
        Stage(MAP, seen, TEST if turns else 0, show, 2 * turns * (view + multiply_adds)),
    ]


def decoded(method: DifferNet, images: int) -> int:
    """How often training images are decoded, this number of which the flow is trained on."""
    return images * (method.meta_epochs if method.bank_renewal else 1)


def our_steps(method: DifferNet, images: int) -> Iterator[Stage]:
    """Our training on this number of images."""
    precision, epochs = supported(method.training_precision, "cpu"), method.meta_epochs * method.sub_epochs
    with flow.Trainer(method._flow, precision=precision, **method._adam) as trainer:
        for name, count, times in steps(images, method.batch_size):
            rows = count * method._different(method.views_per_image)
            batch = torch.randn(rows, method._dims)
            seconds = processor_seconds(lambda batch=batch: trainer.epoch([batch]))
            yield Stage(name, precision, times * epochs, seconds, 3 * rows * method.parameter_count(TRAIN))


def table(name: str, stages: list[Stage], rates: Mapping[str, float]) -> str:
    """The stages in markdown, each with what a whole job takes and how far it is from its floor."""
    lines = [[*stage[:4], stage.total / 60, stage.times_its_floor(rates)] for stage in stages]
    headers = [f"{name}: stage", "precision", "times", "seconds each", "minutes in all", "times its floor"]
    return tabulate(lines, headers, "pipe", floatfmt=("", "", ".0f", ".4f", ".1f", ".2f"))


def hours(stages: list[Stage], *, maps: bool) -> float:
    """Processor time of a whole job, with or without maps."""
    return sum(stage.total for stage in stages if maps or stage.name != MAP) / 3600


def main(
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None,
    ours_alone: Annotated[bool, typer.Option("--ours", help="Without the published procedure.")] = False,
) -> None:
    """Print the stages of both, what a whole job takes, the ratio, and how far each stage is from its floor."""
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    ours = our_stages(plugins.choose("differnet", settings).method)
    used = sorted({FULL} | {stage.precision for stage in ours} - {""})  # bfloat16 takes minutes where it is not native
    rates = {precision: multiply_adds_a_second(precision) for precision in used}
    print(heading())
    for precision, rate in rates.items():
        print(f"- {rate / 1e9:.0f} billion multiply-adds per processor second in {precision} matrix products")
    print(f"- a job of {TRAIN} training and {TEST} test images\n")
    print(f"{table('ours', ours, rates)}\n")
    print(f"Ours: {hours(ours, maps=False):.2f} h of processor time, with maps {hours(ours, maps=True):.2f} h.\n")
    if not ours_alone:
        published = published_stages(find("alexnet"))
        print(f"{table('published', published, rates)}\n")
        total = hours(published, maps=False)
        print(
            f"Published: {total:.2f} h of processor time, {total / hours(ours, maps=False):.1f} times ours; "
            f"{total / hours(ours, maps=True):.1f} times ours with maps."
        )


if __name__ == "__main__":
    typer.run(main)
