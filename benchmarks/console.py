"""Standard output and standard error for text that a person reads. Square brackets in names are no markup."""

from rich.console import Console

out = Console(highlight=False, markup=False, emoji=False)
err = Console(highlight=False, markup=False, emoji=False, stderr=True)


def say(line: str, *, on: Console = err, style: str | None = None) -> None:
    """Print a line unchanged: no markup, no highlighting, not wrapped at the width of the terminal."""
    on.print(line, style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)
