"""Cells of a table that somebody opens in a spreadsheet: what a stranger wrote must not become a formula."""

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula begins; the last four are the wide forms."""
QUOTE = "'"
"""What stands before a text that is none, as spreadsheets have it."""


def safe(text: str) -> str:
    """The text in one line, never a formula."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return QUOTE + line if line.startswith(STARTS) else line


def meant(cell: str) -> str:
    """The text that became this cell."""
    return cell.removeprefix(QUOTE) if cell[1:].startswith(STARTS) else cell
