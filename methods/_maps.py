"""Image scores from anomaly maps."""

import numpy as np


def top_mean(map: np.ndarray, share: float) -> float:
    """The mean of the given share of highest pixels, summed in float64.

    Their number is rounded to the nearest whole number (halves to the even one) and is at least one.
    """
    count = max(1, round(share * map.size))
    return float(np.partition(map, -count, axis=None)[-count:].mean(dtype=np.float64))
