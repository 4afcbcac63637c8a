"""PatchCore's coreset as published, to compare ours with. Facts: github.com/amazon-science/patchcore-inspection."""

import torch
from torch import Tensor


def distances(a: Tensor, b: Tensor) -> Tensor:
    """(n, m) distances of points (n, dims) and (m, dims); the squares of both are computed anew at every call."""
    squares = [side.unsqueeze(1).bmm(side.unsqueeze(2)).reshape(-1) for side in (a, b)]
    return (squares[0][:, None] + squares[1] - 2 * a @ b.T).clamp(min=0).sqrt()


def picks(points: Tensor, count: int, starts: Tensor) -> list[int]:
    """The loop: the farthest point, then the distances of all points to it."""
    nearest, found = distances(points, points[starts]).mean(dim=1, keepdim=True), []
    for _ in range(count):
        found.append(int(nearest.argmax()))
        to_pick = distances(points, points[found[-1]][None])
        nearest = torch.cat([nearest, to_pick], dim=1).min(dim=1, keepdim=True).values
    return found
