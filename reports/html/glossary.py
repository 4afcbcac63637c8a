"""Section 10: the terms of the page, each defined once."""

from collections.abc import Mapping
from typing import Any

from reports import terms


def shown(definitions: Mapping[str, str]) -> dict[str, Any]:
    """What the template shows."""
    return {"terms": sorted(terms.meanings(definitions).items(), key=lambda term: term[0].casefold())}
