"""Published values beside ours, where published.csv has them."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from reports.rows import natural
from reports.tables import METRICS, Spread, escape, has, markdown, means, spread_text, spreads

SOURCE = Path(__file__).with_name("published.csv")
ANY = "*"
"""Stands for every value of a setting that the published text leaves open; alone, for those of all settings."""
OVER_ALL = "mean of all"
"""Begins the name of a mean over categories whose numbers of images were not published."""


class Published(NamedTuple):
    """A line of published.csv."""

    method: str
    settings: str
    """`name=value ...`, each value as on the command line or `*` for any; a setting without a name has its default."""
    dataset: str
    category: str
    """`mean of N` is over the N categories with published numbers of images; `mean of all N`, where none has them."""
    metric: str
    value: str
    """A number, with the digits it was published with."""
    protocol: str
    source: str

    def named(self) -> dict[str, Any]:
        """The settings by name, their values read as JSON where they can be, else as text."""
        pairs = (part.partition("=") for part in self.settings.split() if part != ANY)
        return {name: _value(text) for name, _, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def read() -> list[Published]:
    """All published values."""
    with open(SOURCE, encoding="utf-8", newline="") as file:
        return [Published(**line) for line in csv.DictReader(file)]


def beside_ours(table: pd.DataFrame) -> list[str]:
    """A captioned table for each method, metric and published protocol that both sides have.

    Categories with other numbers of images than published are left out. A list of them stands last, with the
    categories for which no numbers were published, and the means for which categories are missing.
    """
    if "false_positive_rate" in table:
        table = table.assign(true_negative_rate=1 - table["false_positive_rate"].astype(float))
    # A run on a few chosen images is another experiment than any of the published ones.
    full = table[table["shots"].isna() & table["failure"].isna()]
    published = read()
    blocks, remarks = [], {}
    for (name, _), own in full.groupby(["name", "dataset"], sort=False):
        lines: dict[tuple[str, str, str], list[Published]] = {}
        for line in published:
            if _same_experiment(line, own.iloc[0]):
                lines.setdefault((line.metric, line.protocol, line.source), []).append(line)
        same_images = own[~own["category"].isin(own.loc[_differs(own), "category"])]
        blocks += [_block(name, same_images, group) for group in lines.values()]
        names = {line.category for group in lines.values() for line in group}
        for remark in (*_remarks(own, names), *_waiting_means(own, names)):
            remarks.setdefault(remark, []).append(name)
    told = [f"- {remark} ({escape(', '.join(methods))})" for remark, methods in remarks.items()]
    return [block for block in [*blocks, "\n".join(told)] if block]


def _differs(own: pd.DataFrame) -> pd.Series:
    """Which jobs had other numbers of images than published, as far as these are known."""
    return own["images_published"].notna() & (own["images_used"] != own["images_published"])


def _remarks(own: pd.DataFrame, published: set[str]) -> Iterator[str]:
    """A sentence for each category with published values whose numbers of images differ, or are not known."""
    in_mean = f"mean of {own.loc[own['images_published'].notna(), 'category'].nunique()}" in published
    jobs = own.drop_duplicates(["category", "images_used"])
    for category, used, numbers in jobs[["category", "images_used", "images_published"]].itertuples(index=False):
        known = not pd.isna(numbers)
        if not known and category in published:
            unknown = "the number of images behind the published value is not known here"
            yield f"{escape(category)}: {unknown}; ours are {used}"
        elif known and used != numbers and (in_mean or category in published):
            yield f"{escape(category)} counts in no line and no mean above: it has {used}; published were {numbers}"


def _waiting_means(own: pd.DataFrame, published: set[str]) -> Iterator[str]:
    """A sentence for each published mean over all categories where the run has fewer, or others besides."""
    here = own["category"].nunique()
    for mean in sorted(name for name in published if name.startswith(OVER_ALL) and name != f"{OVER_ALL} {here}"):
        yield f"published is only the {mean} categories of {escape(own['dataset'].iloc[0])}; here are {here}"


def _same_experiment(line: Published, row: pd.Series) -> bool:
    """The named settings have the named values, and all others their defaults, if any settings were published."""
    named, used = line.named(), json.loads(row["settings"])
    changed = {part.partition("=")[0] for part in row["changed"].split()}
    return (
        (line.method, line.dataset) == (row["method"], row["dataset"])
        and (line.settings == ANY or changed <= named.keys())
        and all(value in (ANY, used.get(name)) for name, value in named.items())
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
    """Our values by published name, see `Published.category`.

    Only the published categories of a dataset have published numbers of images, so N of them are all of these.
    """
    if not has(own, metric):
        return {}
    values = {category: spread for (category, _), spread in spreads(own, ["category", "name"], metric).items()}
    for name, jobs in (("mean of", own[own["images_published"].notna()]), (OVER_ALL, own)):
        mean = means(jobs, metric)
        values |= {f"{name} {len(mean.categories)}": spread for spread in mean.by_method.values()}
    return values
