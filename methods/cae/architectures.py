"""The architectures, each a table of layers whose docstring shows the shapes it goes through."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

SIZE = 256
"""Height and width, in pixels, of every image an architecture sees."""
LEAK = 0.2
"""Slope of LeakyReLU below zero (Bergmann et al. 2019, section 4.1)."""


class Layer(NamedTuple):
    """A convolution, or a transposed one, with its activation; padding is `same` unless it is `valid`."""

    kind: Literal["conv", "transposed"]
    filters: int
    kernel: int
    stride: int = 1
    padding: Literal["same", "valid"] = "same"
    activation: Literal["leaky_relu", "linear", "sigmoid"] = "leaky_relu"


def mvtec(channels: int, latent_size: int) -> list[Layer]:
    """Bergmann et al. 2019, table 1, with one more layer of stride 2 at either end for 256x256.

    | encoder            | output     | decoder                        | output     |
    |--------------------|------------|--------------------------------|------------|
    | conv 32 4x4 /2     | 128x128x32 | transposed 32 8x8 valid        | 8x8x32     |
    | conv 32 4x4 /2     | 64x64x32   | conv 64 3x3                    | 8x8x64     |
    | conv 32 4x4 /2     | 32x32x32   | conv 128 3x3                   | 8x8x128    |
    | conv 32 3x3        | 32x32x32   | transposed 64 4x4 /2           | 16x16x64   |
    | conv 64 4x4 /2     | 16x16x64   | conv 64 3x3                    | 16x16x64   |
    | conv 64 3x3        | 16x16x64   | transposed 32 4x4 /2           | 32x32x32   |
    | conv 128 4x4 /2    | 8x8x128    | conv 32 3x3                    | 32x32x32   |
    | conv 64 3x3        | 8x8x64     | transposed 32 4x4 /2           | 64x64x32   |
    | conv 32 3x3        | 8x8x32     | transposed 32 4x4 /2           | 128x128x32 |
    | conv d 8x8 valid   | 1x1xd      | transposed c 4x4 /2, sigmoid   | 256x256xc  |

    LeakyReLU 0.2 follows every layer but the latent (linear) and the last. With d = 100 and one channel it has
    1,081,381 parameters, with three 1,083,431.
    """
    return [
        Layer("conv", 32, 4, stride=2),
        Layer("conv", 32, 4, stride=2),
        Layer("conv", 32, 4, stride=2),
        Layer("conv", 32, 3),
        Layer("conv", 64, 4, stride=2),
        Layer("conv", 64, 3),
        Layer("conv", 128, 4, stride=2),
        Layer("conv", 64, 3),
        Layer("conv", 32, 3),
        Layer("conv", latent_size, 8, padding="valid", activation="linear"),
        Layer("transposed", 32, 8, padding="valid"),
        Layer("conv", 64, 3),
        Layer("conv", 128, 3),
        Layer("transposed", 64, 4, stride=2),
        Layer("conv", 64, 3),
        Layer("transposed", 32, 4, stride=2),
        Layer("conv", 32, 3),
        Layer("transposed", 32, 4, stride=2),
        Layer("transposed", 32, 4, stride=2),
        Layer("transposed", channels, 4, stride=2, activation="sigmoid"),
    ]


TABLES = {"mvtec": mvtec}


def parameter_count(layers: Sequence[Layer], channels: int) -> int:
    """Weights and biases of the layers on images of so many channels; nothing is built."""
    inputs = [channels, *(layer.filters for layer in layers[:-1])]
    return sum((layer.kernel**2 * before + 1) * layer.filters for layer, before in zip(layers, inputs, strict=True))


def build(layers: Sequence[Layer], channels: int, *, seed: int) -> Any:
    """The Keras model (n, 256, 256, channels) -> the same, in 0 to 1.

    Each layer's initial weights have a seed of their own: without one, Keras draws it from Python's global generator.
    """
    from keras import Input, Model

    seeds = np.random.SeedSequence(seed).generate_state(len(layers)).tolist()
    images = values = Input((SIZE, SIZE, channels))
    for number, (layer, own) in enumerate(zip(layers, seeds, strict=True)):
        values = _keras_layer(layer, name=f"{layer.kind}_{number}", seed=own)(values)
    return Model(images, values, name="autoencoder")


def _keras_layer(layer: Layer, *, name: str, seed: int) -> Any:
    from keras import initializers
    from keras import layers as keras_layers

    kinds = {"conv": keras_layers.Conv2D, "transposed": keras_layers.Conv2DTranspose}
    return kinds[layer.kind](
        layer.filters,
        layer.kernel,
        strides=layer.stride,
        padding=layer.padding,
        activation=layer.activation,
        kernel_initializer=initializers.GlorotUniform(seed),
        name=name,
    )
