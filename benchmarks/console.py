"""Standard output and standard error for text that a person reads. Square brackets in names are no markup."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

# In a notebook, too, this is plain text: lines of a run are many, and each would be an element of the page.
out = Console(highlight=False, markup=False, emoji=False, force_jupyter=False)
err = Console(highlight=False, markup=False, emoji=False, force_jupyter=False, stderr=True)


def say(line: str, *, on: Console = err, style: str | None = None) -> None:
    """Print a line unchanged: no markup, no highlighting, not wrapped at the width of the terminal."""
    on.print(line, style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is printed meanwhile."""
    before = out.quiet, err.quiet
    out.quiet = err.quiet = True
    try:
        yield
    finally:
        out.quiet, err.quiet = before
