"""Make or download a dataset that is not there yet, if that is possible."""

from pathlib import Path

from benchmarks.console import say
from datasets import Dataset


def obtain(dataset: Dataset, root: Path) -> None:
    """Make or download the data if they are absent. Raises DataError saying where to get data that cannot be made."""
    absent = not root.exists() or (root.is_dir() and not any(root.iterdir()))
    if absent and dataset.made:
        say(f"making the data in {root}")
    if absent or dataset.made:  # data made by another version of the program are made again
        dataset.obtain(root)
