"""Facts on a running job: versions of its libraries, its machine, its peak memory."""

import os
import platform
import resource
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "numpy",
    "pillow",
    "scipy",
    "scikit-image",
    "torch",
    "torchvision",
    "FrEIA",
    "numba",
    "tensorflow",
    "keras",
    "tifffile",
)
"""Libraries on which results depend, by the names of their distributions."""


def versions() -> dict[str, str]:
    """Versions of the libraries that results depend on, as far as they are installed. Imports none of them."""
    found = {}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def description() -> str:
    """Operating system, processor, cores and Python, for the foot of the report."""
    processor = platform.processor() or platform.machine()
    if sys.platform == "linux":
        _, _, rest = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("model name")
        processor = rest.partition("\n")[0].strip(" \t:") or processor
    return f"{platform.system()}, {processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def peak_memory_mb() -> float:
    """Peak resident memory of this process, in MB (10^6 bytes).

    On Linux, the peak of `getrusage` includes that of the process that started this one, so /proc is read instead.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS
