"""The commands that make data: `make video` and its relatives."""

import typer

from benchmarks.given import Command
from benchmarks.making_cli.defects import defects
from benchmarks.making_cli.images import images
from benchmarks.making_cli.masks import masks
from benchmarks.making_cli.video import video

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make a data set. Each command goes on where it was stopped, writes beside its output what made it, and ends "
    "with a check of what it wrote.",
)
for command in (video, images, masks, defects):
    app.command(cls=Command)(command)
