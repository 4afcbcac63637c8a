"""The options of `check`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.data_settings import DataSettings
from benchmarks.options import (
    CategoriesOption,
    DataOption,
)
from reports.files import real


@options.takes_data_settings
def check(
    dataset: Annotated[str, typer.Option(help="Dataset to check; it defines the layout of the folder.")],
    data: DataOption = None,
    categories: CategoriesOption = None,
    write_manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV file for a line on each image: split, label, masks, group and category. Read it with --dataset "
            "manifest. Default: none.",
        ),
    ] = None,
    *,
    data_settings: DataSettings,
) -> None:
    """Check the data before training: counts, unreadable files, masks, image sizes, duplicates.

    Exit status: 0 a run would go through (warnings may still make its numbers wrong), 1 a run would fail or be wrong,
    2 wrong use.

    Example: python -m benchmarks check --dataset visa --data /data/VisA
    """
    from benchmarks.commands import check
    from benchmarks.jobs import plan
    from benchmarks.source import Source

    source = Source.named(dataset, real(data or plan.default_data(dataset)), data_settings)
    raise typer.Exit(check.run(source, options.categories(categories), write_manifest and real(write_manifest)))
