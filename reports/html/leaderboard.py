"""Section 2: methods by numbers, for the mean over categories and for each category."""

from collections.abc import Callable, Iterable, Mapping
from math import isnan
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from reports.comparison import Cell, few_normal, lines
from reports.html.counts import Counts, counts, number
from reports.html.labels import Labels
from reports.statistics import FEWEST_NORMAL
from reports.tables import (
    NOT_AVAILABLE,
    Means,
    Spread,
    decimals,
    has,
    means,
    ms_per_image,
    names,
    places,
    significant,
    spread_text,
    spreads,
)

Bar = tuple[float, float, float]
"""Low end, value and high end of an interval."""


class Column(NamedTuple):
    """A column of numbers."""

    key: str
    title: str
    shown: bool
    """Whether it is shown until a reader chooses."""
    form: Callable[[Any], str] = decimals
    bar: bool = False
    of_all: bool = True
    """Whether it has a mean over categories."""


COLUMNS = (
    Column("image_auroc", "image AUROC", True, bar=True),
    Column("image_average_precision", "image AP", False),
    Column("pixel_auroc", "pixel AUROC", True),
    Column("aupro", "AUPRO", True),
    Column("pixel_average_precision", "pixel AP", False),
    Column("missed", "missed", True),
    Column("alarms", "false alarms", True),
    Column("true_positive_rate", "true positive rate", False),
    Column("false_positive_rate", "false-positive rate", False),
    Column("balanced_accuracy", "balanced accuracy", False),
    Column("threshold", "threshold", False, significant, of_all=False),
    Column("calibration_images", "calibration images", False, number, of_all=False),
    Column("oracle_image_f1", "oracle: image F1-max", False),
    Column("fit_seconds", "fit, s", True, significant),
    Column("ms_per_image", "ms/image", True, significant),
    Column("peak_memory_mb", "memory, MB", False, significant),
)
COUNTED = {"missed": ("missed", "defective"), "alarms": ("alarms", "normal")}
SPEED = "ms_per_image"
"""A median over jobs; the other numbers are means."""


NAMED = 6
"""The most categories named in a sentence."""
MOST_AT_ONCE = 24
"""More lines than this are first shown as their means."""


class Value(NamedTuple):
    """A cell."""

    text: str
    sort: float | None
    best: bool = False
    doubtful: bool = False
    bar: Bar | None = None
    main: str = ""
    """The number itself."""
    small: str = ""
    """What stands below it: its interval, and its deviation over seeds."""
    parts: Mapping[str, float] = MappingProxyType({})
    """The plain numbers behind it, by what each is; the value itself has no name."""


class Line(NamedTuple):
    """A method on a category, or on all of them."""

    place: str
    of_all: bool
    letter: str
    method: str
    title: str
    """Method and what was set."""
    values: list[Value]


class _Numbers:
    """The numbers of all cells, each column worked out once."""

    def __init__(self, table: pd.DataFrame):
        self.columns = [column for column in COLUMNS if column.key in {*COUNTED, SPEED} or has(table, column.key)]
        measured = [column for column in self.columns if column.key not in {*COUNTED, SPEED}]
        self.spreads = {column.key: spreads(table, ["place", "name"], column.key) for column in measured}
        self.means = {column.key: means(table, column.key) for column in measured if column.of_all}
        self.counts = {key: counts(jobs) for key, jobs in table.groupby(["place", "name"], sort=False)}
        self.shared = self.means["image_auroc"].categories if "image_auroc" in self.means else []
        self.speeds = {key: ms_per_image(jobs) for key, jobs in table.groupby(["place", "name"], sort=False)}
        of_shared = table[table["place"].isin(self.shared)].groupby("name", sort=False)
        self.mean_speeds = {name: ms_per_image(jobs) for name, jobs in of_shared}
        self.bars = _bars(table)
        self.marks = _marks(table, measured)

    def line(self, place: str, name: str) -> list[Value]:
        """The cells of a method on a category."""
        return [self._value(column, place, name) for column in self.columns]

    def mean_line(self, title: str, name: str) -> list[Value]:
        """The means over the categories that all methods share; of counts, the sums."""
        return [self._mean(column, title, name) for column in self.columns]

    def _value(self, column: Column, place: str, name: str) -> Value:
        if column.key in COUNTED:
            return _counted(column, [self.counts[place, name]])
        if column.key == SPEED:
            return _speed(self.speeds[place, name])
        spread = self.spreads[column.key].get((place, name))
        bar = self.bars.get((place, name)) if column.bar else None
        return self._marked(column, spread, self.marks.get((column.key, place, name)), bar)

    def _mean(self, column: Column, title: str, name: str) -> Value:
        if not column.of_all:
            return Value("", None)
        if column.key in COUNTED:
            own = [self.counts.get((place, name)) for place in self.shared]
            return Value(NOT_AVAILABLE, None, main=NOT_AVAILABLE) if None in own else _counted(column, own)
        if column.key == SPEED:
            return _speed(self.mean_speeds.get(name))
        mean = self.means[column.key]
        spread = mean.by_method.get(name)
        bar = (float(spread.mean),) * 3 if column.bar and spread else None
        value = self._marked(column, spread, self.marks.get((column.key, mean.title(), name)), bar)
        return value if spread is None or mean.categories == self.shared else _over_others(value, mean)

    def _marked(self, column: Column, spread: Spread | None, mark: Cell | None, bar: Bar | None) -> Value:
        if spread is None:
            return Value(NOT_AVAILABLE, None, main=NOT_AVAILABLE)
        mean, deviation = float(spread.mean), float(spread.standard_deviation)
        parts = {"": mean}
        below = []
        if bar and bar[0] != bar[2]:
            below.append(f"{bar[0]:.2f} to {bar[2]:.2f}")
            parts |= {"low": bar[0], "high": bar[2]}
        if not isnan(deviation):
            below += [f"± {deviation:.3f}"] if column.form is decimals else []
            parts["deviation over seeds"] = deviation
        text = spread_text(spread, spread.seeds) if column.form is decimals else column.form(mean)
        return Value(
            text,
            mean,
            bool(mark and mark.best),
            bool(mark and mark.doubtful),
            bar,
            column.form(mean),
            " ".join(below),
            parts,
        )


def _bars(table: pd.DataFrame) -> dict[tuple[str, str], Bar]:
    """The intervals of image AUROCs."""
    ends = ["image_auroc_mean_low", "image_auroc", "image_auroc_mean_high"]
    if not all(has(table, end) for end in ends):
        return {}
    found = table.dropna(subset=ends).groupby(["place", "name"], sort=False)[ends].mean()
    return {key: tuple(map(float, each)) for key, *each in found.itertuples()}


def _speed(milliseconds: float | None) -> Value:
    text = significant(milliseconds)
    return Value(text, milliseconds, main=text, parts={} if milliseconds is None else {"": milliseconds})


def _over_others(value: Value, mean: Means) -> Value:
    """A mean over other categories than its line tells of."""
    return value._replace(
        text=f"{value.text} ({mean.title()})",
        small=", ".join(filter(None, [value.small, mean.title()])),
        parts={**value.parts, "categories": len(mean.categories)},
    )


def _counted(column: Column, found: list[Counts]) -> Value:
    own, of = ([getattr(each, field) for each in found] for field in COUNTED[column.key])
    if None in own or not sum(of):
        return Value(NOT_AVAILABLE, None, main=NOT_AVAILABLE)
    text = f"{number(sum(own))}/{number(sum(of))}"
    return Value(text, sum(own) / sum(of), main=text, parts={"": sum(own), "of": sum(of)})


def _marks(table: pd.DataFrame, columns: list[Column]) -> dict[tuple[str, str, str], Cell]:
    """The cells of the tables of the report, by column, category and method."""
    every = names(table)
    return {
        (column.key, line.title, name): cell
        for column in columns
        if column.form is decimals
        for line in lines(table, column.key)
        for name, cell in zip(every, line.cells, strict=True)
    }


def shown(table: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """What the template shows."""
    done = table[table["failure"].isna()]
    if done.empty:
        return {
            "columns": [],
            "lines": [],
            "mean": None,
            "places": [],
            "sizes": {},
            "plain": [],
            "axis_low": 0.0,
            "is_short": True,
        }
    numbers = _Numbers(done)
    mean = means(done, "image_auroc").title() if numbers.shared and len(places(done)) > 1 else None
    found = [
        Line(place, False, labels.letters[name], labels.methods[name], labels.titles[name], numbers.line(place, name))
        for place in places(done)
        for name in labels.names
        if (place, name) in numbers.counts
    ]
    present = set(names(done))
    overall = [
        Line(mean, True, labels.letters[name], labels.methods[name], labels.titles[name], numbers.mean_line(mean, name))
        for name in labels.names
        if mean and name in present
    ]
    return {
        "columns": numbers.columns,
        "lines": [*overall, *found],
        "mean": mean,
        "places": places(done),
        "sizes": _sizes(numbers),
        "plain": _plain(done),
        "axis_low": _axis_low(numbers.bars.values()),
        "is_short": len(overall) + len(found) <= MOST_AT_ONCE,
    }


def _sizes(numbers: _Numbers) -> dict[str, str]:
    """The test images of each category."""
    return {
        place: f"{number(own.normal)} normal and {number(own.defective)} defective"
        for (place, _), own in numbers.counts.items()
    }


def _plain(done: pd.DataFrame) -> list[str]:
    """Why no image AUROC of some categories is bold, a sentence for each reason."""
    methods = done.groupby("place")["name"].nunique()
    alone, few = [place for place in places(done) if methods[place] < 2], few_normal(done)
    too_few = [place for place in places(done) if place in few and place not in alone]
    found = {
        f"fewer than {FEWEST_NORMAL} normal test images do not show which method is best": too_few,
        "there is one method only": alone,
    }
    return [f"Nothing is bold on {_listed(own)}: {why}." for why, own in found.items() if own]


def _listed(own: list[str]) -> str:
    return ", ".join(own) if len(own) <= NAMED else f"{len(own)} categories"


def _axis_low(bars: Iterable[Bar]) -> float:
    """The lowest value that bars show: 0.5, unless some interval reaches further down."""
    low = min((bar[0] for bar in bars), default=1.0)
    return 0.5 if low >= 0.5 else 0.4 if low >= 0.4 else 0.0
