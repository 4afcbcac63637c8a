"""The commands that make data: `make video` and its relatives."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.errors import UsageError
from benchmarks.options import CategoriesOption, DeviceOption
from datasets.making.painting import OBJECT_PROMPT
from datasets.making.placing import Limits

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make a data set. Each command goes on where it was stopped, writes beside its output what made it, and ends "
    "with a check of what it wrote.",
)

ToOption = Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder for the data set.")]
LicenceOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Licence of the sources, kept in the record. Default: not said.")
]
MadeSeedOption = Annotated[int, typer.Option(min=0, help="Seed of all that is drawn.")]


@app.callback()
def make() -> None:
    """Makes `make` a group, however many commands it has."""


@app.command()
def video(
    videos: Annotated[
        list[Path],
        typer.Argument(metavar="VIDEO...", help="Video files of any format that FFmpeg decodes."),
    ],
    annotations: Annotated[
        list[Path],
        typer.Option(
            metavar="XML...",
            help="Annotations of the videos, exported from CVAT as 'CVAT for video 1.1'. They pair with the videos by "
            "name, or by the last number in it.",
        ),
    ],
    to: ToOption,
    objects: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Labels of the parts. Default: the only label with no other meaning."),
    ] = "",
    defects: Annotated[str, typer.Option(metavar="NAMES", help="Labels of boxes that mark a defect.")] = "defect",
    defective: Annotated[
        str, typer.Option(metavar="NAMES", help="Labels of parts whose tracks were relabelled, as they are defective.")
    ] = "defective",
    overlap: Annotated[
        float, typer.Option(help="Share of a defect's box that must lie in the box of a part, to be its defect.")
    ] = 0.5,
    inset: Annotated[float, typer.Option(help="Share of a box that is not cut out, at each of its sides.")] = 0.02,
    boxes: Annotated[
        str,
        typer.Option(
            metavar="WHICH",
            help="key: boxes at keyframes. written: all boxes in the file. all: also those between two boxes, where "
            "the file leaves them out.",
        ),
    ] = "all",
    occluded: Annotated[
        str, typer.Option(metavar="WHAT", help="What becomes of boxes marked as occluded: drop or keep.")
    ] = "drop",
    least_side: Annotated[int, typer.Option(min=1, help="Shortest side of an image, in pixels.")] = 16,
    every: Annotated[int, typer.Option(min=1, help="Use every so many frames of a part, of each label.")] = 1,
    differ: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=255.0,
            help="Use an image of a part only if it differs from the last one by so many of 255 gray levels in the "
            "mean. 0: use all.",
        ),
    ] = 0.0,
    join_frames: Annotated[
        int,
        typer.Option(
            min=0,
            help="Tracks are of one part if one begins at most so many frames after the other, at the same place.",
        ),
    ] = 1,
    rotation: Annotated[
        str, typer.Option(metavar="WHAT", help="Turn that the file of a video asks for: apply or ignore.")
    ] = "apply",
    split: Annotated[
        str,
        typer.Option(
            metavar="SHARES", help="Shares of the normal parts for train, validate and test; test is above 0."
        ),
    ] = "0.6,0.2,0.2",
    seed: MadeSeedOption = 0,
    licence: LicenceOption = "",
) -> None:
    """Cut parts out of annotated videos, as images with labels, divided by part.

    A part is defective in the frames where a box of a defect lies in its own. All images of a part are in one of
    train, validate and test. Nothing is drawn into them.

    Exit status: 0 a run on the images would go through, 1 it would fail or be wrong, 2 wrong use.

    Example: python -m benchmarks make video videos/*.avi --annotations annotations/*.xml --to parts
    """
    from benchmarks.commands.make import video
    from datasets.making.crops import ORIGINS, Rules
    from datasets.making.division import Shares
    from datasets.making.pairs import paired
    from datasets.making.reels import Labels

    # A shell writes the files of a pattern one after the other, so those after the first come as videos.
    tables = [*annotations, *(file for file in videos if file.suffix.lower() == ".xml")]
    shares = Shares(*options.shares(split, "--split", count=3))
    if not (shares.train and shares.test):
        raise UsageError(f"--split {split}: the shares of train and test must be above 0")
    request = video.Request(
        pairs=paired([file for file in videos if file.suffix.lower() != ".xml"], tables),
        to=to.resolve(),
        labels=Labels(
            options.names(objects, "--objects") if objects else [],
            options.names(defects, "--defects"),
            options.names(defective, "--defective"),
        ),
        rules=Rules(
            inset=options.share(inset, "--inset", most=0.4),
            overlap=options.share(overlap, "--overlap", least=0.01),
            boxes=options.one_of(boxes, list(ORIGINS), "--boxes"),
            keep_occluded=options.one_of(occluded, ("drop", "keep"), "--occluded") == "keep",
            least_side=least_side,
            every=every,
            join_frames=join_frames,
        ),
        differ=differ,
        shares=shares,
        seed=seed,
        turn=options.one_of(rotation, ("apply", "ignore"), "--rotation") == "apply",
        licence=licence,
    )
    raise typer.Exit(video.run(request))


@app.command()
def masks(
    images: Annotated[
        Path, typer.Argument(metavar="IMAGES", help="Folder of normal images, in CATEGORY/normal or in CATEGORY.")
    ],
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
        images=images.resolve(),
        to=to.resolve(),
        objects=objects and objects.resolve(),
        sam_checkpoint=sam_checkpoint and sam_checkpoint.resolve(),
        sam_model=sam_model,
        device=options.device(device) if sam_checkpoint else "cpu",
        textures=tuple(name.strip() for name in textures.split(",") if name.strip()),
        shapes=shapes and shapes.resolve(),
        area=_area(area, "--area"),
        texture_area=_area(texture_area, "--texture-area"),
        per_image=per_image,
        seed=seed,
        categories=options.categories(categories),
    )
    raise typer.Exit(masks.run(request))


@app.command()
def defects(
    images: Annotated[
        Path, typer.Argument(metavar="IMAGES", help="Folder of normal images, in CATEGORY/normal or in CATEGORY.")
    ],
    masks: Annotated[Path, typer.Option(metavar="DIR", help="Folder that `make masks` wrote, with masks.csv.")],
    to: ToOption,
    backend: Annotated[
        str,
        typer.Option(
            help="What paints. blend: the suite's generator, without a model. webui: AUTOMATIC1111's web UI, started "
            "with --api. diffusers: an inpainting pipeline on this machine."
        ),
    ] = "blend",
    layout: Annotated[
        str, typer.Option(help="Form of the dataset: dsaii or mvtec, the two forms in which DSAII was published.")
    ] = "dsaii",
    into: Annotated[
        str,
        typer.Option(
            metavar="WHICH",
            help="Images that are painted into. test: those that no method is trained on. all: training images, too, "
            "as DSAII did.",
        ),
    ] = "test",
    mask: Annotated[
        str,
        typer.Option(
            metavar="WHICH", help="Mask that is written. changed: pixels that really changed. asked: the given mask."
        ),
    ] = "changed",
    changed_above: Annotated[
        int, typer.Option(min=0, max=254, help="Gray levels by which a pixel must differ to have changed.")
    ] = 12,
    same_codec: Annotated[
        bool,
        typer.Option(
            "--same-codec",
            help="Send normal images through the encoder of the model and back, too, so that the two cannot be told "
            "apart by it. Default: off.",
        ),
    ] = False,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help=f"Prompt for objects. Default: {OBJECT_PROMPT}.")
    ] = None,
    texture_prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Prompt for textures, such as: stains, holes. Default: the same as for objects."
        ),
    ] = None,
    negative_prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="Negative prompt. Default: none.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of the web UI. Default: http://127.0.0.1:7860.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Folder of a model for diffusers, or its name on a model hub.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Denoising steps. Default: 20.")] = None,
    sampler: Annotated[
        str | None,
        typer.Option(
            help="Sampler of the web UI, by default Euler a, or class of a scheduler of diffusers, its own by default."
        ),
    ] = None,
    strength: Annotated[
        float | None, typer.Option(min=0.01, max=1.0, help="Denoising strength. Default: 0.75.")
    ] = None,
    guidance: Annotated[float | None, typer.Option(min=0.0, help="Guidance by the prompt (CFG). Default: 7.")] = None,
    size: Annotated[
        int | None, typer.Option(min=64, help="Longer side of the image that the model sees, in pixels. Default: 512.")
    ] = None,
    mask_blur: Annotated[
        int | None, typer.Option(min=0, help="Blur of the mask in the web UI, in pixels. Default: 4.")
    ] = None,
    seed: MadeSeedOption = 0,
    categories: CategoriesOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Paint defects into normal images where masks say, and write all of it as a dataset.

    Outside the masks no pixel changes. A defect that cannot be seen is painted again with another seed, three times in
    all, and then listed as failed. The contact sheets show image, mask and result.

    Exit status: 0 a run on the dataset would go through, 1 a defect failed or `check` finds an error, 2 wrong use.

    Example: python -m benchmarks make defects pictures --masks masks --to dataset
    """
    from benchmarks.commands.make import defects
    from datasets.making.layouts import LAYOUTS
    from datasets.making.painting import choice

    given = {
        "prompt": prompt,
        "texture_prompt": texture_prompt,
        "negative_prompt": negative_prompt,
        "url": url,
        "model": model,
        "steps": steps,
        "sampler": sampler,
        "strength": strength,
        "guidance": guidance,
        "size_px": size,
        "mask_blur_px": mask_blur,
        "device": options.device(device) if backend == "diffusers" else None,
    }
    request = defects.DefectRequest(
        images=images.resolve(),
        masks=masks.resolve(),
        to=to.resolve(),
        backend=backend,
        painter=choice.chosen(backend, given),
        layout=LAYOUTS[options.one_of(layout, tuple(LAYOUTS), "--layout")],
        into_all=options.one_of(into, ("test", "all"), "--into") == "all",
        mask_asked=options.one_of(mask, ("changed", "asked"), "--mask") == "asked",
        changed_above=changed_above,
        same_codec=same_codec,
        seed=seed,
        categories=options.categories(categories),
    )
    raise typer.Exit(defects.run(request))


def _area(text: str, option: str) -> Limits:
    """Limits in percent, such as 1:5. Raises UsageError."""
    try:
        least, most = (float(part) / 100 for part in text.split(":"))
    except ValueError:
        raise UsageError(f"{option} {text}: expected two numbers, such as 1:5") from None
    if not 0 < least < most <= 1:
        raise UsageError(f"{option} {text}: expected percentages above 0, the smaller first, such as 1:5")
    return Limits(least, most)
