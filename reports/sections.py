"""The sections of numbers: each a heading and a table; empty where there is nothing to show."""

from datetime import timedelta

import pandas as pd

from reports import published, ranks
from reports.comparison import BY_CATEGORY, TOO_FEW, comparison, few_normal, tests_categories
from reports.doubts import folded
from reports.rows import natural
from reports.tables import (
    METRICS,
    MIXED,
    NOT_AVAILABLE,
    Spread,
    decimals,
    escape,
    has,
    headed,
    holds_out,
    markdown,
    means,
    mixed_rules,
    names,
    places,
    significant,
    spans,
    spread_text,
    spreads,
)

ORACLE = ("oracle_image_f1", "oracle_tpr_at_fpr_1", "oracle_tpr_at_fpr_5", "oracle_balanced_accuracy")
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
        *_pixels(table),
        _oracle(table),
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


def _pixels(table: pd.DataFrame) -> list[str]:
    """The pixel metrics of each category; of a single one, the leaderboard already has them."""
    if len(places(table)) < 2:
        return []
    return [_compared("Pixel AUROC", table, "pixel_auroc"), _compared("AUPRO", table, "aupro")]


def _decisions(table: pd.DataFrame) -> str:
    """Missed defects and false alarms of each method at its threshold, a category a row; then the mean rates."""
    calibrated = table[table["threshold"].notna()]
    if calibrated.empty:
        return ""
    missed, alarms = (
        _of(calibrated, part, whole) for part, whole in (("missed", "test_defective"), ("false_alarms", "test_normal"))
    )
    mixed, methods = mixed_rules(calibrated), names(calibrated)
    counts = {METRICS[column]: column for column in ("promised_false_alarm_share", "expected_false_alarm_share")}
    counts = {"calibration images": "calibration_images"} | {
        name: column for name, column in counts.items() if has(calibrated, column)
    }
    counted = [spans(calibrated, ["place"], column) for column in counts.values()]
    lines = [
        [escape(place), *(texts[place] for texts in counted)]
        + [
            f"{missed[key]}, {alarms[key]}{MIXED if key in mixed else ''}" if key in missed else NOT_AVAILABLE
            for key in ((place, name) for name in methods)
        ]
        for place in places(calibrated)
    ]
    text = f"{METRICS['missed'].capitalize()} defective images, then false alarms{_means_over_seeds(table)}."
    return _section("At the threshold", text, markdown(["category", *counts, *map(escape, methods)], lines))


def _means_over_seeds(table: pd.DataFrame) -> str:
    return ", means over seeds" if table["seed"].nunique() > 1 else ""


def _of(table: pd.DataFrame, part: str, whole: str) -> dict[tuple[str, str], str]:
    """`30/32` for each category and method, means over seeds."""
    known = table[table[whole] > 0].groupby(["place", "name"])[[part, whole]].mean()
    texts = {key: f"{significant(own)}/{significant(of)}" for key, own, of in known.itertuples(name=None)}
    groups = table.groupby(["place", "name"]).groups
    return {key: texts.get(key, NOT_AVAILABLE) for key in groups}


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


def _oracle(table: pd.DataFrame) -> str:
    """What thresholds chosen on the test set would reach; the means of each method."""
    measured = table[table["image_auroc"].notna()]
    if measured.empty:
        return ""
    seeds = table["seed"].nunique()
    found = {column: means(measured, column) for column in ORACLE}
    lines = [
        [escape(name), *(spread_text(mean.by_method.get(name), seeds) for mean in found.values())]
        for name in names(measured)
    ]
    first, headers = headed({METRICS[column]: mean for column, mean in found.items()}, measured)
    table = markdown([first, *headers], lines)
    return _section("Oracle: thresholds chosen on the test set", table)


def _by_defect(defects: pd.DataFrame) -> str:
    """For each defect type: the image AUROC of each method against the normal images, and the images missed."""
    if defects.empty:
        return ""
    by = ["place", "defect", "name"]
    aurocs, missed = (spreads(defects, by, column) for column in ("image_auroc", "missed"))
    images = spans(defects, ["place", "defect"], "images")
    methods = names(defects)
    lines = [
        [escape(place), escape(defect), images[place, defect]]
        + [_auroc_and_missed(aurocs.get(key), missed.get(key)) for key in ((place, defect, name) for name in methods)]
        for place, defect in sorted(images, key=lambda key: (natural(key[0]), key[1]))
    ]
    what = f"{METRICS['image_auroc']} against all normal images{', then the number missed' if missed else ''}"
    table = folded(["category", "defect", "images", *map(escape, methods)], lines, text_columns=2)
    several = SEVERAL_TYPES if defects["of_several_types"].any() else ""
    return _section("By defect type", f"{what}{_means_over_seeds(defects)}.", table, several)


def _auroc_and_missed(auroc: Spread | None, missed: Spread | None) -> str:
    texts = [decimals(auroc and auroc.mean), *([significant(missed.mean)] if missed else [])]
    return ", ".join(texts)


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
            significant(jobs["fit_seconds"].max()),
            significant(jobs["peak_memory_mb"].max()),
            f"{jobs['parameters'].max():,.0f}",
            escape(", ".join(jobs["device"].unique())),
        ]
        for name, jobs in table[table["failure"].isna()].groupby("name", sort=False)
    ]
    headers = ["method", "jobs", "longest fit, seconds", "peak memory, MB", "parameters", "device"]
    return _section("Costs", markdown(headers, lines))


def _images(table: pd.DataFrame) -> str:
    """How many images each category has; empty where all have the same numbers, as the summary tells them."""
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
    if len({tuple(line[1:]) for line in lines}) == 1:
        return ""
    return _section("Images", folded(["category", *columns], lines, text_columns=1))
