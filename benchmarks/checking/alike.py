"""Near-duplicates between the parts of a category, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.images import Examination
from benchmarks.likeness.duplicates import near_duplicates
from benchmarks.naming import named
from datasets import Sample, relative_name

WHAT = "copies, overlapping crops, frames of one film or exposures of one part"
IN_SEQUENCE = "the training images lie in the order of a sequence: neighbours by name are far more alike than others"
TOGETHER = "--groups PATTERN keeps images of one origin together"


class Alike:
    """Which samples of a category are near-duplicates, not counting identical ones."""

    def __init__(self, samples: Sequence[Sample], examined: Sequence[Examination], base: Path):
        self.base = base
        self.mates: dict[Sample, set[Sample]] = defaultdict(set)
        pairs, compared = near_duplicates([seen.thumbnail for seen in examined])
        self.among = f" (only {compared} of the {len(samples)} images were compared)" if compared < len(samples) else ""
        for one, other in pairs:
            if examined[one].digest != examined[other].digest:
                self.mates[samples[one]].add(samples[other])
                self.mates[samples[other]].add(samples[one])

    def beside(self, samples: Iterable[Sample], others: Iterable[Sample]) -> list[Sample]:
        """The samples that are near-duplicates of some of the others."""
        others = set(others)
        return [sample for sample in samples if not self._mates(sample).isdisjoint(others)]

    def train(self, train: Sequence[Sample]) -> str | None:
        """A sentence on training images that may be held out beside a twin; None where there are none.

        A twin of the same group stays on the same side.
        """
        others = set(train)
        found = [each for each in train if any(not _of_one_group(each, mate) for mate in self._mates(each) & others)]
        then = f"{TOGETHER} when some are held out"
        return self._sentence(found, len(train), kind="training", of="other training images", then=then)

    def calibration(self, held_out: Sequence[Sample], fit: Sequence[Sample]) -> str | None:
        """A sentence on held-out images; None where there are no near-duplicates."""
        then = f"their scores are too low, and so may the threshold be; {TOGETHER}"
        return self._of_training(held_out, fit, kind="held-out", then=then)

    def validation(self, validation: Sequence[Sample], train: Sequence[Sample]) -> str | None:
        """A sentence on validation images; None where there are no near-duplicates."""
        then = "their scores are too low, and so may the threshold be; validate on images of another origin"
        return self._of_training(validation, train, kind="validation", then=then)

    def test(self, test: Sequence[Sample], train: Sequence[Sample]) -> str | None:
        """A sentence on test images; None where there are no near-duplicates."""
        then = "images of another origin may be judged worse; test on such images"
        return self._of_training(test, train, kind="test", then=then)

    def _mates(self, sample: Sample) -> set[Sample]:
        return self.mates.get(sample, set())

    def _of_training(self, samples: Sequence[Sample], train: Sequence[Sample], *, kind: str, then: str) -> str | None:
        found = self.beside(samples, train)
        return self._sentence(found, len(samples), kind=kind, of="training images", then=then)

    def _sentence(self, found: Sequence[Sample], among: int, *, kind: str, of: str, then: str) -> str | None:
        names = [relative_name(sample.image, self.base) for sample in found]
        if not names:
            return None
        shows = "image is a near-duplicate" if among == 1 else "images are near-duplicates"
        return f"{len(names)} of {among} {kind} {shows} of {of} ({WHAT}){self.among}: {named(names)}: {then}"


def _of_one_group(sample: Sample, other: Sample) -> bool:
    return bool(sample.group) and sample.group == other.group
