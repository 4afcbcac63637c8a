"""Which region of which frame becomes an image, and under which label."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from datasets.making.boxes import Box
from datasets.making.cvat import Annotations, Origin, Shape, Track
from datasets.making.film import Film
from datasets.making.tracks import Meaning, parts

GROUPS = r"(.+_part\d+)_"
"""Finds the part in the name of a crop: the value of `--groups`."""
ORIGINS: Mapping[str, tuple[Origin, ...]] = {
    "all": ("key", "written", "between"),
    "written": ("key", "written"),
    "key": ("key",),
}
"""Which boxes become crops, by the name of the choice."""


class Mark(NamedTuple):
    """A box of a defect, and its track."""

    track: Track
    shape: Shape


@dataclass(frozen=True)
class Rules:
    """How crops are made of boxes."""

    inset: float = 0.02
    """Share of the box that is taken away at each side: what an annotator draws around a part is no part."""
    overlap: float = 0.5
    """Share of a defect's box that must lie in that of a part, for it to be a defect of the part."""
    boxes: Literal["all", "written", "key"] = "all"
    keep_occluded: bool = False
    least_side: int = 16
    """Pixels of the shorter side below which there is no crop."""
    every: int = 1
    """Of each track and label, every so many frames."""
    join_frames: int = 1


@dataclass(frozen=True)
class Crop:
    """A region of a frame that becomes an image."""

    video: str
    """The name of the video, without its ending."""
    frame: int
    track: int
    part: int
    """The number of the part within the video."""
    label: str
    """The label of the track."""
    box: Box
    """As annotated."""
    region: Box
    """What is cut out, in whole pixels."""
    origin: Origin
    occluded: bool
    defects: tuple[str, ...] = ()
    """Defect types, sorted; none: a normal image."""

    @property
    def group(self) -> str:
        """The part, by a name of its own among all videos."""
        return f"{self.video}_part{self.part:03}"

    @property
    def name(self) -> str:
        """The name of the image file."""
        return f"{self.group}_track{self.track:03}_frame{self.frame:06}.png"

    @property
    def folder(self) -> str:
        """The name of the folder for images of its label."""
        return "+".join(re.sub(r"[^\w-]+", "_", defect) for defect in self.defects) or "good"


class Found(NamedTuple):
    """The crops of a video, and what became none."""

    crops: list[Crop]
    """By frame, then by track."""
    defective: set[str]
    """Groups on which a defect was seen in any frame, even one that became no crop."""
    left_out: Counter[str]
    """Why boxes of parts became no crop -> how many."""
    homeless: list[str]
    """Where a box of a defect lies in no part."""


def find(annotations: Annotations, film: Film, means: Meaning, rules: Rules) -> Found:
    """The crops of a video."""
    cut_out = [track for track in annotations.tracks if track.label in means.parts]
    part = parts(cut_out, join_frames=rules.join_frames)
    marks = _by_frame([track for track in annotations.tracks if track.label in means.defects])
    crops = [
        _crop(film, track, part[track.number], frame, rules, _inside(track, frame, marks.get(frame, ()), means, rules))
        for track in cut_out
        for frame in track.shapes
    ]
    reasons = [_why_none(crop, marks.get(crop.frame, ()), rules) for crop in crops]
    good = [crop for crop, reason in zip(crops, reasons, strict=True) if not reason]
    return Found(
        sorted(_every(good, rules.every), key=lambda crop: (crop.frame, crop.track)),
        {crop.group for crop in crops if crop.defects},
        Counter(filter(None, reasons)),
        list(_homeless(marks, cut_out, rules)),
    )


def _by_frame(tracks: Sequence[Track]) -> dict[int, list[Mark]]:
    found: dict[int, list[Mark]] = {}
    for track in tracks:
        for frame, shape in track.shapes.items():
            found.setdefault(frame, []).append(Mark(track, shape))
    return found


def _inside(track: Track, frame: int, marks: Sequence[Mark], means: Meaning, rules: Rules) -> tuple[str, ...]:
    """The types of the defects of a part in a frame, sorted."""
    box = track.shapes[frame].box
    kinds = {mark.track.label for mark in marks if mark.shape.box.share_in(box) >= rules.overlap}
    if track.label in means.defective and not kinds:
        return (track.label,)
    return tuple(sorted(kinds))


def _crop(film: Film, track: Track, part: int, frame: int, rules: Rules, defects: tuple[str, ...]) -> Crop:
    box, origin, occluded = track.shapes[frame]
    region = box.inset(rules.inset).clipped(film.width, film.height).whole_pixels()
    return Crop(film.file.stem, frame, track.number, part, track.label, box, region, origin, occluded, defects)


def _why_none(crop: Crop, marks: Sequence[Mark], rules: Rules) -> str:
    """Why there is no image of a crop; empty: there is one."""
    if crop.origin not in ORIGINS[rules.boxes]:
        return f"not of the boxes asked for (--boxes {rules.boxes})"
    hidden = crop.occluded or any(
        mark.shape.occluded and mark.shape.box.share_in(crop.box) >= rules.overlap for mark in marks
    )
    if hidden and not rules.keep_occluded:
        return "occluded"
    if not crop.defects and any(mark.shape.box.common(crop.region).area for mark in marks):
        return "normal, but the defect of something else reaches into it"
    if min(crop.region.width, crop.region.height) < rules.least_side:
        return f"a side below {rules.least_side} pixels"
    return ""


def _every(crops: Sequence[Crop], step: int) -> Iterator[Crop]:
    """Every so many crops of a track and a label, beginning with its first."""
    seen: Counter[tuple] = Counter()
    for crop in crops:
        key = (crop.track, crop.defects)
        if seen[key] % step == 0:
            yield crop
        seen[key] += 1


def _homeless(marks: Mapping[int, Sequence[Mark]], cut_out: Sequence[Track], rules: Rules) -> Iterator[str]:
    for frame, found in sorted(marks.items()):
        boxes = [track.shapes[frame].box for track in cut_out if frame in track.shapes]
        for mark in found:
            if not any(mark.shape.box.share_in(box) >= rules.overlap for box in boxes):
                yield f"track {mark.track.number} in frame {frame}"
