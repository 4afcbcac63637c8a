"""Videos with their annotations, and all that is to be cut out of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from datasets import DataError
from datasets.making import cvat, film
from datasets.making.crops import Found, Rules, find
from datasets.making.cvat import Annotations
from datasets.making.film import Film
from datasets.making.pairs import Pair
from datasets.making.tracks import Meaning, meaning

if TYPE_CHECKING:
    import numpy as np


class Labels(NamedTuple):
    """Labels as they were given; no `objects`: the only label that means nothing else."""

    objects: Sequence[str]
    defects: Sequence[str]
    defective: Sequence[str]


class Picture(NamedTuple):
    """What is cut out of a frame."""

    index: int
    """Of the crop."""
    seconds: float | None
    """The time of the frame in the video."""
    pixels: "np.ndarray"
    """(h, w, 3) uint8."""


class Reel(NamedTuple):
    """A video with all that is to be cut out of it."""

    film: Film
    annotations: Annotations
    found: Found

    @property
    def last_frame(self) -> int:
        """The last frame that must be decoded, to cut it or to know that it is there."""
        return max([self.annotations.last_frame or 0, *(crop.frame for crop in self.found.crops)])

    def pictures(self, advance: Callable[[], None] = lambda: None) -> Iterator[Picture]:
        """The crops out of decoded frames, on which nothing was drawn. `advance` is called after each frame.

        Raises DataError where the video ends too early.
        """
        by_frame: dict[int, list[int]] = {}
        for index, crop in enumerate(self.found.crops):
            by_frame.setdefault(crop.frame, []).append(index)
        decoded = -1
        for decoded, seconds, frame in film.frames(self.film, by_frame):
            for index in by_frame.get(decoded, ()):
                rows, columns = self.found.crops[index].region.slices
                yield Picture(index, seconds, frame[rows, columns])
            advance()
            if decoded == self.last_frame:
                return
        raise DataError(
            f"{self.film.file} ends after {decoded + 1} frames, {self.annotations.file} goes on to frame "
            f"{self.last_frame}, so they do not belong together, or the video was cut"
        )


def read(pairs: Sequence[Pair], labels: Labels, rules: Rules, *, turn: bool) -> tuple[list[Reel], list[str]]:
    """All pairs, and what there is to say of them; no picture is cut out yet.

    Raises DataError where a video and its annotations disagree, or one of them cannot be read.
    """
    films = [film.probe(video, turn=turn) for video, _ in pairs]
    annotations = [cvat.read(file, frames=each.frames) for (_, file), each in zip(pairs, films, strict=True)]
    together = list(zip(films, annotations, strict=True))
    for seen, said in together:
        _require_agreement(seen, said)
    means = meaning(annotations, **labels._asdict())
    reels = [Reel(seen, said, find(said, seen, means, rules)) for seen, said in together]
    return reels, [*_unused(together), *_unread(annotations, means), *_left_out(reels)]


def _require_agreement(seen: Film, said: Annotations) -> None:
    here = (seen.width, seen.height)
    if said.size and said.size != here:
        hint = ", so they do not belong together"
        if said.size == here[::-1]:
            hint = f": try --rotation {'ignore' if seen.turned else 'apply'}"
        raise DataError(
            f"{seen.file} has frames of {seen.width}x{seen.height} pixels, {said.file} was drawn on "
            f"{said.size[0]}x{said.size[1]}{hint}"
        )
    if said.last_frame is not None and said.last_frame >= seen.frames:
        raise DataError(
            f"{seen.file} has {seen.frames} frames, {said.file} describes {said.last_frame + 1}, so they do not belong "
            "together, or the video was cut"
        )


def _unused(together: Iterable[tuple[Film, Annotations]]) -> Iterator[str]:
    for seen, said in together:
        if said.last_frame is not None and said.last_frame + 1 < seen.frames:
            described, there = said.last_frame + 1, seen.frames
            yield f"{said.file} describes {described} of {there} frames of {seen.file}: the rest is not used"


def _unread(annotations: Iterable[Annotations], means: Meaning) -> Iterator[str]:
    tracks = Counter(track.label for said in annotations for track in said.tracks)
    for label, count in sorted(tracks.items()):
        if label not in means.parts + means.defects:
            yield f"label {label!r} ({count} tracks) is neither of a part nor of a defect: not read"


def _left_out(reels: Iterable[Reel]) -> Iterator[str]:
    reasons: Counter[str] = Counter()
    for reel in reels:
        reasons += reel.found.left_out
        if homeless := reel.found.homeless:
            yield (
                f"{reel.annotations.file}: {len(homeless)} boxes of defects lie in no part and mark nothing, the first "
                f"of {homeless[0]}; --overlap says how much of a defect must lie in its part"
            )
    for reason, count in sorted(reasons.items()):
        yield f"left out: {count} boxes of parts: {reason}"
