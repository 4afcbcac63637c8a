"""How a sentence names many things: the first few, then dots."""

from collections.abc import Sequence

NAMED = 3
"""The most names in a sentence."""


def named(names: Sequence[str]) -> str:
    """The first names, then dots for the rest. The sentence around them should say how many there are."""
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def plural(number: int, what: str) -> str:
    """`1 image` or `3 images`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def counted(names: Sequence[str]) -> str:
    """The number of names, and the first of them: `4 (a, b, c, ...)`."""
    return f"{len(names)} ({named(names)})"
