"""The command `make masks`: where the object of each image is, and where a defect is to be painted on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks import fingerprint
from benchmarks.commands.make import inputs, output
from benchmarks.commands.make.objects import NoObjectError, Objects
from benchmarks.console import err, out, say
from benchmarks.errors import UsageError
from benchmarks.images import ImageError, read_image
from benchmarks.naming import counted
from datasets.making import contact_sheet, defect_shapes, sam
from datasets.making.contact_sheet import Strip
from datasets.making.defect_shapes import Draw
from datasets.making.journal import Journal, read
from datasets.making.layouts import numbered
from datasets.making.placing import OBJECT_AREA, TEXTURE_AREA, Limits, Placed, place
from datasets.making.record import Record, versions
from reports.overlay import draw as outlined
from reports.overlay import save

TABLE = "masks.csv"
FIELDS = (
    "category",
    "image",
    "number",
    "mask",
    "object",
    "texture",
    "found_by",
    "shape",
    "share",
    "degrees",
    "shear_degrees",
    "flipped",
    "scale",
    "tries",
    "failure",
)
SHEETS = "contact_sheets"
LIBRARIES = ("numpy", "scipy", "pillow", "segment-anything", "torch")


@dataclass(frozen=True, kw_only=True)
class MaskRequest:
    """What is asked of `make masks`."""

    images: Path
    to: Path
    objects: Path | None = None
    sam_checkpoint: Path | None = None
    sam_model: str = ""
    device: str = "cpu"
    textures: tuple[str, ...] = ()
    shapes: Path | None = None
    area: Limits = OBJECT_AREA
    texture_area: Limits = TEXTURE_AREA
    per_image: int = 1
    seed: int = 0
    categories: list[str] | None = None


def run(request: MaskRequest) -> int:
    """Make the masks, or only say what is there. Return 1 where one is missing or wrong, else 0."""
    pictures = inputs.chosen(request.images, request.categories)
    if unknown := set(request.textures) - set(pictures):
        raise UsageError(f"--textures {', '.join(sorted(unknown))}: there is no such category in {request.images}")
    if not request.objects and not request.sam_checkpoint and set(pictures) - set(request.textures):
        raise UsageError(
            "where are the objects? Give masks or segments with --objects, a checkpoint with --sam-checkpoint, or name "
            "categories that fill the frame with --textures"
        )
    record = _record(request, pictures)
    if not output.is_made(request.to, record):
        draw = _shapes(request)
        segmenter = _segmenter(request)
        with output.growing(request.to, record) as folder:
            objects = Objects(frozenset(request.textures), request.objects, folder / "segments", segmenter)
            journal = Journal(folder / TABLE, FIELDS)
            with Progress(console=err, transient=True) as bars:
                for category, images in pictures.items():
                    for index in bars.track(range(len(images)), description=category):
                        _make(request, objects, draw, journal, category, images, index)
            _draw_sheets(request, folder, journal.rows)
            output.finish(folder, record.with_result(_numbers(journal.rows)))
    return _tell(request)


def _record(request: MaskRequest, pictures: dict[str, list[Path]]) -> Record:
    sources = output.digests((image for images in pictures.values() for image in images), request.images)
    for name, root in (("objects", request.objects), ("shapes", request.shapes)):
        if root is not None:
            sources |= inputs.beside(output.digests(defect_shapes.mask_files(root), root), name)
    if request.sam_checkpoint:
        sources |= output.digests([request.sam_checkpoint], request.sam_checkpoint.parent)
    settings = {
        "categories": sorted(pictures),
        "textures": sorted(request.textures),
        "shapes": "folder" if request.shapes else "generated",
        "area": [*request.area],
        "texture_area": [*request.texture_area],
        "per_image": request.per_image,
        "seed": request.seed,
        "sam_model": _model(request),
    }
    return Record(
        command="make masks",
        settings=settings,
        sources=sources,
        licence=inputs.licence_of(request.images),
        code=fingerprint.of_code(["datasets.making.placing", "datasets.making.object_masks"]),
        versions=versions(LIBRARIES),
    )


def _shapes(request: MaskRequest) -> Draw:
    return defect_shapes.of_folder(request.shapes, inputs.mask_of) if request.shapes else defect_shapes.generated


def _model(request: MaskRequest) -> str:
    return sam.model_of(request.sam_checkpoint, request.sam_model) if request.sam_checkpoint else ""


def _segmenter(request: MaskRequest) -> sam.Segmenter | None:
    if request.sam_checkpoint is None:
        return None
    return sam.segmenter(request.sam_checkpoint, _model(request), request.device)


def _make(
    request: MaskRequest,
    objects: Objects,
    draw: Draw,
    journal: Journal,
    category: str,
    images: Sequence[Path],
    index: int,
) -> None:
    """The masks of one image, those that are not there yet."""
    image, folder = images[index], journal.path.parent
    done = {row["number"] for row in journal.rows if (row["category"], row["image"]) == (category, image.name)}
    names = numbered(len(images) * request.per_image)[index * request.per_image :]
    todo = [number for number in range(request.per_image) if str(number) not in done]
    if not todo:
        return
    about = {"category": category, "image": image.name}
    try:
        found = objects.find(category, image)
    except (NoObjectError, ImageError) as error:
        for number in todo:
            journal.add({**about, "number": number, "failure": f"no object: {error}"})
        return
    about |= {"object": f"objects/{category}/{image.stem}.png", "texture": found.is_texture, "found_by": found.why}
    save(folder / about["object"], np.where(found.mask, 255, 0).astype(np.uint8))
    limits = request.texture_area if found.is_texture else request.area
    for number in todo:
        generator = np.random.default_rng([request.seed, number, *f"{category}/{image.name}".encode()])
        placed = place(draw, found.mask, limits, generator)
        if placed is None:
            why = f"no defect of {limits} of the image fits on the object, which covers {found.mask.mean():.1%}"
            journal.add({**about, "number": number, "failure": why})
            continue
        mask = f"masks/{category}/{names[number]}.png"
        save(folder / mask, np.where(placed.mask, 255, 0).astype(np.uint8))
        journal.add({**about, "number": number, "mask": mask, **_columns(placed)})


def _columns(placed: Placed) -> dict[str, object]:
    turn = placed.turn
    return {
        "shape": placed.shape,
        "share": f"{placed.share:.5f}",
        "degrees": f"{turn.degrees:.1f}",
        "shear_degrees": f"{turn.shear_degrees:.1f}",
        "flipped": turn.flipped,
        "scale": f"{turn.scale:.4f}",
        "tries": placed.tries,
    }


def _numbers(rows: Iterable[dict[str, str]]) -> dict[str, int]:
    rows = list(rows)
    return {"masks": sum(bool(row["mask"]) for row in rows), "failures": sum(bool(row["failure"]) for row in rows)}


def _draw_sheets(request: MaskRequest, folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """A sheet for each category: the image with its object outlined, and the mask."""
    files = {
        (category, image.name): image
        for category, images in inputs.chosen(request.images, request.categories).items()
        for image in images
    }
    for category in dict.fromkeys(row["category"] for row in rows):
        strips = [_strip(files[category, row["image"]], folder, row) for row in rows if row["category"] == category]
        save(folder / SHEETS / f"{category}.png", contact_sheet.draw(strips))


def _strip(image: Path, folder: Path, row: dict[str, str]) -> Strip:
    try:
        picture = read_image(image)
    except ImageError as error:
        return Strip([], str(error))
    shown = [contact_sheet.thumbnail(picture)]
    for column in ("object", "mask"):
        if row[column]:
            mask = inputs.mask_of(folder / row[column], picture.shape[:2])
            shown.append(contact_sheet.thumbnail(outlined(picture, mask) if column == "object" else mask))
    said = f"failed: {row['failure']}" if row["failure"] else f"{row['shape']} {100 * float(row['share']):.1f} %"
    return Strip(shown, f"{row['image']}: {said}")


def _tell(request: MaskRequest) -> int:
    """Check the masks as they lie on disk, and say what is there. Return 1 where something is missing or wrong."""
    rows = read(request.to / TABLE, needed=FIELDS)
    faults = [fault for row in rows if row["mask"] for fault in _faults(request, row)]
    for category in dict.fromkeys(row["category"] for row in rows):
        own = [row for row in rows if row["category"] == category]
        made = [float(row["share"]) for row in own if row["mask"]]
        kinds = ["texture" if row["texture"] == "True" else "object" for row in own if row["object"]]
        area = f", {100 * min(made):.1f} to {100 * max(made):.1f} % of the image" if made else ""
        what = " and ".join(f"{kinds.count(kind)} on {kind}s" for kind in dict.fromkeys(kinds))
        say(f"{category}: {len(made)} masks ({what or 'no object is known'}){area}", on=out)
        if failed := [row for row in own if row["failure"]]:
            level = "error" if not made else "warning"
            names = counted([row["image"] for row in failed])
            say(f"{level} {category}: without a mask: {names}; the first: {failed[0]['failure']}", on=out)
    for fault in faults:
        say(f"error {fault}", on=out)
    say(f"{_numbers(rows)['masks']} masks in {request.to}, see {SHEETS} there; paint them with make defects", on=out)
    return 1 if faults or _numbers(rows)["failures"] else 0


def _faults(request: MaskRequest, row: dict[str, str]) -> list[str]:
    """What is wrong with a mask on disk."""
    from PIL import Image

    limits = request.texture_area if row["texture"] == "True" else request.area
    with Image.open(request.to / row["mask"]) as mask, Image.open(request.to / row["object"]) as whole:
        values, inside = np.asarray(mask), np.asarray(whole) > 0
    wrong = {
        "has values other than 0 and 255": not set(np.unique(values)) <= {0, 255},
        "has another size than its object": values.shape != inside.shape,
        f"covers {np.mean(values > 0):.2%} of the image, not {limits}": not limits.least
        <= np.mean(values > 0)
        <= limits.most,
    }
    if values.shape == inside.shape:
        wrong["leaves the object"] = bool((values > 0)[~inside].any())
    return [f"{row['mask']} {words}" for words, is_so in wrong.items() if is_so]
