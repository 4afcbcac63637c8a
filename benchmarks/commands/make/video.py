"""The command `make video`: images of parts, cut out of annotated videos."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks import fingerprint
from benchmarks.commands import check
from benchmarks.commands.make import output
from benchmarks.console import err, out, say
from benchmarks.data_settings import UNTOLD
from benchmarks.likeness.thinning import Thinning
from benchmarks.source import Source
from datasets import manifest_text
from datasets.making import crop_table, reels
from datasets.making.crop_table import FOLDERS, Kept
from datasets.making.crops import GROUPS, Rules
from datasets.making.division import Shares, Split, divide
from datasets.making.pairs import Pair
from datasets.making.record import Record, versions
from datasets.making.reels import Labels, Reel
from reports.files import remove, replacing, write_text

MANIFEST, CROPS, DONE = "manifest.csv", "crops.csv", ".done"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for."""

    pairs: Sequence[Pair]
    to: Path
    labels: Labels
    rules: Rules
    differ: float
    """Gray levels by which a crop must differ from the one kept before; 0: all are kept."""
    shares: Shares
    seed: int
    turn: bool
    """Whether frames are turned as their files say."""
    licence: str

    def record(self) -> Record:
        """The record of this making, for which videos and annotations are read to the end."""
        return Record(
            command="make video",
            settings={
                "pairs": [[file.name for file in pair] for pair in self.pairs],
                **self.labels._asdict(),
                **asdict(self.rules),
                "differ": self.differ,
                "split": self.shares._asdict(),
                "seed": self.seed,
                "rotation": "apply" if self.turn else "ignore",
            },
            sources=output.digests(file for pair in self.pairs for file in pair),
            licence=self.licence,
            code=fingerprint.of_code(["datasets.making.reels", "benchmarks.likeness.thinning"]),
            versions=versions(["av", "numpy", "pillow"]),
        )


def run(request: Request) -> int:
    """Make the data, or find them made. Then check them, and return the exit status of the check.

    Raises DataError where videos and annotations are not what they should be, UsageError where `to` holds something
    else.
    """
    record = request.record()
    if output.is_made(request.to, record):
        say(f"{request.to} is made already", on=out)
    else:
        _make(request, record)
    manifest = request.to / MANIFEST
    say(f"to use it: --dataset manifest --data {manifest}", on=out)
    say(f"or: --dataset folder --data {request.to} --groups '{GROUPS}'", on=out)
    return check.run(Source.named("manifest", manifest, UNTOLD), None)


def _make(request: Request, record: Record) -> None:
    found, remarks = reels.read(request.pairs, request.labels, request.rules, turn=request.turn)
    for remark in remarks:
        say(remark)
    splits = _divided(found, request)
    with output.growing(request.to, record) as place:
        kept = _cut_out(found, splits, place, request.differ)
        samples = crop_table.samples(kept, place, request.to.name)
        write_text(place / MANIFEST, manifest_text(samples, place / MANIFEST))
        write_text(place / CROPS, crop_table.text(kept))
        numbers = _numbers(kept)
        output.finish(place, record.with_result({"made": numbers, "remarks": remarks}))
        remove(place / DONE)
    for folder, count in numbers.items():
        say(f"{folder}: {count['images']} images of {count['parts']} parts", on=out)


def _divided(found: Sequence[Reel], request: Request) -> Mapping[str, Split]:
    defective = set().union(*(reel.found.defective for reel in found))
    groups = {crop.group for reel in found for crop in reel.found.crops}
    return divide({group: group in defective for group in groups}, request.shares, seed=request.seed)


def _cut_out(found: Sequence[Reel], splits: Mapping[str, Split], place: Path, differ: float) -> list[Kept]:
    """Write the crops of all videos, and list them. A video that was done before is not decoded again."""
    kept: list[Kept] = []
    with Progress(console=err, transient=True) as bars:
        task = bars.add_task("cutting out", total=sum(reel.last_frame + 1 for reel in found))
        for reel in found:
            bars.update(task, description=f"cutting out of {reel.film.file.name}")
            done = place / DONE / f"{reel.film.file.name}.json"
            if not done.is_file():
                written = _written(reel, splits, place, Thinning(differ), lambda: bars.advance(task))
                write_text(done, json.dumps(list(written)))
            else:
                bars.advance(task, reel.last_frame + 1)
            crops = reel.found.crops
            listed = json.loads(done.read_text(encoding="utf-8"))
            say(f"{reel.film.file.name}: {len(listed)} images")
            kept += [Kept(crops[index], splits[crops[index].group], seconds) for index, seconds in listed]
    return kept


def _written(
    reel: Reel, splits: Mapping[str, Split], place: Path, thinning: Thinning, advance: Callable[[], None]
) -> Iterator[tuple[int, float | None]]:
    """Write the crops of a video that differ. Yield the index and the time of each."""
    for index, seconds, picture in reel.pictures(advance):
        crop = reel.found.crops[index]
        if thinning.keeps((crop.track, crop.defects), picture):
            _write(place / crop_table.place(crop, splits[crop.group]), picture)
            yield index, seconds


def _write(file: Path, picture: np.ndarray) -> None:
    """Write a picture without loss, unless it was written before."""
    from PIL import Image

    if not file.exists():
        with replacing(file) as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")


def _numbers(kept: Sequence[Kept]) -> dict[str, dict[str, int]]:
    """For each split, the images and parts by label."""
    images = Counter((FOLDERS[each.split], each.crop.folder) for each in kept)
    parts = {
        key: len({each.crop.group for each in kept if (FOLDERS[each.split], each.crop.folder) == key}) for key in images
    }
    return {"/".join(key): {"images": images[key], "parts": parts[key]} for key in sorted(images)}
