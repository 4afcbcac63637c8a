"""The terms of the report, each defined once."""

import re
from collections.abc import Mapping, Sequence

from reports.tables import METRICS, escape

COMMON = {
    "average precision": "mean over the defective images or pixels of the precision at a threshold of their score. "
    "Precision: the defective share of all that score at least the threshold.",
    "calibration images": "normal images whose scores set the threshold; no test image is one.",
    "false alarm": "a normal image that is called defective.",
    "leave-one-out": "each training image is judged by what was learned from the others alone (`--calibration loo`). "
    "So none is held out, and all of them set the threshold.",
    "ms/image": "milliseconds to judge an image, from the file to its score: the median over the jobs of a row, that "
    "is, over its seeds, and over its categories if there are several.",
    "oracle": "chosen on the test set. In practice nobody can choose so, because the test labels are unknown there.",
    "true negative rate": "1 - the false-positive rate.",
}
"""Terms that are not numbers of a row; those are defined beside the code that measures them."""
INTERVAL = re.compile(r"\[\d\.\d\d, \d\.\d\d\]")


def section(text: str, definitions: Mapping[str, str], conventions: Sequence[str] = ()) -> str:
    """The conventions, then the terms that occur in the text of the report, or in their definitions, by alphabet.

    `definitions` is by column name.
    """
    named = meanings(definitions)
    of_text = [named[term] for term in named if _occurs(term, text)]
    used = sorted((term for term in named if _occurs(term, "\n".join([text, *of_text]))), key=str.casefold)
    lines = [f"- {line}" for line in conventions]
    lines += [f"- **{escape(term)}**: {named[term]}" for term in used]
    return "\n".join(["## Terms", "", *lines])


def meanings(definitions: Mapping[str, str]) -> dict[str, str]:
    """Every term with its meaning; `definitions` is by column name."""
    return COMMON | {METRICS[column]: meaning for column, meaning in definitions.items()}


def _occurs(term: str, text: str) -> bool:
    if term == METRICS["interval"]:
        return INTERVAL.search(text) is not None
    return term.casefold() in text.casefold()
