"""What is said of regions that do not count: by `check`, and in the remarks of a result."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.images import Examination
from benchmarks.images.losses import Level
from benchmarks.naming import counted
from datasets import Sample, readable, relative_name

Both = Sequence[tuple[Sample, Examination]]
"""Samples, each with what decoding it has shown."""


def findings(both: Both, base: Path) -> Iterator[tuple[Level, str]]:
    """Sentences on the regions of a category that do not count, each with its level; none where all counts."""
    with_masks = [(sample, seen) for sample, seen in both if sample.ignored]
    if not with_masks:
        return
    yield "note", _what(with_masks, base) + _of_how_many(len(with_masks), len(both)) + f": {_filling(both)}"
    hidden = [sample for sample, seen in with_masks if seen.defect_px and seen.ignored_defect_px == seen.defect_px]
    partly = [sample for sample, seen in with_masks if 0 < seen.ignored_defect_px < (seen.defect_px or 0)]
    if hidden:
        yield (
            "warning",
            f"images whose defects lie wholly in ignored regions, so that nothing shows them: {_names(hidden, base)}",
        )
    if partly:
        yield "note", f"images whose defects lie partly in ignored regions, which cut them: {_names(partly, base)}"


def _what(with_masks: Both, base: Path) -> str:
    masks = sorted({sample.ignored for sample, _ in with_masks})
    shares = [seen.ignored_px / (seen.shape[0] * seen.shape[1]) for _, seen in with_masks]
    low, high = f"{min(shares):.1%}", f"{max(shares):.1%}"
    which = readable(relative_name(masks[0], base)) if len(masks) == 1 else f"{len(masks)} masks"
    return f"ignored regions ({which}): {low if low == high else f'{low} to {high}'} of an image does not count"


def _of_how_many(masked: int, images: int) -> str:
    return f" in {masked} of {images} images" if masked < images else ""


def _filling(both: Both) -> str:
    sizes = {seen.shape for sample, seen in both if sample.split == "train"}
    resized = ", resized to each image as their sizes differ" if len(sizes) > 1 else ""
    return f"methods see the mean of the training images there{resized}, and anomaly maps leave it out"


def _names(samples: Iterable[Sample], base: Path) -> str:
    return counted([readable(relative_name(sample.image, base)) for sample in samples])
