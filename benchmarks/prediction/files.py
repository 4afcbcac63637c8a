"""The files that `predict` writes: a table of verdicts, overlays, and anomaly maps."""

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.errors import UsageError
from benchmarks.prediction.truth import Truth
from benchmarks.prediction.verdicts import Inspection, Rule, Verdict
from datasets import is_image_name
from reports import heat_map, overlay, panel
from reports.cells import guarded
from reports.files import write_text
from reports.heat_map import Scale
from reports.results import MapScale

COLUMNS = ("path", "score", "threshold", "verdict", "regions", "largest_area_px", "reason")
"""Columns of the CSV table. `regions` is the number of regions; `reason` explains an unusual verdict or a failure."""
Row = dict[str, str | int | float | None]
SHEET = "contact-sheet-{}.png"
"""Name of a contact sheet in the folder of overlays."""
IS_SHEET = re.compile(r"contact-sheet-\d+\.png", re.IGNORECASE)
ON_A_SHEET, COLUMNS_OF_A_SHEET, SMALL_PX = 48, 2, 200


class Outputs(NamedTuple):
    """What a user asks to be written; None: not asked for."""

    table: Path | None = None
    """The CSV file of the verdicts."""
    overlays: Path | None = None
    """The folder for images that show the verdict."""
    maps: Path | None = None
    """The folder for anomaly maps."""


class Colours(NamedTuple):
    """The colours of all maps of a job, and what the middle one stands for."""

    scale: Scale
    middle: str
    decide: bool = False
    """Whether the middle is the threshold of regions that decide."""


def colours(normal_maps: MapScale | None, rule: Rule) -> Colours | None:
    """The colours by which maps are drawn; None: nothing is known of normal maps, so each map has its own.

    The middle colour is the threshold of an operating point. Without one, no threshold of pixels is known: then it is
    the highest value in the map of a typical held-out normal image.
    """
    if normal_maps is None:
        return None
    middle, what = rule.threshold, "the threshold"
    if rule.area_px is None:
        middle, what = normal_maps.highest, "the highest in the map of a typical held-out normal image"
    if middle <= normal_maps.middle:
        return None
    return Colours(Scale(normal_maps.middle, middle), what, decide=rule.area_px is not None)


class Pictures:
    """Writes the overlay and the map of each image, below the folders asked for, and contact sheets of the overlays.

    Raises UsageError if a folder cannot be made, or if its files would be judged as images or replace one.
    """

    def __init__(
        self,
        outputs: Outputs,
        images: Sequence[Path],
        paths: Sequence[Path],
        *,
        colours: Colours | None,
        truth: Truth | None = None,
    ):
        self.outputs, self.colours, self.truth = outputs, colours, truth
        self._said: set[str] = set()
        if outputs.overlays and outputs.maps and outputs.overlays.resolve() == outputs.maps.resolve():
            raise UsageError(f"--maps {outputs.maps}: it is the folder of the overlays: name another one")
        self._overlays = _places_in("--overlays", outputs.overlays, images, paths)
        self._maps = _places_in("--maps", outputs.maps, images, paths)
        self._small: list[np.ndarray] = []
        self._sheets = 0

    @property
    def need_maps(self) -> bool:
        """Whether anomaly maps are shown or written."""
        return bool(self.outputs.overlays or self.outputs.maps)

    def write(self, path: Path, found: Inspection) -> None:
        """Write what was asked for of one image. Raises UsageError if its map is asked for and there is none."""
        if overlays := self.outputs.overlays:
            shown = self._shown(path, found)
            with writing("--overlays", overlays):
                overlay.save(self._overlays[path], panel.drawn(shown))
            self._small.append(panel.drawn(shown, least_px=SMALL_PX // 2, largest_px=SMALL_PX))
            if len(self._small) == ON_A_SHEET:
                self._write_sheet()
        if maps := self.outputs.maps:
            if found.map is None:
                raise UsageError(f"--maps {maps}: this method gives no anomaly maps with these settings")
            with writing("--maps", maps):
                heat_map.save_map(self._maps[path].with_suffix(".tiff"), found.map)
                overlay.save(self._maps[path], heat_map.coloured(found.map, self._scale_of(found.map)))

    def finish(self) -> None:
        """Write the last contact sheet."""
        if self._small:
            self._write_sheet()

    def remarks(self) -> list[str]:
        """What a user must know of the pictures written so far."""
        return sorted(self._said)

    def _write_sheet(self) -> None:
        self._sheets += 1
        with writing("--overlays", self.outputs.overlays):
            name = SHEET.format(self._sheets)
            overlay.save(self.outputs.overlays / name, panel.contact_sheet(self._small, columns=COLUMNS_OF_A_SHEET))
        self._small.clear()

    def _shown(self, path: Path, found: Inspection) -> panel.Shown:
        """What an overlay shows of an image."""
        verdict, truth = found.verdict, self.truth
        if found.map is None:
            self._said.add("overlays show no heat map: this method gives no anomaly maps with these settings")
        return panel.Shown(
            image=found.image,
            verdict=banner(verdict),
            defective=verdict.defective,
            name=f"{path.parent.name}/{path.name}",
            truth=truth.label(path) if truth else "",
            fault=truth.fault(path, defective=verdict.defective) if truth else "",
            map=found.map,
            scale=None if found.map is None else self._scale_of(found.map),
            regions=found.segmentation and found.segmentation.accepted,
            mask=truth.mask(path, found.image.shape[:2]) if truth else None,
        )

    def _scale_of(self, map: np.ndarray) -> Scale:
        if self.colours is None:
            self._said.add(
                "colours and outlines of maps: of each image alone, as no map of a held-out normal image is known"
            )
            return heat_map.own_scale(map)
        (low, middle), what, _ = self.colours
        self._said.add(f"colours of maps: black up to {low:.5g}, red at {middle:.5g}, {what}; yellow far above")
        if self.outlined_at_red:
            self._said.add(f"outlines: around what is above {middle:.5g}; finetune --apply gives regions that decide")
        return self.colours.scale

    @property
    def outlined_at_red(self) -> bool:
        """Whether outlines go around what is red, as there are no regions that decide."""
        return bool(self.outputs.overlays) and self.colours is not None and not self.colours.decide


def banner(verdict: Verdict) -> str:
    """The verdict in a word, with score and threshold; with an operating point also the regions."""
    score, threshold = told_apart(verdict.score, verdict.threshold)
    text = f"{word(verdict).upper()}   score {score}, threshold {threshold}"
    if not verdict.regions:
        return text
    number = len(verdict.regions)
    return f"{text}, {number} region{'s' * (number > 1)}, largest {verdict.largest_area_px} px"


def word(verdict: Verdict) -> str:
    """The verdict in a word."""
    return "defective" if verdict.defective else "normal"


def told_apart(score: float, threshold: float) -> tuple[str, str]:
    """Score and threshold as texts of five significant digits.

    Numbers that differ get as many more digits as they need to look different.
    """
    for digits in range(5, 17):
        texts = f"{score:.{digits}g}", f"{threshold:.{digits}g}"
        if score == threshold or texts[0] != texts[1]:
            return texts
    return repr(score), repr(threshold)


def places(folder: Path, paths: Sequence[Path]) -> dict[Path, Path]:
    """The overlay file of each image, below `folder`, with the subfolders of the images' common parent folder.

    If two images would share a file, such as `a.png` and `a.jpg`, the later one gets a number.
    """
    whole = {path: Path(os.path.abspath(path)) for path in paths}
    common = os.path.commonpath([path.parent for path in whole.values()] or [""])
    found: dict[Path, Path] = {}
    taken: set[str] = set()
    for path, absolute in whole.items():
        name = _free_name(absolute.relative_to(common).with_suffix(".png"), taken)
        taken.add(str(name).casefold())
        found[path] = folder / name
    return found


def _free_name(wanted: Path, taken: set[str]) -> Path:
    """A name that differs from every taken one by more than upper and lower case; `taken` is in lower case."""
    name, number = wanted, 1
    while str(name).casefold() in taken or IS_SHEET.fullmatch(str(name)):
        number += 1
        name = wanted.with_stem(f"{wanted.stem}-{number}")
    return name


def _places_in(option: str, folder: Path | None, images: Sequence[Path], paths: Sequence[Path]) -> Mapping[Path, Path]:
    """The PNG file of each readable image in a folder that an option names; none if it names none."""
    if folder is None:
        return {}
    with writing(option, folder):
        folder.mkdir(parents=True, exist_ok=True)
    for judged in filter(os.path.isdir, images):
        if folder.resolve().is_relative_to(judged.resolve()):
            raise UsageError(
                f"{option} {folder}: it lies in {judged}, so the next run there would judge its files as images: name "
                "a folder outside"
            )
    found = places(folder, [path for path in paths if os.path.isfile(path)])
    written = {place.with_suffix(suffix).resolve() for place in found.values() for suffix in (".png", ".tiff")}
    if replaced := {path.resolve() for path in paths} & written:
        raise UsageError(f"{option} {folder}: it would replace the image {min(replaced)}: name another folder")
    return found


def prepare_table(table: Path) -> None:
    """Raise what can go wrong with the table before hours of scoring."""
    if is_image_name(table.name):
        raise UsageError(f"--csv {table}: expected the name of a table, such as verdicts.csv, got that of an image")
    with writing("--csv", table):
        if table.is_dir():
            raise IsADirectoryError("it is a folder")
        table.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be written: {error.strerror or error}") from None


def write_table(table: Path, rows: Sequence[Row]) -> None:
    """Write the verdicts as CSV."""
    with writing("--csv", table):
        write_text(table, _csv_text(rows))


def _csv_text(rows: Sequence[Row]) -> str:
    """The CSV table, with numbers at full precision. A number that does not exist is an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row.items()} for row in rows)
    return text.getvalue()
