"""Frozen networks: the maps of their layers."""

import numpy as np
import pytest
import torch
from torchvision import models

from methods._backbones import BACKBONES, NAMES, networks, weights
from methods._backbones.arrays import Weights
from methods._backbones.efficientnet_lite import SamePadding
from tests.random_weights import plausible

CPU = torch.device("cpu")


def frozen(name: str, layers, dtype=torch.float32, found: Weights | None = None):
    return networks.frozen(name, found or plausible(name), layers, device=CPU, dtype=dtype)


def picture(side: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_has_the_channels_and_the_stride_that_are_known_of_it(name):
    layers = BACKBONES[name].layers
    maps = frozen(name, [*layers])(picture(128))
    assert [*maps] == [*layers]
    for layer, (channels, stride) in layers.items():
        count, height, width = maps[layer].shape[1:]
        assert (count, height) == (channels, width) and height == pytest.approx(128 / stride, abs=1)


@pytest.mark.parametrize("side", [95, 100, 129])
@pytest.mark.parametrize("name", NAMES)
def test_the_size_of_every_map_is_known(name, side):
    backbone = BACKBONES[name]
    for layer, map in frozen(name, [*backbone.layers])(picture(side)).items():
        assert map.shape[2:] == (backbone.places(layer, side),) * 2


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_image_still_has_a_map_of_the_last_layer(name):
    backbone = BACKBONES[name]
    assert frozen(name, [backbone.last])(picture(backbone.smallest_side))[backbone.last].shape[2:] == (1, 1)


@pytest.mark.parametrize("name", [name for name in NAMES if BACKBONES[name].torchvision])
def test_maps_are_those_of_torchvision(name):
    found, last = plausible(name), BACKBONES[name].last
    theirs = models.get_model(name, weights=None).eval()
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in found.arrays.items()}, strict=False)
    seen = []
    theirs.get_submodule(last).register_forward_hook(lambda module, into, out: seen.append(out))
    with torch.no_grad():
        theirs(picture(96))
        (ours,) = frozen(name, [last], found=found)(picture(96)).values()
    torch.testing.assert_close(ours, seen[0], rtol=1e-3, atol=1e-3 * float(seen[0].abs().max()))


def test_efficientnet_lite_tells_a_cat_from_a_rocket_by_what_it_learned():
    """Its features of three photographs of cats' fur are nearer to each other than to those of a rocket."""
    from skimage import data

    cat, rocket = data.chelsea(), data.rocket()
    crops = [cat[:200, :200], cat[60:260, 150:350], cat[80:280, 200:400], rocket[:300, 200:500]]
    network = frozen("efficientnet_lite0", ["features.8"], found=weights.find("efficientnet_lite0"))
    features = torch.cat([network(seen(crop))["features.8"].mean((2, 3)) for crop in crops])
    likeness = torch.nn.functional.cosine_similarity(features[:, None], features[None], dim=2)
    assert likeness[:3, :3].min() > likeness[:3, 3].max()


def seen(image: np.ndarray) -> torch.Tensor:
    """A picture normalised as EfficientNet-Lite expects, from -1 to 1."""
    pixels = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None]
    return torch.nn.functional.interpolate((pixels - 127) / 128, (224, 224), mode="bilinear")


@pytest.mark.parametrize(
    "length, kernel, around", [(224, 3, (0, 1)), (224, 5, (1, 2)), (57, 3, (1, 1)), (57, 5, (2, 2))]
)
def test_padding_is_that_of_tensorflow(length, kernel, around):
    padded = SamePadding(kernel, 2)(torch.ones(1, 1, length, 4))[0, 0, :, 1]
    assert (int((padded == 0).nonzero()[0]) if padded[0] == 0 else None) == (0 if around[0] else None)
    assert len(padded) == length + sum(around) and padded[around[0] : len(padded) - around[1]].all()


def test_a_network_ends_at_the_last_layer_that_is_asked_for():
    network = frozen("resnet18", ["layer1", "layer2"])
    assert not any("layer3" in name or "fc" in name for name, _ in network.named_modules())


def test_in_bfloat16_the_maps_are_nearly_those_of_float32():
    full = frozen("resnet18", ["layer2"])(picture(64))["layer2"]
    half = frozen("resnet18", ["layer2"], torch.bfloat16)(picture(64).bfloat16())["layer2"].float()
    assert half.dtype == torch.float32 and (half - full).abs().mean() < 0.03 * full.abs().mean()
