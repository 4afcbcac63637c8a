"""The architectures by name, one file each. A file's docstring shows the shapes from layer to layer.

A plan knows its shapes and its number of parameters without Keras. `building` makes a network from it.
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
    """A plan of a network, and the images it accepts."""

    plan: Callable[..., Layer]
    """Makes the output layer from the input layer and the settings in `takes`. Same shape, values from 0 to 1."""
    takes: tuple[str, ...] = ()
    """The settings of this architecture that not all others have."""
    size_px: int = 256
    """Side of whole images."""
    patch_px: int | None = None
    """Side of patches; None if it sees whole images only."""
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
    """The output layer of the network that the settings describe, for images with `channels` channels."""
    chosen = ARCHITECTURES[settings.architecture]
    own = {name: getattr(settings, name) for name in chosen.takes}
    return chosen.plan(image(input_px(settings), channels), **own)


def image_px(settings: AutoencoderSettings) -> int:
    """Side to which whole images are resized."""
    return ARCHITECTURES[settings.architecture].size_px


def input_px(settings: AutoencoderSettings) -> int:
    """Side of the network's input: a whole image, or a patch."""
    chosen = ARCHITECTURES[settings.architecture]
    return chosen.patch_px if settings.patches else chosen.size_px


def parameter_count(output: Layer) -> int:
    """Number of weights, biases and moving statistics of all layers; nothing is built."""
    return sum(layer.parameters for layer in output.network())


def model_bytes(output: Layer) -> int:
    """Bytes of the saved network: four a parameter, and the description of its layers."""
    return 4 * parameter_count(output) + 3_000 * len(output.network())
