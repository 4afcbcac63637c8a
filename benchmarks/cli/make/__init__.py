"""The commands that make data: `make video` and its relatives."""

import typer

from benchmarks.cli.make.defects import defects
from benchmarks.cli.make.images import images
from benchmarks.cli.make.masks import masks
from benchmarks.cli.make.video import video
from benchmarks.given import Command

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make a data set. Each command goes on where it was stopped, writes beside its output what made it, and ends "
    "with a check of what it wrote.",
)
for command in (video, images, masks, defects):
    app.command(cls=Command)(command)
