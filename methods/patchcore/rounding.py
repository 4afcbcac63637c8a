"""How far matrix products in float32 may be wrong."""

import torch


def rounding(terms: int) -> float:
    """Largest error of a float32 product of two vectors, as a share of the product of their norms.

    Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1: sums in any order err by at most about
    the number of terms times the unit roundoff. Where PyTorch may round factors to TF32 or bfloat16, that is added.
    """
    factors = 0.0 if torch.get_float32_matmul_precision() == "highest" else 2.0**-7
    return (terms + 16) * 2.0**-24 + factors
