"""What every form of a report is made from: the rows of all jobs, under the names that the methods have in it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from reports import legend
from reports.html.jobs import NOTHING, Shown
from reports.printable import printable, printable_lines
from reports.results import Failure
from reports.rows import IDENTITY, Figures, Row, Tables, Unfinished, failed_row, in_order
from reports.tables import frame, names

NAMES = {"path", "group", "defect", "set_by"}
"""Columns of names, which may hold a line break; the lines of other texts are ours."""


class Report(NamedTuple):
    """The content of a report. Frames have the columns `name` (`A knn`) and `place` (category) of `jobs`."""

    rows: list[Row]
    """The rows of results and failures, in order; they have no names."""
    tables: Tables
    jobs: pd.DataFrame
    """The same rows as a frame, the best method first; see `legend.lettered`."""
    defects: pd.DataFrame
    contradictions: pd.DataFrame
    setters: pd.DataFrame
    unlike: pd.DataFrame
    verdicts: pd.DataFrame
    """The gravest first."""
    failures: list[Failure]
    definitions: Mapping[str, str]
    """The meaning of each number, by column."""
    unfinished: Sequence[Unfinished] = ()
    """Planned jobs that were never done."""
    figures: Sequence[Figures] = ()
    """The figures of jobs."""
    differences: Sequence[str] = ()
    """What differs between the results folders that the report merges, a sentence each."""
    images: Shown = NOTHING
    """What the page shows of single images."""


def made(
    tables: Tables,
    failures: Sequence[Failure],
    definitions: Mapping[str, str],
    *,
    unfinished: Sequence[Unfinished] = (),
    figures: Sequence[Figures] = (),
    differences: Sequence[str] = (),
    images: Shown = NOTHING,
) -> Report:
    """Name the jobs of all tables. Raises ValueError without any row or failure."""
    if not tables.rows and not failures:
        raise ValueError("expected at least one result or failure to report")
    rows = in_order([*tables.rows, *map(failed_row, failures)])
    plain = frame(map(_printable, rows))
    plain["place"] = plain["place"].map(printable)
    table = legend.lettered(plain)
    short = dict(zip(table["title"], table["name"], strict=True))
    shown = {
        _job(row): (short[name], place) for row, name, place in zip(rows, plain["name"], plain["place"], strict=True)
    }
    order = {name: place for place, name in enumerate(names(table))}

    def by_method(rows: Sequence[Row]) -> list[Row]:
        return sorted(in_order(rows), key=lambda row: order[shown[_job(row)][0]])

    return Report(
        rows,
        tables,
        table,
        *(_named(by_method(each), shown) for each in (tables.defects, tables.contradictions, tables.setters)),
        _named(by_method(tables.unlike), shown),
        _named(tables.verdicts, shown),
        [each.model_copy(update={"reason": printable(each.reason)}) for each in failures],
        definitions,
        unfinished,
        [each._replace(name=shown[each.job][0], place=shown[each.job][1]) for each in figures],
        differences,
        images,
    )


def _named(rows: Sequence[Row], shown: Mapping[tuple, tuple[str, str]]) -> pd.DataFrame:
    """Rows with the names that their jobs have in the report."""
    named = [_printable(row) | dict(zip(("name", "place"), shown[_job(row)], strict=True)) for row in rows]
    return pd.DataFrame(named)


def _printable(row: Row) -> Row:
    """A row whose texts a terminal or a page shows and does not obey; its identity stays what it is."""
    texts = {name: text for name, text in row.items() if isinstance(text, str) and name not in IDENTITY}
    return row | {name: (printable if name in NAMES else printable_lines)(text) for name, text in texts.items()}


def _job(row: Row) -> tuple:
    return tuple(row[column] for column in IDENTITY)
