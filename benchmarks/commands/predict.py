"""The command `predict`: judge new images with a finished job; write a CSV table and overlays if asked to."""

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import verdicts
from benchmarks.console import out, say
from benchmarks.errors import UsageError
from benchmarks.images import ImageError
from benchmarks.trained import Trained
from benchmarks.verdicts import Inspection, Rule, Verdict
from datasets import is_image_name
from reports import overlay
from reports.files import write_text

COLUMNS = ("path", "score", "threshold", "verdict", "regions", "largest_area_px", "reason")
"""Columns of the CSV table. `regions` is the number of regions; `reason` explains an unusual verdict or a failure."""
TOO_SMALL = "the whole image is smaller than the minimum defect area"
NO_REGIONS = "judged by the image score, without regions; if the method gives maps, run finetune --apply to get regions"

Row = dict[str, str | int | float | None]


def run(trained: Trained, images: Sequence[Path], *, table: Path | None, overlays: Path | None, device: str) -> int:
    """Print one line an image and write the outputs. Return 1 if an image could not be read, else 0.

    Raises UsageError, before the model is loaded, if an output cannot be made or written.
    """
    rule, paths = verdicts.rule(trained), list(verdicts.sources(images))
    places = _overlay_places(overlays, images, paths, rule) if overlays else {}
    if table:
        _prepare_table(table)
    _remark(rule)
    rows, width = [], max(len(_text(path)) for path in paths)
    for path, answer in zip(paths, verdicts.inspect(trained.judge(device), rule, paths, trained.reading), strict=True):
        _tell(answer, width)
        if overlays and isinstance(answer, Inspection):
            with _writing("--overlays", overlays):
                overlay.save(places[path], overlay.draw(answer.image, answer.segmentation.accepted))
        rows.append(_row(path, answer))
    if table:
        with _writing("--csv", table):
            write_text(table, _csv_text(rows))
    return _sum_up(rows)


def line(verdict: Verdict, width: int = 0) -> str:
    """A verdict in one line: path, score, threshold, defective or normal; with an operating point also the regions."""
    score, threshold = told_apart(verdict.score, verdict.threshold)
    fields = [f"{_text(verdict.path):{width}}", f"score {score:8}", f"threshold {threshold:8}", _word(verdict)]
    if verdict.regions is not None:
        fields[-1] = f"{fields[-1]:9}"
        fields += [f"regions {len(verdict.regions)}", f"largest {verdict.largest_area_px} px", _reason(verdict)]
    return "  ".join(fields).rstrip()


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
    while str(name).casefold() in taken:
        number += 1
        name = wanted.with_stem(f"{wanted.stem}-{number}")
    return name


def _overlay_places(overlays: Path, images: Sequence[Path], paths: Sequence[Path], rule: Rule) -> dict[Path, Path]:
    if rule.area_px is None:
        raise UsageError(
            f"--overlays {overlays}: there are no regions to outline, as no operating point was applied; if the "
            "method gives maps, run finetune --apply first"
        )
    with _writing("--overlays", overlays):
        overlays.mkdir(parents=True, exist_ok=True)
    for folder in filter(os.path.isdir, images):
        if overlays.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"--overlays {overlays}: it lies in {folder}, so the next run there would judge the overlays as "
                "images: name a folder outside"
            )
    found = places(overlays, [path for path in paths if os.path.isfile(path)])
    if replaced := {path.resolve() for path in paths} & {place.resolve() for place in found.values()}:
        raise UsageError(
            f"--overlays {overlays}: an overlay would replace the image {min(replaced)}: name another folder"
        )
    return found


def _prepare_table(table: Path) -> None:
    """Raise what can go wrong with the table before hours of scoring."""
    if is_image_name(table.name):
        raise UsageError(f"--csv {table}: expected the name of a table, such as verdicts.csv, got that of an image")
    with _writing("--csv", table):
        if table.is_dir():
            raise IsADirectoryError("it is a folder")
        table.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writing(option: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be written: {error.strerror or error}") from None


def _remark(rule: Rule) -> None:
    if rule.remark:
        say(rule.remark)
    if rule.area_px is None:
        say(NO_REGIONS)


def _tell(answer: Inspection | ImageError, width: int) -> None:
    if isinstance(answer, ImageError):
        say(str(answer))
    else:
        say(line(answer.verdict, width), on=out)


def _sum_up(rows: Sequence[Row]) -> int:
    """Print the number of verdicts of each kind. Return the exit status."""
    count = Counter(row["verdict"] for row in rows)
    say(", ".join(f"{count[word]} {word}" for word in ("defective", "normal", "unreadable")))
    return 1 if count["unreadable"] else 0


def _row(path: Path, answer: Inspection | ImageError) -> Row:
    if isinstance(answer, ImageError):
        values = (None, None, "unreadable", None, None, str(answer))
    else:
        verdict = answer.verdict
        regions = None if verdict.regions is None else len(verdict.regions)
        rest = (_word(verdict), regions, verdict.largest_area_px, _reason(verdict))
        values = (verdict.score, verdict.threshold, *rest)
    return dict(zip(COLUMNS, (_text(path), *values), strict=True))


def _csv_text(rows: Sequence[Row]) -> str:
    """The CSV table, with numbers at full precision. A number that does not exist is an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _word(verdict: Verdict) -> str:
    return "defective" if verdict.defective else "normal"


def _reason(verdict: Verdict) -> str:
    return TOO_SMALL if verdict.score == -math.inf else ""


def _text(path: Path) -> str:
    """A path as text that can always be printed; bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
