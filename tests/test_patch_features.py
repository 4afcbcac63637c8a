"""Patches of an image against the published procedure, step by step."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional
from torchvision import transforms

from methods import MethodError, _patch_features
from methods._backbones import BACKBONES, IMAGENET_DEVIATION, IMAGENET_MEAN, weights
from methods._resizing import centre
from tests.random_weights import plausible

ORDINARY = {
    "backbone": "alexnet",
    "layers": ("features.2", "features.7"),
    "precision": "float32",
    "mean": IMAGENET_MEAN,
    "deviation": IMAGENET_DEVIATION,
    "image_size": 128,
    "crop_size": 0,
    "patch_size": 3,
    "pooling": "adaptive",
    "pretrain_dims": 100,
    "dims": 60,
}


def patches(**changed) -> _patch_features.Patches:
    look = _patch_features.Look(**ORDINARY | changed)
    return _patch_features.Patches(weights.find(look.backbone), look, device="cpu")


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def published(maps: list[Tensor], *, size: int, pretrain_dims: int, dims: int) -> Tensor:
    """(rows, columns, dims) from the maps of one image, in the order of the authors' program.

    Every neighbourhood is laid out, each of its places is brought to the first layer's grid as an image of its own,
    and only then are channels and places averaged together.
    """
    rows, columns = maps[0].shape[2:]
    layers = []
    for map in maps:
        channels, height, width = map.shape[1:]
        laid_out = functional.unfold(map, size, padding=size // 2).view(channels, size * size, height, width)
        on_grid = functional.interpolate(laid_out, (rows, columns), mode="bilinear", align_corners=False)
        vectors = on_grid.permute(2, 3, 0, 1).reshape(rows * columns, 1, channels * size * size)
        layers.append(functional.adaptive_avg_pool1d(vectors, pretrain_dims)[:, 0])
    together = torch.stack(layers, dim=1).reshape(rows * columns, 1, -1)
    return functional.adaptive_avg_pool1d(together, dims).view(rows, columns, dims)


@pytest.mark.parametrize("size, pretrain_dims, dims", [(1, 100, 60), (3, 100, 60), (5, 96, 48), (3, 97, 61), (3, 7, 7)])
def test_patches_are_those_of_the_published_procedure(size, pretrain_dims, dims):
    ours = patches(patch_size=size, pretrain_dims=pretrain_dims, dims=dims)
    maps = ours.maps([photograph(90, 120)])
    expected = published(maps, size=size, pretrain_dims=pretrain_dims, dims=dims)
    torch.testing.assert_close(ours.patches(maps)[0], expected, rtol=1e-4, atol=1e-5)


def test_the_whole_of_wide_resnet50s_patches_is_pooled_as_published():
    """512 x 9 and 1024 x 9 values to 1024 each, then to 1024 together: half of them of each layer."""
    layers = {"backbone": "wide_resnet50_2", "layers": ("layer2", "layer3")}
    look = _patch_features.Look(**ORDINARY | layers | {"pretrain_dims": 1024, "dims": 1024})
    ours = _patch_features.Patches(plausible("wide_resnet50_2"), look, device="cpu")
    generator = torch.Generator().manual_seed(0)
    maps = [torch.rand(1, 512, 6, 6, generator=generator), torch.rand(1, 1024, 3, 3, generator=generator)]
    expected = published(maps, size=3, pretrain_dims=1024, dims=1024)
    torch.testing.assert_close(ours.patches(maps)[0], expected, rtol=1e-4, atol=1e-5)
    maps[1] = torch.zeros_like(maps[1])
    assert ours.patches(maps)[..., :512].all() and not ours.patches(maps)[..., 512:].any()


def test_the_mean_of_neighbourhoods_keeps_a_value_a_channel():
    ours = patches(pooling="mean", dims=64 + 384)
    maps = ours.maps([photograph(128, 128)])
    found = ours.patches(maps)[0]
    assert found.shape == (*maps[0].shape[2:], 64 + 384)
    around = maps[0][0, :, 3:6, 7:10].mean(dim=(1, 2))
    torch.testing.assert_close(found[4, 8, :64], around)


def test_the_backbone_sees_what_torchvisions_transforms_make_of_an_image():
    import PIL.Image

    image = photograph(300, 417)
    theirs = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_DEVIATION),
        ]
    )(PIL.Image.fromarray(image))
    ours = patches(image_size=256, crop_size=224).pixels([image])[0]
    torch.testing.assert_close(ours, theirs)


def test_the_patches_of_an_image_do_not_depend_on_the_others():
    ours, images = patches(), [photograph(60, 70, seed) for seed in range(3)]
    together = ours.patches(ours.maps(images))
    for image, found in zip(images, together, strict=True):
        torch.testing.assert_close(ours.of(image), found, rtol=1e-4, atol=1e-5)


def test_a_map_covers_the_whole_image_and_is_lowest_where_nothing_was_seen():
    scores = torch.arange(1.0, 17).view(4, 4)
    whole = patches(image_size=96).anomaly_map(scores, photograph(200, 300), blur=0)
    assert whole.shape == (96, 96)
    image = photograph(200, 300)
    cropped = patches(image_size=100, crop_size=64).anomaly_map(scores, image, blur=0)
    assert cropped.shape == (100, 150) and cropped.dtype == np.float32
    place = centre((200, 300), shorter_px=100, side_px=64)
    assert cropped[place.rows, place.columns].max() == cropped.max() > 10
    cropped[place.rows, place.columns] = 1
    assert (cropped == 1).all()


def test_a_crops_map_is_smoothed_before_it_is_placed_as_published():
    scores, ours = torch.ones(4, 4), patches(image_size=100, crop_size=64)
    scores[0, 2] = 10
    map = functional.interpolate(scores[None, None], (64, 64), mode="bilinear", align_corners=False)[0, 0]
    place = centre((200, 300), shorter_px=100, side_px=64)
    found = ours.anomaly_map(scores, photograph(200, 300), blur=4)[place.rows, place.columns]
    np.testing.assert_allclose(found, gaussian_filter(map.numpy(), 4), rtol=1e-5)


@pytest.mark.parametrize("ins, outs", [(9, 4), (4608, 1024), (7, 7), (5, 9), (100, 1)])
def test_windows_are_those_of_adaptive_pooling(ins, outs):
    values = torch.rand(1, ins, generator=torch.Generator().manual_seed(0))
    expected = functional.adaptive_avg_pool1d(values, outs)
    torch.testing.assert_close(values @ _patch_features.window_means(ins, outs).T, expected)


def test_features_beyond_all_numbers_are_one_sentence():
    with pytest.raises(MethodError, match="the features of alexnet are not finite: check `weights`, `input_mean`"):
        patches(deviation=(1e-40, 1, 1)).of(photograph(60, 60))


@pytest.mark.parametrize("shape", [(200, 300), (31, 30), (999, 224)])
def test_a_crop_lies_in_the_middle_of_an_image_whose_shorter_side_has_the_size(shape):
    place = centre(shape, shorter_px=64, side_px=48)
    assert min(place.size) == 64 and place.of(photograph(*shape)).shape == (48, 48, 3)
    for length, along in zip(place.size, (place.rows, place.columns), strict=True):
        assert abs(along.start - (length - along.stop)) <= 1


def test_a_blur_of_nothing_leaves_a_map_alone():
    map = np.zeros((40, 40), np.float32)
    map[20, 20] = 1
    assert _patch_features.blurred(map, 0) is map
    smooth = _patch_features.blurred(map, 4)
    assert smooth.sum() == pytest.approx(1, abs=1e-4) and smooth.max() < 0.02 and smooth.dtype == np.float32


@pytest.mark.parametrize("name", BACKBONES)
def test_the_two_layers_of_a_backbone_are_its_own_and_the_finer_comes_first(name):
    backbone = BACKBONES[name]
    first, second = (backbone.layers[layer] for layer in backbone.patch_layers)
    assert (first.stride, second.stride) == (8, 16)
