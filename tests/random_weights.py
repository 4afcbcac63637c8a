"""Random weights of a backbone, where the real ones are not to be had or do not matter, as for speed and memory."""

from functools import cache
from pathlib import Path

import numpy as np

from methods._backbones import networks, weights
from methods._backbones.arrays import Weights


@cache
def plausible(name: str) -> Weights:
    """Weights under which the maps of a deep network neither vanish nor explode."""
    generator = np.random.default_rng(0)

    def array(key: str, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) > 1:
            return generator.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        return generator.uniform(0.5, 1, shape) if key.endswith(("weight", "var")) else generator.normal(0, 0.1, shape)

    arrays = {key: array(key, shape).astype(np.float32) for key, shape in networks.shapes(name).items()}
    return Weights(arrays, "random")


def written(name: str, folder: Path) -> Path:
    """A file of such weights."""
    weights.write_cache(file := folder / f"random-{name}.safetensors", plausible(name).arrays)
    return file
