"""What is found of copies, overlapping crops and sequences made from a category's images, and what is found without.

    python -m tests.speed.likeness --dataset mvtec --data mvtec_ad --categories magnetic_tile,hazelnut

Copies are encoded again: as JPEG of quality 50, at half and double size, 5 % brighter, 5 % darker, or darker, smaller
and as JPEG. Crops are two thirds as wide and high as the image and are compared among such crops of the other images.
The sequence is a belt of the images side by side. Each frame shows a window an eighth of an image further on.
"""

import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from tabulate import tabulate

from benchmarks import images
from benchmarks.jobs import machine
from benchmarks.likeness.duplicates import near_duplicates
from benchmarks.likeness.sequence import is_sequence
from benchmarks.likeness.thumbnail import SIDE, thumbnail
from tests.speed import sources

COPIED = 10
"""Images of a category that are copied, or cropped twice."""
ORDERS = 20
"""Random orders of the images; none is a sequence."""
BELT, STEPS = 8, 8
"""Images on a belt, and frames until the next one stands where the last one stood."""
MOST = 50
"""Of more images of a category, the first are taken where something is made of them."""


def copies(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture as it comes back from other encodings."""
    width, height = picture.size
    half = (max(1, width // 2), max(1, height // 2))
    yield _jpeg(picture)
    yield picture.resize(half, Image.Resampling.BILINEAR)
    yield picture.resize((width * 2, height * 2), Image.Resampling.BICUBIC)
    yield picture.point(lambda value: min(255, round(value * 1.05)))
    yield picture.point(lambda value: round(value * 0.95))
    yield _jpeg(picture.point(lambda value: round(value * 0.95)).resize(half))


def _jpeg(picture: Image.Image) -> Image.Image:
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=50)
    return Image.open(io.BytesIO(encoded.getvalue())).convert("RGB")


def found_copies(pictures: Sequence[Image.Image]) -> tuple[int, int]:
    """How many copies are paired with their original, of how many."""
    first = [_small(picture) for picture in pictures]
    paired = [
        (index, len(first)) in set(near_duplicates([*first, _small(copy)]).pairs)
        for index, picture in enumerate(pictures[:COPIED])
        for copy in copies(picture)
    ]
    return sum(paired), len(paired)


def found_crops(pictures: Sequence[Image.Image], least: float, most: float) -> tuple[int, int]:
    """How many second crops that overlap the first by a share in this range are paired with it, of how many."""
    generator = np.random.default_rng(0)
    places = [_place(generator) for _ in pictures]
    first = [_small(_crop(picture, place)) for picture, place in zip(pictures, places, strict=True)]
    paired = []
    for index, picture in enumerate(pictures[:COPIED]):
        other = next(each for each in _places(generator) if least <= _overlap(places[index], each) <= most)
        second = _small(_crop(picture, other))
        paired.append((index, len(first)) in set(near_duplicates([*first, second]).pairs))
    return sum(paired), len(paired)


def _place(generator: np.random.Generator) -> tuple[float, float]:
    """A corner of a crop, as shares of the height and width of the image."""
    return tuple(generator.random(2) / 3)


def _places(generator: np.random.Generator) -> Iterator[tuple[float, float]]:
    while True:
        yield _place(generator)


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The share of a crop that another shows too."""
    return float(np.prod([1 - abs(a - b) * 1.5 for a, b in zip(one, other, strict=True)]))


def _crop(picture: Image.Image, place: tuple[float, float]) -> Image.Image:
    width, height = picture.size
    top, left = round(place[0] * height), round(place[1] * width)
    return picture.crop((left, top, left + width * 2 // 3, top + height * 2 // 3))


def belt(pictures: Sequence[Image.Image]) -> list[bytes]:
    """The thumbnails of the frames of a belt."""
    width, height = pictures[0].size
    whole = np.hstack([np.asarray(picture.resize((width, height))) for picture in pictures])
    starts = range(0, whole.shape[1] - width + 1, max(1, width // STEPS))
    return [thumbnail(np.ascontiguousarray(whole[:, start : start + width])) for start in starts]


def false_sequences(thumbnails: Sequence[bytes]) -> int:
    """How many random orders count as a sequence."""
    generator = np.random.default_rng(0)
    orders = [generator.permutation(len(thumbnails)) for _ in range(ORDERS)]
    return sum(is_sequence([thumbnails[index] for index in order]) for order in orders)


def _small(picture: Image.Image) -> bytes:
    return thumbnail(np.asarray(picture))


def row(name: str, files: Sequence[Path]) -> list[str]:
    """A line of the table: the normal training images of a category as they are, then what is made of them."""
    thumbnails = [thumbnail(images.read_image(file)) for file in files]
    pictures = [Image.fromarray(images.read_image(file)) for file in files[:MOST]]
    most = near_duplicates(thumbnails)
    return [
        name,
        f"{len(files)}",
        f"{len(most.pairs)}",
        "{} / {}".format(*found_copies(pictures)),
        "{} / {}".format(*found_crops(pictures, 0.8, 0.95)),
        "{} / {}".format(*found_crops(pictures, 0.5, 0.7)),
        "yes" if is_sequence(thumbnails) else "no",
        f"{false_sequences(thumbnails)} / {ORDERS}",
        "yes" if is_sequence(belt(pictures[:BELT])) else "no",
    ]


def cost_of(count: int) -> str:
    """The processor seconds and the peak memory of comparing every two of random images."""
    shown = np.random.default_rng(0).integers(0, 2**16, (count, SIDE * SIDE), np.uint16)
    begun = time.process_time()
    near_duplicates([each.astype("<u2").tobytes() for each in shown])
    return f"{count} images: {time.process_time() - begun:.1f} s, peak of the process {machine.peak_memory_mb():.0f} MB"


def main(
    dataset: str = "demo",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    categories: Annotated[str | None, typer.Option(help="Separated by commas; all by default.")] = None,
    cost: Annotated[int, typer.Option(help="Only measure what comparing so many random images costs.")] = 0,
) -> None:
    """Print the table, or what a comparison of random images costs."""
    if cost:
        print(cost_of(cost))
        return
    plugin, root = sources.opened(dataset, data)
    headers = [
        "category",
        "images",
        "pairs found among them",
        "copies found",
        "crops found, overlap .8 to .95",
        "crops found, overlap .5 to .7",
        "a sequence",
        "random orders called a sequence",
        "belt a sequence",
    ]
    lines = []
    for name in categories.split(",") if categories else plugin.categories(root):
        train = [sample.image for sample in plugin.samples(root, name) if sample.split == "train"]
        lines.append(row(name, train))
    print(tabulate(lines, headers, tablefmt="pipe"))


if __name__ == "__main__":
    typer.run(main)
