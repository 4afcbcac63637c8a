"""What is said of all results on a terminal, in 80 columns."""

import string
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import pandas as pd
from rich.table import Column, Table
from rich.text import Text

from reports import brief
from reports.comparison import DOUBTFUL, FAILED, OTHER_SEEDS, Cell, lines
from reports.rows import Tables, natural
from reports.tables import NOT_AVAILABLE, has, names, places, significant

NAMED = 3
"""The most jobs or images named in a sentence."""
MOST_LINES = 60
"""With more, a line for each category and method is left to the report."""
MOST_VERDICTS = 8
NUMBERS = ("AUROC", "95 %", "missed", "false\nal.", "threshold", "fit", "ms/img")


def summary(table: pd.DataFrame, *, took: str | None = None) -> Iterator[Text | Table]:
    """What was run, then a line for each category and method, then what the letters of the methods stand for."""
    yield Text(_heading(table, took), "bold")
    if has(table, "image_auroc"):
        yield _numbers(table)
        yield from map(Text, _legend(table))


class Verdict(NamedTuple):
    """What a user must know before believing the numbers, and what to do."""

    light: str
    """Red or yellow."""
    sentence: str


def verdicts(tables: Tables) -> list[Verdict]:
    """The gravest first; what is said of several methods or categories in the same words is said once."""
    places = defaultdict(list)
    for row in tables.verdicts:
        told = f"{row['text']} -> {row['advice']}"
        places[row["light"], told].append(f"{row['method']} on {row['category']}")
    found = [Verdict(light, f"{_few(where)}: {told}") for (light, told), where in places.items()]
    if (left := len(found) - MOST_VERDICTS) > 0:
        found[MOST_VERDICTS:] = [Verdict("yellow", f"{_counted(left, 'more verdict', 'more verdicts')} in the report")]
    if tables.unlike:
        paths = dict.fromkeys(f"{row['path']}" for row in tables.unlike)
        unlike = f"training images that look unlike the others: {_few(paths)}, see the report"
        found.append(Verdict("yellow", unlike))
    return found


def indented(found: Iterable[Verdict]) -> Table:
    """Verdicts for a terminal, each wrapped beside its mark."""
    shown = Table.grid(padding=(0, 1))
    for verdict in found:
        shown.add_row(Text(" !", f"bold {verdict.light}"), Text(verdict.sentence))
    return shown


def _heading(table: pd.DataFrame, took: str | None) -> str:
    seeds = ",".join(map(str, sorted(table["seed"].unique())))
    parts = (
        ", ".join(sorted(table["dataset"].unique(), key=natural)),
        _counted(len(names(table)), "method", "methods"),
        _counted(len(places(table)), "category", "categories"),
        f"seed{'s' * (table['seed'].nunique() > 1)} {seeds}",
        f"{table['failure'].isna().sum()} of {_counted(len(table), 'job', 'jobs')}{f' in {took}' if took else ''}",
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
    for line in found:
        own = table if line.of_all else table[table["place"] == line.title]
        for index, (name, cell) in enumerate(zip(names(table), line.cells, strict=True)):
            title = _shortened(line.title if index == 0 else "", "italic" if line.of_all else "")
            shown.add_row(title, _shortened(_short(table, name)), *_row(own[own["name"] == name], cell))
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
    fit = done["fit_seconds"].astype(float).mean()
    return [
        Text(brief.without_zero(auroc), "bold" if cell.best else ""),
        f"{_interval(cell)} {DOUBTFUL if cell.doubtful else ' '}",
        *_misjudged(done),
        _threshold(done) if done["place"].nunique() == 1 else "",
        NOT_AVAILABLE if pd.isna(fit) else brief.seconds(fit),
        _milliseconds(done["images_per_second"]),
    ]


def _interval(cell: Cell) -> str:
    """`[.77,.99]`: short, so that a line has room for all."""
    return cell.interval.replace("0.", ".").replace(", ", ",")


def _misjudged(done: pd.DataFrame) -> tuple[str, str]:
    """Missed defective images and false alarms, a mean over seeds."""
    judged = done[done["threshold"].notna()]
    if judged.empty:
        return NOT_AVAILABLE, NOT_AVAILABLE
    counts = judged[["missed", "test_defective", "false_alarms", "test_normal"]].astype(float)
    missed, defective, alarms, normal = counts.groupby(judged["seed"]).sum().mean()
    return brief.share(missed, defective), brief.share(alarms, normal)


def _threshold(done: pd.DataFrame) -> str:
    found = done["threshold"].dropna().astype(float)
    if found.empty:
        return "none"
    around = f" ±{found.std():.1g}".replace("±0.", "±.") if len(found) > 1 else ""
    return f"{found.mean():.3g}{around}"


def _milliseconds(images_per_second: pd.Series) -> str:
    mean = images_per_second.astype(float).mean()
    return NOT_AVAILABLE if pd.isna(mean) else significant(1000 / mean)


def _legend(table: pd.DataFrame) -> Iterator[str]:
    """The settings of methods whose name alone does not tell them."""
    for name in names(table):
        if name != _method(table, name):
            yield f" {_letter(table, name)} {name}"


def _short(table: pd.DataFrame, name: str) -> str:
    return f"{_letter(table, name)} {_method(table, name)}"


def _method(table: pd.DataFrame, name: str) -> str:
    return table.loc[table["name"] == name, "method"].iloc[0]


def _letter(table: pd.DataFrame, name: str) -> str:
    """A, B, ..., Z, A1, ...: the methods in order."""
    turn, place = divmod(names(table).index(name), 26)
    return string.ascii_uppercase[place] + (str(turn) if turn else "")


def _few(names: Iterable[str]) -> str:
    first = list(islice(names, NAMED + 1))
    return ", ".join(first[:NAMED]) + (", ..." if len(first) > NAMED else "")
