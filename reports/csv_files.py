"""The tables for programs: report.csv, defects.csv, verdicts.csv, scores.csv. docs/columns.md explains each column."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from reports.files import replacing, write_text
from reports.results import ImageScore, OperatingPoint, Result
from reports.rows import IDENTITY, Row, csv_text, identity

SETTING = "setting_"
"""Begins the name of the column of each setting of a method."""
SCORES = "scores.csv"
OF_DEFECT = ("defect", "images", "of_several_types", "image_auroc", "missed")
OF_VERDICT = ("seeds", "kind", "light", "text", "advice")
JOB = ("method", "changed", "dataset", "category", "seed", "shots", "calibration")
OF_IMAGE = ("path", "part", "group", "defect", "score", "level", "verdict", "threshold", "largest_area_px")
SPECIAL = re.compile(r'[,"\r\n]')
TUNING = "tuning"
"""The part of a test image on which the operating point was chosen; it is judged by no threshold."""


def write(folder: Path, jobs: Iterable[Row], defects: Iterable[Row], verdicts: Iterable[Row]) -> None:
    """Write all but the scores of images."""
    write_text(folder / "report.csv", csv_text(map(_with_settings, jobs)))
    write_text(folder / "defects.csv", csv_text(defects, (*IDENTITY, *OF_DEFECT)))
    write_text(folder / "verdicts.csv", csv_text(verdicts, (*IDENTITY, *OF_VERDICT)))


def _with_settings(row: Row) -> Row:
    """A row with a column for each setting, before `settings`, which has all of them as JSON."""
    settings = {f"{SETTING}{name}": _text(value) for name, value in json.loads(row["settings"]).items()}
    return row | settings


def _text(value: object) -> str | int | float | bool | None:
    return json.dumps(value) if isinstance(value, list | dict) else value


@contextmanager
def writing_scores(folder: Path) -> Iterator[TextIO]:
    """The file scores.csv, with its header; it replaces an older one when it is complete."""
    with replacing(folder / SCORES) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(",".join((*JOB, *OF_IMAGE)) + "\n")
        yield file


def score_lines(result: Result, point: OperatingPoint | None, threshold: float | None) -> str:
    """The lines of scores.csv on one result: one for each image that was judged without having been learned from."""
    job = identity(result.cell)
    begin = ",".join(_field(job[column]) for column in JOB)
    levels = {image.path: image.score for image in point.images} if point else None
    areas = dict(zip(levels, point.largest_areas_px, strict=True)) if point and point.largest_areas_px else {}
    tuned_on = set(point.tuned_on) if point else ()
    limit = _field(threshold)
    return "".join(
        [
            f"{begin},{_field(image.path)},{TUNING if image.path in tuned_on else image.part},"
            f"{_field(image.group)},{_field(image.defect)},{image.score!r},"
            f"{_judged(image, levels, threshold)},{limit},{_field(areas.get(image.path))}\n"
            for image in result.images
        ]
    )


def _judged(image: ImageScore, levels: Mapping[str, float] | None, threshold: float | None) -> str:
    """The fields `level` and `verdict`. With an operating point only images whose level is known are judged."""
    level = image.score if levels is None else levels.get(image.path)
    verdict = "" if threshold is None or level is None else "defective" if level > threshold else "normal"
    return f"{'' if levels is None else _field(level)},{verdict}"


def _field(value: str | int | float | None) -> str:
    """The text of a field, quoted where a comma, a quote or a line break needs it."""
    if not isinstance(value, str):
        return "" if value is None else repr(value)
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if SPECIAL.search(value) else value
