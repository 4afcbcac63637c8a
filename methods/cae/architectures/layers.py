"""A plan of a network: its layers with their shapes and parameters, known without Keras."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any


@dataclass(frozen=True, eq=False)
class Layer:
    """A Keras layer on the outputs of other layers. Its methods plan the next layer."""

    kind: str
    """Name of the class in `keras.layers`."""
    shape: tuple[int, ...]
    """Shape of its output without the batch: (height, width, channels), or (numbers,)."""
    inputs: tuple["Layer", ...] = ()
    parameters: int = 0
    """Weights, biases and moving statistics."""
    options: dict[str, Any] = field(default_factory=dict)
    """Arguments of the class; a layer with a kernel also has an `initializer` and an L2 `penalty`."""

    def conv(self, filters: int, kernel: int, *, stride: int = 1, padding: str = "same", **options: Any) -> "Layer":
        """A convolution."""
        sides = [-(-(side if padding == "same" else side - kernel + 1) // stride) for side in self.shape[:2]]
        return self._convolved("Conv2D", sides, filters, kernel_size=kernel, strides=stride, padding=padding, **options)

    def transposed(
        self, filters: int, kernel: int, *, stride: int = 1, padding: str = "same", **options: Any
    ) -> "Layer":
        """A transposed convolution.

        With `same`, `kernel - stride` pixels are cut off. If their number is odd, TensorFlow cuts the larger part at
        the end, and torch at the start. So a separate layer cuts at the end here, and both engines compute the same.
        """
        rest = kernel - stride
        if padding == "same" and rest > 0 and rest % 2:
            return self.transposed(filters, kernel, stride=stride, padding="valid", **options)._cropped(rest)
        more = 0 if padding == "same" else max(rest, 0)
        sides = [side * stride + more for side in self.shape[:2]]
        arguments = {"kernel_size": kernel, "strides": stride, "padding": padding} | options
        return self._convolved("Conv2DTranspose", sides, filters, **arguments)

    def dense(self, units: int, **options: Any) -> "Layer":
        """A dense layer: weighted sums of all numbers."""
        parameters = (self.shape[0] + 1) * units
        return self.then("Dense", (units,), parameters, units=units, **KERNEL | options)

    def batch_norm(self) -> "Layer":
        """Batch normalisation: a factor, an offset, a moving mean and a moving variance per channel."""
        return self.then("BatchNormalization", self.shape, 4 * self.shape[-1])

    def leaky_relu(self, slope: float) -> "Layer":
        """LeakyReLU: values below zero are multiplied by `slope`."""
        return self.then("LeakyReLU", self.shape, negative_slope=slope)

    def activated(self, name: str) -> "Layer":
        """An activation function of Keras, such as relu or sigmoid."""
        return self.then("Activation", self.shape, activation=name)

    def max_pooled(self, size: int, *, stride: int) -> "Layer":
        """Maximum pooling: the largest value of each window."""
        sides = [-(-side // stride) for side in self.shape[:2]]
        return self.then("MaxPooling2D", (*sides, self.shape[2]), pool_size=size, strides=stride, padding="same")

    def enlarged(self, factor: int) -> "Layer":
        """Upsampling: each pixel is repeated `factor` times along both sides."""
        height, width, channels = self.shape
        return self.then("UpSampling2D", (height * factor, width * factor, channels), size=factor)

    def reshaped(self, *shape: int) -> "Layer":
        """The same numbers in another shape."""
        assert prod(shape) == prod(self.shape), f"{self.shape} has not as many numbers as {shape}"
        return self.then("Reshape", shape, target_shape=shape)

    def rescaled(self, factor: float, offset: float) -> "Layer":
        """factor * value + offset."""
        return self.then("Rescaling", self.shape, scale=factor, offset=offset)

    def plus(self, other: "Layer") -> "Layer":
        """The sum of two layers of the same shape."""
        assert self.shape == other.shape, f"{self.shape} cannot be added to {other.shape}"
        return Layer("Add", self.shape, (self, other))

    def then(self, kind: str, shape: tuple[int, ...], parameters: int = 0, **options: Any) -> "Layer":
        """A layer of any kind on this one's output."""
        return Layer(kind, shape, (self,), parameters, options)

    def network(self) -> list["Layer"]:
        """This layer and all layers before it, each after its inputs."""
        found: dict[Layer, None] = {}

        def visit(layer: Layer) -> None:
            if layer not in found:
                for before in layer.inputs:
                    visit(before)
                found[layer] = None

        visit(self)
        return list(found)

    def _cropped(self, pixels: int) -> "Layer":
        height, width, channels = self.shape
        both = (pixels // 2, pixels - pixels // 2)
        return self.then("Cropping2D", (height - pixels, width - pixels, channels), cropping=(both, both))

    def _convolved(self, kind: str, sides: Sequence[int], filters: int, **options: Any) -> "Layer":
        parameters = (options["kernel_size"] ** 2 * self.shape[2] + 1) * filters
        return self.then(kind, (*sides, filters), parameters, filters=filters, **KERNEL | options)


KERNEL = {"activation": "linear", "initializer": "GlorotUniform", "penalty": 0.0}
"""Default options of a layer with a kernel, as in Keras."""


def image(size_px: int, channels: int) -> Layer:
    """The input layer of a network."""
    return Layer("Input", (size_px, size_px, channels))


def beside(layers: Sequence[Layer]) -> Layer:
    """The channels of several layers, concatenated."""
    channels = sum(layer.shape[2] for layer in layers)
    return Layer("Concatenate", (*layers[0].shape[:2], channels), tuple(layers))
