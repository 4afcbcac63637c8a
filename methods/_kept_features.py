"""AlexNet features kept on disk, so that other seeds, settings and methods need not compute them again."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from joblib import Memory
from torch import Tensor

from methods import Image, MethodError, _alexnet, first_sentence
from methods._weights import Weights

ENVIRONMENT = "BENCHMARKS_FEATURES"
"""Variable that names the folder; without it nothing is kept."""


def opened(weights: Weights, **look: Any) -> _alexnet.Features:
    """Features that are kept where the user names a folder for them. Raises MethodError where it cannot be used."""
    folder = os.environ.get(ENVIRONMENT)
    try:
        return KeptFeatures(weights, Path(folder), **look) if folder else _alexnet.Features(weights, **look)
    except OSError as error:
        raise MethodError(f"{ENVIRONMENT} is {folder}, where nothing can be kept: {first_sentence(error)}") from None


class KeptFeatures(_alexnet.Features):
    """Features that are computed where they are not in a folder, and read where they are."""

    def __init__(self, weights: Weights, folder: Path, **look: Any):
        super().__init__(weights, **look)
        self.asked = self.computed = 0
        self._kept = Memory(folder, verbose=0).cache(_computed, ignore=["features"])
        self._depends_on = {
            "weights": weights.digest,
            "look": (self.sizes, self.precision, self.rendering),
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
            "versions": (torch.__config__.show(), PIL.__version__),
            "code": hashlib.sha256(Path(_alexnet.__file__).read_bytes()).hexdigest(),
        }

    def extract(self, image: Image, views: Sequence[_alexnet.View]) -> Tensor:
        """The features of an image's views, on the device; `asked` and `computed` count images."""
        self.asked += 1
        return torch.from_numpy(self._kept(self, image, tuple(views), self._depends_on)).to(self.device)

    def remarks(self) -> tuple[str, ...]:
        """What a reader of the costs must know."""
        read = self.asked - self.computed
        if not read:
            return ()
        return (
            f"the AlexNet features of {read} of {self.asked} images were read from the folder that {ENVIRONMENT} "
            "names: the seconds leave out what they took",
        )


def _computed(features: KeptFeatures, image: Image, views: tuple, depends_on: dict[str, Any]) -> np.ndarray:
    features.computed += 1
    return _alexnet.Features.extract(features, image, views).cpu().numpy()
