"""Which patches a memory keeps: the approximate greedy coreset of PatchCore.

Roth et al., Towards Total Recall in Industrial Anomaly Detection, CVPR 2022, arXiv 2106.08265, algorithm 1. The picks
are those of the published program, but they take less work:

- Distances only fall as picks are added. A distance that is out of date is therefore an upper bound, and a patch is
  measured against new picks only when its bound is among the highest (`HOT` patches at a time).
- Distances to old picks are first estimated in float32. What may be nearer than the nearest so far, given the largest
  rounding error, is measured exactly.

Departure: the points are rounded to whole multiples of a step, at most 2^-21 of the largest distance from their mean.
That is about what float32 resolves. All squared distances are then whole numbers that float64 holds exactly: copies
tie, and the picks do not depend on the processor or the order of sums. The published program rounds far more, as it
subtracts products in float32.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from methods.patchcore.rounding import BLOCK, mean, rounding

HOT = 2048
"""Patches among which picks are made without looking at the others."""
ROWS, COLUMNS = 512, 1024
"""Patches and picks in one matrix product: 2 MB of estimates, which caches hold."""


def projection(dims: int, to: int, generator: torch.Generator) -> Tensor:
    """(to, dims) a random linear map: PyTorch's default weights of a Linear without bias, as published."""
    return (2 * torch.rand(to, dims, generator=generator) - 1) / dims**0.5


def picks(points: Tensor, *, count: int, starts: Tensor) -> Iterator[Tensor]:
    """Indices of `count` of the points (n, dims) float32, in the order of picking, a few at a time.

    Each pick is the point farthest from its nearest pick; among equals the first. `nearest` starts as the mean distance
    to the points `starts` (s,), which are not picked thereby. As in the published program it stays an upper limit, so a
    point at 0 from all starts is picked only where all distances are 0.
    Where all distances are 0, the first point is picked again and again, as published: the memory has the size that was
    asked for, and a copy changes no nearest distance.
    """
    search = _Search(on_grid(points), starts, count)
    del points  # where nobody else holds them, their room is free
    while search.done < count:
        found = search.next_picks()
        if len(found):
            yield found


def on_grid(points: Tensor) -> Tensor:
    """The points relative to their mean, in whole multiples of a step; norms are at most 2^23."""
    blocks = points.split(BLOCK)
    assert all(block.isfinite().all() for block in blocks)
    centre = mean(points)
    largest = max(float((block - centre).norm(dim=1).max()) for block in blocks)
    scale = 2.0 ** (22 - int(np.frexp(largest)[1])) if largest else 1.0
    return (points * scale).round_().sub_((centre * scale).round())


class _Search:
    """Points (n, dims) of whole numbers, and how far each is from the picks so far.

    `known[i]` says to how many picks point i was compared; `nearest[i]` is an upper bound of its distance to all.
    """

    def __init__(self, points: Tensor, starts: Tensor, count: int):
        self.points, self.done = points, 0
        # One piece for all picks: pieces that grow, with small ones between them, would leave holes that nothing fits.
        self.picked = torch.empty(count, dtype=torch.long, device=points.device)
        self.known = torch.zeros(len(points), dtype=torch.long, device=points.device)
        self.nearest = mean_distances(points, points[starts])

    def next_picks(self) -> Tensor:
        """Some picks, at most as many as are left; none where the highest bounds were all out of date."""
        left = self.picked[self.done :]
        if not self.nearest.max():
            found = torch.zeros_like(left)
        else:
            found = self._picks_among(*highest(self.nearest, HOT), len(left))
        left[: len(found)] = found
        self.done += len(found)
        return left[: len(found)]

    def _picks_among(self, hot: Tensor, limit: "Limit", most: int) -> Tensor:
        self._compare(hot)
        nearest = self.nearest[hot].cpu().numpy()
        places = greedy(self.points[hot].double().cpu().numpy(), nearest, limit, hot.cpu().numpy(), most)
        found = hot[places]
        self.nearest[hot] = torch.from_numpy(nearest).to(hot.device)
        self.known[hot] = self.done + len(found)
        return found

    def _compare(self, hot: Tensor) -> None:
        """Bring the bounds of some points up to date, those together that lack about the same picks."""
        for rows in hot[self.known[hot].argsort()].split(ROWS):
            for begin in range(int(self.known[rows[0]]), self.done, COLUMNS):
                lacking = self.points[self.picked[begin : min(begin + COLUMNS, self.done)]]
                self.nearest[rows] = nearer(self.points[rows], lacking, self.nearest[rows])


def mean_distances(points: Tensor, starts: Tensor) -> Tensor:
    """(n,) float64: the mean distance of each point to the starts (s, dims)."""
    total = torch.zeros(len(points), dtype=torch.float64, device=points.device)
    for start in starts:  # one after the other: the order of a sum must not depend on the place of a point
        for block, sums in zip(points.split(BLOCK), total.split(BLOCK), strict=True):
            sums += _exact(block, start)
    return total / len(starts)


def _exact(points: Tensor, others: Tensor) -> Tensor:
    squares = (points.double() - others.double()).square_().sum(dim=1)
    if squares.is_cuda:
        return squares.sqrt_()
    # On processors of Intel, PyTorch takes roots from a library that rounds some of them wrongly: equals would not tie.
    return torch.from_numpy(np.sqrt(squares.numpy()))


class Limit(NamedTuple):
    """The highest bound of the points that are not hot, and the first of those that have it."""

    distance: float
    place: int

    def is_below(self, distance: float, place: int) -> bool:
        """Whether a point of this true distance is picked before all that are not hot."""
        return distance > self.distance or (distance == self.distance and place < self.place)


def highest(bounds: Tensor, most: int) -> tuple[Tensor, Limit]:
    """Indices in ascending order of the `most` highest bounds, of equal ones the first; and what limits the others."""
    if len(bounds) <= most:
        return torch.arange(len(bounds), device=bounds.device), Limit(-1.0, 0)
    limit = bounds.kthvalue(len(bounds) - most).values
    above, equal = (bounds > limit).nonzero()[:, 0], (bounds == limit).nonzero()[:, 0]
    taken, left = equal[: most - len(above)], equal[most - len(above)]
    return torch.cat([above, taken]).sort().values, Limit(float(limit), int(left))


def nearer(points: Tensor, picked: Tensor, nearest: Tensor) -> Tensor:
    """The distances `nearest` (n,), or those of points (n, dims) to some picks (p, dims) where they are smaller."""
    squares = picked.square().sum(dim=1)
    estimates = torch.addmm(squares, points, picked.T, alpha=-2)
    own = points.square().sum(dim=1)
    margin = rounding(points.shape[1]) * (own + 3 * squares.max())  # at least that of |b|^2 + 2 |a||b|
    least = estimates.amin(dim=1)
    rows = (least <= nearest.square().float() - own + 2 * margin).nonzero()[:, 0]
    likely = estimates[rows] <= (least + 2 * margin)[rows, None]
    places, columns = likely.nonzero(as_tuple=True)
    rows = rows[places]
    exact = torch.empty(len(rows), dtype=torch.float64, device=points.device)
    # In blocks, as where images repeat, nearly all picks may be likely.
    for own, others, distances in zip(rows.split(BLOCK), columns.split(BLOCK), exact.split(BLOCK), strict=True):
        distances.copy_(_exact(points[own], picked[others]))
    return nearest.scatter_reduce(0, rows, exact, "amin")


def greedy(points: np.ndarray, nearest: np.ndarray, limit: Limit, places: np.ndarray, most: int) -> list[int]:
    """Rows of the hot points (h, dims) that are picked, while they are above the limit; `nearest` (h,) is updated.

    All numbers are whole, so that float64 holds squared distances exactly.
    """
    squares, found = np.square(points).sum(axis=1), []
    while len(found) < most:
        row = int(nearest.argmax())
        if not nearest[row] or not limit.is_below(nearest[row], places[row]):
            break
        found.append(row)
        distances = points @ (-2 * points[row])
        distances += squares
        distances += squares[row]
        np.minimum(nearest, np.sqrt(distances, out=distances), out=nearest)
    return found
