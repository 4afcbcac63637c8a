"""Count sorted scores above each of other sorted scores, in one walk through both."""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def add(scores: np.ndarray, levels: np.ndarray, above: np.ndarray, reaching: np.ndarray) -> None:
    """For each level, add the number of scores above it to `above`, and of at least its value to `reaching`.

    Scores and levels are sorted rows of one type, `above` and `reaching` rows of integers as long as the levels.
    """
    below, up_to = 0, 0
    for index in range(levels.size):
        level = levels[index]
        while below < scores.size and scores[below] < level:
            below += 1
        up_to = max(up_to, below)
        while up_to < scores.size and scores[up_to] <= level:
            up_to += 1
        reaching[index] += scores.size - below
        above[index] += scores.size - up_to
