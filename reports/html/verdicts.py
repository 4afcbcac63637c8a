"""Section 1: a card for each category, and the jobs that failed."""

from typing import Any, NamedTuple

import pandas as pd

from reports.comparison import Cell, Line, lines
from reports.html.counts import Counts, counts
from reports.html.labels import Labels
from reports.results import Failure
from reports.rows import Row, Tables, failed_row
from reports.tables import decimals, has, names, places, significant

BELIEVED = 0.1
"""A false-positive rate up to this may be promised without a caution."""
Cells = dict[str, Cell]
"""The cells of a category in the table of the report, by method."""
NAMED = 4
"""The most methods named as equal."""


class Light(NamedTuple):
    """How far the threshold can be used."""

    level: str
    """good, caution, bad or none."""
    word: str
    reason: str


class Card(NamedTuple):
    """The verdict on a category."""

    place: str
    letter: str | None
    """The method with the highest image AUROC; None: no job has one."""
    name: str
    rivals: list[str]
    """Letters of the methods that this one is not shown to be better than."""
    auroc: str
    low: float | None
    high: float | None
    value: float | None
    counts: Counts | None
    ms: str
    light: Light


def shown(table: pd.DataFrame, labels: Labels, tables: Tables, failures: list[Failure]) -> dict[str, Any]:
    """What the template shows."""
    broken = {labels.of(row)[1:]: row for row in tables.contradictions}
    found = lines(table, "image_auroc") if has(table, "image_auroc") else []
    best = {line.title: dict(zip(names(table), line.cells, strict=True)) for line in found if not line.of_all}
    own = dict(iter(table[table["failure"].isna()].groupby("place", sort=False)))
    cards = [_card(place, own.get(place, table.iloc[:0]), labels, best.get(place), broken) for place in places(table)]
    return {"overall": _overall(found, table, labels), "cards": cards, "failures": _failures(labels, failures)}


class Overall(NamedTuple):
    """The best method over the categories that all methods share."""

    letter: str
    name: str
    text: str
    """Its mean."""
    over: str
    """The categories, in a phrase."""
    doubtful: bool


def _overall(found: list[Line], table: pd.DataFrame, labels: Labels) -> Overall | None:
    """None: there is one category, or one method."""
    every = names(table)
    for line in found:
        for name, cell in zip(every, line.cells, strict=True):
            if line.of_all and cell.best:
                return Overall(labels.letters[name], name, cell.text, line.title, cell.doubtful)
    return None


def _card(place: str, own: pd.DataFrame, labels: Labels, line: Cells | None, broken: dict) -> Card:
    known = own.dropna(subset=["image_auroc"]) if "image_auroc" in own else own.iloc[:0]
    if known.empty:
        light = Light("none", "no result", "no image AUROC: see the failures, or the images of this category")
        return Card(place, None, "", [], "n/a", None, None, None, None, "n/a", light)
    means = known.groupby("name")["image_auroc"].mean()
    name = means.idxmax()
    jobs = known[known["name"] == name]
    doubtful = line is not None and line[name].doubtful
    rivals = [labels.letters[other] for other in _ranked(means) if other != name][:NAMED] if doubtful else []
    number = counts(jobs)
    ms = 1000 / jobs["images_per_second"].median() if has(jobs, "images_per_second") else None
    ends = [_mean(jobs, f"image_auroc_{end}") for end in ("low", "high")]
    light = _light(jobs, number, broken.get((name, place)))
    auroc = decimals(means[name])
    return Card(
        place, labels.letters[name], name, rivals, auroc, *ends, float(means[name]), number, significant(ms), light
    )


def _ranked(means: pd.Series) -> list[str]:
    return list(means.sort_values(ascending=False, kind="stable").index)


def _mean(jobs: pd.DataFrame, column: str) -> float | None:
    return float(jobs[column].mean()) if has(jobs, column) else None


def _light(jobs: pd.DataFrame, number: Counts, broken: Row | None) -> Light:
    """What is to be said of the threshold first."""
    if number.threshold is None:
        return Light("none", "no threshold", "no normal image was held out to set one: run with --calibration")
    if broken:
        said = f"{broken['alarms']} of {broken['normal']} good images rejected, {broken['promised']:.1%} promised"
        return Light("bad", "promise broken", f"{said}: the calibration images are not like the test images")
    if number.missed is not None and 2 * number.missed > number.defective:
        return Light("bad", "misses most", "more than half of the defective images lie below the threshold")
    if number.alarms is not None and 2 * number.alarms > number.normal:
        return Light("bad", "rejects most", "more than half of the normal images lie above the threshold")
    rate = number.promised if number.promised is not None else number.expected
    of = f"{number.calibration} images"
    if rate is None:
        return Light("caution", "given", "the threshold was given, and promises no false-positive rate")
    if rate > BELIEVED:
        return Light("caution", "few images", f"{of} set it: up to {rate:.0%} false alarms must be expected")
    word = "promised" if number.promised is not None else "expected"
    return Light("good", "usable", f"{of} set it: at most {rate:.1%} false alarms {word}")


def _failures(labels: Labels, failures: list[Failure]) -> list[dict[str, Any]]:
    return [
        {
            "label": labels.of(failed_row(failure)),
            "seed": failure.cell.seed,
            "why": failure.reason,
            "tail": failure.tail,
        }
        for failure in failures
    ]
