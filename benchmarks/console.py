"""Where a person reads: standard output and standard error, which take text as it is and no name for markup."""

from rich.console import Console

out = Console(highlight=False, markup=False, emoji=False)
err = Console(highlight=False, markup=False, emoji=False, stderr=True)


def say(line: str, *, on: Console = err, style: str | None = None) -> None:
    """Print a line as it is, whatever the console's own settings, and not broken at a terminal's width."""
    on.print(line, style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)
