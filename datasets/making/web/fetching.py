"""Fetch what lies at a link: redirects, retries, pauses and limits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from datasets import DataError
from datasets.making.web import FetchError, UnavailableError
from datasets.making.web.addresses import connected
from datasets.making.web.deadline import Deadline
from datasets.making.web.pace import Pace
from datasets.making.web.robots import Robots
from datasets.making.web.transport import Answer, ask, proxy_for

PROGRAM = "inspection-benchmarks"
"""The name by which robots.txt may address this program."""
ATTEMPTS = 4
BUSY = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5


def agent(version: str, contact: str) -> str:
    """The User-Agent: name, version, and where to complain."""
    return f"{PROGRAM}/{version} ({contact or 'make images; a person started it'})"


class Fetched(NamedTuple):
    """What lay at a link."""

    body: bytes
    url: str
    """Where it lay in the end, after redirects."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a fetch may take."""

    most_bytes: int = 20_000_000
    seconds: float = 60.0
    """For one request with its answer, from the first byte to the last."""
    pause_seconds: float = 1.0
    """Between two requests to one host. After a failed one, it doubles with each further one."""
    allow_private: bool = False
    """Whether hosts of one's own network, and proxies, may be asked."""


class Fetcher:
    """Fetches one link after the other; knows what hosts asked for."""

    def __init__(self, user_agent: str, limits: Limits, *, sleep: Callable[[float], None] = time.sleep):
        self.headers, self.limits = {"User-Agent": user_agent}, limits
        self._pace = Pace(limits.pause_seconds, sleep=sleep)
        self._robots = Robots(PROGRAM, self._robots_text)
        self._silent: dict[str, UnavailableError] = {}

    def get(self, url: str) -> Fetched:
        """What lies at a link, if the host lets programs fetch it. Raises FetchError."""
        return _found(*self._followed(url, self._robots.require))

    def ask(self, url: str) -> bytes:
        """What an interface made for programs answers, for which robots.txt does not count. Raises FetchError."""
        return _found(*self._followed(url)).body

    def _robots_text(self, url: str) -> tuple[int, bytes]:
        answer, _ = self._followed(url)
        return answer.status, answer.body

    def _followed(self, url: str, require: Callable[[str], None] = lambda _: None) -> tuple[Answer, str]:
        """Follow redirects, to the answer and its link. Each link on the way is checked like the first."""
        for _ in range(MOST_REDIRECTS + 1):
            url = web_link(url)
            require(url)
            answer = self._answer(url)
            if answer.status not in MOVED or "Location" not in answer.headers:
                return answer, url
            url = urljoin(url, answer.headers["Location"])
        raise FetchError(f"it is moved more than {MOST_REDIRECTS} times")

    def _answer(self, url: str) -> Answer:
        """Ask until there is an answer, more slowly each time, or when the host says."""
        from urllib3 import Retry
        from urllib3.exceptions import MaxRetryError

        host = urlsplit(url).netloc
        if host in self._silent:
            raise self._silent[host]
        retry = Retry(total=ATTEMPTS - 1, status_forcelist=BUSY, backoff_factor=self.limits.pause_seconds)
        while True:
            self._pace.wait(host, self._robots.pause_seconds(url))
            answer = problem = None
            try:
                answer = self._once(url)
                after = answer.headers.get("Retry-After")
                if not retry.is_retry("GET", answer.status, after is not None):
                    return answer
            except UnavailableError as error:
                problem, after = error, None
            try:
                retry = retry.increment("GET", url, error=problem)
            except MaxRetryError:
                if problem is None:
                    return answer
                self._silent[host] = problem
                raise problem from None
            self._pace.hold(host, _seconds(retry, after))

    def _once(self, url: str) -> Answer:
        allow_private = self.limits.allow_private
        if proxy_for(url) and not allow_private:
            raise DataError(
                "the environment names a proxy, behind which nobody can see whether an address is private: unset it, "
                "or trust it with --allow-private"
            )
        with Deadline(self.limits.seconds) as deadline:
            try:
                return ask(
                    url,
                    headers=self.headers,
                    opens=lambda host, port: connected(host, port, allow_private=allow_private),
                    deadline=deadline,
                    most_bytes=self.limits.most_bytes,
                )
            except UnavailableError as error:
                if deadline.is_over:
                    raise FetchError(str(error)) from None  # to wait as long again would not help
                raise


def web_link(url: str) -> str:
    """A link in its usual form, without a fragment. Raises FetchError for what does not lead to a host of the web."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parts = parse_url(url.strip())
    except LocationParseError:
        raise FetchError("it is no link") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise FetchError("only links that begin with http:// or https:// are fetched")
    return parts._replace(auth=None, fragment=None).url


def _found(answer: Answer, url: str) -> Fetched:
    if answer.status in BUSY:
        raise UnavailableError(f"status {answer.status}")
    if answer.status != 200:
        raise FetchError(f"status {answer.status}")
    return Fetched(answer.body, url)


def _seconds(retry, after: str | None) -> float:
    """How long to wait: as long as the host says, or else as the policy does."""
    from urllib3.exceptions import InvalidHeader

    try:
        return retry.parse_retry_after(after) if after else retry.get_backoff_time()
    except InvalidHeader:
        return retry.get_backoff_time()
