"""Frozen networks that give the maps of named layers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

from methods._backbones import Name, winograd
from methods._backbones.arrays import Weights
from methods._backbones.efficientnet_lite import EfficientNetLite0, SamePadding

CLASSIFIERS = ("fc.", "classifier.")
"""How the names of the layers begin that only tell ImageNet's classes apart."""


@cache
def shapes(name: Name) -> dict[str, tuple[int, ...]]:
    """The shape of each array of weights by torchvision's name, in the order in which an image passes them."""
    state = _bare(name).state_dict().items()
    return {key: tuple(array.shape) for key, array in state if _counts(key, array)}


def frozen(
    name: Name, weights: Weights, layers: Sequence[str], *, device: torch.device, dtype: torch.dtype
) -> nn.Module:
    """The network up to the last of these layers: (n, 3, height, width) -> the map of each layer by its name.

    Batch normalisations are folded into the convolutions before them. In float32 on a CPU, convolutions are taken in
    Winograd's way. Both are equal but for rounding. It can be differentiated at the pixels, not at its weights.
    """
    network = _bare(name)
    state = {key: torch.from_numpy(array) for key, array in weights.arrays.items()}
    network.load_state_dict(state, strict=False, assign=True)
    named = {layer: layer for layer in layers}
    network = create_feature_extractor(network, named, tracer_kwargs={"leaf_modules": [SamePadding]})
    network = _without_normalisations(network.eval().requires_grad_(False))
    network = network.to(device, dtype, memory_format=torch.channels_last)
    if device.type == "cpu" and dtype == torch.float32:  # in bfloat16 its transforms would lose too many digits
        winograd.replace_convolutions(network)
    return network


@contextmanager
def full_float32() -> Iterator[None]:
    """Convolutions on a GPU in float32 with all of its digits: by default they have the 10 bits of TF32."""
    before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _bare(name: Name) -> nn.Module:
    """The network with arrays that hold nothing: no initial weights are drawn, so no global generator is touched."""
    with torch.device("meta"):
        network = EfficientNetLite0() if name == "efficientnet_lite0" else models.get_model(name, weights=None)
    return network.eval()


def _counts(key: str, array: Tensor) -> bool:
    return array.is_floating_point() and not key.startswith(CLASSIFIERS)


def _without_normalisations(network: fx.GraphModule) -> fx.GraphModule:
    """Each batch normalisation that alone follows a convolution becomes a part of it."""
    modules: Mapping[str, nn.Module] = dict(network.named_modules())
    for node in list(network.graph.nodes):
        before = node.args[0] if node.op == "call_module" else None
        if not isinstance(modules.get(node.target), nn.BatchNorm2d) or len(before.users) > 1:
            continue
        network.set_submodule(before.target, fuse_conv_bn_eval(modules[before.target], modules[node.target]))
        node.replace_all_uses_with(before)
        network.graph.erase_node(node)
    network.delete_all_unused_submodules()
    network.recompile()
    return network
