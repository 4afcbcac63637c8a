"""One request and its answer, over a connection that we opened ourselves."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from datasets.making.web import FetchError, UnavailableError
from datasets.making.web.deadline import Deadline

if TYPE_CHECKING:
    from urllib3 import PoolManager

STALL_SECONDS = 30
CHUNK_BYTES = 1 << 16
Open = Callable[[str, int], socket.socket]
"""Connects to a host at a port."""


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """Empty unless the status is 200."""


def ask(url: str, *, headers: Mapping[str, str], opens: Open, deadline: Deadline, most_bytes: int) -> Answer:
    """Ask for what lies at a link, once: no redirect is followed. Raises FetchError."""
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    connections = _connections(url, lambda host, port: deadline.watch(opens(host, port)))
    wanted = {"Accept-Encoding": "identity", "Connection": "close", **headers}
    timeout = Timeout(connect=STALL_SECONDS, read=STALL_SECONDS)
    try:
        answer = connections.request(
            "GET", url, headers=wanted, preload_content=False, redirect=False, retries=False, timeout=timeout
        )
        try:
            body = _body(answer, most_bytes) if answer.status == 200 else b""
        finally:
            answer.close()
        deadline.require()  # a body of unknown length simply ends where it is cut
    except (HTTPError, OSError, ValueError) as error:
        deadline.require()
        raise UnavailableError(f"the connection failed ({type(error).__name__})") from None
    return Answer(answer.status, answer.headers, body)


def _body(answer, most_bytes: int) -> bytes:
    told = answer.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    for chunk in answer.stream(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(body)


def _too_large(most_bytes: int) -> FetchError:
    return FetchError(f"it has more than {most_bytes / 1e6:g} MB (--megabytes)")


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a link, if any."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _connections(url: str, opens: Open) -> PoolManager:
    """Connections of urllib3 that are opened by this function."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Plain(HTTPConnection):
        def _new_conn(self):
            return opens(self.host, self.port)

    class Secure(HTTPSConnection):
        def _new_conn(self):
            return opens(self.host, self.port)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    proxy = proxy_for(url)
    manager = ProxyManager(proxy) if proxy else PoolManager()
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager
