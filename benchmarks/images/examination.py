"""Decode every image and mask once, to know before training what can be used and what is suspicious."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from benchmarks.images.decoding import decode, image_size, pixel_count
from benchmarks.images.files import ImageError
from benchmarks.images.masks import Mask, read_mask
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.regions import read_ignored
from benchmarks.likeness import appearance
from benchmarks.likeness.appearance import Appearance
from benchmarks.likeness.thumbnail import thumbnail
from datasets import Sample

THREADS = 8
AT_ONCE_PX = 100_000_000
"""The most pixels that are decoded at once, as long as more than one image is."""
COVERING = 0.5
"""A mask that covers more than this share of its image is probably inverted."""


class Examination(NamedTuple):
    """What is learned from decoding a sample's image and masks once."""

    shape: tuple[int, int]
    """Height and width of the image, pixels."""
    digest: bytes
    """Digest of the decoded pixels. It is the same for the same picture in another lossless format."""
    defect_px: int | None
    """Number of defect pixels in the masks; None: there is no mask, or it does not fit."""
    highest_16_bit: int | None
    """See `Decoded.highest_16_bit`."""
    losses: frozenset[str]
    """See `Decoded.losses`."""
    appearance: Appearance
    """How the decoded image looks, with every page its first one."""
    thumbnail: bytes
    """See `likeness.thumbnail`."""
    mask_reasons: frozenset[str] = frozenset()
    """What was done to the masks, or is suspicious: keys of `losses.MASKS`."""
    ignored_px: int = 0
    """Number of pixels that do not count."""
    ignored_defect_px: int = 0
    """Number of defect pixels among them."""


Answer = Examination | ImageError
Look = Callable[[Sample, np.ndarray], None]
"""Gets a sample and its decoded image, (height, width, 3) uint8, of several pages the first."""


def _no_look(sample: Sample, image: np.ndarray) -> None:
    """Look no further."""


def examine(samples: Sequence[Sample], reading: Reading = AS_STORED, *, look: Look = _no_look) -> Iterator[Answer]:
    """Decode every image and mask once, several at a time. Yields one answer for each sample, in order.

    `look` is called in several threads with each image that can be used, so that it need not be decoded again.
    """
    with ThreadPoolExecutor(_at_once(samples, reading)) as pool:  # Pillow decodes without the interpreter's lock
        yield from pool.map(lambda sample: _examine(sample, reading, look), samples)


def _at_once(samples: Sequence[Sample], reading: Reading) -> int:
    """How many images are decoded at once: fewer where they are large, so that the memory suffices."""
    largest = max((pixels_of(sample, reading) for sample in samples), default=0)
    return max(1, min(THREADS, AT_ONCE_PX // max(1, largest)))


def pixels_of(sample: Sample, reading: Reading) -> int:
    """Number of pixels of a sample's image, from its header; 0 if that cannot be read, which decoding will say."""
    try:
        return pixel_count(sample.image, reading)
    except ImageError:
        return 0


def shapes_of(samples: Sequence[Sample], reading: Reading) -> dict[Sample, tuple[int, int]]:
    """Height and width of each image, from its header. One that cannot be read is left out: decoding says why."""

    def shape(sample: Sample) -> tuple[int, int] | None:
        try:
            return image_size(sample.image, reading)
        except ImageError:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        found = zip(samples, pool.map(shape, samples), strict=True)
        return {sample: shape for sample, shape in found if shape}


def verify(samples: Sequence[Sample], reading: Reading = AS_STORED) -> list[Examination]:
    """Examine every sample, to find unusable images before training.

    Raises ImageError, which names the first unusable image and the number of others.
    """
    answers = of_even_pages(samples, list(examine(samples, reading)))
    errors = [answer for answer in answers if isinstance(answer, ImageError)]
    if len(errors) > 1:
        raise ImageError(f"{errors[0]} (and {len(errors) - 1} more of the {len(samples)} images cannot be used)")
    if errors:
        raise errors[0]
    return answers


def of_even_pages(samples: Sequence[Sample], answers: Sequence[Answer]) -> list[Answer]:
    """The answers, with an error for each image that has another number of pages than most have."""
    pages = Counter(answer.appearance.pages for answer in answers if isinstance(answer, Examination))
    usual = max(pages, key=pages.__getitem__, default=1)
    return [
        _uneven(sample, answer.appearance.pages, usual)
        if isinstance(answer, Examination) and answer.appearance.pages != usual
        else answer
        for sample, answer in zip(samples, answers, strict=True)
    ]


def _uneven(sample: Sample, pages: int, usual: int) -> ImageError:
    return ImageError(
        f"{sample.image} has {pages} page{'s' * (pages > 1)}, and most other images of {sample.category} have {usual}, "
        "but --page all needs as many in every file: mend or remove it, or choose a page with --page N"
    )


def _examine(sample: Sample, reading: Reading, look: Look) -> Answer:
    try:
        decoded = decode(sample.image, reading)
        size = decoded.pixels.shape[-3:-1]
        mask = read_mask(sample.masks, size, reading)
        ignored = read_ignored(sample.ignored, sample.image, size, reading) if sample.ignored else np.zeros((), bool)
    except ImageError as error:
        return error
    shape, page = decoded.pixels.shape[:-1], decoded.pixels[0] if reading.every_page else decoded.pixels
    look(sample, page)
    has_mask = bool(sample.masks) and mask.defect is not None
    return Examination(
        shape=page.shape[:2],
        digest=hashlib.blake2b(decoded.pixels, digest_size=16, key=repr(shape).encode()).digest(),
        defect_px=int(mask.defect.sum()) if has_mask else None,
        highest_16_bit=decoded.highest_16_bit,
        losses=decoded.losses,
        appearance=appearance.of(decoded.pixels),
        thumbnail=thumbnail(page),
        mask_reasons=_mask_reasons(mask, is_turned="turned" in decoded.losses) if sample.masks else frozenset(),
        ignored_px=int(ignored.sum()),
        ignored_defect_px=int((mask.defect & ignored).sum()) if has_mask else 0,
    )


def _mask_reasons(mask: Mask, *, is_turned: bool) -> frozenset[str]:
    """What is to be said of a mask, knowing whether EXIF data turned its image."""
    reasons = set(mask.reasons)
    if is_turned and not reasons & {"turned itself", "sideways"}:
        reasons.add("unturned")
    if "sideways" in reasons and not is_turned:
        reasons = reasons - {"sideways"} | {"transposed"}
    if mask.defect is not None and mask.defect.mean() > COVERING:
        reasons.add("covering")
    return frozenset(reasons)
