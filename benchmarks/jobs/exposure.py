"""Whether others can reach the scheduler of a cluster: whoever can, runs code on all its workers."""

import ipaddress
from urllib.parse import urlsplit

ENCRYPTED = ("tls", "wss", "inproc")
PAGE = "docs/safe-cluster.md"


def warning(*addresses: str) -> str | None:
    """What to say where one of a scheduler's addresses is neither of this machine alone nor encrypted."""
    open_to_all = next((address for address in addresses if _is_open(address)), None)
    return open_to_all and (
        f"warning: the Dask scheduler at {open_to_all} has no TLS and is not of this machine alone: whoever reaches it "
        f"can run code on all workers; see {PAGE}"
    )


def _is_open(address: str) -> bool:
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    return parts.scheme not in ENCRYPTED and not _is_of_this_machine(parts.hostname or "")


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
