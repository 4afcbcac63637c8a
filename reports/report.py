"""report.md and report.csv: the stored results as tables, for a reader who has to choose a method."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from html import escape as html_escape
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reports import doubts, ranks, sections, terms
from reports.files import write_text
from reports.results import Failure
from reports.rows import IDENTITY, Row, Tables, csv_text, failed_row, in_order
from reports.tables import (
    METRICS,
    escape,
    frame,
    has,
    leaves_one_out,
    markdown,
    means,
    names,
    places,
    significant,
    span,
    spread_text,
)

AT_A_GLANCE = ("image_auroc", "pixel_auroc", "aupro", "true_positive_rate", "false_positive_rate")
REASONS = {
    "why_no_image_metrics": "Image metrics",
    "why_no_pixel_metrics": "Pixel metrics",
    "why_no_seconds": "Seconds",
}


def write(
    folder: Path,
    tables: Tables,
    *,
    failures: list[Failure],
    definitions: Mapping[str, str],
    helpers: Executor,
) -> pd.DataFrame:
    """Write report.md, report.csv and the figure of ranks into a folder, each whole or not at all; return their table.

    One of the `helpers` draws the figure meanwhile. Raises ValueError without any row or failure.
    """
    jobs = _jobs(tables.rows, failures)
    table = frame(jobs)
    drawing = helpers.submit(ranks.draw, folder, ranks.ranked(table))
    shown = _Shown(table, *(_named(rows, jobs, table) for rows in tables[1:]))
    write_text(folder / "report.md", _text(shown, failures, definitions))
    write_text(folder / "report.csv", csv_text(jobs))
    drawing.result()
    return table


class _Shown(NamedTuple):
    """`Tables` with the names that jobs have in the report."""

    jobs: pd.DataFrame
    """The rows and the failures."""
    defects: pd.DataFrame
    contradictions: pd.DataFrame
    setters: pd.DataFrame
    unlike: pd.DataFrame
    verdicts: pd.DataFrame


def _jobs(rows: list[Row], failures: list[Failure]) -> list[Row]:
    if not rows and not failures:
        raise ValueError("expected at least one result or failure to report")
    return in_order([*rows, *map(failed_row, failures)])


def _text(shown: _Shown, failures: list[Failure], definitions: Mapping[str, str]) -> str:
    table = shown.jobs
    blocks = [_summary(table), _failures(table, failures), doubts.contradictions(shown.contradictions)]
    if table["failure"].isna().any():
        blocks += sections.results(table, shown.defects)
        blocks += [doubts.unlike(shown.unlike), doubts.setters(shown.setters)]
        blocks += [terms.section(_joined(blocks), definitions)]
        blocks += [_reasons(table), _remarks(table), _provenance(table)]
    return _joined(blocks) + "\n"


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _summary(table: pd.DataFrame) -> str:
    datasets = escape(", ".join(table["dataset"].unique()))
    synthetic = has(table, "made") and bool(table["made"].eq(True).any())
    failed = int(table["failure"].notna().sum())
    seeds = ", ".join(str(seed) for seed in sorted(table["seed"].unique()))
    blocks = [
        f"# Anomaly detection on {datasets}{' (synthetic data)' if synthetic else ''}",
        "**Synthetic data:** a program made these images or their defects. The numbers show how the methods and the "
        "suite work, not how good a method is on real parts."
        if synthetic
        else "",
        f"{_count(len(names(table)), 'method')}, {_count(len(places(table)), 'category', 'categories')}, "
        f"{'seeds' if table['seed'].nunique() > 1 else 'seed'} {seeds}: {_count(len(table), 'job')}, "
        f"{f'**{failed} failed**' if failed else 'none failed'}.",
    ]
    if failed < len(table):
        blocks += [_image_counts(table), _at_a_glance(table), _conventions(table)]
    return _joined(blocks)


def _image_counts(table: pd.DataFrame) -> str:
    return (
        f"Each category has {span(table['trained_on'])} normal images for training and {_for_the_threshold(table)}. "
        f"The test set has {span(table['test_normal'])} normal and {span(table['test_defective'])} defective images."
    )


def _for_the_threshold(table: pd.DataFrame) -> str:
    """A phrase for the images that set the threshold."""
    by_others = leaves_one_out(table)
    held = table.loc[~by_others, "calibration_images"]
    ways = [f"{span(held)} held out for the threshold"] if held.any() else []
    ways += ["the same for the threshold, by leave-one-out"] if by_others.any() else []
    return " or ".join(ways) or "no threshold"


def _at_a_glance(table: pd.DataFrame) -> str:
    """The mean rows of the main tables, one method a row."""
    seeds = table["seed"].nunique()
    rows = {METRICS[column]: means(table, column) for column in AT_A_GLANCE if has(table, column)}
    titles = {mean.title() for mean in rows.values()}
    shared = f"method, {titles.pop()}" if len(titles) == 1 else "method"
    headers = [f"{name}, {mean.title()}" if titles else name for name, mean in rows.items()]
    lines = [
        [
            escape(name),
            *(spread_text(mean.by_method.get(name), seeds) for mean in rows.values()),
            significant(jobs["fit_seconds"].mean()),
            significant(jobs["images_per_second"].median()),
        ]
        for name, jobs in table.groupby("name", sort=False)
    ]
    return markdown([shared, *headers, "seconds to fit", "images per second"], lines)


def _conventions(table: pd.DataFrame) -> str:
    seeds = table["seed"].nunique()
    spread = f"mean ± sample standard deviation over {seeds} seeds" if seeds > 1 else "one seed, without a spread"
    tested = "mean rows, and the image AUROC of each category"
    return "\n".join(
        [
            "- **Bold**: highest value of the row. **≈**: not shown to be better than the second.",
            f"- Tested for ≈: {tested}. In all other rows, bold alone does not show a difference.",
            f"- Numbers: {spread}; n/a where it cannot be measured. A mean row covers only the categories that all "
            "methods share; a method without any value is left out.",
            f"- Each term is defined once, under [Terms]({terms.ANCHOR}).",
        ]
    )


def _failures(table: pd.DataFrame, failures: list[Failure]) -> str:
    failed = table[table["failure"].notna()]
    if failed.empty:
        return ""
    columns = ["name", "place", "seed", "failure"]
    lines = [[escape(str(value)) for value in line] for line in failed[columns].itertuples(index=False)]
    tails = [
        f"<details><summary>End of the error output: {html_escape(title)}</summary>\n\n"
        f"<pre>{html_escape(_printable(failure.tail).strip())}</pre>\n\n</details>"
        for failure in failures
        for title in [f"{failure.cell.method}, {' '.join(failure.cell.category.split())}, seed {failure.cell.seed}"]
        if failure.tail.strip()
    ]
    listed = markdown(["method", "category", "seed", "reason"], lines, text_columns=4)
    return "\n\n".join(["## Failed jobs", listed, *tails])


def _named(rows: list[Row], jobs: list[Row], table: pd.DataFrame) -> pd.DataFrame:
    """Rows with the names that their jobs have in the report."""
    shown = dict(zip(map(_job, jobs), zip(table["name"], table["place"], strict=True), strict=True))
    named = [row | dict(zip(("name", "place"), shown[_job(row)], strict=True)) for row in in_order(rows)]
    return pd.DataFrame(named)


def _job(row: Row) -> tuple:
    return tuple(row[column] for column in IDENTITY)


def _reasons(table: pd.DataFrame) -> str:
    """The reasons why numbers are not available."""
    lines = [
        f"- {title} of {_where(table, jobs)}: {escape(reason)}"
        for column, title in REASONS.items()
        if has(table, column)
        for reason, jobs in table.groupby(column, sort=False)
    ]
    return "\n".join(["## Not available", "", *lines]) if lines else ""


def _remarks(table: pd.DataFrame) -> str:
    """The remarks of methods and data, each printed once."""
    jobs = table.assign(remark=table["remarks"].str.split("\n")).explode("remark")
    jobs = jobs[jobs["remark"].fillna("") != ""]
    lines = [f"- {_where(table, own)}: {escape(remark)}" for remark, own in jobs.groupby("remark", sort=False)]
    lines += _mixtures(table)
    return "\n".join(["## Remarks", "", *lines]) if lines else ""


def _mixtures(table: pd.DataFrame) -> list[str]:
    """Results in one table that should not be compared."""
    done = table[table["failure"].isna()]
    lines = [
        f"- {escape(name)}: its results come from {jobs['code'].nunique()} versions of its code or of files that it "
        f"depends on ({escape('; '.join(', '.join(places(own)) for _, own in jobs.groupby('code', sort=False)))}). "
        "Run all categories and seeds again: only the older ones are repeated"
        for name, jobs in done.groupby("name", sort=False)
        if jobs["code"].nunique() > 1
    ]
    for dataset, jobs in done.groupby("dataset", sort=False):
        if jobs["data"].nunique() > 1:
            lines.append(f"- the images of {escape(dataset)} came from more than one folder, listed below")
    return lines


def _provenance(table: pd.DataFrame) -> str:
    lines = [
        f"- {title}, {_where(table, jobs)}: {escape(text)}"
        for title, column in (("Data", "data"), ("Versions", "versions"), ("Machine", "machine"))
        for text, jobs in table.groupby(column, sort=False)
    ]
    return "\n".join(["## Data, versions and machine", "", *lines])


def _where(table: pd.DataFrame, jobs: pd.DataFrame) -> str:
    """The jobs that something applies to: all, some categories of all methods, or methods with some categories."""
    done = table[table["failure"].isna()]
    counts = done["name"].value_counts()
    which = {
        name: "" if len(own) == counts[name] else ", ".join(places(own))
        for name, own in jobs.groupby("name", sort=False)
    }
    if len(which) == len(counts) and len(set(which.values())) == 1:
        return escape(next(iter(which.values()))) or "all jobs"
    return escape("; ".join(f"{name} ({some})" if some else name for name, some in which.items()))


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _printable(text: str) -> str:
    return "".join(character for character in text if character in "\n\t" or character.isprintable())
