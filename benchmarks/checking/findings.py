"""Find what can be known about a dataset before training: errors, warnings and notes."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.checking import layouts, unread
from benchmarks.checking.looks import LOOKS, Level, Seen
from benchmarks.images import examine, of_even_pages
from benchmarks.images.examination import Answer
from benchmarks.likeness.changing import Pictures
from benchmarks.naming import counted
from benchmarks.source import Source
from datasets import DataError, Sample, readable, relative_name
from reports.rows import natural

EVERY_CATEGORY = "every category"
"""Category of a finding that concerns the whole dataset."""
Advance = Callable[[int, int], None]


class Finding(NamedTuple):
    """One thing to know about a category, or about `EVERY_CATEGORY`."""

    level: Level
    category: str
    message: str


def find(
    source: Source, categories: list[str] | None = None, *, advance: Advance = lambda done, of: None
) -> Iterator[Finding]:
    """Yield the findings in `categories`, or in all. `advance` gets the number of decoded images and that of all.

    A category that cannot be read gives a finding of level error, and the others are still checked.
    Raises DataError if there is no category at all, UsageError for an unknown one.
    """
    dataset, root = source.dataset, source.root
    yield from (Finding("note", EVERY_CATEGORY, remark) for remark in dataset.remarks)
    if not categories and layouts.is_wanted(source) and (hint := layouts.hint(source)):
        yield Finding("note", EVERY_CATEGORY, hint)
    known = source.categories()
    for folder in source.results_inside():
        yield Finding("note", EVERY_CATEGORY, f"{folder} holds results, so it is no category: it is left out")
    absent = [name for name in dataset.counts if name not in known]
    if not categories and 0 < len(absent) < len(dataset.counts):
        yield Finding("note", EVERY_CATEGORY, f"published but not in {root}: {', '.join(absent)}")
    if not categories and (outside := unread.outside(source)):
        names = counted([readable(relative_name(path, source.base)) for path in outside])
        yield Finding("warning", EVERY_CATEGORY, f"images that belong to no category, in: {names}; nothing reads them")
    listed = {name: _listed(source, name) for name in sorted(source.chosen(categories or ()), key=natural)}
    tick = _ticker(advance, sum(len(samples) for samples in listed.values() if isinstance(samples, list)))
    for name, samples in listed.items():
        if isinstance(samples, DataError):
            yield Finding("error", name, str(samples))
            continue
        pictures = Pictures(samples)
        answers = [tick(answer) for answer in examine(samples, source.reading, look=pictures.add)]
        seen = Seen(source, name, samples, of_even_pages(samples, answers), pictures)
        yield from (Finding(level, name, message) for look in LOOKS for level, message in look(seen))


def _listed(source: Source, name: str) -> list[Sample] | DataError:
    try:
        return source.samples(name)
    except DataError as error:
        return error


def _ticker(advance: Advance, of: int) -> Callable[[Answer], Answer]:
    done = 0

    def tick(answer: Answer) -> Answer:
        nonlocal done
        done += 1
        advance(done, of)
        return answer

    return tick
