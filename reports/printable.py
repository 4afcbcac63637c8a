"""Text that shows what is in it: names from outside may hold characters that a terminal or a page would obey."""

import re

OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters, those that turn the direction of writing, line separators, and bytes that are no text."""
BYTES = range(0xDC80, 0xDD00)
"""How Python keeps bytes of a file name that are not UTF-8."""


def printable(text: str) -> str:
    r"""The text in one line: a line break becomes `\n`, an escape `\x1b`, a byte that is not UTF-8 such as `\xff`."""
    return OBEYED.sub(_escaped, text)


def printable_lines(text: str) -> str:
    """The same, but line breaks and tabs stay what they are."""
    return OBEYED.sub(lambda found: found.group() if found.group() in "\n\t" else _escaped(found), text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02x}" if code in BYTES else repr(found.group())[1:-1]
