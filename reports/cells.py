"""Texts as cells of a CSV file. A spreadsheet calculates what begins like a formula, so such a text gets an apostrophe.

A text that is a number stays one.
"""

import re

FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""Beginnings that a spreadsheet calculates, also behind apostrophes, so that reading gives back what was written.

The last four are the wide forms of the first four.
"""


def guarded(value: str | int | float | bool | None) -> str | int | float | bool | None:
    """The value of a cell; of a text that looks like a formula, with an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) and not _is_number(value) else value


def bare(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
