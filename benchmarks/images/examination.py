"""Decode every image and mask once, to know before training what can be used and what is suspicious."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks.images.decoding import decode
from benchmarks.images.files import ImageError
from benchmarks.images.masks import read_mask
from benchmarks.images.reading import AS_STORED, Reading
from datasets import Sample

THREADS = 8
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
    losses: frozenset[str] = frozenset()
    """See `Decoded.losses`."""
    mask_reasons: frozenset[str] = frozenset()
    """What was done to the masks, or is suspicious: keys of `losses.MASKS`."""


def examine(samples: Sequence[Sample], reading: Reading = AS_STORED) -> Iterator[Examination | ImageError]:
    """Decode every image and mask once, several at a time. Yields one answer for each sample, in order."""
    with ThreadPoolExecutor(THREADS) as pool:  # Pillow decodes without the interpreter's lock
        yield from pool.map(lambda sample: _examine(sample, reading), samples)


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
        shape = decoded.pixels.shape[-3:-1]
        mask = read_mask(sample.masks, shape, reading)
    except ImageError as error:
        return error
    whole = repr(decoded.pixels.shape[:-1]).encode()
    digest = hashlib.blake2b(decoded.pixels.tobytes(), digest_size=16, key=whole).digest()
    has_mask = bool(sample.masks) and mask.defect is not None
    defect_px = int(mask.defect.sum()) if has_mask else None
    reasons = set(mask.reasons)
    is_turned = "turned" in decoded.losses
    if sample.masks and is_turned and not reasons & {"turned itself", "sideways"}:
        reasons.add("unturned")
    if "sideways" in reasons and not is_turned:
        reasons = reasons - {"sideways"} | {"misfit"}
    if has_mask and defect_px > COVERING * mask.defect.size:
        reasons.add("covering")
    return Examination(shape, digest, defect_px, decoded.highest_16_bit, decoded.losses, frozenset(reasons))
