"""Small annotated videos: parts that move on a belt, some with a scratch, and the XML of CVAT beside them."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

WIDTH, HEIGHT = 240, 128
PART = (40, 44)
"""Height and width of a part, pixels."""
MARGIN = 3
"""Pixels between a part and its box."""
STEP = 36
"""Pixels that the belt moves between two frames."""
SEEN = 5
"""Frames in which a part is whole."""
PIXELS = {"ffv1": "bgr0", "libx264": "yuv420p", "mpeg4": "yuv420p"}
"""Codec -> what it stores; only the first is without loss."""


class Marked(NamedTuple):
    """A track as it stands in the XML."""

    label: str
    boxes: dict[int, tuple[float, float, float, float]]
    """Frame -> left, top, right, bottom."""
    occluded: frozenset[int] = frozenset()
    keys: int = 5
    """Every so many boxes are keyframes, from the first."""
    sparse: bool = False
    """Whether only keyframes are written."""


def write_video(file: Path, pictures: Sequence[np.ndarray], codec: str = "ffv1", times: Sequence[int] = ()) -> Path:
    """Write frames (h, w, 3) uint8; `times` in hundredths of a second, by default 4 apart."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = PIXELS[codec]
        stream.codec_context.time_base = Fraction(1, 100)
        if codec != "ffv1":
            stream.bit_rate = 4_000_000
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = times[index] if times else 4 * index, Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def xml(tracks: Iterable[Marked], *, frames: int | None = None, size: tuple[int, int] | None = (WIDTH, HEIGHT)) -> str:
    """The XML that CVAT exports, in short."""
    task = (
        ""
        if frames is None
        else f"<size>{frames}</size><start_frame>0</start_frame><stop_frame>{frames - 1}</stop_frame>"
    )
    if size:
        task += f"<original_size><width>{size[0]}</width><height>{size[1]}</height></original_size>"
    body = "".join(_track(number, marked) for number, marked in enumerate(tracks))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta><task>{task}</task></meta>{body}</annotations>"
    )


def _track(number: int, marked: Marked) -> str:
    lines = []
    for index, (frame, box) in enumerate(marked.boxes.items()):
        key = index % marked.keys == 0 or index == len(marked.boxes) - 1
        if key or not marked.sparse:
            lines.append(_box(frame, box, key=key, occluded=frame in marked.occluded))
    last = max(marked.boxes)
    lines.append(_box(last + 1, marked.boxes[last], key=True, outside=True))
    return f'<track id="{number}" label="{marked.label}" source="manual">{"".join(lines)}</track>'


def _box(frame: int, box: Sequence[float], *, key: bool, outside: bool = False, occluded: bool = False) -> str:
    sides = " ".join(f'{name}="{side:.2f}"' for name, side in zip(("xtl", "ytl", "xbr", "ybr"), box, strict=True))
    flags = f'outside="{outside:d}" occluded="{occluded:d}" keyframe="{key:d}"'
    return f'<box frame="{frame}" {flags} {sides} z_order="0"></box>'


class Belt:
    """A film of parts on two lanes; every third part has a scratch."""

    def __init__(self, parts: int = 9, seed: int = 0):
        generator = np.random.default_rng(seed)
        self.parts = parts
        self.frames = 4 * (parts - 1) + SEEN
        self.ground = generator.integers(60, 80, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        base = generator.integers(110, 150, (*PART, 3))
        self.looks = [
            np.clip(base + generator.integers(-8, 9, (*PART, 3)), 0, 255).astype(np.uint8) for _ in range(parts)
        ]
        self.scratched = [part for part in range(parts) if part % 3 == 2]
        for part in self.scratched:
            self.looks[part][16:22, 8:36] = 235

    def corner(self, part: int, frame: int) -> tuple[int, int]:
        """Left and top of a part."""
        return 8 + STEP * (frame - 4 * part), 14 + 60 * (part % 2)

    def seen(self, part: int) -> range:
        return range(4 * part, 4 * part + SEEN)

    def picture(self, frame: int) -> np.ndarray:
        picture = self.ground.copy()
        for part in range(self.parts):
            if frame in self.seen(part):
                left, top = self.corner(part, frame)
                picture[top : top + PART[0], left : left + PART[1]] = self.looks[part]
        return picture

    def box(self, part: int, frame: int) -> tuple[float, float, float, float]:
        left, top = self.corner(part, frame)
        return left - MARGIN, top - MARGIN, left + PART[1] + MARGIN, top + PART[0] + MARGIN

    def scratch(self, part: int, frame: int) -> tuple[float, float, float, float]:
        left, top = self.corner(part, frame)
        return left + 6, top + 14, left + 38, top + 24

    def tracks(self) -> list[Marked]:
        """The parts in order, as `bottle`, then the scratches, as `defect`."""
        bottles = [
            Marked("bottle", {frame: self.box(part, frame) for frame in self.seen(part)}) for part in range(self.parts)
        ]
        defects = [
            Marked("defect", {frame: self.scratch(part, frame) for frame in self.seen(part)}) for part in self.scratched
        ]
        return bottles + defects

    def write(self, folder: Path, name: str = "1", ending: str = "mkv", codec: str = "ffv1", **options) -> Path:
        """Write the video, and its XML beside it. Return the video."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.xml").write_text(xml(self.tracks(), frames=self.frames), encoding="utf-8")
        return write_video(
            folder / f"{name}.{ending}", [self.picture(frame) for frame in range(self.frames)], codec, **options
        )
