"""Draw the images that choose an area, and blend synthetic defects into them. All of it depends on the seed alone."""

import random
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.images import Images
from benchmarks.images.lazy import ignored_of, shape_of
from datasets import Sample, blend_defect, defect_kinds
from methods import Image

TRAINING_IMAGES = 20
"""Number of training images that choose the area if too few images are held out; these then all set the threshold."""
LEAST_SEEN = 0.5
"""Share of a blended defect's pixels that must count."""
MOST_DRAWS = 50
"""How often a defect is drawn again that would lie mostly where nothing counts."""
BLENDED = 60
"""Approximate number of blended defects. Each kind is blended equally often."""


class Blended(Sequence):
    """Normal images with synthetic defects blended in. An item is the same on every access.

    Every image is used equally often with every kind of defect.
    """

    def __init__(self, normal: Images, seed: int):
        self.normal, self.seed = normal, seed
        kinds = defect_kinds()
        rounds = max(1, round(BLENDED / (len(kinds) * len(normal))))
        self.made = [
            (index, kind, number) for index in range(len(normal)) for kind in kinds for number in range(rounds)
        ]

    @property
    def sources(self) -> np.ndarray:
        """For each image, the index of the normal image that it was made from."""
        return np.array([index for index, _, _ in self.made])

    def turns(self, places: Sequence[int], whole: Sequence[Image]) -> list["Turn"]:
        """These images in as many turns as each normal image is used, every one among the images of a whole set.

        `places` says where in the set each of the normal images stands.
        """
        used = len(self.made) // len(self.normal)
        items = [{place: index * used + turn for index, place in enumerate(places)} for turn in range(used)]
        return [Turn(whole, self, instead) for instead in items]

    def __len__(self) -> int:
        return len(self.made)

    def __getitem__(self, index: int) -> Image:
        source, kind, number = self.made[index]
        image, drawn = self.normal[source], [self.seed, source, number, *kind.encode()]
        pages = image if image.ndim == 4 else [image]  # the same defect on every page of a part
        drawn = _seen(pages[0], kind, drawn, ignored_of(self.normal, source))
        blended = [blend_defect(page, kind, np.random.default_rng(drawn))[0] for page in pages]
        return np.stack(blended) if image.ndim == 4 else blended[0]

    def ignored(self, index: int) -> np.ndarray | None:
        """Which pixels of an image do not count: those of the normal one."""
        return ignored_of(self.normal, self.made[index][0])

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of an image: those of the normal one."""
        return shape_of(self.normal, self.made[index][0])


def _seen(image: Image, kind: str, drawn: list[int], ignored: np.ndarray | None) -> list[int]:
    """The seed of a defect of which at least half counts or, after `MOST_DRAWS`, that of which the largest share does.

    The first is `drawn`, which is also that where every pixel counts.
    """
    if ignored is None:
        return drawn
    best, most = drawn, -1.0
    for seed in (drawn, *([*drawn, attempt] for attempt in range(MOST_DRAWS))):
        defect = blend_defect(image, kind, np.random.default_rng(seed))[1]
        share = float((defect & ~ignored).sum() / defect.sum())
        if share > most:
            best, most = seed, share
        if most >= LEAST_SEEN:
            break
    return best


class Turn(Sequence):
    """The images of a whole set, some of them with defects blended in; `instead` has their items of `blended`."""

    def __init__(self, whole: Sequence[Image], blended: Blended, instead: Mapping[int, int]):
        self.whole, self.blended, self.instead = whole, blended, instead

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: int) -> Image:
        return self.blended[self.instead[index]] if index in self.instead else self.whole[index]

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of an image, with a defect or without."""
        return shape_of(self.whole, index)

    def ignored(self, index: int) -> np.ndarray | None:
        """Which pixels of an image do not count, with a defect or without."""
        return ignored_of(self.whole, index)


def halves(count: int, seed: int) -> tuple[list[int], list[int]]:
    """Divide the indices 0 to count - 1 at random into two halves. For an odd count, the first is smaller by one."""
    order = list(range(count))
    random.Random(f"halves {seed}").shuffle(order)
    return sorted(order[: count // 2]), sorted(order[count // 2 :])


def some(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """At most `count` of the samples, drawn at random, in their original order."""
    chosen = random.Random(f"some {seed}").sample(range(len(samples)), min(count, len(samples)))
    return [samples[index] for index in sorted(chosen)]


def stratified(samples: Sequence[Sample], share: float, seed: int) -> list[int]:
    """Indices of a share of the samples, drawn at random from each defect type and from the normal samples.

    At least one sample of each type is drawn. A sample of several types counts for each of them.
    """
    by_type: dict[str | None, list[int]] = {}
    for index, sample in enumerate(samples):
        for kind in sample.defect_types or (None,):
            by_type.setdefault(kind, []).append(index)
    generator = random.Random(f"stratified {seed}")
    drawn: set[int] = set()
    for members in by_type.values():
        left = [index for index in members if index not in drawn]
        wanted = max(1, round(share * len(members))) - (len(members) - len(left))
        drawn.update(generator.sample(left, max(0, wanted)))
    return sorted(drawn)
