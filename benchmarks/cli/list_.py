"""The options of `list`."""

from typing import Annotated

import typer


def list_(
    name: Annotated[str, typer.Argument(help="Method or dataset to show in full. Default: all, in brief.")] = "",
) -> None:
    """List the methods and the datasets. With a name, explain one: a method with its settings, a dataset's layout.

    Exit status: 0 all can be loaded, 1 some cannot (they are named), 2 wrong use.

    Example: python -m benchmarks list differnet
    """
    from benchmarks.commands import list_

    raise typer.Exit(list_.run(name))
