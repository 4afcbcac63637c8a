"""Files fetched from a network: each wait has an end, and a file counts once its digest is right."""

import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from methods._files import replacing

if TYPE_CHECKING:
    from requests import Session

LOG = logging.getLogger("methods.download")
"""Tells how far a download is, also in the records' `file`, `done_bytes`, `of_bytes` and `speed`."""
CHUNK_BYTES = 1 << 14
MEGABYTE = 10**6
SHOWN = 12
"""Digits of a hash in a sentence."""

Found = TypeVar("Found")


class UnreachableError(Exception):
    """What was asked for cannot be had from there; the message says why."""


class Expected(NamedTuple):
    """How the digest of a file begins."""

    digest: str
    algorithm: str = "sha256"


class Patience(NamedTuple):
    """How long is waited, in seconds and bytes a second."""

    answer_seconds: float = 15.0
    """Until a server answers at all."""
    slow_seconds: float = 30.0
    """In each stretch of so many seconds `slowest_pace` must be reached on average."""
    slowest_pace: float = 5_000.0
    longest_seconds: float = 3_600.0
    """For a whole file."""
    tell_seconds: float = 2.0
    """Between two words on how far a download is."""


PATIENCE = Patience()


def download(
    url: str, path: Path, expected: Expected, *, session: "Session | None" = None, patience: Patience | None = None
) -> None:
    """Fetch a file over HTTP. Raises UnreachableError, and leaves no file, where it is not had in time or is another.

    The environment's proxies and certificates count.
    """
    patience = patience or PATIENCE
    try:
        with replacing(path) as temporary:
            _Transfer(url, temporary, session or new_session(), patience).finish(path.name)
            require(temporary, expected, path.name)
    except OSError as error:
        raise UnreachableError(words(error)) from None


def require(path: Path, expected: Expected, name: str) -> None:
    """Raises UnreachableError where a file has another digest than expected."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, expected.algorithm).hexdigest()
    if not digest.startswith(expected.digest):
        raise UnreachableError(
            f"{name} is not the file it should be: its {expected.algorithm} begins with {digest[:SHOWN]}, "
            f"expected {expected.digest[:SHOWN]}"
        )


def within(seconds: float, work: Callable[[], Found]) -> Found:
    """The answer of a function. Raises UnreachableError where it takes longer: it then goes on, and nobody listens."""
    running = _in_background(work)
    try:
        return running.result(seconds)
    except TimeoutError as error:
        reason = words(error) if running.done() else f"no answer within {seconds:g} s"
        raise UnreachableError(reason) from None


def new_session() -> "Session":
    """A session of requests that trusts the system's certificates, too, as pip and Python do."""
    import ssl

    import requests

    class SystemsToo(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *given, **named) -> None:
            super().init_poolmanager(*given, ssl_context=ssl.create_default_context(), **named)

    session = requests.Session()
    session.mount("https://", SystemsToo())
    return session


def words(error: BaseException) -> str:
    """The innermost reason of an error: libraries wrap that of the system several times."""
    while inner := getattr(error, "reason", None) or error.__cause__ or error.__context__:
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return text.splitlines()[0]


def spelled(bytes_per_second: float) -> str:
    """A speed in megabytes a second; in kilobytes where it is slow."""
    kilobytes = bytes_per_second / 1_000
    return f"{kilobytes / 1_000:.1f} MB/s" if kilobytes >= 100 else f"{kilobytes:.3g} kB/s"


class _Transfer:
    """One download. It runs in a thread of its own, so that no server can keep this one waiting."""

    def __init__(self, url: str, target: Path, session: "Session", patience: Patience):
        self.url, self.target, self.session, self.patience = url, target, session, patience
        self.done_bytes = self.of_bytes = 0
        self.answered = self.given_up = False

    def finish(self, name: str) -> None:
        """Wait for the end. Raises UnreachableError where that takes too long, and what the transfer raises."""
        running, begun = _in_background(self._run), time.monotonic()
        last = stretch = (begun, 0)
        try:
            while not _ended(running, self.patience.tell_seconds):
                now = (time.monotonic(), self.done_bytes)
                self._tell(name, since=last, now=now)
                self._require_patience(begun, stretch, now)
                last, stretch = now, now if now[0] - stretch[0] >= self.patience.slow_seconds else stretch
            running.result()
        finally:
            self.given_up = True
        self._tell(name, since=(begun, 0), now=(time.monotonic(), self.done_bytes))

    def _tell(self, name: str, since: tuple[float, int], now: tuple[float, int]) -> None:
        speed = spelled(_bytes_per_second(since, now))
        told = {"file": name, "done_bytes": self.done_bytes, "of_bytes": self.of_bytes, "speed": speed}
        LOG.info("fetching %s: %s, %s", name, self._so_far(), speed, extra=told)

    def _so_far(self) -> str:
        of = f" of {self.of_bytes / MEGABYTE:.1f}" if self.of_bytes else ""
        return f"{self.done_bytes / MEGABYTE:.1f}{of} MB"

    def _require_patience(self, begun: float, stretch: tuple[float, int], now: tuple[float, int]) -> None:
        patience, seconds = self.patience, now[0] - begun
        if not self.answered and seconds > patience.answer_seconds:
            raise UnreachableError(f"no answer within {patience.answer_seconds:g} s")
        speed = _bytes_per_second(stretch, now)
        slow = now[0] - stretch[0] >= patience.slow_seconds and speed < patience.slowest_pace
        if slow or seconds > patience.longest_seconds:
            raise UnreachableError(f"given up after {seconds:.0f} s at {self._so_far()}, {spelled(speed)}")

    def _run(self) -> None:
        import requests
        import urllib3

        try:
            answer = self.session.get(
                self.url, stream=True, timeout=2 * self.patience.slow_seconds, headers={"Accept-Encoding": "identity"}
            )
            with answer, open(self.target, "wb") as file:
                answer.raise_for_status()
                self.of_bytes, self.answered = int(answer.headers.get("Content-Length", 0)), True
                for chunk in answer.raw.stream(CHUNK_BYTES, decode_content=False):
                    if self.given_up:
                        return
                    self.done_bytes += file.write(chunk)
        except requests.HTTPError as error:
            raise UnreachableError(f"{error.response.status_code} {error.response.reason}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(words(error)) from None


def _bytes_per_second(since: tuple[float, int], now: tuple[float, int]) -> float:
    return (now[1] - since[1]) / max(now[0] - since[0], 1e-3)


def _in_background(work: Callable[[], Found]) -> "Future[Found]":
    """What a function returns or raises. Its thread does not keep the program from ending, as those of a pool do."""
    future: Future[Found] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=do, daemon=True).start()
    return future


def _ended(running: Future, seconds: float) -> bool:
    """Whether something has ended within so many seconds, or before."""
    return bool(wait([running], timeout=seconds).done)
