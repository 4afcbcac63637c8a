"""Files of weights: reading them, and the names by which they call the layers."""

import io
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from methods import MethodError
from methods._backbones import BACKBONES, Name
from methods._backbones.arrays import Arrays

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each array by torchvision's name, in the order in which an image passes them."""


def read(name: Name, path: Path) -> Arrays:
    """The weights in a .pth or .safetensors file with the names of torchvision or timm.

    Raises MethodError where it cannot be read, or holds no such network.
    """
    from methods._backbones.networks import shapes

    try:
        state = _load_safetensors(path) if path.suffix == ".safetensors" else load_torch(path)
        return chosen(_named_as_torchvision(name, state), shapes(name))
    except ValueError as error:
        raise MethodError(f"{path} holds no weights of {name}: {error}") from None
    except Exception as error:  # each format has its own errors for a damaged file
        raise MethodError(f"{path} cannot be read as .pth or .safetensors weights ({type(error).__name__})") from None


def load_torch(file: Path | BinaryIO) -> Arrays:
    """The floating-point tensors of a file that torch saved, in its order; nothing else in it is admitted."""
    import torch

    return _floats(torch.load(file, map_location="cpu", weights_only=True))


def chosen(arrays: Mapping[str, np.ndarray], shapes: Shapes) -> Arrays:
    """The arrays of these names, copied, with their shapes checked. Raises ValueError."""
    found = {}
    for key, shape in shapes.items():
        if key not in arrays:
            raise ValueError(f"there is no {key}")
        if arrays[key].shape != shape:
            raise ValueError(f"{key} has shape {arrays[key].shape}, expected {shape}")
        found[key] = np.array(arrays[key], np.float32, order="C")
    return found


def in_order(arrays: Mapping[str, np.ndarray], shapes: Shapes) -> Arrays:
    """The arrays by torchvision's names, where other names stand in the order in which an image passes them.

    A classifier, which comes last, is left out.
    """
    return chosen(dict(zip(shapes, arrays.values(), strict=False)), shapes)


def of_lpips(data: bytes, shapes: Shapes) -> Arrays:
    """LPIPS keeps kernels as (height, width, input, output), and heads of one layer that are not the network's."""
    networks: Mapping[str, dict] = ArrayUnpickler(io.BytesIO(data)).load()
    convolutions = max(networks.values(), key=len)
    ordered = []
    for number in range(len(convolutions)):
        convolution = convolutions[f"Conv_{number}"]
        ordered += [convolution["kernel"].transpose(3, 2, 0, 1), convolution["bias"]]
    return chosen(dict(zip(shapes, ordered, strict=True)), shapes)


def _load_safetensors(path: Path) -> Arrays:
    from safetensors.torch import load_file  # numpy has no bfloat16

    return _floats(load_file(path))


def _floats(state: Any) -> Arrays:
    """The floating-point tensors as float32 arrays. Raises ValueError where these are no tensors by name."""
    if not isinstance(state, Mapping) or not all(hasattr(tensor, "is_floating_point") for tensor in state.values()):
        raise ValueError("expected tensors by their names")
    return {key: tensor.detach().float().numpy() for key, tensor in state.items() if tensor.is_floating_point()}


def _named_as_torchvision(name: Name, state: Arrays) -> Arrays:
    """timm names the layers of mobile networks otherwise, and those of the others as torchvision does."""
    from methods._backbones.networks import shapes

    if "conv_stem.weight" not in state:
        return state
    ours = dict.fromkeys(key.rpartition(".")[0] for key in shapes(name))
    names = dict(zip(_timm_layers(BACKBONES[name].timm_blocks), ours, strict=True))
    parts = {key: key.rpartition(".") for key in state}
    return {f"{names[layer]}.{array}": state[key] for key, (layer, _, array) in parts.items() if layer in names}


def _timm_layers(blocks: tuple[int, ...]) -> Iterator[str]:
    """timm's names of the layers of a mobile network with so many blocks a stage, as an image passes them."""
    yield from ("conv_stem", "bn1")
    for stage, count in enumerate(blocks):
        depthwise, expanded = ("conv_dw", "bn1", "conv_pw", "bn2"), ("conv_pw", "bn1", "conv_dw", "bn2")
        layers = (*expanded, "conv_pwl", "bn3") if stage else depthwise
        yield from (f"blocks.{stage}.{block}.{layer}" for block in range(count) for layer in layers)
    yield from ("conv_head", "bn2")


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
