"""Videos: how large, how long, and their frames as pictures. FFmpeg decodes them, which PyAV brings along."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datasets import DataError
from datasets.making.extras import library

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Film:
    """A video, as it is shown."""

    file: Path
    width: int
    height: int
    frames: int
    """The number of coded frames; a decoder may give a few less."""
    turned: bool
    """Whether frames are turned as the file says."""


class Frame(NamedTuple):
    """A frame; frames are counted as they are shown, from 0. Their times may be at any distance."""

    index: int
    seconds: float | None
    picture: "np.ndarray | None"
    """(h, w, 3) uint8; None where it was not asked for."""


def probe(file: Path, *, turn: bool) -> Film:
    """Look at a video. Its frames will be turned as the file says, or not. Raises DataError where it is none."""
    with _opened(file) as (container, stream):
        first = next(container.decode(stream), None)
        if first is None:
            raise DataError(f"{file} has no frame")
        width, height = first.width, first.height
        if turn and _quarters(first, file) % 2:
            width, height = height, width
    with _opened(file) as (container, stream):
        count = sum(1 for packet in container.demux(stream) if packet.size)
    return Film(file, width, height, count, turn)


def frames(film: Film, wanted: Container[int]) -> Iterator[Frame]:
    """All frames in the order in which they are shown, with the pictures of those wanted.

    Raises DataError where a frame cannot be decoded, or has another size than the first.
    """
    with _opened(film.file) as (container, stream):
        stream.thread_type = "AUTO"
        for index, frame in enumerate(container.decode(stream)):
            yield Frame(index, frame.time, _picture(frame, film, index) if index in wanted else None)


def _picture(frame: Any, film: Film, index: int) -> "np.ndarray":
    import numpy as np

    picture = frame.to_ndarray(format="rgb24")
    if film.turned:
        picture = np.rot90(picture, _quarters(frame, film.file))
    if picture.shape[:2] != (film.height, film.width):
        height, width = picture.shape[:2]
        raise DataError(f"{film.file}: frame {index} is {width}x{height}, the first one {film.width}x{film.height}")
    return picture


def _quarters(frame: Any, file: Path) -> int:
    """Quarter turns, counter-clockwise, that the file asks for."""
    if frame.rotation % 90:
        raise DataError(f"{file} asks for a turn by {frame.rotation} degrees: only quarter turns can be made")
    return frame.rotation // 90 % 4


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Any, Any]]:
    av = library("av", extra="video", wanted_for="make video")
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise DataError(f"{file} has no video in it")
            yield container, container.streams.video[0]
    except (av.FFmpegError, OSError) as error:
        raise DataError(f"{file} cannot be decoded: {error.strerror or error}") from None
