"""The options of `make defects`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.cli.make.options import MadeSeedOption, NormalImages, ToOption
from benchmarks.options import CategoriesOption, DeviceOption
from datasets.making.painting import OBJECT_PROMPT
from reports.files import real


def defects(
    images: NormalImages,
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
        images=real(images),
        masks=real(masks),
        to=real(to),
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
