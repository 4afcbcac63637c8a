"""Builds a Keras network with seeded weights from a plan."""

from typing import Any

import numpy as np
from keras import Model, initializers, layers, regularizers

from methods.cae.architectures.layers import Layer

PRETRAINED = "InceptionResNetV2"
"""The only kind of layer that is a whole network of `keras.applications`."""


def build(output: Layer, *, seed: int, precision: str = "float32") -> Any:
    """The Keras model whose last layer is `output`, with the Keras dtype policy `precision`.

    Each kernel's initial weights have their own seed; without one, Keras draws it from Python's global generator.
    The last kernel and the layers after it are float32, as bfloat16 resolves less than the 8 bits of an image.
    """
    plan = output.network()
    kernels = [layer for layer in plan if "initializer" in layer.options]
    seeds = dict(zip(kernels, np.random.SeedSequence(seed).generate_state(len(kernels)).tolist(), strict=True))
    values: dict[Layer, Any] = {}
    for number, layer in enumerate(plan):
        common = {
            "name": f"{layer.kind.lower()}_{number}",
            "dtype": precision if number < plan.index(kernels[-1]) else "float32",
        }
        values[layer] = _made(layer, common, seeds.get(layer), [values[before] for before in layer.inputs])
    return Model(values[plan[0]], values[output], name="autoencoder")


def _made(layer: Layer, common: dict[str, str], seed: int | None, inputs: list[Any]) -> Any:
    """The output of a layer for its inputs; `common` holds its name and its dtype policy."""
    if layer.kind == "Input":
        return layers.Input(layer.shape, name=common["name"])
    if layer.kind == PRETRAINED:
        from methods.cae.architectures.pretrained import encoder

        # in inference mode even during training, so that its batch normalisation keeps the statistics of ImageNet
        return encoder(layer.options["weights"], layer.inputs[0].shape)(inputs[0], training=False)
    made = getattr(layers, layer.kind)(**_arguments(layer.options, seed), **common)
    return made(inputs[0] if len(inputs) == 1 else inputs)


def _arguments(options: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """A layer's options as arguments of its Keras class."""
    others = {name: value for name, value in options.items() if name not in ("initializer", "penalty")}
    if seed is None:
        return others
    penalty = regularizers.L2(options["penalty"]) if options["penalty"] else None
    initializer = getattr(initializers, options["initializer"])(seed)
    return others | {"kernel_initializer": initializer, "kernel_regularizer": penalty}
