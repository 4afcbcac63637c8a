"""Markdown tables: the text of cells, names of methods and columns, and means over seeds and categories."""

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import pandas as pd
from tabulate import tabulate

from reports.rows import Row, in_order, natural

NOT_AVAILABLE = "n/a"

METRICS = {
    "image_auroc": "image AUROC",
    "image_average_precision": "image average precision",
    "oracle_image_f1": "image F1-max (oracle)",
    "oracle_balanced_accuracy": "balanced accuracy (oracle)",
    "pixel_auroc": "pixel AUROC",
    "pixel_average_precision": "pixel average precision",
    "aupro": "AUPRO",
    "balanced_accuracy": "balanced accuracy",
    "promised_false_alarm_share": "expected false-positive rate at most",
    "expected_false_alarm_share": "false-positive rate expected, not promised",
    "missed": "missed",
    "interval": "[low, high]",
    "doubtful": "≈",
    "other_seeds": "mean, other seeds",
    "area_rule": "minimum defect area",
    "area_image_auroc": "image AUROC of its level",
    "threshold": "threshold",
    "true_positive_rate": "true positive rate",
    "true_negative_rate": "true negative rate",
    "false_positive_rate": "false-positive rate",
    "oracle_tpr_at_fpr_1": "true positive rate at 1 % (oracle)",
    "oracle_tpr_at_fpr_5": "true positive rate at 5 % (oracle)",
}
"""The name of each column in a table."""


SYNTHETIC = r"(?m)^synthetic (?:data|defects?|images?)\b"
"""A remark that begins so says that a program made the images or the defects."""


class Spread(NamedTuple):
    """Mean and standard deviation over seeds."""

    mean: float
    standard_deviation: float
    """Sample standard deviation; NaN for a single seed."""
    seeds: int


class Means(NamedTuple):
    """The mean over categories, over the same categories for each method."""

    by_method: Mapping[str, Spread]
    categories: list[str]
    """The categories for which every method has the number; a method without any such number is left out."""
    of: int
    """Number of categories in the report."""

    def title(self) -> str:
        """`mean of 3`, or `mean of 2 of 3` where a category is left out."""
        if not self.categories:
            return "no category in common"
        shared = len(self.categories)
        return f"mean of {shared}" if shared == self.of else f"mean of {shared} of {self.of}"


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Sorted rows with two more columns: `name` (method and distinguishing settings) and `place` (category)."""
    table = pd.DataFrame(in_order(rows))
    if "failure" not in table:
        table["failure"] = None
    several = table["dataset"].nunique() > 1
    table["name"] = _names(table)
    table["place"] = table["dataset"] + "/" + table["category"] if several else table["category"]
    return table


MIXED = " †"
"""Marks numbers that mix seeds judged by an operating point with seeds judged by the calibrated threshold."""


def mixed_rules(table: pd.DataFrame) -> set[tuple[str, str]]:
    """(category, method) whose seeds are not all judged by the same kind of rule."""
    if not has(table, "min_area_px"):
        return set()
    judged = table[table["threshold"].notna()]
    ways = judged["min_area_px"].notna().groupby([judged["place"], judged["name"]]).nunique()
    return set(ways[ways > 1].index)


def names(table: pd.DataFrame) -> list[str]:
    """The methods, in order."""
    return list(table["name"].unique())


def places(table: pd.DataFrame) -> list[str]:
    """The categories, in natural order."""
    return sorted(table["place"].unique(), key=natural)


def has(table: pd.DataFrame, column: str) -> bool:
    """Whether any job has a value in this column."""
    return column in table and bool(table[column].notna().any())


def leaves_one_out(table: pd.DataFrame) -> pd.Series:
    """For each job, whether its training images set the threshold, each judged by the others."""
    return table["calibration"].eq("loo")


def holds_out(table: pd.DataFrame) -> pd.Series:
    """For each job, whether some of the normal training images were held out for the threshold."""
    return table["calibration"].ne(0) & ~leaves_one_out(table)


def spreads(table: pd.DataFrame, by: Sequence[str], column: str) -> dict[tuple, Spread]:
    """Mean, standard deviation and number of seeds for each combination of the columns `by`."""
    found: dict[tuple, list[float]] = {}
    for *key, value in _known(table, [*by, column]):
        found.setdefault(tuple(key), []).append(value)
    return {key: Spread(fmean(values), _deviation(values), len(values)) for key, values in found.items()}


def _known(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple]:
    """The values of these columns in each row that has the last one. Pandas' own groups are slow for short tables."""
    known = table[columns[-1]].notna()
    return zip(*(table.loc[known, column] for column in columns), strict=True)


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def means(table: pd.DataFrame, column: str) -> Means:
    """The mean row. Its spread is that of the mean of each seed, if every seed has all the categories."""
    found = _values(table, column)
    shared = set.intersection(*map(set, found.values())) if found else set()
    by_method = {name: _spread([by_place[place] for place in shared]) for name, by_place in found.items() if shared}
    return Means(by_method, sorted(shared, key=natural), table["place"].nunique())


def _values(table: pd.DataFrame, column: str) -> dict[str, dict[str, dict[int, float]]]:
    """What is known of a column: method -> category -> seed -> value."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for name, place, seed, value in _known(table, ["name", "place", "seed", column]):
        found.setdefault(name, {}).setdefault(place, {})[seed] = value
    return found


def _spread(categories: Sequence[Mapping[int, float]]) -> Spread:
    """The mean over categories, each of them seed -> value, and how it differs between seeds."""
    seeds = set().union(*categories)
    complete = [fmean(own[seed] for own in categories) for seed in seeds if all(seed in own for own in categories)]
    deviation = _deviation(complete) if len(complete) == len(seeds) else float("nan")
    return Spread(fmean(fmean(own.values()) for own in categories), deviation, len(complete))


def headed(found: Mapping[str, Means], table: pd.DataFrame) -> tuple[str, list[str]]:
    """The headers of a table of means: that of the methods, and those of the columns, which `found` has by name.

    The first says which categories the means are over; where that differs between columns, each column says it.
    """
    if len(places(table)) < 2 or not found:
        return "method", list(found)
    if len({tuple(mean.categories) for mean in found.values()}) == 1:
        return f"method, {next(iter(found.values())).title()}", list(found)
    return "method", [f"{name}, {mean.title()}" for name, mean in found.items()]


def mean_over_categories(jobs: pd.DataFrame, column: str) -> float | None:
    """The mean over categories of the means over seeds; None where a category has no such number."""
    if not has(jobs, column):
        return None
    by_category = jobs[column].astype(float).groupby(jobs["place"]).mean()
    return float(by_category.mean()) if by_category.notna().all() else None


def markdown(headers: Sequence[str], lines: Iterable[Sequence[str]], *, text_columns: int = 1) -> str:
    """A table with its text columns first, aligned left; number columns are aligned right."""
    align = ["left"] * text_columns + ["right"] * (len(headers) - text_columns)
    return tabulate(list(lines), headers, tablefmt="pipe", colalign=align, disable_numparse=True)


def escape(text: str) -> str:
    """Escape any text, so that markdown shows exactly this text on one line."""
    text = "".join(character if character.isprintable() else " " for character in text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An underscore within a word is no markup, and most names have one.
    return re.sub(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)


def decimals(value: float | None) -> str:
    """Format a share or a score with three decimals."""
    return NOT_AVAILABLE if value is None or pd.isna(value) else f"{value:.3f}"


def significant(value: float | None) -> str:
    """Format a duration, size or speed with three significant digits, without an exponent."""
    if value is None or pd.isna(value):
        return NOT_AVAILABLE
    return f"{value:,.0f}" if value >= 100 else np.format_float_positional(value, 3, fractional=False, trim="-")


def span(values: pd.Series) -> str:
    """`14`, or `14 to 16` where values differ; shares have three decimals."""
    return _span_text(values.min(), values.max())


def spans(table: pd.DataFrame, by: Sequence[str], column: str) -> dict[Hashable, str]:
    """The span of a column for each combination of the columns `by`."""
    ends = table.groupby(list(by))[column].agg(["min", "max"])
    return {key: _span_text(low, high) for key, low, high in ends.itertuples()}


def _span_text(low: float | None, high: float | None) -> str:
    if pd.isna(low):
        return NOT_AVAILABLE
    texts = [f"{end:.0f}" if float(end).is_integer() else decimals(end) for end in (low, high)]
    return " to ".join(dict.fromkeys(texts))


def synthetic(table: pd.DataFrame) -> list[str]:
    """The categories whose images or defects a program made, as the dataset or a remark of a result says."""
    told = [table["made"].eq(True)] if "made" in table else []
    told += [table["remarks"].fillna("").str.contains(SYNTHETIC, regex=True)] if "remarks" in table else []
    return places(table[pd.concat(told, axis=1).any(axis=1)]) if told else []


def ms_per_image(jobs: pd.DataFrame) -> float | None:
    """Milliseconds to judge an image, the median over jobs; None where a category has no job with a speed."""
    if mean_over_categories(jobs, "images_per_second") is None:
        return None
    return float((1000 / jobs["images_per_second"].astype(float)).median())


def spread_text(spread: Spread | None, seeds: int) -> str:
    """`0.912 ± 0.010`, with the number of seeds where some are missing."""
    if spread is None:
        return NOT_AVAILABLE
    around = "" if pd.isna(spread.standard_deviation) else f" ± {spread.standard_deviation:.3f}"
    missing = f" ({spread.seeds} of {seeds} seeds)" if spread.seeds < seeds else ""
    return f"{spread.mean:.3f}{around}{missing}"


def seeds_text(spread: Spread, seeds: int) -> str:
    """`(seeds ± 0.008)`, and how many seeds there are where some are missing; empty for one of one."""
    around = "" if pd.isna(spread.standard_deviation) else f"seeds ± {spread.standard_deviation:.3f}"
    missing = f"{spread.seeds} of {seeds} seeds" if spread.seeds < seeds else ""
    inner = ", ".join(filter(None, [around, missing]))
    return f"({inner})" if inner else ""


def _names(table: pd.DataFrame) -> pd.Series:
    """The method and its changed settings, with more where two would have the same name."""
    labels = table["method"] + (" " + table["changed"]).where(table["changed"] != "", "")
    if table["shots"].nunique(dropna=False) > 1:
        labels += table["shots"].map(lambda shots: ", all images" if pd.isna(shots) else f", {shots:.0f} images")
    if table["calibration"].nunique() > 1:
        labels += table["calibration"].map(", calibration {}".format)
    details = {label: _details(texts.unique()) for label, texts in table["settings"].groupby(labels)}
    return labels + [details[label][text] for label, text in zip(labels, table["settings"], strict=True)]


def _details(settings: Sequence[str]) -> dict[str, str]:
    """For each text of settings, the settings that differ from the other texts; empty if there is only one.

    Stored results of one name can differ if the defaults of the method have changed since.
    """
    parsed = [json.loads(text) for text in settings]
    fields = sorted({field for one in parsed for field in one})
    differing = [field for field in fields if len({json.dumps(one.get(field)) for one in parsed}) > 1]
    return {
        text: "".join(f" {field}={json.dumps(one.get(field))}" for field in differing)
        for text, one in zip(settings, parsed, strict=True)
    }
