"""The options of `submit`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.options import (
    DeviceOption,
    FoundDataOption,
    MethodOption,
    ResultsOption,
    SeedOption,
    VariantOption,
)
from reports.files import real


def submit(
    results: ResultsOption,
    method: MethodOption,
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the files of the submission. It holds nothing else.")
    ],
    seed: SeedOption = None,
    variant: VariantOption = None,
    data: FoundDataOption = None,
    png: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="Which pixels are 255 in the PNG files. point: those of regions that the applied operating point "
            "calls defective. baseline: those above the mean and 3 standard deviations of the pixels of held-out "
            "normal images. none: no PNG files.",
        ),
    ] = "point",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make existing files again. Default: off.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Make the files that the benchmark server of MVTec AD 2 takes, and check them.

    For every image without a label, of each category that has a finished job, the anomaly map is written as a float16
    TIFF, and a thresholded map as PNG beside it. The same command makes only what is missing, then checks everything.

    Exit status: 0 nothing wrong was found, 1 the server would refuse the files, 2 wrong use.

    Example: python -m benchmarks submit --results results/mvtec_ad2 --method patchcore --to submission
    """
    from benchmarks.commands import submit
    from benchmarks.submission import making

    found = making.finished(real(results), method=method, seed=seed, variant=variant)
    place = real(to)
    tasks = making.tasks(found, place, rule=options.png(png), data=data and real(data))
    raise typer.Exit(submit.run(tasks, place, overwrite=overwrite, device=options.device(device)))
