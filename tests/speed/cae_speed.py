"""Images a second of the autoencoder's training steps beside plain `Model.fit` of Keras, on each engine.

    python -m tests.speed.cae_speed --repetitions 5

All train the same network in batches of the same size on the same images in memory. `fit` is as Keras has it where
nothing else is asked, and sees the images as they are: with our loss, and on TensorFlow with its own SSIM, as the
published project has it. Ours turns, shifts and brightens each image and has a learning rate for each step, as `cae`
does. They take turns, an epoch each; each engine has its process. TensorFlow's remapper is off for all, as `cae` has
it: with it a step of `fit` took 0.92 to 0.97 of the time.
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
"""What differs from the settings that were given."""

Loss = Callable[[Any, Any], Any]
Epoch = Callable[[], Any]
"""Trains on all images once."""


def plain(method: Any, pixels: np.ndarray, loss: Loss | None = None) -> Epoch:
    """`fit` with the defaults of Keras, and a loss, that of the method if none is given."""
    from keras import optimizers

    from methods.cae.differences import losses
    from methods.cae.preprocessing import as_floats

    network, images = _network(method, "float32"), as_floats(pixels)
    own = partial(losses, loss=method.loss, data_range=method.data_range)
    network.compile(optimizers.Adam(), loss=loss or own)
    return lambda: network.fit(images, images, batch_size=method.batch_size, verbose=0)


def tensorflow_ssim(images: Any, reconstructions: Any) -> Any:
    """The published loss, not halved."""
    import tensorflow as tf

    return 1 - tf.image.ssim(images, reconstructions, max_val=1.0)


def ours(method: Any, pixels: np.ndarray) -> Epoch:
    """The steps that a fit of `cae` takes, with its augmentation."""
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
    """Of each, so many times in turn, after one that builds its step."""
    found: dict[str, list[float]] = {name: [] for name in epochs}
    for repetition in range(repetitions + 1):
        for name, epoch in epochs.items():
            begun = time.perf_counter()
            epoch()
            if repetition:
                found[name].append(time.perf_counter() - begun)
    return found


def contest(settings: dict[str, Any], images: int, repetitions: int) -> dict[str, list[float]]:
    """Seconds of an epoch by contestant, on the engine of this process."""
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


def measured(assignments: list[str], images: int, repetitions: int) -> Iterator[list[Any]]:
    """A line an engine and contestant: images a second at the median, and how many times that of `fit`."""
    for engine in ENGINES:
        options = [f"--images={images}", f"--repetitions={repetitions}", *(f"--set={each}" for each in assignments)]
        command = [sys.executable, "-m", "tests.speed.cae_speed", "--here", *options]
        environment = os.environ | {"KERAS_BACKEND": engine}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        medians = {name: np.median(times) for name, times in json.loads(done.stdout.splitlines()[-1]).items()}
        for name, median in medians.items():
            yield [engine, name, images / median, medians[PLAIN] / median]


def main(
    images: Annotated[int, typer.Option(help="A multiple of the batch size.")] = 64,
    repetitions: int = 5,
    here: Annotated[bool, typer.Option("--here", help="Measure the engine of this process, and print JSON.")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="cae.FIELD=VALUE")] = None,
) -> None:
    """Print a table of all engines."""
    settings = plugins.parse_assignments(set_ or [], ["cae"])["cae"]
    if images % (size := plugins.choose("cae", settings).method.batch_size):
        raise typer.BadParameter(f"{images} images are no multiple of the batch size, {size}")
    if here:
        print(json.dumps(contest(settings, images, repetitions)))
        return
    headers = ["engine", "training", "images a second", f"times {PLAIN}"]
    print(tabulate(measured(set_ or [], images, repetitions), headers, "pipe", floatfmt=("", "", ".1f", ".2f")))


if __name__ == "__main__":
    typer.run(main)
