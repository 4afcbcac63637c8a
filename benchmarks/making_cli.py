"""The commands that make data: `make video` and its relatives."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make a data set. Each command goes on where it was stopped, writes beside its output what made it, and ends "
    "with a check of what it wrote.",
)

ToOption = Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder for the data set.")]


@app.callback()
def make() -> None:
    """Makes `make` a group, however many commands it has."""


@app.command()
def video(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files.")],
    to: ToOption,
) -> None:
    """Cut the labelled objects out of annotated videos."""
