"""The folder of pictures that `make images` fills: pictures by category, tables, contact sheets; what is said of it."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.commands.make.fetched import Candidate
from benchmarks.commands.make.selection import KEPT, Chosen
from benchmarks.console import out, say
from benchmarks.images import ImageError, read_image
from datasets.making import contact_sheet, credits, pictures
from datasets.making.cells import meant
from datasets.making.contact_sheet import Strip
from datasets.making.credits import Credit
from datasets.making.journal import read
from datasets.making.layouts import numbered
from datasets.making.links import Link
from reports.files import remove, replacing, write_text
from reports.overlay import save

TABLE = "images.csv"
FIELDS = ("category", "image", "kept", "distance", "why_not", "size", "url")
SHEET = "contact_sheet.png"


def write(
    folder: Path,
    chosen: Mapping[str, Sequence[Chosen]],
    found: Sequence[Candidate],
    representative: Mapping[str, Sequence[Path]],
) -> dict[str, int]:
    """Write all that `make images` leaves behind. Return how many pictures were kept, not kept, and not to be had."""
    rows, kept = [], []
    for category, those in chosen.items():
        remove(folder / category)  # what a stopped making wrote, which may have had fewer pictures
        named = list(zip(_names(those), those, strict=True))
        for name, each in named:
            _copy(each.candidate.file, folder / category / each.folder / name)
            rows.append(_row(each.candidate, name, each))
        own = [Credit(name, *_source(each.candidate)) for name, each in named if each.folder == KEPT]
        links = {credit.image: credit.link.url for credit in own}
        names = [(f"{KEPT}/{name}", Path(name)) for name in links]
        write_text(folder / category / pictures.LINKS, pictures.links_text(category, names, links))
        strips = [*_examples(representative.get(category, ())), *_strips(named)]
        save(folder / category / SHEET, contact_sheet.draw(strips))
        kept += own
    rows += [_row(each) for each in found if each.file is None]
    write_text(folder / pictures.CREDITS, credits.text(kept))
    write_text(folder / TABLE, credits.table(FIELDS, rows))
    return {
        "kept": len(kept),
        "not_kept": sum(map(len, chosen.values())) - len(kept),
        "failures": sum(each.file is None for each in found),
    }


def tell(folder: Path, keep: int) -> int:
    """Check the pictures on disk, and say what is there. Return 1 where some are missing or wrong."""
    rows = read(folder / TABLE, needed=FIELDS)
    for row in rows:
        if not row["image"]:
            say(f"warning {row['category']}: {row['url']}: {row['why_not']}", on=out)
    faults, short = list(_faults(folder)), False
    for category in dict.fromkeys(row["category"] for row in rows):
        own = [row for row in rows if row["category"] == category]
        kept, failed = sum(row["kept"] == "yes" for row in own), sum(not row["image"] for row in own)
        lacks = bool(failed) and kept < keep
        level = "" if not lacks else "error " if not kept else "warning "
        failures = f"; {failed} links failed" if failed else ""
        say(f"{level}{category}: {kept} of {len(own) - failed} pictures kept, at most {keep}{failures}", on=out)
        short |= lacks
    for fault in faults:
        say(f"error {fault}", on=out)
    say(f"look at CATEGORY/{SHEET} in {folder}, then go on with make masks", on=out)
    return 1 if faults or short else 0


def _faults(folder: Path) -> Iterator[str]:
    """What is wrong with the pictures on disk, by the table of their sources."""
    for row in read(folder / pictures.CREDITS, needed=credits.COLUMNS):
        picture = folder / meant(row["category"]) / KEPT / row["image"]
        try:
            read_image(picture)
            if hashlib.sha256(picture.read_bytes()).hexdigest() != row["sha256"]:
                yield f"{picture} is not what was fetched"
        except ImageError as error:
            yield str(error)


def _names(those: Sequence[Chosen]) -> Iterator[str]:
    """The names of pictures in their folders: numbers, the closest first, with the ending of their format."""
    for number, each in zip(numbered(len(those)), those, strict=True):
        yield f"{number}{each.candidate.file.suffix}"


def _copy(source: Path, place: Path) -> None:
    with replacing(place) as temporary:
        shutil.copyfile(source, temporary)


def _source(candidate: Candidate) -> tuple[Link, str, str]:
    return candidate.link, candidate.found_at, candidate.sha256


def _row(candidate: Candidate, name: str = "", chosen: Chosen | None = None) -> dict[str, str]:
    row = {"category": candidate.link.category, "url": candidate.link.url, "size": candidate.size}
    if chosen is None:
        return row | {"why_not": candidate.failure}
    distance = "" if chosen.distance is None else f"{chosen.distance:.4f}"
    kept = "yes" if chosen.folder == KEPT else "no"
    return row | {"image": f"{chosen.folder}/{name}", "kept": kept, "distance": distance, "why_not": chosen.why}


def _examples(files: Sequence[Path]) -> Iterator[Strip]:
    for file in files:
        yield Strip([contact_sheet.thumbnail(read_image(file))], "representative")


def _strips(named: Sequence[tuple[str, Chosen]]) -> Iterator[Strip]:
    for name, each in named:
        distance = "" if each.distance is None else f" {each.distance:.1f}"
        words = "" if each.folder == KEPT else " near-duplicate" if each.is_double else " not kept"
        yield Strip([contact_sheet.thumbnail(read_image(each.candidate.file))], f"{Path(name).stem}{distance}{words}")
