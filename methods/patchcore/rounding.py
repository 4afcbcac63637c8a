"""How far matrix products in float32 may be wrong, and a mean that is summed in float64."""

import torch
from torch import Tensor

BLOCK = 8192
"""Rows that are copied in float64 at once."""


def rounding(terms: int) -> float:
    """Largest error of a float32 product of two vectors, as a share of the product of their norms.

    Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1: sums in any order err by at most about
    the number of terms times the unit roundoff. Where PyTorch may round factors to TF32 or bfloat16, that is added.
    """
    factors = 0.0 if torch.get_float32_matmul_precision() == "highest" else 2.0**-7
    return (terms + 16) * 2.0**-24 + factors


def mean(rows: Tensor) -> Tensor:
    """(dims,) float32: the mean of rows (n, dims), summed in float64.

    One sum takes all blocks: `rows.mean(dtype=float64)` copies all rows, to twice their size, and in a list of sums
    each would lie between two large blocks and keep the room of the first from reuse.
    """
    total = torch.zeros(rows.shape[1], dtype=torch.float64, device=rows.device)
    for block in rows.split(BLOCK):
        total += block.sum(dim=0, dtype=torch.float64)
    return (total / len(rows)).float()
