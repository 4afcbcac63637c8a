"""Draw the pictures of the documentation from the results of a run on `demo`:

python -m benchmarks run
python -m docs.pictures.draw
"""

from pathlib import Path
from typing import Annotated, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import typer

import benchmarks
from benchmarks import images, trained
from benchmarks.prediction.verdicts import Verdict
from datasets import Sample
from reports import overlay, plots

HERE = Path(__file__).resolve().parent
PIXELS_AN_INCH = 80
COLOURS = 200
"""A palette of so many colours keeps a file below 200 kB, and nobody sees it."""


class Seen(NamedTuple):
    """What a method makes of an image."""

    map: np.ndarray
    verdict: Verdict


def main(
    results: Annotated[Path, typer.Option(help="Folder of a finished run.")] = Path("results/demo"),
    methods: Annotated[str, typer.Option(help="Methods to show, separated by commas.")] = "differnet,cae",
    categories: Annotated[str, typer.Option(help="Categories to show, a row each.")] = "brick,grass,gravel",
    defect: Annotated[str, typer.Option(help="Type of the defect to show.")] = "stain",
) -> None:
    """Write maps-of-methods.png: a defective image of each category, and the anomaly map of each method."""
    names, rows = methods.split(","), categories.split(",")
    figure, axes = plt.subplots(
        len(rows), 1 + len(names), figsize=(2.1 * (1 + len(names)), 2.35 * len(rows)), squeeze=False
    )
    for line, category in zip(axes, rows, strict=True):
        sample = _defective(results, names[0], category, defect)
        _draw_image(line[0], sample, f"{category}: {defect}")
        for place, name in zip(line[1:], names, strict=True):
            _draw_map(place, name, _seen(results, name, category, sample))
    figure.tight_layout(pad=0.5)
    _save(figure, HERE / "maps-of-methods.png")


def _defective(results: Path, method: str, category: str, defect: str) -> Sample:
    parts = trained.find(results, method=method, category=category).parts()
    return next(sample for sample in parts.test if sample.defect == defect)


def _seen(results: Path, method: str, category: str, sample: Sample) -> Seen:
    found = trained.find(results, method=method, category=category)
    image = images.read_image(sample.image)
    (map,) = found.method().anomaly_maps([image])
    (verdict,) = benchmarks.predict(results, method, category, [sample.image])
    return Seen(images.resize_map(map, image.shape[:2]), verdict)


def _draw_image(axes: plt.Axes, sample: Sample, title: str) -> None:
    image = images.read_image(sample.image)
    mask = images.read_mask(sample.masks, image.shape[:2]).defect
    axes.imshow(overlay.draw(image, mask))
    _label(axes, title)


def _draw_map(axes: plt.Axes, name: str, seen: Seen) -> None:
    axes.imshow(seen.map, cmap=plots.MAP)
    _label(axes, f"{name}: {'defective' if seen.verdict.defective else 'normal'}")


def _label(axes: plt.Axes, text: str) -> None:
    axes.set_title(text, fontsize=10)
    axes.set_axis_off()


def _save(figure: plt.Figure, file: Path) -> None:
    from PIL import Image

    figure.canvas.draw()
    figure.savefig(file, dpi=PIXELS_AN_INCH)
    Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    print(f"{file} ({file.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    typer.run(main)
