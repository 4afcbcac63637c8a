"""What is said of all results on a terminal, in 80 columns."""

import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import pandas as pd
from rich.table import Column, Table
from rich.text import Text

from reports import misjudged
from reports.comparison import DOUBTFUL, Cell, lines
from reports.misjudged import Misjudged, without_zero
from reports.rows import Tables, natural
from reports.tables import has, names, places

NAMED = 3
"""The most jobs or images named in a sentence."""
MOST_LINES = 60
"""With more, a line for each category and method is left to the report."""
NUMBERS = ("AUROC", "95 %", "missed", "false al.", "threshold", "fit", "ms/img")


def summary(table: pd.DataFrame, *, took: str | None = None) -> Iterator[Text | Table]:
    """What was run, then a line for each category and method, then what the letters of the methods stand for."""
    yield Text(_heading(table, took), "bold")
    if has(table, "image_auroc"):
        yield _numbers(table)
        yield from map(Text, _legend(table))


def doubts(tables: Tables) -> Iterator[str]:
    """What a user must know before believing the numbers, a sentence each."""
    if broken := tables.contradictions:
        where = dict.fromkeys(f"{row['method']} on {row['category']}" for row in broken)
        yield (
            f"false alarms contradict the promised false-positive rate in {len(broken)} of {len(tables.rows)} jobs "
            f"({_few(where)}): calibration images are not like the test images, see the report"
        )
    if tables.unlike:
        paths = dict.fromkeys(f"{row['path']}" for row in tables.unlike)
        yield f"training images that look unlike the others: {_few(paths)}, see the report"


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
        Column("", no_wrap=True, overflow="ellipsis", min_width=8),
        Column("", no_wrap=True, overflow="ellipsis", min_width=8),
        *(Column(number, justify="right", no_wrap=True) for number in NUMBERS),
        box=None,
        padding=(0, 0, 0, 1),
        header_style="dim",
    )
    found = lines(table, "image_auroc")
    if len(found) * len(names(table)) > MOST_LINES:
        found = [line for line in found if line.of_all]
    for line in found:
        blocks = table if line.of_all else table[table["place"] == line.title]
        for index, (name, cell) in enumerate(zip(names(table), line.cells, strict=True)):
            title = Text(line.title if index == 0 else "", "italic" if line.of_all else "")
            own = blocks[blocks["name"] == name]
            shown.add_row(title, Text(_short(table, name)), *_row(own, cell))
    return shown


def _row(own: pd.DataFrame, cell: Cell) -> list[Text | str]:
    """The numbers of one method: of one category, or of several together."""
    done = own[own["failure"].isna()] if len(own) else own
    if not has(done, "image_auroc"):
        return [Text(cell.text, "red" if cell.text == "failed" else "")]
    by_seed = done.groupby("seed")
    auroc = Text(without_zero(done["image_auroc"].mean()), "bold" if cell.best else "")
    missed, alarms = _misjudged(done)
    return [
        auroc,
        f"{_interval(done)} {DOUBTFUL if cell.doubtful else ' '}",
        missed,
        alarms,
        _threshold(done) if done["place"].nunique() == 1 else "",
        _seconds(by_seed["fit_seconds"].sum(min_count=1).mean()),
        _milliseconds(done["images_per_second"]),
    ]


def _misjudged(done: pd.DataFrame) -> tuple[str, str]:
    """Missed defective images and false alarms, a mean over seeds."""
    judged = done[done["threshold"].notna()]
    if judged.empty:
        return "n/a", "n/a"
    each = pd.DataFrame([Misjudged.of(row) for row in judged.astype(object).where(judged.notna(), None).to_dict("records")])
    total = each.groupby(judged["seed"].to_numpy()).sum().mean()
    return misjudged.share(total["missed"], round(total["defective"])), misjudged.share(
        total["false_alarms"], round(total["normal"])
    )


def _interval(done: pd.DataFrame) -> str:
    if len(done) != 1 or not has(done, "image_auroc_low"):
        return ""
    low, high = done.iloc[0][["image_auroc_low", "image_auroc_high"]]
    return f"[{without_zero(low, 2)},{without_zero(high, 2)}]"


def _threshold(done: pd.DataFrame) -> str:
    found = done["threshold"].dropna().astype(float)
    if found.empty:
        return "none"
    return f"{found.mean():.3g}" + (f" ±{found.std():.1g}" if len(found) > 1 else "")


def _seconds(seconds: float) -> str:
    if pd.isna(seconds):
        return "n/a"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:,.0f} s" if seconds < 600 else f"{seconds / 60:,.0f} min"


def _milliseconds(images_per_second: pd.Series) -> str:
    mean = pd.to_numeric(images_per_second).mean()
    return "n/a" if pd.isna(mean) else f"{1000 / mean:,.3g}" if mean > 1 else f"{1000 / mean:,.0f}"


def _legend(table: pd.DataFrame) -> Iterator[str]:
    """The settings of methods whose name alone does not tell them."""
    for name in names(table):
        method = _method(table, name)
        if name != method:
            yield f" {_letter(table, name)} {name}"


def _short(table: pd.DataFrame, name: str) -> str:
    return f"{_letter(table, name)} {_method(table, name)}"


def _method(table: pd.DataFrame, name: str) -> str:
    return table.loc[table["name"] == name, "method"].iloc[0]


def _letter(table: pd.DataFrame, name: str) -> str:
    """A, B, ..., Z, A1, ...: the methods in order."""
    round_, place = divmod(names(table).index(name), 26)
    return string.ascii_uppercase[place] + (str(round_) if round_ else "")


def _few(names: Iterable[str]) -> str:
    first = list(islice(names, NAMED + 1))
    return ", ".join(first[:NAMED]) + (", ..." if len(first) > NAMED else "")
