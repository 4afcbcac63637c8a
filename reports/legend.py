"""Methods by letter, the best first, and the one legend of their settings."""

from string import ascii_uppercase

import pandas as pd

from reports.tables import escape, names

LEADING = "image_auroc"
"""The column whose mean over categories orders the methods."""


def lettered(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `tables.frame` with short names, `A knn`, the highest mean first; `title` keeps the full name.

    Means are over the categories that all methods have, where there are any. A method without a value comes last.
    """
    order = _order(table)
    letters = {title: letter(place) for place, title in enumerate(order)}
    method = dict(zip(table["name"], table["method"], strict=True))
    short = {title: f"{letters[title]} {method[title]}" for title in order}
    ranked = table.assign(title=table["name"], name=table["name"].map(short), letter=table["name"].map(letters))
    place = ranked["title"].map({title: place for place, title in enumerate(order)})
    return ranked.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def letter(place: int) -> str:
    """A, B, ..., Z, AA, AB, ... for places from 0 on."""
    rest, own = divmod(place, len(ascii_uppercase))
    return (letter(rest - 1) if rest else "") + ascii_uppercase[own]


def lines(table: pd.DataFrame) -> list[tuple[str, str]]:
    """For each method its short name, and what was set, with what else sets it apart from the others."""
    first = table.drop_duplicates("name")
    rows = first[["name", "title", "method"]].itertuples(index=False)
    return [(name, title.removeprefix(method).strip(" ,") or "the defaults") for name, title, method in rows]


def section(table: pd.DataFrame) -> str:
    """The legend in markdown, a line for each method."""
    return "\n".join(f"- **{escape(name)}**: {escape(text)}" for name, text in lines(table))


def _order(table: pd.DataFrame) -> list[str]:
    """Full names, the highest mean first; equal ones as they are."""
    if LEADING not in table or table[LEADING].isna().all():
        return names(table)
    by_category = table.pivot_table(index="place", columns="name", values=LEADING, sort=False)
    shared = by_category.dropna()
    mean = (shared if len(shared) else by_category).mean().astype(float)
    return sorted(names(table), key=lambda name: -mean.get(name, float("-inf")))
