"""Decode every image and mask once, to know before training what can be used and what is suspicious."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks import appearance
from benchmarks.appearance import Appearance
from benchmarks.images.decoding import decode, image_size
from benchmarks.images.files import ImageError
from benchmarks.images.masks import Mask, read_mask
from benchmarks.images.reading import AS_STORED, Reading
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
    pages: int = 1
    """Number of pages seen: 1, or with every page those of the file."""


Answer = Examination | ImageError


def examine(samples: Sequence[Sample], reading: Reading = AS_STORED) -> Iterator[Answer]:
    """Decode every image and mask once, several at a time. Yields one answer for each sample, in order."""
    with ThreadPoolExecutor(_at_once(samples, reading)) as pool:  # Pillow decodes without the interpreter's lock
        answers = pool.map(lambda sample: _examine(sample, reading), samples)
        yield from _of_as_many_pages(samples, answers)


def _of_as_many_pages(samples: Sequence[Sample], answers: Iterable[Answer]) -> Iterator[Answer]:
    """The answers; where a file has another number of pages than the first one, an error in its place."""
    first: tuple[Sample, int] | None = None
    for sample, answer in zip(samples, answers, strict=True):
        if isinstance(answer, Examination):
            first = first or (sample, answer.pages)
            if answer.pages != first[1]:
                answer = ImageError(
                    f"{sample.image} has another number of pages than {first[0].image} ({answer.pages}, not "
                    f"{first[1]}), and --page all needs one number: choose a page with --page N"
                )
        yield answer


def _at_once(samples: Sequence[Sample], reading: Reading) -> int:
    """How many images are decoded at once: fewer where they are large, so that the memory suffices."""
    largest = max((_pixels(sample, reading) for sample in samples), default=0)
    return max(1, min(THREADS, AT_ONCE_PX // max(1, largest)))


def _pixels(sample: Sample, reading: Reading) -> int:
    try:
        height, width = image_size(sample.image, reading)
    except ImageError:
        return 0  # it is said when the image is decoded
    return height * width


def verify(samples: Sequence[Sample], reading: Reading = AS_STORED) -> list[Examination]:
    """Examine every sample, to find unusable images before training.

    Raises ImageError, which names the first unusable image and the number of others.
    """
    answers = list(examine(samples, reading))
    errors = [answer for answer in answers if isinstance(answer, ImageError)]
    if len(errors) > 1:
        raise ImageError(f"{errors[0]} (and {len(errors) - 1} more of the {len(samples)} images cannot be used)")
    if errors:
        raise errors[0]
    return answers


def _examine(sample: Sample, reading: Reading) -> Examination | ImageError:
    try:
        decoded = decode(sample.image, reading)
        mask = read_mask(sample.masks, decoded.pixels.shape[-3:-1], reading)
    except ImageError as error:
        return error
    shape, page = decoded.pixels.shape[:-1], decoded.pixels[0] if reading.every_page else decoded.pixels
    has_mask = bool(sample.masks) and mask.defect is not None
    return Examination(
        shape=page.shape[:2],
        digest=hashlib.blake2b(decoded.pixels, digest_size=16, key=repr(shape).encode()).digest(),
        defect_px=int(mask.defect.sum()) if has_mask else None,
        highest_16_bit=decoded.highest_16_bit,
        losses=decoded.losses,
        appearance=appearance.of(page),
        thumbnail=thumbnail(page),
        pages=len(decoded.pixels) if reading.every_page else 1,
        mask_reasons=_mask_reasons(mask, is_turned="turned" in decoded.losses) if sample.masks else frozenset(),
    )


def _mask_reasons(mask: Mask, *, is_turned: bool) -> frozenset[str]:
    """What is to be said of a mask, knowing whether EXIF data turned its image."""
    reasons = set(mask.reasons)
    if is_turned and not reasons & {"turned itself", "sideways"}:
        reasons.add("unturned")
    if "sideways" in reasons and not is_turned:
        reasons = reasons - {"sideways"} | {"misfit"}
    if mask.defect is not None and mask.defect.mean() > COVERING:
        reasons.add("covering")
    return frozenset(reasons)
