"""The score of an image from the distances of its patches."""

import torch
from torch import Tensor

from methods.patchcore.memory import Memory


def reweighted(patch: Tensor, memory: Memory, *, around: int, without: range) -> float:
    """Equation 7: the distance of the most anomalous patch (dims,) to its nearest in the memory, weighted.

    The weight is 1 - softmax of the patch's distances to the `around` memory patches nearest to that one, which is one
    of them itself. It is 1 - 1 / `around` where the patch is as far from all of them. It is near 1 where the others are
    far off: then the nearest one is rare itself.
    """
    squares, nearest = memory.nearest(patch[None], 1, without=without)
    _, neighbourhood = memory.nearest(memory.rows[nearest[0]], around, without=without)
    distances = (memory.rows[neighbourhood[0]] - patch).norm(dim=1)
    distance = squares[0, 0].sqrt()
    weight = 1 - torch.exp(distance - torch.logsumexp(distances, dim=0))
    return float(weight * distance)
