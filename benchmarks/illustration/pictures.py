"""Small pictures of misjudged images: the image with its defects outlined, and its anomaly map where maps are kept."""

import base64
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import images, pages, results_folder
from benchmarks.console import say
from benchmarks.errors import USER_ERRORS
from benchmarks.evaluation import decision
from benchmarks.finetune import levels
from benchmarks.images.regions import resize_ignored
from benchmarks.jobs.layout import MAPS
from benchmarks.source import Source
from datasets import Sample, relative_name
from methods import first_sentence
from reports import hatching, heat_map
from reports.html.jobs import KINDS, HeatMap, Job, Misjudged, Photo, Pictures
from reports.results import Result

SIDE_PX = 224
"""Longer side of a picture."""
MOST_PHOTOS = 400
"""So many pictures keep the page below 10 MB and are decoded in seconds."""
QUALITY = 62


def pictures(folders: Sequence[Path], jobs: Sequence[Job]) -> Pictures:
    """Pictures of the misjudged images of each method and category, of the lowest seed; `folders` has each job's.

    The worst of each come first, until there are `MOST_PHOTOS`.
    """
    shown = _of_lowest_seeds(jobs)
    roots = {index: _Folder(jobs[index]) for index in shown}
    absent = {index: root.why_absent for index, root in roots.items() if root.why_absent}
    wanted = _wanted(jobs, shown)
    first = {
        (jobs[index].data, jobs[index].paths[image.index]): (index, image)
        for index in shown
        if index not in absent
        for image in wanted[index]
    }
    with ThreadPoolExecutor() as pool:
        photos = pool.map(lambda found: roots[found[0]].photo(found[1].index), first.values())
        known = {place: photo for place, photo in zip(first, photos, strict=True) if photo}
        maps = pool.map(lambda index: dict(_maps(folders[index], roots[index], wanted[index])), shown)
        return Pictures(
            photos=known,
            maps={(index, image): map for index, own in zip(shown, maps, strict=True) for image, map in own.items()},
            absent=absent,
        )


def _of_lowest_seeds(jobs: Sequence[Job]) -> list[int]:
    first: dict[str, int] = {}
    for index, job in sorted(enumerate(jobs), key=lambda each: each[1].cell.seed):
        first.setdefault(job.cell.model_copy(update={"seed": 0}).model_dump_json(), index)
    return sorted(first.values())


def _wanted(jobs: Sequence[Job], shown: Iterable[int]) -> dict[int, list[Misjudged]]:
    """The misjudged images of these jobs, the worst of each first, as long as there is room for their photos."""
    every = [(index, image) for index in shown for image in jobs[index].misjudged]
    every.sort(key=lambda each: (each[1].rank, KINDS.index(each[1].kind)))
    seen: set[tuple[str, str]] = set()
    wanted: dict[int, list[Misjudged]] = {index: [] for index in shown}
    for index, image in every:
        place = jobs[index].data, jobs[index].paths[image.index]
        if place in seen or len(seen) < MOST_PHOTOS:
            seen.add(place)
            wanted[index].append(image)
    return wanted


class _Folder:
    """The folder that holds the images of a job."""

    def __init__(self, job: Job):
        self.job, self.root = job, Path(job.data)

    @cached_property
    def why_absent(self) -> str | None:
        if not self.root.exists():
            return f"The images are no longer in {self.root}."
        try:
            return None if self._samples else f"The images in {self.root} are no longer those of this result."
        except USER_ERRORS as error:
            return str(error)

    @cached_property
    def _source(self) -> Source:
        return Source.of(self.job.cell, self.root)

    @cached_property
    def _samples(self) -> dict[str, Sample]:
        base = self._source.base
        return {relative_name(sample.image, base): sample for sample in self._source.samples(self.job.cell.category)}

    def photo(self, index: int) -> Photo | None:
        """The photo of a test image; None where it can no longer be read."""
        try:
            sample = self._samples[self.job.paths[index]]
            pixels = pages.first(images.read_image(sample.image, self._source.reading))
            mask = images.read_mask(sample.masks, pixels.shape[:2], self._source.reading).defect
            ignored = images.Images([sample], self._source.reading).ignored(0)
        except (*USER_ERRORS, KeyError, OSError):
            return None
        small = _hatched(_shrunk(pixels), ignored)
        outline = "" if mask is None else _outline(mask, small.size)
        is_hatched = ignored is not None and bool(ignored.any())
        return Photo(_address(small), small.width, small.height, outline, is_hatched)

    def shape(self, index: int) -> tuple[int, int] | None:
        """Height and width of a test image; None where it is gone."""
        if self.why_absent:
            return None
        try:
            return images.image_size(self._samples[self.job.paths[index]].image, self._source.reading)
        except (*USER_ERRORS, KeyError, OSError):
            return None


def _maps(folder: Path, root: _Folder, wanted: Sequence[Misjudged]) -> Iterator[tuple[int, HeatMap]]:
    """The kept maps of wanted test images, by their place among those; none if `finetune` has kept none."""
    file = folder / MAPS / "test.npz"
    stored = results_folder.result(folder) if wanted and file.exists() else None
    known = stored and levels.stored(folder, stored[0].key)
    if not known:
        return
    result, point = stored
    threshold, area_px = (point.threshold, point.area_px) if point else known.choice
    places = [image.path for image in result.images if image.part == "test"]
    for index, map in _kept(file, {image.index: places.index(root.job.paths[image.index]) for image in wanted}):
        shape = root.shape(index)
        map = map if shape is None else images.resize_map(map, shape)
        small = _shrunk(heat_map.coloured(map, _scale(result, map, threshold)))
        small = _hatched(small, images.ignored_in(map))
        found = shape and decision.segment(map, threshold=threshold, area_px=area_px).accepted
        yield index, HeatMap(_address(small), "" if found is None else _outline(found, small.size))


def _kept(file: Path, places: Mapping[int, int]) -> Iterator[tuple[int, np.ndarray]]:
    """The maps in a file at some places, as long as they can be read: a damaged file is named."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            for index, place in places.items():
                yield index, archive[f"{place:06}"]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        say(f"left out: {file} is damaged ({first_sentence(error)}): finetune again")


def _scale(result: Result, map: np.ndarray, threshold: float) -> heat_map.Scale:
    """Colours that mean the same in every map of a job: red at the threshold."""
    normal = result.map_scale
    if normal is None or threshold <= normal.middle:
        return heat_map.own_scale(map)
    return heat_map.Scale(normal.middle, threshold)


def _shrunk(pixels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(pixels)
    share = SIDE_PX / max(picture.size)
    size = [max(1, round(side * share)) for side in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS if share < 1 else Image.Resampling.BICUBIC, reducing_gap=2)


def _hatched(small: Image.Image, ignored: np.ndarray | None) -> Image.Image:
    """A small picture with what does not count hatched; `ignored` is (h, w) bool at the size of the image, or None."""
    if ignored is None:
        return small
    return Image.fromarray(hatching.hatched(np.asarray(small), resize_ignored(ignored, small.size[::-1])))


def _address(picture: Image.Image) -> str:
    """A picture as a data URI."""
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def _outline(regions: np.ndarray, size: tuple[int, int]) -> str:
    """The edges of (h, w) bool regions as an SVG path in pixels of a picture of this size."""
    from skimage.measure import find_contours

    if not regions.any():
        return ""
    inner = np.asarray(Image.fromarray(regions.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX))
    inner = np.pad(inner > 0, 1)  # a region of a few pixels is not lost; a region at the border is closed
    return "".join(_path(line - 0.5) for line in find_contours(inner.astype(float), 0.5))


def _path(line: np.ndarray) -> str:
    """A closed line (n, 2) of points as an SVG path that begins at its first point and goes from turn to turn.

    scikit-image's `approximate_polygon` would leave fewer points, but its import takes longer than the pictures of a
    small report.
    """
    steps = np.diff(line, axis=0)
    turns = np.flatnonzero((steps[1:] != steps[:-1]).any(axis=1)) + 1
    (y, x), *sides = np.diff(line[[0, *turns]], axis=0, prepend=0)
    return f"M{x:g} {y:g}l" + " ".join(f"{x:g} {y:g}" for y, x in sides) + "z"
