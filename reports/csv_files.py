"""The tables for programs: report.csv, defects.csv, verdicts.csv, scores.csv. docs/columns.md explains each column."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from reports.cells import guarded
from reports.files import keep_table_of_predict, replacing, write_text
from reports.results import OperatingPoint, Result
from reports.rows import IDENTITY, Row, csv_text, identity

SETTING = "setting_"
"""Begins the name of the column of each setting of a method."""
SCORES = "scores.csv"
OF_DEFECT = ("defect", "images", "of_several_types", "image_auroc", "missed")
OF_VERDICT = ("seeds", "kind", "light", "text", "advice")
JOB = ("method", "changed", "dataset", "category", "seed", "shots", "calibration")
OF_IMAGE = ("path", "part", "group", "defect", "score", "level", "verdict", "threshold", "largest_area_px")
HEADER = ",".join((*JOB, *OF_IMAGE)) + "\n"
"""The first line of scores.csv."""
TEXTS = ("method", "changed", "dataset", "category", "path", "part", "group", "defect", "verdict")
"""Columns of scores.csv that are texts, also where they look like numbers."""
SPECIAL = re.compile(r'[,"\r\n]')
TUNING = "tuning"
"""The part of a test image on which the operating point was chosen; it is judged by no threshold."""


def write(folder: Path, jobs: Iterable[Row], defects: Iterable[Row], verdicts: Iterable[Row]) -> None:
    """Write all but the scores of images. Raises FileExistsError where a table of `predict` has such a name."""
    tables = {
        "report.csv": csv_text(map(with_settings, jobs)),
        "defects.csv": csv_text(defects, (*IDENTITY, *OF_DEFECT)),
        "verdicts.csv": csv_text(verdicts, (*IDENTITY, *OF_VERDICT)),
    }
    for name, text in tables.items():
        keep_table_of_predict(folder / name)
        write_text(folder / name, text)


def with_settings(row: Row) -> Row:
    """A row with a column for each setting, before `settings`, which has all of them as JSON."""
    settings = {f"{SETTING}{name}": _text(value) for name, value in json.loads(row["settings"]).items()}
    return row | settings


def _text(value: object) -> str | int | float | bool | None:
    return json.dumps(value) if isinstance(value, list | dict) else value


@contextmanager
def writing_scores(folder: Path) -> Iterator[TextIO]:
    """The file scores.csv, with its header; it replaces an older one when it is complete."""
    keep_table_of_predict(folder / SCORES)
    with replacing(folder / SCORES) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        yield file


def score_lines(result: Result, point: OperatingPoint | None, threshold: float | None) -> str:
    """The lines of scores.csv on one result: one for each image that was judged without having been learned from."""
    job = identity(result.cell)
    begin, end = ",".join(_field(job[column]) for column in JOB), _field(threshold)
    judged = _judged_by_score(result, threshold) if point is None else _judged_by_level(result, point, threshold)
    return "".join(
        [
            f"{begin},{_field(image.path)},{part},{_field(image.group)},{_field(image.defect)},{image.score!r},"
            f"{level},{verdict},{end},{area}\n"
            for image, (part, level, verdict, area) in zip(result.images, judged, strict=True)
        ]
    )


Judged = tuple[str, str, str, str]
"""The fields `part`, `level`, `verdict` and `largest_area_px` of an image."""


def _judged_by_score(result: Result, threshold: float | None) -> Iterator[Judged]:
    for image in result.images:
        yield image.part, "", _verdict(image.score, threshold), ""


def _judged_by_level(result: Result, point: OperatingPoint, threshold: float | None) -> Iterator[Judged]:
    """Only images whose level is known are judged, and none on which the point was chosen."""
    levels = {image.path: image.score for image in point.images}
    areas = dict(zip(levels, point.largest_areas_px, strict=False))
    tuned_on = set(point.tuned_on)
    for image in result.images:
        part, level = TUNING if image.path in tuned_on else image.part, levels.get(image.path)
        yield part, _field(level), _verdict(level, threshold), _field(areas.get(image.path))


def _verdict(level: float | None, threshold: float | None) -> str:
    return "" if threshold is None or level is None else "defective" if level > threshold else "normal"


def _field(value: str | int | float | None) -> str:
    """The text of a field, quoted where a comma, a quote or a line break needs it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = guarded(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if SPECIAL.search(text) else text
