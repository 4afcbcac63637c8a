"""What is made of an anomaly map."""

import numpy as np


def top_mean(map: np.ndarray, share: float) -> float:
    """The mean of the highest pixels, summed in float64.

    Their number is that share of all, rounded to the nearest whole number (a half to the even one), and one at least.
    """
    count = max(1, round(share * map.size))
    return float(np.partition(map, -count, axis=None)[-count:].mean(dtype=np.float64))
