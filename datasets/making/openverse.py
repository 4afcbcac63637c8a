"""Search openly licensed pictures through the API of Openverse.

Documented at https://api.openverse.org/v1/: without an account, 20 results a page, and the first pages only.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from datasets import DataError
from datasets.making.links import Link
from datasets.making.web import FetchError

ADDRESS = "https://api.openverse.org"
LICENCES = (
    *("cc0", "pdm", "by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd"),
    *("sampling+", "nc-sampling+"),
)
"""The names that Openverse has for licences and marks."""
CHANGEABLE = ("cc0", "pdm", "by", "by-sa")
"""Those under which a picture may be changed and shown by anybody, for any purpose."""
PAGE, MOST_PAGES = 20, 12
MOST_LETTERS = 200
"""Of a search; Openverse drops what follows."""


def search(
    words: str, licences: Sequence[str], *, ask: Callable[[str], bytes], address: str = ADDRESS, most: int
) -> list[Link]:
    """The first so many pictures that are found under these licences, most relevant first. Raises DataError."""
    found: list[Link] = []
    for number in range(1, MOST_PAGES + 1):
        page = _page(words, licences, number, ask=ask, address=address)
        found += [link for link in _links(words, page, address) if link.licence in licences]
        if len(found) >= most or number >= page.get("page_count", 0):
            break
    return found[:most]


def _page(
    words: str, licences: Sequence[str], number: int, *, ask: Callable[[str], bytes], address: str
) -> dict[str, Any]:
    asked = {"q": words, "license": ",".join(licences), "page_size": PAGE, "page": number}
    try:
        page = json.loads(ask(f"{address.rstrip('/')}/v1/images/?{urlencode(asked)}"))
    except FetchError as error:
        raise DataError(f"{address} cannot be searched for {words!r}: {error}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{address} answers no JSON: is that Openverse?") from None
    if not isinstance(page, dict) or not isinstance(page.get("results"), list):
        raise DataError(f"{address} answers without results: is that Openverse?")
    return page


def _links(category: str, page: dict[str, Any], address: str) -> Iterator[Link]:
    try:
        for result in page["results"]:
            if result.get("url"):
                yield Link(
                    category=category,
                    url=result["url"],
                    title=_text(result, "title"),
                    creator=_text(result, "creator"),
                    creator_url=_text(result, "creator_url"),
                    licence=_text(result, "license").lower(),
                    licence_url=_text(result, "license_url"),
                    source=_text(result, "source"),
                    page=_text(result, "foreign_landing_url"),
                )
    except AttributeError:
        raise DataError(f"{address} answers with results of an unknown form: is that Openverse?") from None


def _text(result: dict[str, Any], name: str) -> str:
    return str(result.get(name) or "")
