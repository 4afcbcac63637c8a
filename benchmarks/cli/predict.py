"""The options of `predict`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.options import (
    CategoryOption,
    DeviceOption,
    MethodOption,
    ResultsOption,
    SeedOption,
    ThresholdOption,
    VariantOption,
)
from reports.files import real


def predict(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGES", help="Image files, or folders with images at any depth.")
    ],
    results: ResultsOption,
    method: MethodOption,
    category: CategoryOption,
    seed: SeedOption = None,
    variant: VariantOption = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file for the verdicts at full precision. Default: none.")
    ] = None,
    overlays: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for PNG images: image, heat map and outlines side by side, with the verdict, and the truth "
            "where it is known; and for contact sheets of all. Default: none.",
        ),
    ] = None,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for anomaly maps at the size of each image: float32 TIFF, and the same in colours as PNG. "
            "Default: none.",
        ),
    ] = None,
    threshold: ThresholdOption = None,
    ignore: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK|FOLDER",
            help="Mask whose white pixels do not count in these images, or a folder with a mask for each, named as it. "
            "Default: as in the run.",
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Judge new images with a finished job. Print path, score, threshold and verdict of each image on one line.

    After `finetune --apply`, an image is defective if its anomaly map has a region above the threshold of at least the
    minimum defect area. The line then also gives the number of such regions and the largest area. The score is the
    highest level at which such a region exists. It is -inf if less than that area of the image counts.

    Without an applied point, an image is defective if the method's image score exceeds the threshold. Held-out normal
    images set that threshold or, after run --calibration loo, the training images, each judged by the others.

    A size, aspect ratio, colour mode or brightness that training never saw is named at the end, and in the column
    `reason` of the table: such a score may mean nothing.

    The table grows line by line. A file that was not written by this program is never overwritten.

    Exit status: 0 all images were judged, 1 some images could not be read, or files not written (the others are
    judged and written), 2 wrong use.

    Example: python -m benchmarks predict --results results/demo --method cae --category brick new/*.png --csv new.csv
    """
    from benchmarks import trained
    from benchmarks.commands import predict
    from benchmarks.prediction.outputs import Outputs

    device, given = options.device(device), options.threshold(threshold)
    outputs = Outputs(csv, overlays, maps)
    found = trained.find(real(results), method=method, category=category, seed=seed, variant=variant)
    raise typer.Exit(predict.run(found, images, outputs, device=device, threshold=given, ignore=ignore))
