"""The decoding stage that two architectures share."""

from methods.cae.architectures.layers import Layer


def enlarging_stage(values: Layer, filters: int, kernel: int, *, padding: str = "same") -> Layer:
    """A transposed convolution of stride 2, plus the output of a second, 3x3 transposed convolution on it."""
    large = values.transposed(filters, kernel, stride=2, padding=padding)
    refined = large.batch_norm().activated("relu").transposed(filters, 3).batch_norm().activated("relu")
    return large.plus(refined)
