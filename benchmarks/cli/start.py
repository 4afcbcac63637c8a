"""What must be so before a command begins, how it ends, and how one is refused."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports.printable import printable


def require_utf8() -> None:
    """Start again in UTF-8 mode where file names are read otherwise, as PYTHONUTF8=0 with LC_ALL=C asks for.

    Results store names as UTF-8: a name that was decoded otherwise is damaged, or taken for no text at all.
    """
    if sys.getfilesystemencoding() == "utf-8":
        return
    if os.environ.get("PYTHONUTF8") == "1":  # it was started with -X utf8=0
        sys.exit(refuse(f"file names are read as {sys.getfilesystemencoding()}, expected UTF-8: leave out -X utf8=0"))
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def require_our_packages() -> None:
    """Refuse to run if another package is imported in place of `datasets`, `methods` or `reports`.

    These names are generic, so an installed package may have the same one.
    """
    from importlib.util import find_spec

    here = Path(__file__).resolve().parents[2]
    for name in ("datasets", "methods", "reports"):
        spec = find_spec(name)
        if not (spec and spec.origin and Path(spec.origin).resolve().parent == here / name):
            found = spec.origin if spec else "nothing"
            sys.exit(refuse(f"expected the package {name!r} in {here / name}, found {found}: run this in {here}"))


@contextmanager
def written_out() -> Iterator[None]:
    """At the end, standard output holds all that was printed. Raises OSError where it cannot, as on a full disk.

    What could not be written is given up then: Python would try once more as it ends, and say so in words of its own.
    """
    try:
        yield
    finally:
        try:
            if sys.stdout:  # None where it was closed before the start
                sys.stdout.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise OSError(error.errno, error.strerror, "standard output") from None


def refuse(sentence: str) -> int:
    """Print a sentence and return the exit status of wrong use.

    Nothing more is loaded for that, as memory may have run out.
    """
    print(f"benchmarks: {printable(sentence)}", file=sys.stderr)
    return 2
