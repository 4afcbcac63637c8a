"""Weights of a network as arrays, with where they come from."""

import hashlib
from typing import NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]
"""Weights by torchvision's names, float32, without those of the classifier."""


class Weights(NamedTuple):
    """The arrays and their source."""

    arrays: Arrays
    source: str

    @property
    def digest(self) -> str:
        """SHA-256 of the arrays' names and contents; it does not depend on the file format."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays.items()):
            digest.update(name.encode() + np.ascontiguousarray(array, "<f4").tobytes())
        return digest.hexdigest()
