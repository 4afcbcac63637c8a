"""The sections of numbers: each a heading and a table; empty where there is nothing to show."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import product

import pandas as pd

from reports import published, ranks
from reports.comparison import BY_CATEGORY, TOO_FEW, comparison, few_normal, tests_categories
from reports.rows import natural
from reports.tables import (
    METRICS,
    NOT_AVAILABLE,
    decimals,
    escape,
    has,
    holds_out,
    markdown,
    means,
    names,
    places,
    significant,
    spans,
    spread_text,
    spreads,
)

DECISIONS = ("true_positive_rate", "false_positive_rate", "balanced_accuracy")
AT_FALSE_ALARMS = ("oracle_tpr_at_fpr_1", "oracle_tpr_at_fpr_5")
SEVERAL_TYPES = (
    "An image with several defect types counts under each of them. So the images of all types add up to more than the "
    "defective test images."
)
MINIMUM_AREA = f"{METRICS['area_rule']}, px"


def results(table: pd.DataFrame, defects: pd.DataFrame) -> list[str]:
    """All sections, the most important first, those chosen on the test set last."""
    return [
        _compared("Image AUROC", table, "image_auroc"),
        ranks.section(table),
        _decisions(table),
        _operating_points(table),
        _by_defect(defects),
        _compared("Pixel AUROC", table, "pixel_auroc"),
        _compared("AUPRO", table, "aupro"),
        _compared("Pixel average precision", table, "pixel_average_precision"),
        _compared("Oracle: image F1-max", table, "oracle_image_f1"),
        _at_false_alarms(table),
        _oracle_epochs(table),
        _published(table),
        _costs(table),
        _images(table),
    ]


def _section(title: str, *blocks: str) -> str:
    return "\n\n".join([f"## {title}", *filter(None, blocks)])


def _compared(title: str, table: pd.DataFrame, column: str) -> str:
    if not has(table, column):
        return ""
    why = [BY_CATEGORY] if tests_categories(table, column) else []
    why += [TOO_FEW] if few_normal(table) and len(names(table)) > 1 else []
    return _section(title, comparison(table, column), *why)


def _decisions(table: pd.DataFrame) -> str:
    calibrated = table[table["threshold"].notna()]
    if calibrated.empty:
        return ""
    named = {METRICS[column]: column for column in ("promised_false_alarm_share", "expected_false_alarm_share")}
    named[MINIMUM_AREA] = "min_area_px"
    there = {name: column for name, column in named.items() if has(calibrated, column)}
    counts = {"calibration images": "calibration_images", **there}
    return _section("At the calibrated threshold", _by_method(calibrated, DECISIONS, counts))


def _operating_points(table: pd.DataFrame) -> str:
    """The minimum defect area of each job, its origin, and the image AUROC of its level."""
    if not has(table, "min_area_px"):
        return ""
    lines = [
        [
            escape(row["place"]),
            escape(row["name"]),
            escape(row["area_chosen_on"]),
            str(row["seed"]),
            f"{row['min_area_px']:.0f} ({row['min_area_share']:.3%})",
            significant(row["threshold"]),
            decimals(row["area_image_auroc"]),
            decimals(row["image_auroc"]),
        ]
        for row in table[table["min_area_px"].notna()].to_dict("records")
    ]
    headers = ["category", "method", "area chosen on", "seed", MINIMUM_AREA, "threshold"]
    scores = [METRICS["area_image_auroc"], METRICS["image_auroc"]]
    return _section("Operating points", markdown([*headers, *scores], lines, text_columns=3))


def _at_false_alarms(table: pd.DataFrame) -> str:
    measured = table[table["image_auroc"].notna()]
    if measured.empty:
        return ""
    text = _by_method(measured, AT_FALSE_ALARMS, {"normal test images": "test_normal"})
    return _section("Oracle: true positive rate at a false-positive rate of 1 % and 5 %", text)


def _by_method(table: pd.DataFrame, columns: tuple[str, ...], counts: Mapping[str, str]) -> str:
    """A row for each category and method, then one for the mean of each method."""
    seeds = table["seed"].nunique()
    cells = {column: spreads(table, ["place", "name"], column) for column in columns}
    counted = [spans(table, ["place", "name"], column) for column in counts.values()]
    lines = [
        [escape(place), escape(name), *(texts[place, name] for texts in counted)]
        + [spread_text(cells[column].get((place, name)), seeds) for column in columns]
        for place, name in product(places(table), names(table))
        if (place, name) in counted[0]
    ]
    # The mean of every column covers the same categories: those that have the last column.
    mean = means(table, columns[-1])
    if len(places(table)) > 1 and mean.categories:
        shared = table[table["place"].isin(mean.categories)]
        overall = [means(shared, column).by_method for column in columns]
        lines += [
            [f"*{mean.title()}*", escape(name), *("" for _ in counts)]
            + [spread_text(by_method.get(name), seeds) for by_method in overall]
            for name in mean.by_method
        ]
    return markdown(["category", "method", *counts, *(METRICS[column] for column in columns)], lines, text_columns=2)


def _by_defect(defects: pd.DataFrame) -> str:
    """For each method: the image AUROC of a defect type against the normal images, and the images missed."""
    if defects.empty:
        return ""
    by = ["place", "defect", "name"]
    seeds = defects["seed"].nunique()
    aurocs = spreads(defects, by, "image_auroc")
    missed = spreads(defects, by, "missed")
    images = spans(defects, ["place", "defect"], "images")
    methods = names(defects)
    lines = [
        [escape(place), escape(defect), images[place, defect]]
        + [spread_text(aurocs.get((place, defect, name)), seeds) for name in methods]
        + [
            significant(missed[key].mean) if (key := (place, defect, name)) in missed else NOT_AVAILABLE
            for name in methods
            if missed
        ]
        for place, defect in sorted(images, key=lambda key: (natural(key[0]), key[1]))
    ]
    headers = ["image AUROC", "missed"] if missed else ["image AUROC"]
    headers = [f"{escape(name)}, {header}" for header in headers for name in methods]
    table = markdown(["category", "defect", "images", *headers], lines, text_columns=2)
    return _section("By defect type", table, SEVERAL_TYPES if defects["of_several_types"].any() else "")


def _oracle_epochs(table: pd.DataFrame) -> str:
    """The table of DifferNet's VisA fork: the best epoch on the test set, one job a row."""
    if not has(table, "oracle_image_auroc_max"):
        return ""
    tracked = table[table["oracle_image_auroc_max"].notna()]
    lines = [
        [
            escape(row["place"]),
            escape(row["name"]),
            str(row["seed"]),
            decimals(row["oracle_image_auroc_max"]),
            f"{row['oracle_epoch_of_max']:.0f}",
            _duration(row["tracked_fit_seconds"]),
            decimals(row["image_auroc"]),
        ]
        for row in tracked.to_dict("records")
    ]
    headers = ["category", "method", "seed", "AUROC (Max)", "Epoch Max", "Time Taken", "AUROC at the end"]
    text = (
        "The epoch is chosen by its AUROC on the test set, as in published tables. AUROC (Max) cannot be reached "
        "without the test labels. The last column is the model at the end of the fit, which all other tables use. "
        "Epochs count from 1 (in the fork from 0). Time Taken (h:mm:ss) leaves out the evaluation on the test set."
    )
    return _section("Oracle: best epoch", text, markdown(headers, lines, text_columns=2))


def _duration(seconds: float | None) -> str:
    if seconds is None or pd.isna(seconds):
        return NOT_AVAILABLE
    return str(timedelta(seconds=round(seconds)))


def _published(table: pd.DataFrame) -> str:
    held = "Part of the training images is held out for the threshold, see Images. "
    text = (
        "Our values choose nothing on the test set: no epoch, no threshold, no minimum area. "
        f"{held if holds_out(table).any() else ''}The published values follow "
        "other protocols, named above each table. So a difference does not measure the implementation alone."
    )
    blocks = published.beside_ours(table)
    return _section("Published values", text, *blocks) if blocks else ""


def _costs(table: pd.DataFrame) -> str:
    lines = [
        [
            escape(name),
            str(len(jobs)),
            significant(jobs["fit_seconds"].mean()),
            significant(jobs["fit_seconds"].max()),
            significant(jobs["images_per_second"].median()),
            significant(jobs["peak_memory_mb"].max()),
            f"{jobs['parameters'].max():,.0f}",
            escape(", ".join(jobs["device"].unique())),
        ]
        for name, jobs in table[table["failure"].isna()].groupby("name", sort=False)
    ]
    headers = ["method", "jobs", "seconds to fit, mean", "longest", "images per second, median", "peak memory, MB"]
    return _section("Costs", markdown([*headers, "parameters", "device"], lines))


def _images(table: pd.DataFrame) -> str:
    columns = {
        "trained on": "trained_on",
        "for the threshold": "calibration_images",
        "test, normal": "test_normal",
        "test, defective": "test_defective",
        "in pixel metrics": "pixel_images",
    }
    done = table[table["failure"].isna()]
    counted = [spans(done, ["place"], column) for column in columns.values()]
    lines = [[escape(place), *(texts[place] for texts in counted)] for place in places(done)]
    return _section("Images", markdown(["category", *columns], lines))
