"""Compares the autoencoder's architectures, losses and image scores, each after 4,000 training images.

    python -m tests.speed.cae_table --dataset mvtec --data mvtec_ad --categories hazelnut,screw --csv cae_table.csv

Each row is written to the CSV when it is measured, so a stopped script goes on where it was. Both tables are markdown,
as they stand in docs/measurements/autoencoders.md.

The first table has every architecture with its published loss and map, and the paper's architecture with others. Where
the Keras project names no loss for an architecture, it is the loss of its examples. `mvtec_seed` has the l1 map of its
time, but without a sign.

The second table compares image scores, also without labels: defects are blended into held-out normal images. T_A, the
highest level at which a region of the map has the area A, needs an area. One half of the images chooses it, the other
half judges all scores, and then the halves change places.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import typer
from tabulate import tabulate

from benchmarks import images, plugins, split
from benchmarks.evaluation import decision, metrics, pixel_metrics
from benchmarks.finetune.sampling import Blended, halves
from datasets import Sample
from methods import Epoch, Method, MethodError
from reports.files import write_text
from tests.speed import sources

ROWS = [
    {"architecture": "mvtec", "loss": "ssim", "map": "ssim"},
    {"architecture": "mvtec", "loss": "ms_ssim", "map": "ssim"},
    {"architecture": "mvtec", "loss": "mse", "map": "l2"},
    {"architecture": "mvtec", "loss": "mae", "map": "l1"},
    {"architecture": "mvtec_seed", "loss": "mse", "map": "l1"},
    {"architecture": "mvtec2", "loss": "ssim", "map": "ssim"},
    {"architecture": "baseline", "loss": "ssim", "map": "ssim"},
    {"architecture": "inception", "loss": "ssim", "map": "ssim"},
    {"architecture": "resnet", "loss": "ssim", "map": "ssim"},
    {"architecture": "skip", "loss": "ssim", "map": "ssim"},
    {"architecture": "inception_resnet_v2", "loss": "ms_ssim", "map": "ssim", "color_mode": "rgb"},
]
UNSTOPPED = {"epochs": 100_000, "patience": 100_000}
"""All rows see the same number of images. The weights of the best epoch are kept, as always."""
RULES: dict[str, dict[str, Any]] = {
    "max": {"image_score": "max"},
    "mean": {"image_score": "mean"},
    "top_mean": {"image_score": "top_mean", "top_share": 0.01},
}
"""The settings of each image score, whatever the default is."""
AREA = "T_A"
SCORES = [*RULES, AREA]
NAMES = ["architecture", "loss", "map"]
KEY = ["dataset", "category", "seed", "row"]
ON = ("blended", "test")
"""What the image scores are measured on: defects blended into held-out images, and test images."""
TITLES = {
    "pixel_auroc": "pixel AUROC, mean",
    "aupro": "AUPRO, mean",
    "blended mean": "blended, mean",
    "parameters": "parameters",
    "fit_seconds": "seconds to fit, median",
    "score_seconds": "seconds to score, median",
}
SCORE_TITLES = {"max": "maximum", "mean": "mean", "top_mean": "mean of the highest 1 %", AREA: AREA}


class Category(NamedTuple):
    """The divided images of a category."""

    reading: images.Reading
    parts: split.Parts
    seed: int


class Scored(NamedTuple):
    """Scores of images: a value per image for each rule, and the levels T_A (images, areas)."""

    by_rule: Mapping[str, np.ndarray]
    levels: np.ndarray

    def some(self, chosen: np.ndarray | Sequence[int]) -> "Scored":
        """The scores of some of the images."""
        return Scored({rule: scores[chosen] for rule, scores in self.by_rule.items()}, self.levels[chosen])

    def at(self, area: int) -> dict[str, np.ndarray]:
        """All image scores, with T_A at the area of that index."""
        return {**self.by_rule, AREA: self.levels[:, area]}


def scored(maps: Sequence[np.ndarray]) -> Scored:
    """The image scores of anomaly maps of one size."""
    from methods.cae.scores import image_score

    rules = {rule: plugins.choose("cae", settings).method for rule, settings in RULES.items()}
    by_rule = {rule: np.array([image_score(map, method) for map in maps]) for rule, method in rules.items()}
    return Scored(by_rule, decision.levels(maps, decision.default_areas(maps[0].shape)))


def aurocs(normal: Scored, defective: Scored, area: int) -> dict[str, float]:
    """The image AUROC of each score."""
    levels = zip(SCORES, normal.at(area).values(), defective.at(area).values(), strict=True)
    return {name: metrics.compare(one, other).auroc() for name, one, other in levels}


def chosen_area(normal: Scored, defective: Scored) -> int:
    """The index of the area whose T_A separates normal from defective images best."""
    return decision.best_area(decision.aurocs_by_area(normal.levels, defective.levels))


def judged(normal: Scored, blended: Scored, sources: np.ndarray, seed: int) -> dict[str, float]:
    """The image AUROC of each score, the mean over two halves of the normal images.

    The area of T_A is chosen by the half that does not judge. `sources` has the normal image behind each blended one.
    """
    found = []
    first, second = halves(len(normal.levels), seed)
    for choosing, judging in ((first, second), (second, first)):
        area = chosen_area(normal.some(choosing), blended.some(np.isin(sources, choosing)))
        found.append(aurocs(normal.some(judging), blended.some(np.isin(sources, judging)), area))
    return {name: float(np.mean([half[name] for half in found])) for name in SCORES}


def measure(method: Method, category: Category) -> dict[str, Any]:
    """Fit, score, and measure one row on one category."""
    device, begun = method.find_device("auto"), time.perf_counter()
    fitting = method.fit(images.Images(category.parts.fit), seed=category.seed, device=device)
    *_, last = (event for event in fitting if isinstance(event, Epoch))
    fitted = time.perf_counter()
    test = category.parts.test
    maps = [score.map for score in method.score(images.Images(test))]
    costs = {
        "parameters": method.parameter_count(len(category.parts.fit)),
        "fit_seconds": fitted - begun,
        "score_seconds": time.perf_counter() - fitted,
        "epochs": last.number,
        "training_loss": last.loss,
    }
    held_out, area = without_labels(method, category)
    measured, _ = pixel_metrics.measure(test, maps, category.reading) if _has_masks(test) else (None, [])
    defective = np.array([sample.defect is not None for sample in test])
    test_scores = scored(maps)
    found = aurocs(test_scores.some(~defective), test_scores.some(defective), area)
    pixel = {"pixel_auroc": measured and measured.auroc, "aupro": measured and measured.aupro}
    return {f"test {name}": auroc for name, auroc in found.items()} | pixel | held_out | costs


def without_labels(method: Method, category: Category) -> tuple[dict[str, Any], int]:
    """The image AUROC of each score on blended defects, and the index of the area that held-out images choose."""
    held_out = category.parts.calibration
    blended = Blended(images.Images(held_out), category.seed)
    normal, made = (scored([score.map for score in method.score(each)]) for each in (images.Images(held_out), blended))
    area = chosen_area(normal, made)
    columns = {f"blended {name}": auroc for name, auroc in judged(normal, made, blended.sources, category.seed).items()}
    return columns | {"held_out": len(held_out)}, area


def _has_masks(samples: Sequence[Sample]) -> bool:
    return any(sample.masks for sample in samples)


def lines(
    categories: Mapping[str, Category],
    rows: Sequence[dict[str, str]],
    settings: dict[str, Any],
    known: set[tuple],
    dataset: str,
) -> Iterator[dict[str, Any]]:
    """One line per category and row that is not known yet. A row that cannot be measured says why."""
    for name, category in categories.items():
        for row in rows:
            key = dict(zip(KEY, (dataset, name, category.seed, json.dumps(row | settings)), strict=True))
            if tuple(key.values()) in known:
                continue
            line = key | {column: row[column] for column in NAMES}
            try:
                yield line | measure(plugins.choose("cae", UNSTOPPED | settings | row).method, category)
            except MethodError as error:
                yield line | {"missing": str(error)}


def _finished(csv: Path) -> list[dict[str, Any]]:
    """The lines of a CSV that were measured; missing ones are tried again."""
    table = pd.read_csv(csv, dtype={"category": str}) if csv.exists() else pd.DataFrame()
    return table[table["epochs"].notna()].to_dict("records") if "epochs" in table else []


def markdown(table: pd.DataFrame) -> str:
    """Both tables, and the reason for each row that is missing."""
    missing = table.dropna(subset=["missing"]) if "missing" in table else table[:0]
    reasons = [f"{line.architecture} on {line.category} is missing: {line.missing}" for line in missing.itertuples()]
    measured = table[table["epochs"].notna()]
    return "\n\n".join([_by_category(measured), _by_score(measured), *reasons])


def _by_category(measured: pd.DataFrame) -> str:
    """Image AUROC by the mean of the map in each category, then means over all categories and seeds."""
    places = measured["dataset"] + " " + measured["category"]
    categories = measured.assign(place=places).pivot_table("test mean", [*NAMES, "row"], "place", sort=False)
    rows = measured.groupby([*NAMES, "row"], sort=False)
    means = rows[["pixel_auroc", "aupro", "blended mean", "parameters"]].mean()
    costs = rows[["fit_seconds", "score_seconds"]].median().assign(jobs=rows.size())
    shown = categories.join(means).join(costs).rename(columns=TITLES).reset_index().drop(columns="row")
    whole = {TITLES[name] for name in ("parameters", "fit_seconds", "score_seconds")}
    return tabulate(shown, "keys", "pipe", [",.0f" if name in whole else ".3f" for name in shown], showindex=False)


def _by_score(measured: pd.DataFrame) -> str:
    """Image AUROC by each image score, `on blended defects / on test images`, means over all categories and seeds."""
    means = measured.groupby([*NAMES, "row"], sort=False)[[f"{on} {name}" for on in ON for name in SCORES]].mean()
    shown = {
        SCORE_TITLES[name]: means[f"blended {name}"].map("{:.2f}".format)
        + " / "
        + means[f"test {name}"].map("{:.2f}".format)
        for name in SCORES
    }
    return tabulate(pd.DataFrame(shown).reset_index().drop(columns="row"), "keys", "pipe", showindex=False)


def main(
    dataset: str = "mvtec",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    categories: Annotated[str, typer.Option(help="Names, separated by commas; all where none is given.")] = "",
    seed: int = 0,
    calibration: Annotated[float, typer.Option(help="Share of the normal images held out.")] = split.CALIBRATION,
    instances: Annotated[int, typer.Option(help="Training images in all epochs.")] = 4_000,
    architectures: Annotated[str, typer.Option(help="Names, separated by commas; all where none is given.")] = "",
    csv: Path = Path("cae_table.csv"),
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="cae.FIELD=VALUE")] = None,
) -> None:
    """Measure what is missing in the CSV, and print the tables of all that it holds."""
    source = sources.opened(dataset, data)
    divided = {
        name: Category(
            source.reading,
            split.divide(source.samples(name), seed=seed, shots=None, calibration=calibration),
            seed,
        )
        for name in (categories.split(",") if categories else source.categories())
    }
    if few := [name for name, category in divided.items() if len(category.parts.calibration) < 2]:
        raise typer.BadParameter(f"two held-out images or more judge the image scores: {', '.join(few)} has fewer")
    settings = {"instances": instances} | plugins.parse_assignments(set_ or [], ["cae"])["cae"]
    finished = _finished(csv)
    known = {tuple(line[column] for column in KEY) for line in finished}
    rows = [row for row in ROWS if not architectures or row["architecture"] in architectures.split(",")]
    for line in lines(divided, rows, settings, known, dataset):
        finished.append(line)
        write_text(csv, pd.DataFrame(finished).to_csv(index=False))
        print(f"{line['category']}: {line['row']}: {line.get('missing', 'done')}", flush=True)
    print(markdown(pd.DataFrame(finished)))


if __name__ == "__main__":
    typer.run(main)
