"""The nearest neighbours of patches among the rows of PatchCore's memory. The answer is exact."""

import torch
from torch import Tensor

from methods.patchcore.pruned_search import PrunedSearch
from methods.patchcore.rounding import rounding

QUERIES, ROWS, PAIRS = 1024, 4096, 16384
"""Queries that are answered at once; rows in one matrix product; pairs whose differences are held at once."""
ESTIMATES = 1 << 28
"""Distances that are estimated at once on a GPU, 1 GB."""


class Memory:
    """Rows (m, d) float32 in which nearest neighbours are found; they are kept, not copied, and never changed."""

    def __init__(self, rows: Tensor):
        self.rows = rows.contiguous()
        self.search = PrunedSearch(self.rows) if rows.device.type == "cpu" else PlainSearch(self.rows)

    def nearest(self, queries: Tensor, neighbours: int = 1, *, without: range = range(0)) -> tuple[Tensor, Tensor]:
        """Squared distances (q, k) float32, ascending, and indices (q, k) of the rows nearest to queries (q, d).

        Distances are sums of squared differences: a row is at exactly 0 from itself. Of equal distances, the lower
        index comes first. Rows in the range `without` are left out; its step is 1. Raises ValueError where fewer than
        `neighbours` rows are left.
        """
        left = len(self.rows) - len(range(*slice(without.start, without.stop).indices(len(self.rows))))
        if not 1 <= neighbours <= left:
            raise ValueError(f"neighbours must be between 1 and the {left} rows to search, got {neighbours}")
        assert queries.isfinite().all()
        blocks = queries.contiguous().split(self.search.queries)
        distances, indices = zip(*(self.search.nearest(each, neighbours, without) for each in blocks), strict=True)
        return torch.cat(distances), torch.cat(indices)


class PlainSearch:
    """The search on a GPU: products of all coordinates, then differences of what may be among the nearest."""

    def __init__(self, rows: Tensor):
        self.queries = max(1, min(QUERIES, ESTIMATES // len(rows)))
        self.rows, self.mean = rows, rows.mean(dim=0)
        self.squares = torch.cat([(block - self.mean).square().sum(dim=1) for block in rows.split(ROWS)])

    def nearest(self, queries: Tensor, neighbours: int, without: range) -> tuple[Tensor, Tensor]:
        """Squared distances (q, k) float32, ascending, and indices (q, k)."""
        centred = queries - self.mean
        products = torch.cat([centred @ (block - self.mean).T for block in self.rows.split(ROWS)], dim=1)
        estimates = products.mul_(-2).add_(self.squares)
        estimates[:, without.start : without.stop] = torch.inf
        error = rounding(queries.shape[1]) * (centred.norm(dim=1) + self.squares.max().sqrt()).square()
        limits = estimates.topk(neighbours, largest=False).values[:, -1] + 2 * error
        places, indices = (estimates <= limits[:, None]).nonzero(as_tuple=True)
        pairs = zip(places.split(PAIRS), indices.split(PAIRS), strict=True)
        distances = torch.cat([(queries[a].double() - self.rows[b]).square().sum(dim=1) for a, b in pairs])
        return lowest(distances, places, indices, neighbours)


def lowest(distances: Tensor, places: Tensor, indices: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(q, count) float32 and indices, of candidates in the order of queries and indices; each query has enough."""
    order = distances.argsort(stable=True)
    order = order[places[order].argsort(stable=True)]
    candidates = places.bincount()
    begins = candidates.cumsum(0) - candidates
    chosen = order[begins[:, None] + torch.arange(count, device=places.device)]
    return distances[chosen].float(), indices[chosen]
