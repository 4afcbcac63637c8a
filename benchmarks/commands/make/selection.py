"""Of the pictures of a category, those to keep: no two of one thing, and the closest to the representative ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.commands.make import closeness
from benchmarks.commands.make.fetched import Candidate
from benchmarks.images import examine
from benchmarks.likeness.duplicates import near_duplicates
from datasets import Sample
from methods import Method

KEPT, NOT_KEPT = "normal", "not_kept"
"""Folders of a category."""


@dataclass(frozen=True)
class Chosen:
    """A picture, with what became of it."""

    candidate: Candidate
    folder: str
    why: str
    distance: float | None = None
    """To the nearest representative picture; None: there is none, or it was not asked."""
    is_double: bool = False
    """Whether it shows what another one shows."""


def select(candidates: Sequence[Candidate], method: Method | None, keep: int) -> list[Chosen]:
    """All pictures of a category: those to keep, closest first, then the others, then near-duplicates.

    Without a method they keep their order.
    """
    twins = _twins(candidates)
    single = [each for index, each in enumerate(candidates) if index not in twins]
    distances = closeness.distances(method, [each.file for each in single]) if method else [None] * len(single)
    order = sorted(range(len(single)), key=lambda index: distances[index] or 0.0)
    why = "farther from the representative pictures" if method else "beyond the number to keep"
    ranked = [
        Chosen(single[index], *((KEPT, "") if rank < keep else (NOT_KEPT, why)), distances[index])
        for rank, index in enumerate(order)
    ]
    double = [
        Chosen(candidates[index], NOT_KEPT, f"near-duplicate of {candidates[other].link.url}", is_double=True)
        for index, other in sorted(twins.items())
    ]
    return ranked + double


def _twins(candidates: Sequence[Candidate]) -> dict[int, int]:
    """The picture before it that each copy or near-duplicate shows once more, by their numbers."""
    seen = list(examine([Sample(each.file, "", "train") for each in candidates]))
    first: dict[bytes, int] = {}
    twins = {}
    for index, examination in enumerate(seen):
        if (other := first.setdefault(examination.digest, index)) != index:
            twins[index] = other
    for one, other in near_duplicates([examination.thumbnail for examination in seen]).pairs:
        if one not in twins and other not in twins:
            twins[other] = one
    return twins
