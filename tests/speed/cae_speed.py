"""Compares the speed of the autoencoder's training steps with plain `Model.fit` of Keras, on each engine.

    python -m tests.speed.cae_speed --repetitions 5

All train the same network in batches of the same size on the same images in memory:

- `Model.fit` has the defaults of Keras and no augmentation. It has our loss, and on TensorFlow also TensorFlow's own
  SSIM, as in the Keras project.
- Ours rotates, shifts and brightens each image and sets a learning rate for each step, as `cae` does.

The contestants take turns, an epoch each, and each engine has its own process. TensorFlow's remapper is off for all, as
in `cae`; with it a step of `Model.fit` took 0.92 to 0.97 of the time. The table is markdown, as in
docs/measurements/autoencoders.md.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tabulate import tabulate

from benchmarks import plugins

ENGINES = ("tensorflow", "torch")
PLAIN, PUBLISHED = "Model.fit", "Model.fit with tf.image.ssim"
OURS = {"ours": {}, "ours in mixed_bfloat16": {"precision": "mixed_bfloat16"}}
"""Contestants of ours, and their settings besides the given ones."""

Loss = Callable[[Any, Any], Any]
Epoch = Callable[[], Any]
"""A function that trains on all images once."""


def plain(method: Any, pixels: np.ndarray, loss: Loss | None = None) -> Epoch:
    """`Model.fit` with the defaults of Keras and the given loss, or else the method's."""
    from keras import optimizers

    from methods.cae.differences import losses
    from methods.cae.preprocessing import as_floats

    network, images = _network(method, "float32"), as_floats(pixels)
    own = partial(losses, loss=method.loss, data_range=method.data_range)
    network.compile(optimizers.Adam(), loss=loss or own)
    return lambda: network.fit(images, images, batch_size=method.batch_size, verbose=0)


def tensorflow_ssim(images: Any, reconstructions: Any) -> Any:
    """The loss of the Keras project, not halved."""
    import tensorflow as tf

    return 1 - tf.image.ssim(images, reconstructions, max_val=1.0)


def ours(method: Any, pixels: np.ndarray) -> Epoch:
    """The training steps of `cae`, with its augmentation."""
    from methods.cae.augmentation import batches
    from methods.cae.training import Trainer

    trainer = Trainer(_network(method, method.precision), method)
    stream = batches(pixels, method, np.random.SeedSequence(0))
    return lambda: [trainer.step(batch, 1e-4) for batch in islice(stream, len(pixels) // method.batch_size)]


def _network(method: Any, precision: str) -> Any:
    from methods._resizing import CHANNELS
    from methods.cae import architectures
    from methods.cae.architectures import building

    plan = architectures.plan(method, channels=CHANNELS[method.color_mode])
    return building.build(plan, seed=0, precision=precision)


def seconds(epochs: dict[str, Epoch], repetitions: int) -> dict[str, list[float]]:
    """The seconds of each contestant's epochs, in turn, after a first epoch that builds its step."""
    found: dict[str, list[float]] = {name: [] for name in epochs}
    for repetition in range(repetitions + 1):
        for name, epoch in epochs.items():
            begun = time.perf_counter()
            epoch()
            if repetition:
                found[name].append(time.perf_counter() - begun)
    return found


def contest(settings: dict[str, Any], images: int, repetitions: int) -> dict[str, list[float]]:
    """The seconds of each contestant's epochs on the engine of this process."""
    from methods._resizing import CHANNELS
    from methods.cae import architectures, engine

    started, method = engine.start(), plugins.choose("cae", settings).method
    side, channels = architectures.input_px(method), CHANNELS[method.color_mode]
    pixels = np.random.default_rng(0).integers(0, 256, (images, side, side, channels), np.uint8)
    with engine.on(method.find_device("auto")):
        epochs = {PLAIN: plain(method, pixels)} | {
            name: ours(plugins.choose("cae", settings | changed).method, pixels) for name, changed in OURS.items()
        }
        if started == "tensorflow" and method.loss == "ssim":
            epochs[PUBLISHED] = plain(method, pixels, tensorflow_ssim)
        return seconds(epochs, repetitions)


def measured(assignments: list[str], *, loss: str, images: int, repetitions: int) -> Iterator[list[Any]]:
    """A line per engine and contestant: loss, images a second at the median, and their ratio to `Model.fit`."""
    for engine in ENGINES:
        options = [f"--images={images}", f"--repetitions={repetitions}", *(f"--set={each}" for each in assignments)]
        command = [sys.executable, "-m", "tests.speed.cae_speed", "--here", *options]
        environment = os.environ | {"KERAS_BACKEND": engine}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        medians = {name: np.median(times) for name, times in json.loads(done.stdout.splitlines()[-1]).items()}
        for name, median in medians.items():
            yield [loss, engine, name, images / median, medians[PLAIN] / median]


def main(
    images: Annotated[int, typer.Option(help="A multiple of the batch size.")] = 64,
    repetitions: int = 5,
    here: Annotated[bool, typer.Option("--here", help="Measure the engine of this process, and print JSON.")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="cae.FIELD=VALUE")] = None,
) -> None:
    """Print a table of all engines."""
    settings = plugins.parse_assignments(set_ or [], ["cae"])["cae"]
    method = plugins.choose("cae", settings).method
    if images % method.batch_size:
        raise typer.BadParameter(f"--images must be a multiple of the batch size {method.batch_size}, got {images}")
    if here:
        print(json.dumps(contest(settings, images, repetitions)))
        return
    headers = ["loss", "engine", "training", "images a second", f"times {PLAIN}"]
    lines = measured(set_ or [], loss=method.loss, images=images, repetitions=repetitions)
    print(tabulate(lines, headers, "pipe", floatfmt=("", "", "", ".1f", ".2f")))


if __name__ == "__main__":
    typer.run(main)
