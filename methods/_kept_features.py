"""Features of views stored on disk, so that another job need not compute the same views of an image again.

A file is an array as NumPy stores it, then a digest of that and of the file's name: a flipped bit, or a file copied to
another name, is not used but made again.
"""

import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from torch import Tensor

from methods import Image, MethodError, _backbones, _tensor_views, _view_features, _views, first_sentence
from methods._backbones import efficientnet_lite, networks, winograd
from methods._backbones.arrays import Weights
from methods._files import file_digest, replacing
from methods._view_features import Features, Look
from methods._views import View

ENVIRONMENT = "BENCHMARKS_FEATURES"
"""Environment variable that names the folder; without it nothing is stored."""
DIGEST_BYTES = 32
CODE = (_views, _tensor_views, _view_features, _backbones, networks, winograd, efficientnet_lite)
"""Modules that features are computed by."""


def opened(weights: Weights, look: Look, *, device: str) -> Features:
    """Features, stored on disk where the user names a folder for them."""
    folder = os.environ.get(ENVIRONMENT)
    return (
        KeptFeatures(weights, look, Path(folder), device=device) if folder else Features(weights, look, device=device)
    )


class KeptFeatures(Features):
    """Features that are read from a folder where they are there, else computed and written to it."""

    def __init__(self, weights: Weights, look: Look, folder: Path, *, device: str):
        super().__init__(weights, look, device=device)
        self.folder = folder
        self._depends_on = repr(
            {
                "weights": weights.digest,
                "look": look,
                "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
                "versions": (torch.__config__.show(), torchvision.__version__, PIL.__version__),
                "code": [file_digest(Path(module.__file__)) for module in CODE],
            }
        )

    def extract(self, image: Image, views: Sequence[View]) -> Tensor:
        """The features of an image's views, on the device. Raises MethodError where they cannot be kept."""
        file = self._file(image, views)
        if (kept := _read(file)) is not None:
            self.were_read = True
            return torch.from_numpy(kept).to(self.device)
        self.made_again += file.exists()
        found = super().extract(image, views)
        content = io.BytesIO()
        np.save(content, found.cpu().numpy())
        try:
            with replacing(file) as temporary, open(temporary, "wb") as target:
                target.write(content.getbuffer())
                target.write(_digest(file, content.getbuffer()))
        except OSError as error:
            raise MethodError(f"{ENVIRONMENT} is {self.folder}, which keeps nothing: {first_sentence(error)}") from None
        return found

    def _file(self, image: Image, views: Sequence[View]) -> Path:
        described = repr((self._depends_on, image.shape, [tuple(view) for view in views])).encode()
        digest = hashlib.blake2b(described + np.ascontiguousarray(image).tobytes(), digest_size=16).hexdigest()
        return self.folder / digest[:2] / f"{digest}.npy"


def _read(file: Path) -> np.ndarray | None:
    """The array in a file; None where it is missing, or not as it was stored."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    array, digest = memoryview(content)[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    return np.load(io.BytesIO(array), allow_pickle=False) if digest == _digest(file, array) else None


def _digest(file: Path, array: memoryview) -> bytes:
    """The digest of an array in a file of this name."""
    digest = hashlib.sha256(file.name.encode())
    digest.update(array)
    return digest.digest()
