"""Section 1: the best method, a card for each category, what must be known before a number is used, failed jobs."""

from typing import Any, NamedTuple

import pandas as pd

from reports.comparison import Cell, Line, few_normal, lines
from reports.html.counts import Counts, counted, counts
from reports.html.labels import Labels
from reports.report import Report
from reports.rows import failed_row
from reports.tables import decimals, has, means, ms_per_image, names, places, significant, synthetic

Cells = dict[str, Cell]
"""The cells of a category in the table of the report, by method."""
Told = dict[tuple[str, str], dict[str, Any]]
"""The gravest verdict by category and method."""
NAMED = 4
"""The most methods named as equal."""
LISTED = 6
"""The most categories named in a sentence."""
STANDINGS = {
    "best": "{} is the best on",
    "only": "{} is the only method on",
    "tied": "methods are tied on",
    "doubtful": "no method is shown to be the best on",
    "undecided": "too few normal images to call a method the best on",
    "": "there is no image AUROC on",
}
"""How the first method of a card stands."""
LIGHTS = {"red": "bad", "yellow": "caution"}
WORDS = {
    "rejects": "Rejects too many",
    "misses": "Misses too many",
    "chance": "No better than chance",
    "other_images": "Not all on the same images",
    "other_regions": "Not all ignore the same",
    "set_alone": "One image sets the threshold",
    "learned_little": "The network has learned little",
    "near_copies": "Near-copies set the threshold",
    "no_threshold": "No threshold",
    "few_calibration": "Few images set the threshold",
    "mixed_rules": "Two rules are mixed",
    "few_normal": "Few normal test images",
}
"""Each kind of verdict in a few words."""
BUT = {
    "rejects": "rejects too many normal images",
    "misses": "misses too many defects",
    "chance": "is not shown to be better than chance",
}
"""What a grave verdict says of a method that leads."""


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
    standing: str
    """How it stands among the methods: only, undecided, tied, doubtful or best."""
    but: str
    """A grave reason against it; empty: none."""
    rivals: list[str]
    """Letters of the methods that it is tied with, or not shown to be better than."""
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
        _card(own.get(place, table.iloc[:0]), labels, best.get(place, {}), told, place=place, few=place in few)
        for place in places(table)
    ]
    overall = _overall(found, labels, len(means(table, "image_auroc").categories)) if found else None
    warnings = _warnings(report, labels)
    return {
        "overall": overall,
        "cards": cards,
        "warnings": warnings,
        "summary": f"{_compared(table, overall, cards)} {_warned(table, warnings, labels)}",
        "failures": [
            {"label": labels.of(failed_row(each)), "seed": each.cell.seed, "why": each.reason, "tail": each.tail}
            for each in report.failures
        ],
    }


def _compared(table: pd.DataFrame, overall: Overall | None, cards: list[Card]) -> str:
    """What was compared, and which method is the best: a sentence."""
    jobs = int(table["failure"].isna().sum())
    what = (
        f"{counted(len(names(table)), 'method')} on {', '.join(table['dataset'].unique())} "
        f"({counted(len(places(table)), 'category', 'categories')}, {counted(jobs, 'job')})"
    )
    if overall:
        methods = " and ".join(title for _, title in overall.methods)
        verb = "has" if len(overall.methods) == 1 else "have"
        doubt = ", but is not shown to be better than the second" if overall.doubtful else ""
        return f"{what}: {methods} {verb} the highest image AUROC, {overall.text} ({overall.over} categories){doubt}."
    told: dict[str, list[str]] = {}
    for card in cards:
        title = f"{card.method} {card.settings}".strip()
        told.setdefault(STANDINGS[card.standing].format(title), []).append(card.place)
    return f"{what}: {'; '.join(f'{text} {_listed(own)}' for text, own in told.items())}."


def _warned(table: pd.DataFrame, warnings: list[Warning], labels: Labels) -> str:
    """What speaks against the numbers: a sentence."""
    made, grave = synthetic(table), [each for each in warnings if each.level == "bad"]
    told = "No grave warning stands against these numbers"
    if grave:
        titles = {labels.letters[name]: labels.titles[name] for name in labels.names}
        first = " and ".join(titles[letter] for letter in grave[0].letters)
        told = f"{counted(len(grave), 'grave warning')}, first of all that {first} on {grave[0].place} {grave[0].text}"
    return told + (f"; images or defects of {_listed(made)} are synthetic." if made else ".")


def _listed(own: list[str]) -> str:
    return ", ".join(own) if len(own) <= LISTED else f"{len(own)} categories"


def _told(report: Report) -> Told:
    """The gravest verdict on each category and method."""
    found: Told = {}
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


def _card(own: pd.DataFrame, labels: Labels, cells: Cells, told: Told, *, place: str, few: bool) -> Card:
    known = own.dropna(subset=["image_auroc"]) if "image_auroc" in own else own.iloc[:0]
    if known.empty:
        light = Light("none", "No result", "no image AUROC: see the failures, or the images of this category")
        return Card(place, None, "", "", "", "", [], "n/a", "", None, "n/a", light)
    aurocs = known.groupby("name", sort=False)["image_auroc"].mean()
    ranked = sorted(aurocs.index, key=lambda name: (-round(aurocs[name], 3), _is_grave(told.get((place, name)))))
    name, verdict = ranked[0], told.get((place, ranked[0]))
    jobs, cell = known[known["name"] == name], cells[name]
    number = counts(jobs)
    standing, rivals = _standing(ranked, aurocs, few=few, doubtful=cell.doubtful)
    return Card(
        place=place,
        letter=labels.letters[name],
        method=labels.methods[name],
        settings=labels.settings(name),
        standing=standing,
        but=BUT[verdict["kind"]] if _is_grave(verdict) else "",
        rivals=[labels.letters[rival] for rival in rivals],
        auroc=decimals(aurocs[name]),
        interval=", ".join(filter(None, [cell.interval.strip("[]").replace(", ", " to "), _seeds(jobs)])),
        counts=number,
        ms=significant(ms_per_image(jobs)),
        light=_light(number, verdict),
    )


def _standing(ranked: list[str], aurocs: pd.Series, *, few: bool, doubtful: bool) -> tuple[str, list[str]]:
    """How the first of the methods stands among them, and its rivals."""
    if len(ranked) == 1:
        return "only", []
    tied = [name for name in ranked[1:] if decimals(aurocs[name]) == decimals(aurocs[ranked[0]])]
    if tied:
        return "tied", tied[:NAMED]
    if few:
        return "undecided", []
    return ("doubtful", ranked[1 : 1 + NAMED]) if doubtful else ("best", [])


def _is_grave(verdict: dict[str, Any] | None) -> bool:
    return bool(verdict) and verdict["light"] == "red"


def _seeds(jobs: pd.DataFrame) -> str:
    """The seeds that were run, with the deviation over them."""
    seeds, deviation = jobs["seed"].nunique(), jobs["image_auroc"].std()
    return f"{seeds} seeds ± {deviation:.3f}" if seeds > 1 else "1 seed"


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
