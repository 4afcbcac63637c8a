"""Which addresses may be connected to: a link that a stranger wrote must not reach into one's own network."""

import errno
import ipaddress
import socket
from typing import Any

from datasets.making.web import FetchError, NoNetworkError, UnavailableError

CONNECT_SECONDS = 10
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses whose last four bytes are an IPv4 address (RFC 6052)."""
NO_WAY = (errno.ENETUNREACH, errno.ENETDOWN)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not private, loopback, link-local, multicast or reserved.

    Of an IPv6 address that stands for an IPv4 address, that one counts.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in TRANSLATED:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        found = inner or found
    return found.is_global and not found.is_multicast


def connected(host: str, port: int, *, allow_private: bool) -> socket.socket:
    """A connection to a host, by its name or address.

    The name is looked up once, and what was looked up is checked and connected to: a name server that gives another
    answer the next time changes nothing. Raises FetchError.
    """
    places = _looked_up(host, port)
    if not allow_private and not (places := [place for place in places if is_public(place[-1][0])]):
        raise FetchError(f"{host} has a private address, and only public ones are asked (--allow-private)")
    for family, kind, protocol, _, address in places:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(address)
            return connection
        except OSError as error:
            connection.close()
            failed = error
    no_answer = NoNetworkError if failed.errno in NO_WAY else UnavailableError
    raise no_answer(f"{host} does not answer ({failed.strerror or failed})")


def _looked_up(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        unknown = NoNetworkError if error.errno == socket.EAI_AGAIN else UnavailableError
        raise unknown(f"{host} is not found by name") from None
    except UnicodeError:
        raise FetchError(f"{host!r} is no name of a host") from None
