"""The architectures by name; a file each, whose docstring shows the shapes that an image goes through.

A plan knows its shapes and its number of parameters without Keras; `building` makes a network of it.
"""

from collections.abc import Callable
from typing import NamedTuple

from methods.cae.architectures.baseline import baseline
from methods.cae.architectures.inception import inception
from methods.cae.architectures.inception_resnet_v2 import inception_resnet_v2
from methods.cae.architectures.layers import Layer, image
from methods.cae.architectures.mvtec import mvtec
from methods.cae.architectures.mvtec2 import mvtec2
from methods.cae.architectures.mvtec_seed import mvtec_seed
from methods.cae.architectures.resnet import resnet
from methods.cae.architectures.skip import skip
from methods.cae.hyperparameters import AutoencoderSettings


class Architecture(NamedTuple):
    """A plan, and what it can be used for."""

    plan: Callable[..., Layer]
    """From the input layer, and the settings named in `takes`, to the output layer of the same shape, in 0 to 1."""
    takes: tuple[str, ...] = ()
    """The settings that only some architectures know."""
    size_px: int = 256
    """Side of the whole images it sees."""
    patch_px: int | None = None
    """Side of the patches it can see instead; None: it sees whole images only."""
    color_modes: tuple[str, ...] = ("grayscale", "rgb")


ARCHITECTURES = {
    "mvtec": Architecture(mvtec, ("latent_size",), patch_px=128),
    "mvtec_seed": Architecture(mvtec_seed, ("latent_size",)),
    "mvtec2": Architecture(mvtec2),
    "baseline": Architecture(baseline),
    "inception": Architecture(inception),
    "resnet": Architecture(resnet),
    "skip": Architecture(skip),
    "inception_resnet_v2": Architecture(inception_resnet_v2, ("encoder_weights",), size_px=299, color_modes=("rgb",)),
}


def plan(settings: AutoencoderSettings, *, channels: int) -> Layer:
    """The output layer of what the settings describe, on images of so many channels."""
    chosen = ARCHITECTURES[settings.architecture]
    own = {name: getattr(settings, name) for name in chosen.takes}
    return chosen.plan(image(input_px(settings), channels), **own)


def image_px(settings: AutoencoderSettings) -> int:
    """Side to which whole images are brought."""
    return ARCHITECTURES[settings.architecture].size_px


def input_px(settings: AutoencoderSettings) -> int:
    """Side of what the network sees at once: an image, or a patch."""
    chosen = ARCHITECTURES[settings.architecture]
    return chosen.patch_px if settings.patches else chosen.size_px


def parameter_count(output: Layer) -> int:
    """Weights, biases and moving statistics of all layers; nothing is built."""
    return sum(layer.parameters for layer in output.network())


def model_bytes(output: Layer) -> int:
    """Bytes of the saved network: four a parameter, and what describes its layers."""
    return 4 * parameter_count(output) + 3_000 * len(output.network())
