"""Views rotated and colour-jittered as tensors are those that Pillow makes."""

import numpy as np
import PIL.Image
import pytest
import torch

from methods import _tensor_views, _views


def pictures(side: int) -> list[PIL.Image.Image]:
    """A smooth one, and one of noise."""
    drawn = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    smooth = PIL.Image.fromarray(drawn[:9, :9]).resize((side, side), PIL.Image.Resampling.BICUBIC)
    return [smooth, PIL.Image.fromarray(drawn)]


def share_equal(picture: PIL.Image.Image, views: list[_views.View], rendering: _views.Rendering) -> float:
    """The share of the pixels that are equal to Pillow's."""
    expected = np.stack([_views.render(picture, view, rendering) for view in views])
    images = torch.from_numpy(np.array(picture)).expand(len(views), -1, -1, -1)
    plan = _tensor_views.plan(views, picture.width, torch.device("cpu"))
    return float((_tensor_views.rendered(images, plan, rendering).numpy() == expected).mean())


@pytest.mark.parametrize("side", [64, 131])
@pytest.mark.parametrize("fill", ["black", "mean"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_every_pixel_of_a_rotated_view_is_pillows(interpolation, fill, side):
    turns = _views.random_views(20, spread=_views.View(180, 0, 0, 0), generator=torch.Generator().manual_seed(0))
    for picture in pictures(side):
        rendering = _views.Rendering(interpolation, fill)
        assert share_equal(picture, _views.fixed_views(8, 180) + turns, rendering) == 1


def test_every_pixel_of_a_view_in_another_light_is_pillows():
    spread = _views.View(180, 0.4, 0.4, 0.4)
    views = _views.random_views(20, spread=spread, generator=torch.Generator().manual_seed(0))
    for picture in pictures(70):
        assert share_equal(picture, views, _views.PUBLISHED) == 1


def test_a_part_of_a_plan_makes_its_views_alone():
    picture = torch.from_numpy(np.array(pictures(40)[0])).expand(3, -1, -1, -1)
    plan = _tensor_views.plan([_views.View(angle, 1.2) for angle in (10, 20, 30)], 40, torch.device("cpu"))
    whole = _tensor_views.rendered(picture, plan, _views.PUBLISHED)
    assert torch.equal(_tensor_views.rendered(picture[1:], plan.part(slice(1, 3)), _views.PUBLISHED), whole[1:])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_every_pixel_of_a_view_made_on_a_gpu_is_pillows():
    views = _views.random_views(20, spread=_views.View(180, 0.4, 0.4, 0.4), generator=torch.Generator().manual_seed(0))
    for picture in pictures(448):
        for interpolation in ("nearest", "bilinear"):
            rendering = _views.Rendering(interpolation)
            expected = np.stack([_views.render(picture, view, rendering) for view in views])
            images = torch.from_numpy(np.array(picture)).cuda().expand(len(views), -1, -1, -1)
            made = _tensor_views.rendered(images, _tensor_views.plan(views, 448, images.device), rendering)
            assert (
                made.cpu().numpy() == expected
            ).mean() > 0.9999  # means of corners and of light are summed otherwise
