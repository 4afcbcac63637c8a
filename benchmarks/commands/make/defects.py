"""The command `make defects`: paint masks into normal images, and write the two as a dataset."""

import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks import fingerprint
from benchmarks.commands import check
from benchmarks.commands.make import inputs, output
from benchmarks.commands.make.masks import SHEETS
from benchmarks.commands.make.masks import TABLE as MASK_TABLE
from benchmarks.console import err, out, say
from benchmarks.data_settings import UNTOLD
from benchmarks.errors import UsageError
from benchmarks.images import ImageError, read_image
from benchmarks.naming import counted
from benchmarks.source import Source
from datasets import DataError
from datasets.making import change, contact_sheet, pictures
from datasets.making.contact_sheet import Strip
from datasets.making.journal import Journal, read
from datasets.making.layouts import Layout, held_out, numbered
from datasets.making.painting import Painter, PaintError, Task
from datasets.making.record import Record, versions
from reports.files import write_text
from reports.overlay import save

TABLE = "defects.csv"
FIELDS = (
    "category",
    "defect",
    "image",
    "normal",
    "asked_mask",
    "shape",
    "prompt",
    "seed",
    "attempts",
    "asked_share",
    "changed_share",
    "failure",
)
ATTEMPTS = 3
"""Seeds that are tried until a defect can be seen."""


@dataclass(frozen=True, kw_only=True)
class DefectRequest:
    """What is asked of `make defects`."""

    images: Path
    masks: Path
    to: Path
    backend: str
    painter: Painter
    layout: Layout
    into_all: bool = False
    """Paint into training images, too."""
    mask_asked: bool = False
    """Write the mask that was asked for, not the pixels that changed."""
    changed_above: int = change.ABOVE
    same_codec: bool = False
    seed: int = 0
    categories: list[str] | None = None


def run(request: DefectRequest) -> int:
    """Paint what is missing, then check the dataset. Return 1 where a defect failed or `check` finds an error."""
    if request.same_codec and not request.painter.has_codec:
        raise UsageError(f"--same-codec: {request.backend} changes nothing outside the masks; leave it out")
    chosen = inputs.chosen(request.images, request.categories)
    asked = _asked(request, chosen)
    record = _record(request, chosen, asked)
    if not output.is_made(request.to, record):
        record = replace(record, versions={**record.versions, **request.painter.loaded()})
        with output.growing(request.to, record) as folder:
            rows = _make_all(request, folder, chosen, asked)
            output.finish(folder, record.with_result(_numbers(rows)))
    return _tell(request)


def _asked(request: DefectRequest, chosen: dict[str, list[Path]]) -> dict[str, list[dict[str, str]]]:
    """The lines of the table of masks that have a mask, by category. Raises DataError where none is of a category."""
    table = request.masks / MASK_TABLE
    rows = [row for row in read(table, needed=("category", "image", "mask")) if row["mask"]]
    asked = {category: [row for row in rows if row["category"] == category] for category in chosen}
    if not any(asked.values()):
        raise DataError(f"{table} has no mask for {counted(list(chosen))}")
    for category, own in asked.items():
        known = {image.name for image in chosen[category]}
        if absent := [row["image"] for row in own if row["image"] not in known]:
            raise DataError(f"{table} names {counted(absent)} images of {category} that are not in {request.images}")
        if len({Path(row["mask"]).stem for row in own}) < len(own):
            raise DataError(f"{table} has two masks of one name in {category}: rename one")
    return asked


def _record(request: DefectRequest, chosen: dict[str, list[Path]], asked: dict[str, list[dict[str, str]]]) -> Record:
    masks = [request.masks / row["mask"] for rows in asked.values() for row in rows]
    images = output.digests((image for images in chosen.values() for image in images), request.images)
    return Record(
        command="make defects",
        settings={
            "categories": sorted(chosen),
            "backend": request.backend,
            **{f"{request.backend}.{name}": value for name, value in request.painter.settings().items()},
            "layout": request.layout.dataset,
            "into_all": request.into_all,
            "mask": "asked" if request.mask_asked else "changed",
            "changed_above": request.changed_above,
            "same_codec": request.same_codec,
            "seed": request.seed,
        },
        sources=images | inputs.beside(output.digests(masks, request.masks), "masks"),
        licence=inputs.licence_of(request.images),
        code=fingerprint.of_code([type(request.painter).__module__, "datasets.making.change"]),
        versions=versions(request.painter.libraries),
    )


def _make_all(
    request: DefectRequest, folder: Path, chosen: dict[str, list[Path]], asked: dict[str, list[dict[str, str]]]
) -> list[dict[str, str]]:
    journal, losses = Journal(folder / TABLE, FIELDS), inputs.Losses()
    with Progress(console=err, transient=True) as bars:
        for category, images in chosen.items():
            making = CategoryMaking(request, folder / request.layout.folder / category, category, images)
            for image in bars.track(images, description=f"{category}: normal images"):
                making.copy(image, losses)
            for row in bars.track(asked[category], description=f"{category}: defects"):
                making.paint(row, journal)
            making.finish(folder, journal.rows)
    if (credits := request.images / pictures.CREDITS).is_file():
        shutil.copyfile(credits, folder / pictures.CREDITS)
    for sentence in losses.sentences():
        say(sentence)
    return journal.rows


class CategoryMaking:
    """One category of the dataset that is made."""

    def __init__(self, request: DefectRequest, folder: Path, category: str, images: Sequence[Path]):
        self.request, self.folder, self.category = request, folder, category
        self.names = {image.name: name for image, name in zip(images, numbered(len(images)), strict=True)}
        self.old = {name: image for image, name in zip(images, numbered(len(images)), strict=True)}
        self.test = held_out(list(self.names.values()), category)

    def normal(self, name: str) -> Path:
        """Where a normal image is written, given its number."""
        return self.folder / self.request.layout.normal(name, is_test=name in self.test)

    def defective(self, row: dict[str, str]) -> Path:
        """Where a defective image is written, given its line of the table of masks. Its name is that of its mask."""
        return self.folder / self.request.layout.defective.format(Path(row["mask"]).stem)

    def copy(self, image: Path, losses: inputs.Losses) -> None:
        """Write a normal image, through the codec of the defective ones if that is asked."""
        path = self.normal(self.names[image.name])
        if path.is_file():
            return
        pixels = losses.read(image)
        if self.request.same_codec:
            try:
                pixels = self.request.painter.recode(pixels, self._seed(image.name))
            except PaintError as error:
                raise DataError(f"{image} cannot be sent through the encoder: {error}") from None
        save(path, pixels)

    def paint(self, row: dict[str, str], journal: Journal) -> None:
        """Paint one mask, unless that is done or the image is for training; write what came of it into the journal."""
        path, name = self.defective(row), self.names[row["image"]]
        done = {(each["category"], each["asked_mask"]) for each in journal.rows}
        if (self.category, row["mask"]) in done or not (self.request.into_all or name in self.test):
            return
        line = {"category": self.category, "image": row["image"], "asked_mask": row["mask"], "normal": name}
        try:
            made = self._painted(row, name)
        except (PaintError, ImageError) as error:
            journal.add({**line, "failure": str(error)})
            return
        mask = self.folder / self.request.layout.mask.format(path.stem)
        save(mask, np.where(made.mask, 255, 0).astype(np.uint8))
        save(path, made.image)
        journal.add({**line, "defect": path.stem, **made.columns})

    def _painted(self, row: dict[str, str], name: str) -> "Painted":
        """Raises PaintError where no attempt leaves a defect that can be seen."""
        request, before = self.request, read_image(self.normal(name))
        asked = inputs.mask_of(request.masks / row["mask"], before.shape[:2])
        if not asked.any():
            raise PaintError("the mask is empty")
        prompt = request.painter.prompt_for(is_texture=row.get("texture") == "True")
        task = Task(before, asked, row.get("shape", ""), prompt, self._seed(row["mask"]))
        for attempt in range(ATTEMPTS):
            seed = task.seed + attempt
            after = change.kept_outside(before, request.painter.paint(task._replace(seed=seed)), asked)
            changed = change.changed(before, after, asked, above=request.changed_above)
            if change.is_there(changed, asked):
                columns = {
                    "shape": task.shape,
                    "prompt": prompt,
                    "seed": seed,
                    "attempts": attempt + 1,
                    "asked_share": f"{asked.mean():.5f}",
                    "changed_share": f"{changed.mean():.5f}",
                }
                return Painted(after, asked if request.mask_asked else changed, columns)
        raise PaintError(f"{ATTEMPTS} attempts changed less than {change.LEAST_SHARE:.0%} of the mask visibly")

    def _seed(self, name: str) -> int:
        return zlib.crc32(f"{self.request.seed}/{self.category}/{name}".encode()) >> 1

    def finish(self, folder: Path, rows: Iterable[dict[str, str]]) -> None:
        """Write the links of the normal images, and the contact sheet."""
        if self.request.layout.dataset == "dsaii":
            known = pictures.links(self.request.images / self.category)
            names = [(self.normal(name).relative_to(self.folder).as_posix(), old) for name, old in self.old.items()]
            write_text(self.folder / pictures.LINKS, pictures.links_text(self.category, names, known))
        own = [row for row in rows if row["category"] == self.category]
        save(folder / SHEETS / f"{self.category}.png", contact_sheet.draw(list(self._strips(own))))

    def _strips(self, rows: Iterable[dict[str, str]]) -> Iterator[Strip]:
        """Image, mask, and result of each defect; of a failed one the mask that was asked for."""
        for row in rows:
            normal = contact_sheet.thumbnail(read_image(self.normal(row["normal"])))
            if row["failure"]:
                asked = contact_sheet.thumbnail(read_image(self.request.masks / row["asked_mask"]))
                yield Strip([normal, asked], f"{row['image']}: failed: {row['failure']}")
                continue
            made = [self.request.layout.mask, self.request.layout.defective]
            shown = [contact_sheet.thumbnail(read_image(self.folder / path.format(row["defect"]))) for path in made]
            said = f"{row['defect']}: {row['shape']}, {100 * float(row['changed_share']):.1f} % changed"
            yield Strip([normal, *shown], said)


@dataclass(frozen=True)
class Painted:
    """One defect that can be seen."""

    image: np.ndarray
    mask: np.ndarray
    columns: dict[str, object]


def _numbers(rows: Iterable[dict[str, str]]) -> dict[str, int]:
    rows = list(rows)
    return {"defects": sum(bool(row["defect"]) for row in rows), "failures": sum(bool(row["failure"]) for row in rows)}


def _tell(request: DefectRequest) -> int:
    """Name what failed, then check the dataset."""
    rows = read(request.to / TABLE, needed=FIELDS)
    categories = inputs.chosen(request.images, request.categories)
    empty = [name for name in categories if not any(row["defect"] for row in rows if row["category"] == name)]
    for name in empty:
        say(f"error {name}: no defect was painted, so its images show nothing to find", on=out)
    for row in rows:
        if row["failure"]:
            say(f"error {row['category']}: {row['image']} with {row['asked_mask']}: {row['failure']}", on=out)
    if request.into_all:
        say("warning: half of the defects are in images that methods train on (--into all): they are too easy", on=out)
    root = request.to / request.layout.folder
    say(f"{_numbers(rows)['defects']} defects in {root}, see {SHEETS} beside it", on=out)
    found = check.run(Source.named(request.layout.dataset, root, UNTOLD), None)
    say(f"read it with --dataset {request.layout.dataset} --data {root}", on=out)
    return 1 if found or empty or _numbers(rows)["failures"] else 0
