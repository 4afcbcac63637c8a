"""Settings that count for nothing beside the others."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Use(NamedTuple):
    """Where a setting counts for something, and how to say so."""

    counts: Callable[[Any], bool]
    """Whether it does beside the other settings of a method."""
    with_what: str


def is_set(settings: Any, name: str) -> bool:
    """Whether a setting of a method has another value than its default."""
    return getattr(settings, name) != type(settings).__pydantic_fields__[name].default


def idle(settings: Any, uses: Mapping[str, Use]) -> str | None:
    """What is wrong with a setting that has been set and changes neither scores nor costs; None where none is so."""
    for name, use in sorted(uses.items()):
        if is_set(settings, name) and not use.counts(settings):
            return f"{name} counts only with {use.with_what}: set that, or leave it out"
    return None
