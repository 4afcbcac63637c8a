"""The options of `make masks`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.cli.make.options import MadeSeedOption, NormalImages, ToOption
from benchmarks.errors import UsageError
from benchmarks.options import CategoriesOption, DeviceOption
from datasets.making.placing import Limits
from reports.files import real


def masks(
    images: NormalImages,
    to: ToOption,
    objects: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the objects are: CATEGORY/IMAGE/metadata.csv with N.png, as segment-anything's amg.py writes "
            "them, or a mask CATEGORY/IMAGE.png of each object.",
        ),
    ] = None,
    sam_checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Checkpoint of segment-anything, to find the objects with it.")
    ] = None,
    sam_model: Annotated[
        str, typer.Option(help="Model of the checkpoint: vit_b, vit_l or vit_h. Default: what its name says.")
    ] = "",
    textures: Annotated[
        str, typer.Option(metavar="NAMES", help="Categories whose images are filled by a surface. They need no object.")
    ] = "",
    shapes: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of masks whose shapes are used, at any depth, such as a ground_truth. Default: the suite's "
            "generator draws shapes.",
        ),
    ] = None,
    area: Annotated[
        str, typer.Option(metavar="LEAST:MOST", help="Area of a defect on an object, in percent of the image.")
    ] = "1:5",
    texture_area: Annotated[
        str, typer.Option(metavar="LEAST:MOST", help="Area of a defect on a texture, in percent of the image.")
    ] = "5:10",
    per_image: Annotated[int, typer.Option(min=1, help="Masks for each image.")] = 1,
    seed: MadeSeedOption = 0,
    categories: CategoriesOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Find the object of each image, and draw masks of defects that lie on it.

    The background is the segment that covers most of the border, and the object is the rest. Where no segment covers
    half of the border, the image shows a texture that fills the frame. Shapes are rotated, sheared, flipped, scaled
    and moved until their area on the object is right. The masks are black and white.

    Exit status: 0 every image has its masks, 1 some have none, 2 wrong use.

    Example: python -m benchmarks make masks pictures --objects segments --to masks
    """
    from benchmarks.commands.make import masks

    request = masks.MaskRequest(
        images=real(images),
        to=real(to),
        objects=objects and real(objects),
        sam_checkpoint=sam_checkpoint and real(sam_checkpoint),
        sam_model=sam_model,
        device=options.device(device) if sam_checkpoint else "cpu",
        textures=tuple(name.strip() for name in textures.split(",") if name.strip()),
        shapes=shapes and real(shapes),
        area=_area(area, "--area"),
        texture_area=_area(texture_area, "--texture-area"),
        per_image=per_image,
        seed=seed,
        categories=options.categories(categories),
    )
    raise typer.Exit(masks.run(request))


def _area(text: str, option: str) -> Limits:
    """Limits in percent, such as 1:5. Raises UsageError."""
    try:
        least, most = (float(part) / 100 for part in text.split(":"))
    except ValueError:
        raise UsageError(f"{option} {text}: expected two numbers, such as 1:5") from None
    if not 0 < least < most <= 1:
        raise UsageError(f"{option} {text}: expected percentages above 0, the smaller first, such as 1:5")
    return Limits(least, most)
