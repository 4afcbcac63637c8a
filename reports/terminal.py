"""What is said of all results on a terminal, in 80 columns."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import pandas as pd
from rich.table import Column, Table
from rich.text import Text

from reports import brief, legend
from reports.comparison import DOUBTFUL, FAILED, OTHER_SEEDS, Cell, lines
from reports.report import Report
from reports.rows import natural
from reports.tables import (
    NOT_AVAILABLE,
    has,
    mean_over_categories,
    means,
    ms_per_image,
    names,
    places,
    significant,
)

NAMED = 3
"""The most jobs or images named in a sentence."""
MOST_LINES = 60
"""With more, a line for each category and method is left to the report."""
MOST_VERDICTS = 8
NUMBERS = ("AUROC", "95 %", "missed", "false\nal.", "threshold", "fit", "ms/img")


def summary(report: Report, *, took: str | None = None) -> Iterator[Text | Table]:
    """What was run, then a line for each category and method, then the settings of the methods."""
    table = report.jobs
    yield Text(_heading(report, took), "bold")
    if has(table, "image_auroc"):
        yield _numbers(table)
        yield from (Text(f" {name}: {settings}") for name, settings in legend.lines(table) if _is_told(name, table))


class Verdict(NamedTuple):
    """What a user must know before believing the numbers, and what to do."""

    light: str
    """Red or yellow."""
    sentence: str


def verdicts(report: Report) -> list[Verdict]:
    """The gravest first; what is said of several methods or categories in the same words is said once."""
    places = defaultdict(list)
    for row in report.verdicts.to_dict("records"):
        told = f"{row['text']} -> {row['advice']}"
        places[row["light"], told].append(f"{row['name']} on {row['place']}")
    found = [Verdict(light, f"{_few(where)}: {told}") for (light, told), where in places.items()]
    if (left := len(found) - MOST_VERDICTS) > 0:
        found[MOST_VERDICTS:] = [Verdict("yellow", f"{_counted(left, 'more verdict', 'more verdicts')} in the report")]
    if len(report.unlike):
        paths = dict.fromkeys(report.unlike["path"])
        unlike = f"training images that look unlike the others: {_few(paths)}, see the report"
        found.append(Verdict("yellow", unlike))
    return found


def indented(found: Iterable[Verdict]) -> Table:
    """Verdicts for a terminal, each wrapped beside its mark."""
    shown = Table.grid(padding=(0, 1))
    for verdict in found:
        shown.add_row(Text(" !", f"bold {verdict.light}"), Text(verdict.sentence))
    return shown


def _heading(report: Report, took: str | None) -> str:
    table = report.jobs
    planned = len(table) + sum(len(each.jobs) for each in report.unfinished)
    seeds = ",".join(map(str, sorted(table["seed"].unique())))
    parts = (
        ", ".join(sorted(table["dataset"].unique(), key=natural)),
        _counted(len(names(table)), "method", "methods"),
        _counted(len(places(table)), "category", "categories"),
        f"seed{'s' * (table['seed'].nunique() > 1)} {seeds}",
        f"{table['failure'].isna().sum()} of {_counted(planned, 'job', 'jobs')}{f' in {took}' if took else ''}",
    )
    return " · ".join(parts)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _numbers(table: pd.DataFrame) -> Table:
    shown = Table(
        Column("", min_width=6),
        Column("", min_width=6),
        *(Column(number, justify="right", vertical="bottom", no_wrap=True) for number in NUMBERS),
        box=None,
        padding=(0, 0, 0, 1),
        header_style="dim",
    )
    found = [line for line in lines(table, "image_auroc") if line.title != OTHER_SEEDS]
    if len(found) * len(names(table)) > MOST_LINES:
        found = [line for line in found if line.of_all]
    shared = means(table, "image_auroc").categories
    for line in found:
        own = table[table["place"].isin(shared if line.of_all else [line.title])]
        for index, (name, cell) in enumerate(zip(names(table), line.cells, strict=True)):
            title = _shortened(line.title if index == 0 else "", "italic" if line.of_all else "")
            shown.add_row(title, _shortened(name), *_row(own[own["name"] == name], cell))
    return shown


def _shortened(name: str, style: str = "") -> Text:
    """A name that gives way, where a line is too long: the numbers stand whole."""
    return Text(name, style, no_wrap=True, overflow="ellipsis")


def _row(jobs: pd.DataFrame, cell: Cell) -> list[Text | str]:
    """The numbers of one method: of one category, or of several together."""
    done = jobs[jobs["failure"].isna()]
    if not has(done, "image_auroc"):
        return [Text(cell.number, "red" if cell.number == FAILED else "")]
    auroc = done.groupby("place")["image_auroc"].mean().mean()
    fit = mean_over_categories(done, "fit_seconds")
    return [
        Text(brief.without_zero(auroc), "bold" if cell.best else ""),
        f"{_interval(cell)} {DOUBTFUL if cell.doubtful else ' '}",
        *_misjudged(done),
        _threshold(done) if done["place"].nunique() == 1 else "",
        NOT_AVAILABLE if fit is None else brief.seconds(fit),
        significant(ms_per_image(done)),
    ]


def _interval(cell: Cell) -> str:
    """`[.77,.99]`: short, so that a line has room for all."""
    return cell.interval.replace("0.", ".").replace(", ", ",")


def _misjudged(done: pd.DataFrame) -> tuple[str, str]:
    """Missed defective images and false alarms of all categories, of each a mean over its seeds."""
    judged = done[done["threshold"].notna()]
    if judged["place"].nunique() < done["place"].nunique():
        return NOT_AVAILABLE, NOT_AVAILABLE
    counts = judged[["missed", "test_defective", "false_alarms", "test_normal"]].astype(float)
    missed, defective, alarms, normal = counts.groupby(judged["place"]).mean().sum()
    return brief.share(missed, defective), brief.share(alarms, normal)


def _threshold(done: pd.DataFrame) -> str:
    found = done["threshold"].dropna().astype(float)
    if found.empty:
        return "none"
    around = f" ±{found.std():.1g}".replace("±0.", "±.") if len(found) > 1 else ""
    return f"{found.mean():.3g}{around}"


def _is_told(name: str, table: pd.DataFrame) -> bool:
    """Whether a name leaves something to be told: settings, or what sets it apart."""
    first = table[table["name"] == name].iloc[0]
    return first["title"] != first["method"]


def _few(names: Iterable[str]) -> str:
    first = list(islice(names, NAMED + 1))
    return ", ".join(first[:NAMED]) + (", ..." if len(first) > NAMED else "")
