"""The command `predict`: judge new images with a finished job; write a CSV table, overlays and maps if asked to."""

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.console import out, say
from benchmarks.images import ImageError
from benchmarks.images.losses import said_of_images
from benchmarks.likeness.novelty import Novelties
from benchmarks.prediction import pictures as verdict_pictures
from benchmarks.prediction import verdicts
from benchmarks.prediction.outputs import Outputs
from benchmarks.prediction.pace import Pace
from benchmarks.prediction.pictures import Pictures, told_apart, word
from benchmarks.prediction.regions import Regions
from benchmarks.prediction.table import COLUMNS, Row, Table
from benchmarks.prediction.truth import Truth
from benchmarks.prediction.verdicts import Inspection, Rule, Verdict
from benchmarks.trained import Trained
from reports.printable import printable

TOO_SMALL = "the image, or what counts of it, is smaller than the minimum defect area"
AS_TRAINED = "new images are read with the settings of the run; to choose others, do the run again with them"
NO_REGIONS = "judged by the image score, without regions; if the method gives maps, run finetune --apply to get regions"


def run(
    trained: Trained,
    images: Sequence[Path],
    outputs: Outputs,
    *,
    device: str,
    threshold: float | None = None,
    ignore: Path | None = None,
) -> int:
    """Print one line an image and write the outputs, each as soon as it is there.

    Return 1 if an image could not be read, or a file not written, which costs no other one; else 0. Raises UsageError,
    before the model is loaded, if an output cannot be made or written.
    """
    rule, paths = verdicts.rule(trained, threshold), list(verdicts.sources(images))
    appearances = trained.result.appearances
    colours = verdict_pictures.colours(trained.result.map_scale, rule)
    truth = Truth(trained) if outputs.overlays else None
    pictures = Pictures(outputs, images, paths, colours=colours, truth=truth)
    table = Table(outputs.table)
    for remark in _remarks(rule, compared=appearances is not None):
        say(remark)
    judge = trained.judge(device)
    regions = Regions(trained, judge.fill, ignore)
    answers = verdicts.inspect(
        judge,
        rule,
        paths,
        reading=trained.reading,
        regions=regions,
        appearances=appearances,
        with_maps=pictures.need_maps,
    )
    rows, losses, novelties, width = [], [], Novelties(), max(len(_printed(path)) for path in paths)
    pace = Pace(len(paths), say)
    refused: list[str] = []
    for path, answer in zip(paths, answers, strict=True):
        _tell(answer, width, alone=not any(outputs))
        pace.step()
        unwritten: list[str] = []
        if isinstance(answer, Inspection):
            losses.append((_printed(Path(path.name)), answer.losses))
            novelties.add(_printed(Path(path.name)), answer.verdict.unseen)
            unwritten = pictures.write(path, answer)
        rows.append(_row(path, answer, unwritten))
        table.add(rows[-1])
        refused += unwritten
    refused += [*pictures.finish(), *filter(None, [table.close()])]
    for sentence in refused:
        say(sentence, style="bold red")
    for sentence in pictures.remarks():
        say(sentence)
    for _, sentence in said_of_images(losses):
        say(sentence, style="yellow")
    if any(lost for _, lost in losses):
        say(AS_TRAINED)
    for sentence in regions.remarks():
        say(sentence, style="yellow")
    for sentence in novelties.sentences():
        say(sentence, style="yellow")
    return 1 if _sum_up(rows) or refused else 0


def line(verdict: Verdict, width: int = 0) -> str:
    """A verdict in one line: path, score, threshold, defective or normal; with an operating point also the regions."""
    score, threshold = told_apart(verdict.score, verdict.threshold)
    fields = [f"{_printed(verdict.path):{width}}", f"score {score:8}", f"threshold {threshold:8}", word(verdict)]
    if verdict.regions is not None:
        fields[-1] = f"{fields[-1]:9}"
        fields += [f"regions {len(verdict.regions)}", f"largest {verdict.largest_area_px} px", _reason(verdict)]
    return "  ".join(fields).rstrip()


def _remarks(rule: Rule, *, compared: bool) -> Iterator[str]:
    """What a user must know beforehand."""
    if rule.remark:
        yield rule.remark
    if rule.area_px is None:
        yield NO_REGIONS
    if not compared:
        yield verdicts.NOT_COMPARED


def _tell(answer: Inspection | ImageError, width: int, *, alone: bool) -> None:
    """Print the line of an image. It is all that is asked for, or files are written too: `alone` tells which."""
    if isinstance(answer, ImageError):
        say(str(answer))
        return
    try:
        say(line(answer.verdict, width), on=out)
    except SystemExit:  # rich ends the program where the reader of a pipe is gone, as `head` is, and prints no more
        if alone:
            raise


def _sum_up(rows: Sequence[Row]) -> int:
    """Print the number of verdicts of each kind. Return the exit status."""
    count = Counter(row["verdict"] for row in rows)
    say(", ".join(f"{count[word]} {word}" for word in ("defective", "normal", "unreadable")))
    return 1 if count["unreadable"] else 0


def _row(path: Path, answer: Inspection | ImageError, unwritten: Sequence[str]) -> Row:
    if isinstance(answer, ImageError):
        values = (None, None, "unreadable", None, None, str(answer))
    else:
        verdict = answer.verdict
        regions = None if verdict.regions is None else len(verdict.regions)
        rest = (
            word(verdict),
            regions,
            verdict.largest_area_px,
            "; ".join(filter(None, [_reasons(verdict), *unwritten])),
        )
        values = (verdict.score, verdict.threshold, *rest)
    return dict(zip(COLUMNS, (_text(path), *values), strict=True))


def _reason(verdict: Verdict) -> str:
    return TOO_SMALL if verdict.score == -math.inf else ""


def _reasons(verdict: Verdict) -> str:
    """Why a verdict is unusual, or may mean nothing."""
    return "; ".join(filter(None, [_reason(verdict), *map(str, verdict.unseen)]))


def _printed(path: Path) -> str:
    """A path on one line: line breaks and the like are escaped."""
    return printable(str(path))


def _text(path: Path) -> str:
    """A path as text that can always be printed; bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
