"""Results that stand beside each other in a report and were not made from the same data.

Pure functions of the rows of a report; `verdict_rows` makes verdicts of what they say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from reports.rows import Row

CATEGORY = ("dataset", "category")
"""Columns that results on one category share."""


def told(by_method: Mapping[tuple, Sequence[Row]]) -> dict[tuple, list[tuple[str, str, str]]]:
    """Verdicts on the jobs of each method on a category: kind, text and advice, as in `verdict_rows.verdicts`.

    A result of before a digest was stored makes no difference, as nobody knows it.
    """
    rows = list(chain.from_iterable(by_method.values()))
    images = _differing(rows, "contents", CATEGORY)
    return {key: [*_other_images(jobs, images)] for key, jobs in by_method.items()}


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
