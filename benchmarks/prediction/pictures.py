"""The pictures that `predict` writes: overlays, contact sheets, and anomaly maps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.errors import UsageError
from benchmarks.jobs.failures import refused_here
from benchmarks.prediction.outputs import SHEET, Outputs, places_in
from benchmarks.prediction.truth import Truth
from benchmarks.prediction.verdicts import Inspection, Rule, Verdict
from reports import hatching, heat_map, overlay, panel
from reports.files import real
from reports.heat_map import Scale
from reports.results import MapScale

ON_A_SHEET, COLUMNS_OF_A_SHEET, SMALL_PX = 48, 2, 200


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
        self._refused: list[str] = []
        if outputs.overlays and outputs.maps and real(outputs.overlays) == real(outputs.maps):
            raise UsageError(f"--maps {outputs.maps}: it is the folder of the overlays: name another one")
        self._overlays = places_in("--overlays", outputs.overlays, images, paths)
        self._maps = places_in("--maps", outputs.maps, images, paths)
        self._small: list[np.ndarray] = []
        self._sheets = 0

    @property
    def need_maps(self) -> bool:
        """Whether anomaly maps are shown or written."""
        return bool(self.outputs.overlays or self.outputs.maps)

    def write(self, path: Path, found: Inspection) -> list[str]:
        """Write what was asked for of one image. Returns which of its files cannot be written, and why.

        Raises UsageError if its map is asked for and there is none.
        """
        before = len(self._refused)
        if self.outputs.overlays:
            shown = self._shown(path, found)
            with self._keeping_refusal():
                overlay.save(self._overlays[path], panel.drawn(shown))
            self._small.append(panel.drawn(shown, least_px=SMALL_PX // 2, largest_px=SMALL_PX))
            if len(self._small) == ON_A_SHEET:
                self._write_sheet()
        if maps := self.outputs.maps:
            if found.map is None:
                raise UsageError(f"--maps {maps}: this method gives no anomaly maps with these settings")
            with self._keeping_refusal():
                heat_map.save_map(self._maps[path].with_suffix(".tiff"), found.map)
            with self._keeping_refusal():
                colours = heat_map.coloured(found.map, self._scale_of(found.map))
                overlay.save(self._maps[path], hatching.hatched(colours, found.ignored))
        return self._refused[before:]

    def finish(self) -> list[str]:
        """Write the last contact sheet. Returns why it cannot be written, if so."""
        before = len(self._refused)
        if self._small:
            self._write_sheet()
        return self._refused[before:]

    @contextmanager
    def _keeping_refusal(self) -> Iterator[None]:
        """A file that the system does not let us write costs no verdict."""
        try:
            yield
        except OSError as error:
            self._refused.append(refused_here(error))

    def remarks(self) -> list[str]:
        """What a user must know of the pictures written so far."""
        return sorted(self._said)

    def _write_sheet(self) -> None:
        self._sheets += 1
        sheet = panel.contact_sheet(self._small, columns=COLUMNS_OF_A_SHEET)
        with self._keeping_refusal():
            overlay.save(self.outputs.overlays / SHEET.format(self._sheets), sheet)
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
            ignored=found.ignored,
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
