"""Settings that have no effect beside the others."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Use(NamedTuple):
    """When a setting has an effect, and how to say so."""

    counts: Callable[[Any], bool]
    """Whether it has one beside the other settings of a method."""
    with_what: str


def is_set(settings: Any, name: str) -> bool:
    """Whether a setting of a method has another value than its default and than its preset gives."""
    ordinary = [type(settings).__pydantic_fields__[name].default, *_of_preset(settings, name)]
    return getattr(settings, name) not in ordinary


def _of_preset(settings: Any, name: str) -> list:
    values = settings.preset_values
    return [values[name]] if name in values else []


def idle(settings: Any, uses: Mapping[str, Use]) -> str | None:
    """The error of the first setting that was set and changes neither scores nor costs; None where there is none."""
    for name, use in sorted(uses.items()):
        if is_set(settings, name) and not use.counts(settings):
            return f"{name} counts only with {use.with_what}: set that, or leave it out"
    return None
