"""Fetch files from the web: politely, within limits, and from public addresses only."""


class FetchError(Exception):
    """A file cannot be had. The message is a phrase that says why."""


class UnavailableError(FetchError):
    """A file cannot be had now, and perhaps another time."""


class NoNetworkError(UnavailableError):
    """It looks as if there were no network at all."""
