"""AlexNet features stored on disk, so that another job need not compute the same views of an image again."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from torch import Tensor

from methods import Image, MethodError, _alexnet, _winograd, first_sentence
from methods._files import file_digest, replacing
from methods._weights import Weights

ENVIRONMENT = "BENCHMARKS_FEATURES"
"""Environment variable that names the folder; without it nothing is stored."""


def opened(weights: Weights, **look: Any) -> _alexnet.Features:
    """Features, stored on disk where the user names a folder for them."""
    folder = os.environ.get(ENVIRONMENT)
    return KeptFeatures(weights, Path(folder), **look) if folder else _alexnet.Features(weights, **look)


class KeptFeatures(_alexnet.Features):
    """Features that are read from a folder where they are there, else computed and written to it."""

    def __init__(self, weights: Weights, folder: Path, **look: Any):
        super().__init__(weights, **look)
        self.folder = folder
        self._depends_on = repr(
            {
                "weights": weights.digest,
                "look": (self.sizes, self.precision, self.rendering),
                "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
                "versions": (torch.__config__.show(), PIL.__version__),
                "code": [file_digest(Path(module.__file__)) for module in (_alexnet, _winograd)],
            }
        )

    def extract(self, image: Image, views: Sequence[_alexnet.View]) -> Tensor:
        """The features of an image's views, on the device. Raises MethodError where they cannot be kept."""
        file = self._file(image, views)
        if (kept := _read(file)) is not None:
            self.were_read = True
            return torch.from_numpy(kept).to(self.device)
        found = super().extract(image, views)
        try:
            with replacing(file) as temporary, open(temporary, "wb") as target:
                np.save(target, found.cpu().numpy())
        except OSError as error:
            raise MethodError(f"{ENVIRONMENT} is {self.folder}, which keeps nothing: {first_sentence(error)}") from None
        return found

    def _file(self, image: Image, views: Sequence[_alexnet.View]) -> Path:
        described = repr((self._depends_on, image.shape, [tuple(view) for view in views])).encode()
        digest = hashlib.blake2b(described + np.ascontiguousarray(image).tobytes(), digest_size=16).hexdigest()
        return self.folder / digest[:2] / f"{digest}.npy"


def _read(file: Path) -> np.ndarray | None:
    """The array in a file; None where it is missing or damaged."""
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
