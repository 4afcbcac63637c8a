"""Where pip looks for packages on this machine: its own settings, out of its files and variables."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from methods._download import UnreachableError, new_session

if TYPE_CHECKING:
    from requests import Session

OF_A_DOWNLOAD = ("global", "download", ":env:")
"""Sections of pip's settings that count for a download; a later one wins."""
TRUE = ("1", "true", "t", "yes", "y", "on")
LIMIT_SECONDS = 60


class PipSettings(NamedTuple):
    """Where packages are looked for, and how a server is reached."""

    links: tuple[str, ...]
    """Folders, or pages, that list archives."""
    indexes: tuple[str, ...]
    """Addresses, or folders as `file:` addresses."""
    trusted_hosts: tuple[str, ...] = ()
    certificates: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None

    def session(self) -> "Session":
        """A session of requests by these settings; where one is missing, the environment's counts."""
        session = new_session()
        of_environment = session.merge_environment_settings

        def merged(url: str, *given: Any) -> dict[str, Any]:
            found = of_environment(url, *given)
            if urlsplit(url).hostname in self.trusted_hosts or urlsplit(url).netloc in self.trusted_hosts:
                found["verify"] = False  # as the user says of this server
            elif self.certificates:
                found["verify"] = self.certificates
            return found | ({"proxies": dict.fromkeys(("http", "https"), self.proxy)} if self.proxy else {})

        session.merge_environment_settings = merged
        session.cert = self.client_certificate
        return session


def read() -> PipSettings:
    """What pip is set to. Raises UnreachableError where pip is not there to be asked, or refuses its settings."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"pip does not say its settings within {LIMIT_SECONDS} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise UnreachableError(f"pip, whose settings name the index, cannot be asked: {last}")
    return settings(_read(done.stdout))


def settings(given: Mapping[str, str]) -> PipSettings:
    """The settings of a download, given values by option."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    indexes = [given.get("index-url") or PYPI_SIMPLE_ENDPOINT, *given.get("extra-index-url", "").split()]
    return PipSettings(
        links=(*given.get("find-links", "").split(),),
        indexes=() if given.get("no-index", "").lower() in TRUE else (*indexes,),
        trusted_hosts=(*given.get("trusted-host", "").split(),),
        certificates=given.get("cert"),
        client_certificate=given.get("client-cert"),
        proxy=given.get("proxy"),
    )


def _read(listed: str) -> dict[str, str]:
    """Values by option, out of what `pip config list` prints: lines such as `global.index-url='ADDRESS'`."""
    found: dict[str, dict[str, str]] = {section: {} for section in OF_A_DOWNLOAD}
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        section, _, option = place.rpartition(".")
        if section in found:
            found[section][option] = ast.literal_eval(value)
    return {option: value for section in OF_A_DOWNLOAD for option, value in found[section].items()}
