"""Winograd's convolutions against those of torch."""

import pytest
import torch
from torch import nn

from methods._backbones import winograd
from methods._backbones.winograd import Winograd, replace_convolutions

SIZES = [(13, 13), (4, 9), (1, 1), (30, 7)]


def convolution(size: int, seed: int = 0) -> nn.Conv2d:
    """7 channels to 5, frozen."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Conv2d(7, 5, size, padding=size // 2).requires_grad_(False)
    for weight in layer.parameters():
        weight.copy_(torch.randn(weight.shape, generator=generator))
    return layer


def images(height: int, width: int, count: int = 3) -> torch.Tensor:
    return torch.randn(count, 7, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("shape", SIZES)
def test_it_is_the_convolution(size, shape):
    layer, x = convolution(size).double(), images(*shape).double()
    torch.testing.assert_close(Winograd(layer)(x), layer(x), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("shape", SIZES)
def test_its_gradient_is_that_of_the_convolution(size, shape):
    layer, x = convolution(size).double(), images(*shape).double().requires_grad_()
    ours, theirs = (torch.autograd.grad(each(x).square().sum(), x)[0] for each in (Winograd(layer), layer))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [3, 5])
def test_in_float32_it_errs_by_rounding_alone(size):
    layer, x = convolution(size), images(30, 30)
    exact = convolution(size).double()(x.double())
    error = (Winograd(layer)(x) - exact).abs().max() / exact.abs().max()
    assert error < 1e-5


def test_groups_of_images_give_the_same(monkeypatch):
    layer, x = Winograd(convolution(3)), images(13, 13)
    whole = layer(x)
    monkeypatch.setattr(winograd, "CHUNK_BYTES", 1)
    torch.testing.assert_close(layer(x), whole)


def test_every_convolution_of_stride_1_is_replaced_and_nothing_else():
    kept = nn.Conv2d(3, 7, 3, stride=2), nn.ReLU(), nn.Conv2d(7, 7, 1), nn.Conv2d(7, 7, 3, padding=1, groups=7)
    network = nn.Sequential(*kept, nn.Sequential(convolution(3), convolution(5)))
    replace_convolutions(network)
    assert tuple(network[:4]) == kept and [type(layer) for layer in network[4]] == [Winograd, Winograd]
