"""Exact nearest rows on a CPU, with about a twentieth of the multiplications of comparing all coordinates.

A rotation along the principal axes of the rows leaves distances as they are and gathers most of them in few
coordinates. The distance in the first coordinates is a lower bound of the whole. So the first `FIRST` coordinates of
all rows are compared by a matrix product. What may be nearer than the best so far is compared in the first `HEAD`
coordinates. What is left, a few rows of each query, is compared in all coordinates, by differences.
Bounds are widened by the largest rounding error, so that no nearest row is missed. Hence the answer does not depend
on the precision of the product, which is bfloat16 where that is faster.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import torch
from torch import Tensor

from methods import _precision
from methods.patchcore.rounding import mean, rounding

HEAD = 128
"""Rotated coordinates that are kept."""
FIRST = {torch.float32: 30, torch.bfloat16: 58}
"""How many of them are compared in a product: with two or six columns for the squares, 32 or 64 columns."""
PARTS = {torch.float32: 1, torch.bfloat16: 3}
"""Numbers that a square is a sum of: in bfloat16 one alone would be too coarse."""
AXES_FROM = 8192
"""Rows from which the principal axes are computed: any rotation is exact, and these are nearly the best."""
ROWS, RUN = 1024, 128
"""Rows in one matrix product, 2 or 4 MB of lower bounds for 1,024 queries; and how many are looked at together.

Numba makes vector instructions of a loop over so many, and none of a loop over 64.
"""
BITS = {torch.float32: torch.int32, torch.bfloat16: torch.int16}
"""Bounds are compared as whole numbers, which have the order of the positive floats with the same bits."""


class PrunedSearch:
    """Rows (m, d) float32, rotated and ready for queries."""

    queries = 1024
    """Queries that are answered at once."""

    def __init__(self, rows: Tensor, precision: _precision.AutoPrecision = "auto"):
        self.rows = rows
        self.dtype = getattr(torch, _precision.supported(precision, "cpu"))
        self.mean = mean(rows)
        axes = principal_axes(rows[:: -(-len(rows) // AXES_FROM)] - self.mean, min(HEAD, rows.shape[1]))
        self.axes = axes.float()
        blocks = rows.split(ROWS)  # one after the other: all of them centred would be the memory once more
        self.heads = torch.empty(len(rows), axes.shape[1])
        for block, heads in zip(blocks, self.heads.split(ROWS), strict=True):
            heads.copy_((block - self.mean).double() @ axes)
        self.reach = max(float((block - self.mean).norm(dim=1).max()) for block in blocks)
        rounded, squares = rounded_heads(self.heads, self.dtype)
        self.factors = torch.cat([rounded, squares, torch.ones_like(squares)], dim=1)
        self.moved = _moved(rounded, self.heads).max()
        self.nearest(rows[:1], 1, range(0))  # so that Numba compiles now, and not while the first image is timed

    def nearest(self, queries: Tensor, neighbours: int, without: range) -> tuple[Tensor, Tensor]:
        """Squared distances (q, k) float32, ascending, and indices (q, k)."""
        found = np.full((len(queries), neighbours), np.inf), np.full((len(queries), neighbours), -1)
        centred = queries - self.mean
        heads = centred @ self.axes
        rounded, squares = rounded_heads(heads, self.dtype)
        factors = torch.cat([-2 * rounded, torch.ones_like(squares), squares], dim=1)
        widths = self._widths(centred, _moved(rounded, heads)).numpy()
        workers = torch.get_num_threads()
        size = -(-len(queries) // workers)
        shares = [slice(start, start + size) for start in range(0, len(queries), size)]
        with ThreadPoolExecutor(workers) as threads:
            for begin, bounds in self._bounds(factors, without):
                block = bounds.view(BITS[self.dtype]), _seeds(bounds, 0 if begin else neighbours), queries, heads
                arrays = [*(tensor.numpy() for tensor in block), widths, *found]
                rows = begin, self.rows.numpy(), self.heads.numpy()
                done = [threads.submit(_refine, *rows, *(array[share] for array in arrays)) for share in shares]
                for each in done:
                    each.result()
        return torch.from_numpy(found[0]).float(), torch.from_numpy(found[1])

    def _bounds(self, factors: Tensor, without: range) -> Iterator[tuple[int, Tensor]]:
        """Lower bounds (q, rows) of squared distances, a block of rows after the other, in the same memory."""
        memory = torch.empty(len(factors) * ROWS, dtype=self.dtype)
        for begin in range(0, len(self.rows), ROWS):
            rows = self.factors[begin : begin + ROWS]
            bounds = memory[: len(factors) * len(rows)].view(len(factors), len(rows))
            torch.mm(factors, rows.T, out=bounds)
            bounds[:, max(without.start - begin, 0) : max(without.stop - begin, 0)] = torch.inf
            yield begin, bounds

    def _widths(self, centred: Tensor, moved: Tensor) -> Tensor:
        """(q, 3) float64: what rounding may add to a distance of heads, to one of products, and to its square.

        A rotated coordinate errs by at most `rounding` of the query's norm, and a distance by the root of their number
        as much. The rows were rotated in float64. Sums of bfloat16 factors may be rounded twice a term.
        """
        norms = centred.norm(dim=1)
        reach = norms + self.reach
        rotated = self.axes.shape[1] ** 0.5 * rounding(len(self.mean)) * norms + 2.0**-22 * reach
        products = 2 * rounding(self.factors.shape[1]) * reach.square()
        return torch.stack([rotated, rotated + moved + self.moved, products], dim=1).double()


def principal_axes(centred: Tensor, count: int) -> Tensor:
    """(d, count) float64, orthonormal: the axes along which rows (n, d) vary most, the first most."""
    wide = centred.double()
    return torch.linalg.eigh(wide.T @ wide).eigenvectors.flip(1)[:, :count].contiguous()


def rounded_heads(heads: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The first coordinates (n, first) in a precision, and their squared norm as a sum of numbers (n, parts)."""
    rounded = heads[:, : FIRST[dtype]].to(dtype)
    left, parts = rounded.float().square().sum(dim=1), []
    for _ in range(PARTS[dtype]):
        parts.append(left.to(dtype))
        left = left - parts[-1].float()
    return rounded, torch.stack(parts, dim=1)


def _seeds(bounds: Tensor, count: int) -> Tensor:
    """(q, up to count) the columns of the lowest bounds, which are compared first."""
    return (
        bounds.topk(min(count, bounds.shape[1]), largest=False).indices if count else torch.empty(len(bounds), 0).long()
    )


def _moved(rounded: Tensor, heads: Tensor) -> Tensor:
    return (rounded.float() - heads[:, : rounded.shape[1]]).norm(dim=1)


@numba.njit(cache=True, nogil=True)
def _refine(begin, rows, row_heads, bounds, seeds, queries, heads, widths, distances, indices):
    """Put what is near among the rows from `begin` on into distances and indices (q, k), by their bounds (q, n)."""
    lowest = np.empty(-(-bounds.shape[1] // RUN), bounds.dtype)
    last = distances.shape[1] - 1
    for query in range(len(queries)):
        _lowest_of_runs(bounds, query, lowest)
        for seed in range(seeds.shape[1]):
            column = seeds[query, seed]
            if bounds[query, column] <= _limits(distances[query, last], widths, query, bounds)[0]:
                distance = _squared_distance(queries, query, rows, begin + column)
                _insert(distances, indices, query, distance, begin + column)
        limit, head_limit = _limits(distances[query, last], widths, query, bounds)
        for run in range(len(lowest)):
            if lowest[run] > limit:
                continue
            for column in range(run * RUN, min((run + 1) * RUN, bounds.shape[1])):
                place = begin + column
                if bounds[query, column] > limit or _head_distance(heads, query, row_heads, place) > head_limit:
                    continue
                distance = _squared_distance(queries, query, rows, place)
                if distance <= distances[query, last]:
                    _insert(distances, indices, query, distance, place)
                    limit, head_limit = _limits(distances[query, last], widths, query, bounds)


@numba.njit(cache=True, nogil=True)
def _lowest_of_runs(bounds, query, lowest):
    whole = bounds.shape[1] // RUN
    for run in range(whole):
        least = bounds[query, run * RUN]
        for column in range(RUN):
            least = min(least, bounds[query, run * RUN + column])
        lowest[run] = least
    if whole < len(lowest):
        lowest[whole] = bounds[query, whole * RUN :].min()


@numba.njit(cache=True, nogil=True)
def _limits(distance, widths, query, bounds):
    """Up to which bound, as a whole number, and up to which distance of heads a row may be at a squared distance."""
    product = ((np.sqrt(distance) + widths[query, 1]) ** 2 + widths[query, 2]) * (1 + 2.0**-8)
    bits = np.float32(min(product, 3e38)).view(np.int32)  # excluded rows are at infinity, above every limit
    head = np.float32((np.sqrt(distance) + widths[query, 0]) ** 2 * (1 + 1e-4))
    return (bits >> 16) + 1 if bounds.itemsize == 2 else bits, head


@numba.njit(cache=True, nogil=True)
def _insert(distances, indices, query, distance, place):
    """Put a row where it belongs among ascending distances, of equal ones by index; the last drops out."""
    rank = distances.shape[1] - 1
    for each in range(rank + 1):
        if indices[query, each] == place:
            return
    if distance == distances[query, rank] and place > indices[query, rank]:
        return
    while rank and (distance, place) < (distances[query, rank - 1], indices[query, rank - 1]):
        distances[query, rank], indices[query, rank] = distances[query, rank - 1], indices[query, rank - 1]
        rank -= 1
    distances[query, rank], indices[query, rank] = distance, place


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _head_distance(heads, query, row_heads, place):
    total = np.float32(0)
    for axis in range(heads.shape[1]):
        difference = heads[query, axis] - row_heads[place, axis]
        total += difference * difference
    return total


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _squared_distance(queries, query, rows, place):
    """By differences, summed in float64: the order of the sum hardly shows in float32."""
    total = 0.0
    for axis in range(queries.shape[1]):
        difference = np.float64(queries[query, axis]) - np.float64(rows[place, axis])
        total += difference * difference
    return total
