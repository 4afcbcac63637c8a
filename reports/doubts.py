"""The sections on what casts doubt on numbers: the verdicts in words, and odd training images."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import pandas as pd

from reports.rows import natural
from reports.tables import escape, markdown, significant

OPEN_LINES = 20
"""A longer table is folded up."""
JOB = ("category", "method", "seed")


def verdicts(table: pd.DataFrame) -> str:
    """What to know of each method and category before using its numbers, under what to do; the gravest first.

    Methods and categories of which the same is true stand on one line.
    """
    if table.empty:
        return ""
    lines = [
        (advice, f"- {_strong(_where(own), own['light'].iloc[0])}: {escape(text)}")
        for (advice, text), own in table.groupby(["advice", "text"], sort=False)
    ]
    order = list(dict.fromkeys(advice for advice, _ in lines))
    lines.sort(key=lambda line: order.index(line[0]))
    more = lines[OPEN_LINES:]
    folded = f"<details><summary>{len(more)} more</summary>\n\n{_under_advice(more)}\n\n</details>" if more else ""
    return "\n\n".join(filter(None, ["## Verdicts", _under_advice(lines[:OPEN_LINES]), folded]))


def _under_advice(lines: Iterable[tuple[str, str]]) -> str:
    """Lists of verdicts, each under what to do."""
    groups = groupby(lines, key=lambda line: line[0])
    return "\n\n".join(
        "\n".join([f"{escape(advice[:1].upper() + advice[1:])}:", "", *(line for _, line in own)])
        for advice, own in groups
    )


def _strong(text: str, light: str) -> str:
    return f"**{escape(text)}**" if light == "red" else escape(text)


def _where(rows: pd.DataFrame) -> str:
    """`cookie, A knn`, or several of them: `A knn, B cae on cookie; A knn on tile`."""
    by_place: dict[str, list[str]] = {}
    for place, name in zip(rows["place"], rows["name"], strict=True):
        by_place.setdefault(place, []).append(name)
    by_methods: dict[tuple[str, ...], list[str]] = {}
    for place, methods in sorted(by_place.items(), key=lambda pair: natural(pair[0])):
        by_methods.setdefault(tuple(sorted(methods)), []).append(place)
    return "; ".join(f"{', '.join(methods)} on {', '.join(places)}" for methods, places in by_methods.items())


def unlike(table: pd.DataFrame) -> str:
    """The training images that look unlike the others, most unlike first."""
    if table.empty:
        return ""
    text = (
        "Each of these training images scores far above the others of its job, all judged without having been learned "
        "from. Look at them: a defective image among the training images hides the defects that are like it. "
        "Deviations are robust standard deviations above the median, of the logarithm where all scores are above zero."
    )
    lines = [
        [
            *_job(row),
            escape(row["path"]),
            f"{row['judged']}, {row['ranked']} images",
            significant(row["score"]),
            f"{row['deviations']:.1f}",
        ]
        for row in table.to_dict("records")
    ]
    headers = [*JOB, "training image", "judged", "score", "deviations"]
    return "\n\n".join(["## Training images unlike the others", text, folded(headers, lines)])


def _job(row: dict) -> tuple[str, str, str]:
    return escape(row["place"]), escape(row["name"]), str(row["seed"])


def folded(headers: Sequence[str], lines: Iterable[Sequence[str]], *, text_columns: int = 4) -> str:
    """A table; a long one is shown when it is clicked."""
    lines = list(lines)
    table = markdown(headers, lines, text_columns=text_columns)
    if len(lines) <= OPEN_LINES:
        return table
    return f"<details><summary>{len(lines)} lines</summary>\n\n{table}\n\n</details>"
