"""Standard output and standard error for text that a person reads. Names in it are no markup, and obeyed by nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment

from reports.files import naming
from reports.printable import printable, printable_lines

LEAST_COLUMNS = 20


class Plain(Console):
    """A console that shows control characters in texts as what they are, such as `\\x1b`."""

    @property
    def size(self) -> ConsoleDimensions:
        """As of the terminal; at least a few columns, as in none, such as COLUMNS=0, nothing at all would be shown."""
        width, height = super().size
        return ConsoleDimensions(max(width, LEAST_COLUMNS), height)

    def print(self, *objects: Any, **options: Any) -> None:
        """As in rich. An OSError, such as that of a full disk, names what cannot be written."""
        with naming(Path("standard error" if self.stderr else "standard output")):
            super().print(*objects, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable_lines(segment.text))


# In a notebook, too, this is plain text: lines of a run are many, and each would be an element of the page.
out = Plain(highlight=False, markup=False, emoji=False, force_jupyter=False)
err = Plain(highlight=False, markup=False, emoji=False, force_jupyter=False, stderr=True)


def say(line: str, *, on: Console = err, style: str | None = None) -> None:
    """Print one line: no markup, no highlighting, not wrapped at the width of the terminal; it stays one line."""
    on.print(printable(line), style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is printed meanwhile."""
    before = out.quiet, err.quiet
    out.quiet = err.quiet = True
    try:
        yield
    finally:
        out.quiet, err.quiet = before
