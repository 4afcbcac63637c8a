"""How a sentence names many things: the first few, and dots for the rest."""

from collections.abc import Sequence

NAMED = 3
"""So many are named."""


def named(names: Sequence[str]) -> str:
    """The first names; the sentence around them says how many there are."""
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
