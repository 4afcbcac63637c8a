"""Annotations of a video, as the annotation tool CVAT exports them: "CVAT for video 1.1", an XML file.

A track is one thing in the frames where it is seen. Its boxes stand at frames; a box that says `outside` ends what is
seen of it. Between two boxes whose frames do not follow each other, the box moves at a constant speed, as in CVAT.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from datasets import DataError
from datasets.making.boxes import Box
from datasets.making.extras import library

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

VERSION = "1.1"
OTHER_SHAPES = ("polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton")
Origin = Literal["key", "written", "between"]
"""Whether a box was drawn at a keyframe, written between two of them, or left out and reckoned from its neighbours."""


class Shape(NamedTuple):
    """A box of a track in one frame."""

    box: Box
    origin: Origin
    occluded: bool


@dataclass(frozen=True)
class Track:
    """One thing, in the frames where it is seen."""

    number: int
    label: str
    shapes: Mapping[int, Shape]
    """Frame -> its box, ascending."""


@dataclass(frozen=True)
class Annotations:
    """What one file says of its video."""

    file: Path
    tracks: tuple[Track, ...]
    size: tuple[int, int] | None
    """Width and height of the frames; None: not said."""
    last_frame: int | None
    """The last frame of the task, or of the job; None: not said."""


def read(file: Path, *, frames: int) -> Annotations:
    """Read the annotations of a video with so many frames.

    Raises DataError, naming what is at fault, for a file that is no such export, and for a box in a later frame.

    No entity is expanded and no document type is accepted, so that a hostile file can neither fill the memory nor
    read other files.
    """
    root = _root(file)
    version = root.findtext("version")
    if root.tag != "annotations" or version not in (None, VERSION):
        found = f"version {version}" if root.tag == "annotations" else f"an XML file of <{root.tag}>"
        raise DataError(f"{file} is {found}: expected annotations exported from CVAT as 'CVAT for video {VERSION}'")
    if root.find("image") is not None:
        raise DataError(f"{file} holds annotations of images: export the task as 'CVAT for video {VERSION}'")
    tracks = tuple(_track(each, file, frames) for each in root.iterfind("track"))
    numbers = [track.number for track in tracks]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise DataError(f"{file} has two tracks with id {twice[0]}")
    described = _number_in(root, "stop_frame", file)
    if described is None and (count := _number_in(root, "size", file)) is not None:
        described = count - 1
    return Annotations(file, tracks, _size(root, file), described)


def _root(file: Path) -> "Element":
    defused = library("defusedxml.ElementTree", extra="video", wanted_for="make video")
    common = library("defusedxml.common", extra="video", wanted_for="make video")
    try:
        return defused.parse(file, forbid_dtd=True).getroot()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    except common.DefusedXmlException:
        raise DataError(f"{file} defines a document type or entities, which no export of CVAT does") from None
    except (defused.ParseError, ValueError, LookupError) as error:  # an unknown encoding is a LookupError
        raise DataError(f"{file} is no XML file: {error}") from None


def _meta(root: "Element") -> Iterator["Element"]:
    """What is said of the task or of the job, whichever was exported."""
    meta = root.find("meta")
    yield from (each for name in ("job", "task") for each in (meta.iterfind(name) if meta is not None else ()))


def _number_in(root: "Element", name: str, file: Path) -> int | None:
    for each in _meta(root):
        if (text := each.findtext(name)) is not None and text.strip():
            return _whole(text, f"{file}: {name}")
    return None


def _size(root: "Element", file: Path) -> tuple[int, int] | None:
    places = [root.find("meta/original_size"), *(each.find("original_size") for each in _meta(root))]
    for place in places:
        if place is not None:
            width, height = (_whole(place.findtext(side, ""), f"{file}: {side}") for side in ("width", "height"))
            return width, height
    return None


def _track(element: "Element", file: Path, frames: int) -> Track:
    where = f"{file}, track {element.get('id')}"
    number, label = _whole(element.get("id", ""), f"{where}: id"), element.get("label", "").strip()
    if not label:
        raise DataError(f"{where} has no label")
    for name in OTHER_SHAPES:
        if element.find(name) is not None:
            raise DataError(f"{where} ({label}) has a {name}: only boxes can be read; draw it as a box in CVAT")
    given: dict[int, tuple[Shape, bool]] = {}
    for box in element.iterfind("box"):
        frame = _whole(box.get("frame", ""), f"{where}: frame")
        shape, outside = _shape(box, f"{where}, frame {frame}")
        if frame >= frames and not outside:
            raise DataError(f"{where} has a box in frame {frame}, but the video has only the frames 0 to {frames - 1}")
        if frame in given:
            raise DataError(f"{where} has two boxes in frame {frame}")
        given[frame] = shape, outside
    return Track(number, label, dict(_seen(dict(sorted(given.items())), frames)))


def _shape(element: "Element", where: str) -> tuple[Shape, bool]:
    """The box, and whether it says that the thing is not seen."""
    box = Box(*(_real(element.get(side, ""), f"{where}: {side}") for side in ("xtl", "ytl", "xbr", "ybr")))
    if box.right < box.left or box.bottom < box.top:
        raise DataError(f"{where}: the box ends before it begins")
    box = box.turned(_real(element.get("rotation", "0"), f"{where}: rotation"))
    outside, occluded, key = (_flag(element, name, where) for name in ("outside", "occluded", "keyframe"))
    return Shape(box, "key" if key else "written", occluded), outside


def _seen(given: Mapping[int, tuple[Shape, bool]], frames: int) -> Iterator[tuple[int, Shape]]:
    """The frames in which a thing is seen, those between two boxes too. The last box may say where it ends."""
    for frame, following in pairwise([*given, None]):
        shape, outside = given[frame]
        if outside:
            continue
        yield frame, shape
        if following is not None:
            target = given[following][0].box
            for between in range(frame + 1, min(following, frames)):
                box = shape.box.towards(target, (between - frame) / (following - frame))
                yield between, Shape(box, "between", shape.occluded)


def _flag(element: "Element", name: str, where: str) -> bool:
    text = element.get(name, "0")
    if text not in ("0", "1"):
        raise DataError(f"{where}: expected 0 or 1 for {name}, got {text!r}")
    return text == "1"


def _whole(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise DataError(f"{what}: expected a whole number, got {text!r}")
    return int(text)


def _real(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{what}: expected a number, got {text!r}")
    return number
