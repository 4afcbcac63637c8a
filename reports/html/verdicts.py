"""Section 1: the best method, a card for each category, what must be known before a number is used, failed jobs."""

from typing import Any, NamedTuple

import pandas as pd

from reports.comparison import Cell, Line, few_normal, lines
from reports.html.counts import Counts, counts
from reports.html.labels import Labels
from reports.report import Report
from reports.rows import failed_row
from reports.tables import decimals, has, means, ms_per_image, names, places, significant

Cells = dict[str, Cell]
"""The cells of a category in the table of the report, by method."""
NAMED = 4
"""The most methods named as equal."""
LIGHTS = {"red": "bad", "yellow": "caution"}
WORDS = {
    "rejects": "Rejects too many",
    "misses": "Misses too many",
    "chance": "No better than chance",
    "set_alone": "One image sets the threshold",
    "no_threshold": "No threshold",
    "few_calibration": "Few images set the threshold",
    "mixed_rules": "Two rules are mixed",
    "few_normal": "Few normal test images",
}
"""Each kind of verdict in a few words."""


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
    method: str
    settings: str
    rivals: list[str]
    """Letters of the methods that this one is not shown to be better than."""
    is_undecided: bool
    """Whether there are too few images to call any method the best."""
    auroc: str
    interval: str
    counts: Counts | None
    ms: str
    light: Light


class Overall(NamedTuple):
    """The best method over the categories that all methods share."""

    methods: list[tuple[str, str]]
    """Letter and title; several whose means look equal."""
    text: str
    """Their mean."""
    over: str
    """The categories, in a phrase."""
    doubtful: bool


class Warning(NamedTuple):
    """Something to know of methods on a category, and what to do."""

    level: str
    place: str
    letters: list[str]
    text: str
    advice: str


def shown(report: Report, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    table, every = report.jobs, names(report.jobs)
    found = lines(table, "image_auroc") if has(table, "image_auroc") else []
    best = {line.title: dict(zip(every, line.cells, strict=True)) for line in found if not line.of_all}
    own = dict(iter(table[table["failure"].isna()].groupby("place", sort=False)))
    told, few = _told(report), few_normal(table)
    cards = [
        _card(place, own.get(place, table.iloc[:0]), labels, best.get(place, {}), told)._replace(
            is_undecided=place in few
        )
        for place in places(table)
    ]
    return {
        "overall": found and _overall(found, labels, len(means(table, "image_auroc").categories)),
        "cards": [card._replace(is_undecided=card.place in few) for card in cards],
        "warnings": _warnings(report, labels),
        "failures": [
            {"label": labels.of(failed_row(each)), "seed": each.cell.seed, "why": each.reason, "tail": each.tail}
            for each in report.failures
        ],
    }


def _told(report: Report) -> dict[tuple[str, str], dict[str, Any]]:
    """The gravest verdict on each category and method."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in report.verdicts.to_dict("records"):
        found.setdefault((row["place"], row["name"]), row)
    return found


def _overall(found: list[Line], labels: Labels, shared: int) -> Overall | None:
    """None: the methods share one category at most, there is one method, or there are too few images."""
    line = next((line for line in found if line.of_all), None)
    best = {name: cell for name, cell in zip(labels.names, line.cells, strict=True) if cell.best} if line else {}
    if not best or shared < 2:
        return None
    cell = next(iter(best.values()))
    return Overall([(labels.letters[name], labels.titles[name]) for name in best], cell.text, line.title, cell.doubtful)


def _card(place: str, own: pd.DataFrame, labels: Labels, cells: Cells, told: dict) -> Card:
    known = own.dropna(subset=["image_auroc"]) if "image_auroc" in own else own.iloc[:0]
    if known.empty:
        light = Light("none", "No result", "no image AUROC: see the failures, or the images of this category")
        return Card(place, None, "", "", [], False, "n/a", "", None, "n/a", light)
    ranked = known.groupby("name", sort=False)["image_auroc"].mean().sort_values(ascending=False, kind="stable")
    name = ranked.index[0]
    jobs, cell = known[known["name"] == name], cells[name]
    number = counts(jobs)
    return Card(
        place=place,
        letter=labels.letters[name],
        method=labels.methods[name],
        settings=labels.settings(name),
        rivals=[labels.letters[other] for other in ranked.index[1 : 1 + NAMED]] if cell.doubtful else [],
        is_undecided=False,
        auroc=decimals(ranked.iloc[0]),
        interval=" ".join(filter(None, [cell.interval.strip("[]").replace(", ", " to "), cell.seeds])),
        counts=number,
        ms=significant(ms_per_image(jobs)),
        light=_light(number, told.get((place, name))),
    )


def _light(number: Counts, told: dict[str, Any] | None) -> Light:
    if told:
        level = "none" if told["kind"] == "no_threshold" else LIGHTS[told["light"]]
        return Light(level, WORDS.get(told["kind"], told["kind"]), told["text"])
    if number.threshold is None:
        return Light("none", "No threshold", "no normal image was held out")
    if not number.calibration:
        return Light("caution", "Given threshold", "it promises no false-positive rate")
    rate, word = (number.promised, "promised") if number.promised is not None else (number.expected, "expected")
    return Light(
        "good", "Usable threshold", f"{number.calibration} images set it; at most {rate:.1%} false alarms {word}"
    )


def _warnings(report: Report, labels: Labels) -> list[Warning]:
    """Every verdict; what is said of several methods alike stands once."""
    found: dict[tuple, Warning] = {}
    for row in report.verdicts.to_dict("records"):
        key = row["place"], row["text"], row["advice"]
        known = found.setdefault(key, Warning(LIGHTS[row["light"]], row["place"], [], row["text"], row["advice"]))
        known.letters.append(labels.letters[row["name"]])
    return list(found.values())
