"""Published values beside ours, where published.csv has them."""

import csv
import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reports.rows import natural
from reports.tables import METRICS, Spread, escape, has, markdown, means, spread_text, spreads

SOURCE = Path(__file__).with_name("published.csv")


class Published(NamedTuple):
    """A line of published.csv."""

    method: str
    settings: str
    """`name=value ...`; empty: the method's defaults."""
    dataset: str
    category: str
    """`mean of N` is the mean over all N categories of the dataset."""
    metric: str
    value: str
    """A number, with the digits it was published with."""
    protocol: str
    source: str


def read() -> list[Published]:
    """All published values."""
    with open(SOURCE, encoding="utf-8", newline="") as file:
        return [Published(**line) for line in csv.DictReader(file)]


def beside_ours(table: pd.DataFrame) -> list[str]:
    """A captioned table for each method, metric and published protocol that both sides have."""
    if "false_positive_rate" in table:
        table = table.assign(true_negative_rate=1 - table["false_positive_rate"].astype(float))
    # A run on a few chosen images is another experiment than any of the published ones.
    full = table[table["shots"].isna() & table["failure"].isna()]
    published = read()
    blocks = []
    for (name, _), own in full.groupby(["name", "dataset"], sort=False):
        lines: dict[tuple[str, str, str], list[Published]] = {}
        for line in published:
            if _same_experiment(line, own.iloc[0]):
                lines.setdefault((line.metric, line.protocol, line.source), []).append(line)
        blocks += [_block(name, own, group) for group in lines.values()]
    return [block for block in blocks if block]


def _same_experiment(line: Published, row: pd.Series) -> bool:
    """The named settings have the named values, and all others their defaults."""
    named = dict(part.split("=") for part in line.settings.split())
    settings = json.loads(row["settings"])
    return (
        (line.method, line.dataset) == (row["method"], row["dataset"])
        and all(str(settings.get(field)) == value for field, value in named.items())
        and set(row["changed"].split()) <= set(line.settings.split())
    )


def _block(name: str, own: pd.DataFrame, published: list[Published]) -> str | None:
    """One table, or None where we have none of its values."""
    metric, seeds = published[0].metric, own["seed"].nunique()
    ours = _by_category(own, metric)
    oracle = _by_category(own, "oracle_image_auroc_max") if metric == "image_auroc" else {}
    lines = [
        [
            escape(line.category),
            spread_text(ours[line.category], seeds),
            *([spread_text(oracle.get(line.category), seeds)] if oracle else []),
            line.value,
            f"{ours[line.category].mean - float(line.value):+.3f}",
        ]
        for line in sorted(published, key=lambda line: natural(line.category))
        if line.category in ours
    ]
    if not lines:
        return None
    headers = ["category", "here", *(["here, best epoch (oracle)"] if oracle else []), "published", "here - published"]
    caption = f"**{escape(name)}, {METRICS[metric]}.** Published: {escape(published[0].protocol)}"
    return f"{caption} ({escape(published[0].source)}).\n\n{markdown(headers, lines)}"


def _by_category(own: pd.DataFrame, metric: str) -> dict[str, Spread]:
    """Our values by published name: `mean of N` where we have N categories."""
    if not has(own, metric):
        return {}
    values = {category: spread for (category, _), spread in spreads(own, ["category", "name"], metric).items()}
    mean = means(own, metric)
    return values | {f"mean of {len(mean.categories)}": spread for spread in mean.by_method.values()}
