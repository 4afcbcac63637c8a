"""What hosts ask of programs that fetch their files: robots.txt, RFC 9309."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datasets.making.extras import library
from datasets.making.web import FetchError, UnavailableError

if TYPE_CHECKING:
    from protego import Protego

ReadText = Callable[[str], tuple[int, bytes]]
"""Status and body of what lies at a link."""


class Robots:
    """The robots.txt of hosts, each read once."""

    def __init__(self, agent: str, read: ReadText):
        self.agent, self._read = agent, read
        self._parser = library("protego", extra="images", wanted_for="reading robots.txt").Protego
        self._known: dict[str, Protego] = {}

    def require(self, url: str) -> None:
        """Raises FetchError where a host does not want this link to be fetched, or does not say what it wants."""
        if not self._of(url).can_fetch(url, self.agent):
            raise FetchError(f"{urlsplit(url).netloc} asks programs not to fetch it (robots.txt)")

    def pause_seconds(self, url: str) -> float:
        """The pause between two requests that a host asks for, as far as it is known."""
        known = self._known.get(_base(url))
        return float(known.crawl_delay(self.agent) or 0.0) if known else 0.0

    def _of(self, url: str) -> "Protego":
        if (base := _base(url)) not in self._known:
            try:
                status, body = self._read(f"{base}/robots.txt")
            except FetchError as error:
                raise type(error)(f"robots.txt cannot be read, so nothing is fetched: {error}") from None
            if status >= 500 or status == 429:
                raise UnavailableError(f"robots.txt cannot be read, so nothing is fetched: status {status}")
            text = body.decode("utf-8", "replace") if status < 400 else ""  # none: all may be fetched
            self._known[base] = self._parser.parse(text)
        return self._known[base]


def _base(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
