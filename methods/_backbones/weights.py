"""ImageNet weights of the backbones: found, fetched, checked."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from methods import MethodError
from methods._backbones import BACKBONES, Name
from methods._backbones.arrays import Arrays, Weights
from methods._download import Expected, UnreachableError, download
from methods._files import file_digest, replacing


def find(name: Name, path: str | None = None) -> Weights:
    """The weights of a backbone, from the first place that has them.

    Looks at `path`, the file that the environment variable names, torchvision's cache, our own cache, torchvision's
    download and the package index. Raises MethodError where a file is not what it should be, or nothing is reached.
    """
    from methods._backbones.files import read

    if given := named_file(name, path):
        return Weights(read(name, given), str(given))
    for place in (_in_torchvision_cache, _in_cache):
        if found := place(name):
            return found
    closed = []
    for fetch in (_download_torchvision, _download_package):
        try:
            return fetch(name)
        except UnreachableError as reason:
            closed.append(str(reason))
    raise MethodError(_no_way(name, *closed))


def environment(name: Name) -> str:
    """The variable that holds the path of a weights file, where no setting gives one."""
    return f"BENCHMARKS_{name.upper()}"


def named_file(name: Name, path: str | None) -> Path | None:
    """The file that the user names by setting or variable, if any. Raises MethodError where it is not there."""
    given = path or os.environ.get(environment(name))
    if given and not Path(given).is_file():
        raise MethodError(f"{given}: no such file of {name} weights")
    return Path(given) if given else None


def cache_file(name: Name) -> Path:
    """Where weights fetched from the package index are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("inspection-benchmarks")) / f"{name}-features.safetensors"


def torchvision_file(name: Name) -> Path | None:
    """Where torchvision keeps its download; None for a network that it does not offer."""
    import torch.hub

    file = BACKBONES[name].torchvision
    return Path(torch.hub.get_dir()) / "checkpoints" / file if file else None


def are_here(name: Name) -> bool:
    """Whether the weights can be had without a network."""
    cached = torchvision_file(name)
    return bool(os.environ.get(environment(name)) or (cached and cached.is_file()) or cache_file(name).is_file())


def digest_in_name(path: Path) -> str:
    """The beginning of a file's SHA-256, in which torchvision lets its name end."""
    return path.stem.rpartition("-")[2]


def read_torchvision(name: Name, path: Path) -> Weights:
    """The weights in torchvision's own file, whose name ends in the beginning of its SHA-256."""
    from methods._backbones.files import read

    expected, digest = digest_in_name(path), file_digest(path)
    if not digest.startswith(expected):
        raise MethodError(f"{path} is damaged: its SHA-256 begins with {digest[:8]}, expected {expected}; delete it")
    return Weights(read(name, path), f"torchvision's {path.name}")


def read_cache(name: Name, path: Path, *, content: str) -> Weights:
    """The weights in our own cache. Raises MethodError where they are not those that were put there."""
    from methods._backbones.files import read

    weights = Weights(read(name, path), _of_package(name))
    if weights.digest != content:
        raise MethodError(f"{path} is damaged: delete it, and the weights are fetched again")
    return weights


def write_cache(path: Path, arrays: Arrays) -> None:
    """Store weights. The file is complete or missing, also when several jobs write at once."""
    from safetensors.numpy import save_file

    with replacing(path) as temporary:
        save_file(arrays, temporary)


def _in_torchvision_cache(name: Name) -> Weights | None:
    path = torchvision_file(name)
    return read_torchvision(name, path) if path and path.is_file() else None


def _in_cache(name: Name) -> Weights | None:
    path, packaged = cache_file(name), BACKBONES[name].packaged
    return read_cache(name, path, content=packaged.content) if packaged and path.is_file() else None


def _download_torchvision(name: Name) -> Weights:
    from torchvision.models import get_model_weights

    path = torchvision_file(name)
    if path is None:
        raise UnreachableError(f"torchvision has no {name}")
    download(get_model_weights(name).IMAGENET1K_V1.url, path, Expected(digest_in_name(path)))
    return read_torchvision(name, path)


def _download_package(name: Name) -> Weights:
    from methods._backbones import package_index

    if BACKBONES[name].packaged is None:
        raise UnreachableError(f"no package of {name} weights is known")
    arrays = package_index.fetch(name)
    with suppress(OSError):  # they serve without being kept, too
        write_cache(cache_file(name), arrays)
    return Weights(arrays, _of_package(name))


def _of_package(name: Name) -> str:
    return f"{BACKBONES[name].packaged.requirement} from the package index"


def _no_way(name: Name, torchvision: str, package: str) -> str:
    """The sentence that names every way to the weights, and the other backbones."""
    path, packaged = torchvision_file(name), BACKBONES[name].packaged
    ways = [f"give their file with the setting `weights` or the variable {environment(name)}"]
    if path:
        ways.append(f"put {path.name} into torchvision's cache ({path.parent})")
        ways.append(f"let this machine reach torchvision's download ({torchvision})")
    if packaged:
        ways.append(f"let it reach a package index that pip is set to ({package})")
    return f"no {name} weights: {', '.join(ways)}, or set `backbone` to another: {'; '.join(_others(name))}"


def _others(name: Name) -> Iterator[str]:
    others = [other for other in BACKBONES if other != name]
    if here := [other for other in others if are_here(other)]:
        yield f"the weights of {', '.join(here)} are here"
    if packaged := [other for other in others if BACKBONES[other].packaged and other not in here]:
        yield f"those of {', '.join(packaged)} come from the package index"
