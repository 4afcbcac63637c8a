"""What the labels of tracks mean, and which tracks show the same part."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from datasets import DataError
from datasets._manifest import BETWEEN, NORMAL
from datasets._names import looks_normal
from datasets.making.cvat import Annotations, Track

SAME_PLACE = 0.5
"""The least intersection over union of two boxes at the same place."""


@dataclass(frozen=True)
class Meaning:
    """What the labels mean. A label that is none of these is not read."""

    objects: tuple[str, ...]
    """Parts; normal where no defect lies in them."""
    defects: tuple[str, ...]
    """Defects, each within a part."""
    defective: tuple[str, ...]
    """Parts that were relabelled: defective in all their frames."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The labels of all that is cut out."""
        return self.objects + self.defective


def meaning(
    annotations: Iterable[Annotations], *, objects: Sequence[str], defects: Sequence[str], defective: Sequence[str]
) -> Meaning:
    """What the labels mean; without `objects`, the only other label there is means them.

    Raises DataError where that is not one label, where a label has two meanings or is used by no track, or where a
    defect is named as normal parts are.
    """
    used = sorted({track.label for each in annotations for track in each.tracks})
    rest = [label for label in used if label not in (*defects, *defective)]
    if not objects and len(rest) != 1:
        raise DataError(
            f"the annotations have {len(rest)} labels besides {', '.join([*defects, *defective])}"
            f"{': ' + ', '.join(rest) if rest else ''}; name those of the parts with --objects"
        )
    found = Meaning(tuple(objects or rest), tuple(defects), tuple(defective))
    for label in found.objects:
        if label in found.defects + found.defective:
            raise DataError(f"label {label!r} cannot be of normal parts and of defects")
        if label not in used:
            close = difflib.get_close_matches(label, used, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise DataError(f"--objects: no track has the label {label!r}: {hint}there are: {', '.join(used)}")
    for label in found.defects + found.defective:
        if looks_normal(label) or label.lower() in NORMAL or BETWEEN in label:
            raise DataError(
                f"label {label!r} cannot name a defect: normal images are named so, or it has {BETWEEN!r} in it; "
                "rename it in CVAT"
            )
    return found


def parts(tracks: Sequence[Track], *, join_frames: int) -> Mapping[int, int]:
    """The number of a track -> that of its part: the lowest number among the tracks that show the same part.

    Two tracks do where they have boxes at the same place in one frame, or where one begins at the same place, at most
    `join_frames` after the other ended. So a part stays one if its track was cut in two to give it another label.
    """
    ordered = sorted((track for track in tracks if track.shapes), key=lambda track: track.number)
    part = {track.number: track.number for track in tracks}
    for index, one in enumerate(ordered):
        for other in ordered[:index]:
            if part[one.number] != part[other.number] and _same(one, other, join_frames):
                kept, given_up = sorted((part[one.number], part[other.number]))
                part = {number: kept if of == given_up else of for number, of in part.items()}
    return part


def _same(one: Track, other: Track, join_frames: int) -> bool:
    for first, second in ((one, other), (other, one)):
        end, begin = next(reversed(first.shapes)), next(iter(second.shapes))
        if 0 < begin - end <= join_frames and _near(first, end, second, begin):
            return True
    return any(_near(one, frame, other, frame) for frame in one.shapes.keys() & other.shapes.keys())


def _near(one: Track, frame: int, other: Track, other_frame: int) -> bool:
    return one.shapes[frame].box.iou(other.shapes[other_frame].box) >= SAME_PLACE
