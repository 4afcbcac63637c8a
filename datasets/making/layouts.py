"""The two forms in which DSAII was published: where each image and mask of a category lies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from datasets.dsaii import FOLDER, training_half


class Layout(NamedTuple):
    """The folders of one form. `{}` is the name of a file without its extension."""

    dataset: str
    """The dataset that reads it."""
    folder: str
    """The folder of the categories."""
    train: str
    test: str
    """Normal images for training, and for testing."""
    defective: str
    mask: str

    def normal(self, name: str, *, is_test: bool) -> str:
        """The path of a normal image below its category."""
        return (self.test if is_test else self.train).format(name)


LAYOUTS: Mapping[str, Layout] = {
    "dsaii": Layout("dsaii", FOLDER, "normal/{}.png", "normal/{}.png", defective="anomaly/{}.png", mask="mask/{}.png"),
    "mvtec": Layout(
        "mvtec",
        "synthetic_mvtec_like",
        "train/good/{}.png",
        "test/good/{}.png",
        defective="test/anomaly/{}.png",
        mask="ground_truth/anomaly/{}_mask.png",
    ),
}
"""By name. Both have the same split: half of the normal images train, as `--dataset dsaii` draws them."""


def numbered(count: int) -> list[str]:
    """The names of that many files: 000, 001, ..."""
    return [f"{number:03}" for number in range(count)]


def held_out(names: Sequence[str], category: str) -> set[str]:
    """The names of the normal images that are for testing."""
    train = training_half([Path(f"{name}.png") for name in names], category)
    return {name for name in names if Path(f"{name}.png") not in train}
