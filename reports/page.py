"""report.md: the stored results as tables, for a reader who has to choose a method."""

import re
from collections.abc import Sequence
from html import escape as html_escape
from pathlib import Path

import pandas as pd

from reports import doubts, legend, sections, terms
from reports.files import write_text
from reports.marks import MADE_BY
from reports.report import Report
from reports.results import Failure
from reports.rows import Unfinished
from reports.tables import (
    METRICS,
    MIXED,
    escape,
    has,
    leaves_one_out,
    markdown,
    means,
    mixed_rules,
    ms_per_image,
    names,
    places,
    significant,
    span,
    spread_text,
    synthetic,
)

LEADING = (
    "image_auroc",
    "pixel_auroc",
    "pixel_average_precision",
    "aupro",
    "true_positive_rate",
    "false_positive_rate",
)
"""The columns of the leaderboard."""
RATES = {METRICS[column] for column in ("true_positive_rate", "false_positive_rate")}
LONG_LINES = 150
"""A page of so many lines begins with a list of its sections."""
LINKS = 10
"""The most links to figures of one method."""
REASONS = {
    "why_no_image_metrics": "Image metrics",
    "why_no_pixel_metrics": "Pixel metrics",
    "why_no_seconds": "Seconds",
}


def write(folder: Path, report: Report) -> None:
    """Write report.md."""
    write_text(folder / "report.md", text(report))


def text(report: Report) -> str:
    """The page in markdown. Verdicts and the leaderboard come first, the definitions last."""
    table = report.jobs
    blocks = [_summary(report), _differences(report.differences), _failures(table, report.failures)]
    if table["failure"].isna().any():
        blocks += [doubts.verdicts(report.verdicts), _leaderboard(report), *sections.results(table, report.defects)]
        blocks += [doubts.unlike(report.unlike), _figures(report)]
        blocks += [_reasons(table), _remarks(table), _provenance(table)]
        blocks += [terms.section(_joined(blocks), report.definitions, _conventions(table))]
    blocks.insert(1, _contents(_joined(blocks)))
    return _joined([*blocks, f"<!-- {MADE_BY} -->"]) + "\n"


def _contents(page: str) -> str:
    """Links to the sections of a long page, such as one of many categories."""
    if page.count("\n") < LONG_LINES:
        return ""
    titles = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
    return "\n".join(f"- [{title}](#{anchor})" for title, anchor in zip(titles, anchors, strict=True))


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _summary(report: Report) -> str:
    table = report.jobs
    datasets = escape(", ".join(table["dataset"].unique()))
    is_synthetic = bool(synthetic(table))
    failed = int(table["failure"].notna().sum())
    seeds = ", ".join(str(seed) for seed in sorted(table["seed"].unique()))
    blocks = [
        f"# Anomaly detection on {datasets}{' (synthetic data)' if is_synthetic else ''}",
        "**Synthetic data:** a program made these images or their defects. The numbers show how the methods and the "
        "suite work, not how good a method is on real parts."
        if is_synthetic
        else "",
        f"{_count(len(names(table)), 'method')}, {_count(len(places(table)), 'category', 'categories')}, "
        f"{'seeds' if table['seed'].nunique() > 1 else 'seed'} {seeds}: {_jobs(len(table), report)}, "
        f"{f'**{failed} failed**' if failed else 'none failed'}.",
        *(f"- {unfinished(each)}" for each in report.unfinished),
        _image_counts(table) if failed < len(table) else "",
    ]
    return _joined(blocks)


def _jobs(ended: int, report: Report) -> str:
    left = sum(len(each.jobs) for each in report.unfinished)
    return f"**{ended} of {ended + left} jobs**" if left else _count(ended, "job")


def unfinished(left: Unfinished) -> str:
    """How to go on with planned jobs that were never done, in markdown."""
    return left.told + (f"`{left.command}`" if left.command else "the same call again")


def _differences(differences: Sequence[str]) -> str:
    """What differs between the results folders that are merged."""
    return "\n".join(["## Merged folders", "", *(f"- {escape(line)}" for line in differences)]) if differences else ""


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


def _leaderboard(report: Report) -> str:
    """The means of each method, the best method first, and the legend of their settings."""
    table, seeds = report.jobs, report.jobs["seed"].nunique()
    rows = {METRICS[column]: means(table, column) for column in LEADING if has(table, column)}
    titles = {mean.title() for mean in rows.values()}
    shared = f"method, {titles.pop()}" if len(titles) == 1 and len(places(table)) > 1 else "method"
    headers = [f"{name}, {mean.title()}" if titles else name for name, mean in rows.items()]
    mixed = {name for _, name in mixed_rules(table)}
    lines = [
        [
            escape(name),
            *(
                spread_text(mean.by_method.get(name), seeds) + (MIXED if name in mixed and title in RATES else "")
                for title, mean in rows.items()
            ),
            significant(jobs["fit_seconds"].mean()),
            significant(ms_per_image(jobs)),
        ]
        for name, jobs in table.groupby("name", sort=False)
    ]
    board = markdown([shared, *headers, "seconds to fit", "ms/image"], lines)
    marks = f"{MIXED.strip()}: seeds judged by two rules, see the verdicts." if mixed else ""
    return _joined(["## Methods", board, legend.section(table), marks])


def _figures(report: Report) -> str:
    """Links to the figures of jobs, by method; to the folder of all where they are many."""
    if not report.figures:
        return ""
    lines = []
    for name in names(report.jobs):
        own = [each for each in report.figures if each.name == name]
        links = [
            f"[{escape(f'{each.place}, seed {each.seed}, {_stem(path)}')}](<{path}>)"
            for each in own
            for path in each.paths[:1]
        ]
        if own:
            more = f" and {len(links) - LINKS} more in `jobs`" if len(links) > LINKS else ""
            lines.append(f"- {escape(name)}: {', '.join(links[:LINKS])}{more}")
    return "\n".join(["## Figures", "", *lines])


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".png")


def _conventions(table: pd.DataFrame) -> list[str]:
    seeds = table["seed"].nunique()
    spread = f"mean ± sample standard deviation over {seeds} seeds" if seeds > 1 else "one seed, without a spread"
    return [
        "**Bold** is the highest value of the row; alone it shows no difference. Tested for ≈ are mean rows, and the "
        "image AUROC of each category.",
        f"Numbers: {spread}; n/a where it cannot be measured. A mean covers only the categories that all methods "
        "share; a method without any value is left out.",
    ]


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
