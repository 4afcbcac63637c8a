"""The record beside what was made: settings, sources, licence, versions. It tells one making from another."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from typing import Any, Self

from datasets import DataError

NAME = "made_by.json"
"""The file of the record, in the folder that was made."""
ASKED = ("command", "settings", "sources", "licence")
"""The fields that are what was asked for; the others are what did it."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What made a folder."""

    command: str
    settings: Mapping[str, Any]
    """Every setting by its name, seeds too; what JSON can hold."""
    sources: Mapping[str, str]
    """What it was made from: a file's name or a link -> its SHA-256, or another mark of its contents."""
    licence: str = ""
    """The licence of the sources, as far as it is known."""
    code: str = ""
    """Digest of the code that made it."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Libraries that the output depends on -> their versions."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """What came out, in numbers; empty while it is being made."""

    @property
    def text(self) -> str:
        """The record as JSON for people to read."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The record in a text. Raises DataError where there is none."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise DataError(f"{NAME} is no record of what made the folder") from None

    def with_result(self, result: Mapping[str, Any]) -> Self:
        """The same record of a finished making."""
        return replace(self, result=result)

    def asked_otherwise(self, other: Self) -> str:
        """In a phrase, the first thing that was asked for in another way; empty: the same was asked for."""
        return _first_difference(asdict(self), asdict(other), ASKED)

    def differs(self, other: Self) -> str:
        """In a phrase, the first thing that differs, the result aside; empty: the same program does the same again."""
        return self.asked_otherwise(other) or _first_difference(asdict(self), asdict(other), ("code", "versions"))


def versions(names: Iterable[str]) -> dict[str, str]:
    """The versions of these libraries, as far as they are installed. Imports none of them."""
    found = {}
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _first_difference(one: Mapping[str, Any], other: Mapping[str, Any], fields: Iterable[str]) -> str:
    one, other = ({name: _as_stored(each[name]) for name in fields} for each in (one, other))
    for name in one:
        if isinstance(one[name], dict) and isinstance(other[name], dict):
            keys = sorted(one[name].keys() | other[name].keys())
            pairs = [(f"{name} {key}", one[name].get(key), other[name].get(key)) for key in keys]
        else:
            pairs = [(name, one[name], other[name])]
        for what, here, there in pairs:
            if here != there:
                return f"{what} is {_shown(here)}, there {_shown(there)}"
    return ""


def _as_stored(value: Any) -> Any:
    """The value as it comes back out of JSON, which has no tuples."""
    return json.loads(json.dumps(value))


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)
