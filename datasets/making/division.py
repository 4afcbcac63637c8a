"""Divide parts between training, validation and test: a part is in one of them, with all its images."""

import random
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from datasets import DataError

Split = Literal["train", "validation", "test"]
FEWEST_TO_TRAIN = 2
"""Parts: one sets the threshold for what is learned from the others."""


class Shares(NamedTuple):
    """Shares of the normal parts, which add up to 1. Defective parts are shared between the last two."""

    train: float
    validation: float
    test: float


def divide(parts: Mapping[str, bool], shares: Shares, *, seed: int) -> dict[str, Split]:
    """The split of each part, drawn by a seed; `parts` says for each name whether a defect was ever seen on it.

    Normal parts are in all three. Defective ones are never trained on, not even where they look normal. There is a
    validation split only if normal and defective parts are left for it. Raises DataError for fewer than 2 normal parts.
    """
    normal = _shuffled((name for name, defective in parts.items() if not defective), f"normal {seed}")
    defective = _shuffled((name for name, defective in parts.items() if defective), f"defective {seed}")
    if len(normal) < 2:
        raise DataError(
            f"{len(normal)} of {len(parts)} parts are never defective: at least 2 are needed, one to train on and one "
            "to test with"
        )
    later = shares.validation + shares.test
    test = max(1, round(len(normal) * shares.test))
    validation = min(round(len(normal) * shares.validation), len(normal) - test - FEWEST_TO_TRAIN)
    defective_validation = min(round(len(defective) * shares.validation / later), len(defective) - 1)
    if validation < 1 or defective_validation < 1:
        validation = defective_validation = 0
    test = min(test, max(1, len(normal) - validation - FEWEST_TO_TRAIN))
    train = len(normal) - validation - test
    return {
        **dict.fromkeys(normal[:train], "train"),
        **dict.fromkeys(normal[train : train + validation], "validation"),
        **dict.fromkeys(normal[train + validation :], "test"),
        **dict.fromkeys(defective[:defective_validation], "validation"),
        **dict.fromkeys(defective[defective_validation:], "test"),
    }


def _shuffled(names: Iterable[str], seed: str) -> list[str]:
    found = sorted(names)
    random.Random(seed).shuffle(found)
    return found
