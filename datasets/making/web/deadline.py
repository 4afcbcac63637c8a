"""A time limit that holds whatever a connection is waiting for."""

import socket
from contextlib import suppress
from threading import Timer
from typing import Self

from datasets.making.web import UnavailableError


class Deadline:
    """Cuts the connection that it watches when the time is over; a context manager, which ends the watch.

    A timeout of a socket begins anew with each byte, so a server that sends a byte a second would never end: neither
    its greeting, nor its headers, nor its file.
    """

    def __init__(self, seconds: float):
        self.seconds, self.is_over = seconds, False
        self._watched: socket.socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._watched:
            self._watched.close()

    def watch(self, connection: socket.socket) -> socket.socket:
        """Watch a connection, which is given back, also when it is encrypted later. Raises UnavailableError."""
        self._watched = connection.dup()  # a second handle of the same connection
        self.require()
        return connection

    def require(self) -> None:
        """Raises UnavailableError where the time is over."""
        if self.is_over:
            raise UnavailableError(f"it took longer than {self.seconds:g} s (--seconds)")

    def _cut(self) -> None:
        self.is_over = True
        if self._watched:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)
