"""Results that stand beside each other in a report and were not made from the same data.

Pure functions of the rows of a report; `verdict_rows` makes verdicts of what they say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from reports.printable import printable
from reports.rows import Row

CATEGORY = ("dataset", "category")
"""Columns that results on one category share."""
SAME_IMAGES = (*CATEGORY, "contents", "ignore")
"""Columns that results share which are on the same images, under one name of what they ignore."""


def told(by_method: Mapping[tuple, Sequence[Row]]) -> dict[tuple, list[tuple[str, str, str]]]:
    """Verdicts on the jobs of each method on a category: kind, text and advice, as in `verdict_rows.verdicts`.

    A result of before a digest was stored makes no difference, as nobody knows it.
    """
    rows = list(chain.from_iterable(by_method.values()))
    images = _differing(rows, "contents", CATEGORY)
    regions = _differing(rows, "ignored", SAME_IMAGES)
    return {key: [*_other_images(jobs, images), *_other_regions(jobs, regions)] for key, jobs in by_method.items()}


def _differing(rows: Iterable[Row], digest: str, shared: Sequence[str]) -> set[tuple]:
    """The values of the shared columns under which there are several digests."""
    found = defaultdict(set)
    for row in rows:
        if row[digest]:
            found[_of(row, shared)].add(row[digest])
    return {values for values, digests in found.items() if len(digests) > 1}


def _of(row: Row, columns: Sequence[str]) -> tuple:
    return tuple(row[column] for column in columns)


def _other_images(jobs: Sequence[Row], differing: set[tuple]) -> Iterator[tuple[str, str, str]]:
    if _of(jobs[0], CATEGORY) in differing:
        yield (
            "other_images",
            "stands beside results on other images of this category, or with other masks, labels or groups: their "
            "numbers do not compare",
            "run all methods and seeds again: only results on older data are repeated",
        )


def _other_regions(jobs: Sequence[Row], differing: set[tuple]) -> Iterator[tuple[str, str, str]]:
    """On other images, the masks of each image may differ with them, and `other_images` says so."""
    if any(_of(job, SAME_IMAGES) in differing for job in jobs):
        place = jobs[0]["ignore"]  # the same of every seed
        by_option = f"that ignore other regions under the same --ignore {printable(place or '')}"
        by_data = "for which the data named other regions to ignore"
        yield (
            "other_regions",
            f"stands beside results {by_option if place else by_data}: their numbers do not compare",
            "run all methods and seeds again: only results with older masks are repeated",
        )
