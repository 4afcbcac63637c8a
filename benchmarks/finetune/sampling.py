"""Which of the images are drawn to choose an area, and what is made of them; all of it seeded."""

import random
from collections.abc import Sequence

import numpy as np

from benchmarks.images import read_image
from datasets import Sample, blend_defect, defect_kinds
from methods import Image

TRAINING_IMAGES = 20
"""Where fewer are held out, so many training images choose and all that are held out set the threshold."""
BLENDED = 60
"""About so many defects are blended, each kind equally often."""


class Blended(Sequence):
    """Normal images with defects blended in, each the same on every access; each kind `rounds` times an image."""

    def __init__(self, samples: Sequence[Sample], seed: int):
        self.samples, self.seed = samples, seed
        kinds = defect_kinds()
        rounds = max(1, round(BLENDED / (len(kinds) * len(samples))))
        self.made = [
            (index, kind, number) for index in range(len(samples)) for kind in kinds for number in range(rounds)
        ]

    @property
    def sources(self) -> np.ndarray:
        """For each image the index of the normal one it was made of."""
        return np.array([index for index, _, _ in self.made])

    def __len__(self) -> int:
        return len(self.made)

    def __getitem__(self, index: int) -> Image:
        source, kind, number = self.made[index]
        generator = np.random.default_rng([self.seed, source, number, *kind.encode()])
        return blend_defect(read_image(self.samples[source].image), kind, generator)[0]


def halves(count: int, seed: int) -> tuple[list[int], list[int]]:
    """Indices 0 to count - 1, divided at random: the first half, smaller by one for an odd count, and the second."""
    order = list(range(count))
    random.Random(f"halves {seed}").shuffle(order)
    return sorted(order[: count // 2]), sorted(order[count // 2 :])


def some(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """At most so many of the samples, drawn at random, in order."""
    chosen = random.Random(f"some {seed}").sample(range(len(samples)), min(count, len(samples)))
    return [samples[index] for index in sorted(chosen)]


def stratified(samples: Sequence[Sample], share: float, seed: int) -> list[int]:
    """Indices of a share of the samples, drawn at random from each defect type and the normal ones: one at least."""
    by_defect: dict[str | None, list[int]] = {}
    for index, sample in enumerate(samples):
        by_defect.setdefault(sample.defect, []).append(index)
    generator = random.Random(f"stratified {seed}")
    return sorted(
        index
        for members in by_defect.values()
        for index in generator.sample(members, max(1, round(share * len(members))))
    )
