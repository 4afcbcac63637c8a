"""How often new normal images exceed the threshold of `--calibration loo`, over many draws of few training images.

    python -m tests.speed.leave_one_out --method knn --dataset mvtec --data mvtec_ad --category magnetic_tile

Training images and new images are drawn from the normal training images of one category, so they are of one kind. With
BENCHMARKS_FEATURES=FOLDER the features of an image are computed once and not in every draw.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from tabulate import tabulate

from benchmarks import images, plugins
from benchmarks.evaluation import decision
from datasets import Sample
from methods import Method
from tests.speed import sources


def false_alarms(method: Method, fit: Sequence[Sample], new: Sequence[Sample]) -> float:
    """The share of new images above the threshold that leave-one-out sets on those of the fit."""
    known = images.Images(fit)
    for _ in method.fit(known, seed=0, device="cpu"):
        pass
    threshold = decision.threshold([score.image for score in method.leave_one_out(known)])
    return float(np.mean([score > threshold for score in method.image_scores(images.Images(new))]))


def main(
    category: Annotated[str, typer.Option(help="Category whose normal training images are drawn from.")],
    method: str = "knn",
    dataset: str = "mvtec",
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset.")] = None,
    counts: Annotated[str, typer.Option(help="Numbers of training images, separated by commas.")] = "5,10,20",
    among: Annotated[int, typer.Option(help="Normal images that are drawn from.")] = 300,
    new: Annotated[int, typer.Option(help="New images of a draw.")] = 40,
    draws: int = 200,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="METHOD.FIELD=VALUE")] = None,
) -> None:
    """Print the mean share of false alarms with its standard error, beside the expected one."""
    source = sources.opened(dataset, data)
    generator = np.random.default_rng(0)
    train = [sample for sample in source.samples(category) if sample.split == "train"]
    pool = [train[index] for index in generator.permutation(len(train))[:among]]
    settings = plugins.parse_assignments(set_ or [], [method])[method]
    lines = []
    for count in map(int, counts.split(",")):
        shares = []
        for _ in range(draws):
            drawn = [pool[index] for index in generator.permutation(len(pool))[: count + new]]
            shares.append(false_alarms(plugins.choose(method, settings).method, drawn[:count], drawn[count:]))
        found = f"{np.mean(shares):.3f} ± {np.std(shares) / draws**0.5:.3f}"
        lines.append([count, f"{decision.promised_false_alarm_share(count):.3f}", found])
    print(tabulate(lines, ["training images", "expected", "found, with standard error"], tablefmt="pipe"))


if __name__ == "__main__":
    typer.run(main)
