"""Convolutions with fewer multiplications: Winograd's minimal filtering."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

TILE = 4
"""Side of the square of output pixels that are computed together."""
POINTS = (0, 1, -1, 2, -2, 0.5, -0.5)
"""Where the polynomials are evaluated, besides infinity: small numbers, which keep rounding errors small."""


CHUNK_BYTES = 12 << 20
"""Images pass in groups whose products take no more: glibc does not reuse larger blocks, and caches hold little."""


class Winograd(nn.Module):
    """A frozen convolution of stride 1 whose output is as large as its input; equal to torch's but for rounding.

    F(4x4, r x r) of Lavin & Gray 2015, arXiv 1509.09308. The gradient at the input is such a convolution too, with the
    kernel rotated by 180 degrees and the channels exchanged. There is no gradient at the kernel.
    """

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        self.kernel, self.bias = convolution.weight, convolution.bias
        assert convolution.padding == (self.kernel.shape[2] // 2,) * 2
        self.ahead = Filter(self.kernel)

    @cached_property
    def back(self) -> "Filter":
        """The filter of the gradient, made when it is first needed."""
        return Filter(self.kernel.flip(2, 3).transpose(0, 1))

    def forward(self, images: Tensor) -> Tensor:
        return _Filtered.apply(images, self) + self.bias[:, None, None]


def replace_convolutions(network: nn.Module) -> None:
    """Take in Winograd's way every convolution of a network that allows it."""
    for name, layer in list(network.named_modules()):
        if _fits(layer):
            network.set_submodule(name, Winograd(layer))


def _fits(layer: nn.Module) -> bool:
    """Whether it is a convolution of 3x3 or 5x5, of stride 1, between all channels."""
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size in ((3, 3), (5, 5))
        and (layer.stride, layer.dilation, layer.groups) == ((1, 1), (1, 1), 1)
    )


class _Filtered(torch.autograd.Function):
    @staticmethod
    def forward(context, images: Tensor, convolution: Winograd) -> Tensor:
        context.convolution = convolution
        return convolution.ahead(images)

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:
        return context.convolution.back(gradient), None


class Filter:
    """Y = A^T ((G g G^T) * (B^T d B)) A, equation 8, for a kernel g and tiles d of the input.

    A tile of 4x4 outputs takes (r + 3)^2 multiplications for each pair of channels, where the sums of products take
    16 r^2: a quarter for a kernel of 3x3, a sixth for one of 5x5. All products at one place of the transformed tiles
    are one matrix product.
    """

    def __init__(self, kernel: Tensor):
        size = kernel.shape[2]
        self.margin, self.side = size // 2, size + TILE - 1
        a, g, b = (torch.from_numpy(matrix) for matrix in transforms(size))
        exact = torch.einsum("ia,jb,ocab->jico", g, g, kernel.double())
        self.kernel = exact.flatten(0, 1).to(kernel.dtype).contiguous()
        """(side * side, channels in, channels out); places in the tile: column by column."""
        self.to_output, self.of_input = (matrix.T.to(kernel.dtype).contiguous() for matrix in (a, b))

    def __call__(self, images: Tensor) -> Tensor:
        """(n, channels in, height, width) -> (n, channels out, height, width), channels last in memory."""
        tiles = -(-images.shape[2] // TILE) * -(-images.shape[3] // TILE)
        image_bytes = tiles * self.kernel[:, 0].numel() * images.element_size()
        return torch.cat([self._filtered(part) for part in images.split(max(1, CHUNK_BYTES // image_bytes))])

    def _filtered(self, images: Tensor) -> Tensor:
        count, _, height, width = images.shape
        down, across = -(-height // TILE), -(-width // TILE)
        products = torch.bmm(self._transformed(images, down, across), self.kernel)
        columns = (self.to_output @ products.view(self.side, -1)).view(TILE, self.side, -1)
        tiles = torch.matmul(self.to_output, columns).view(TILE, TILE, count, down, across, -1)
        whole = tiles.permute(2, 3, 1, 4, 0, 5).reshape(count, down * TILE, across * TILE, -1)
        return whole[:, :height, :width].permute(0, 3, 1, 2)

    def _transformed(self, images: Tensor, down: int, across: int) -> Tensor:
        """(side * side, n * down * across, channels): the overlapping tiles of the images, B^T d B."""
        count, channels, height, width = images.shape
        below, right = (tiles * TILE + self.margin - size for tiles, size in ((down, height), (across, width)))
        padded = nn.functional.pad(images.permute(0, 2, 3, 1), (0, 0, self.margin, right, self.margin, below))
        rows = padded.unfold(1, self.side, TILE).permute(4, 0, 1, 2, 3).reshape(self.side, -1)
        rows = (self.of_input @ rows).view(self.side, count * down, -1, channels)
        columns = rows.unfold(2, self.side, TILE).permute(4, 0, 1, 2, 3).reshape(self.side, -1)
        return (self.of_input @ columns).view(self.side**2, -1, channels)


def transforms(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, G and B of F(4, size) in one dimension: evaluation at the points, and the transposed inverse of it."""
    points = POINTS[: size + TILE - 2]
    a, g, square = (_powers(points, degrees) for degrees in (TILE, size, size + TILE - 1))
    return a, g, np.linalg.inv(square)


def _powers(points: tuple[float, ...], count: int) -> np.ndarray:
    """(points + 1, count) float64: the powers of each point from 0 on; the last row is that of infinity."""
    return np.vstack([np.vander(points, count, increasing=True), np.eye(count)[-1]])
