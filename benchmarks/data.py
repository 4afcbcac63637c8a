"""Images that are not there yet: made or fetched where that can be done."""

from pathlib import Path

from benchmarks.console import say
from datasets import Dataset


def obtain(dataset: Dataset, root: Path) -> None:
    """Make or fetch the data where that can be done. Raises DataError saying where to get them elsewhere."""
    absent = not root.exists() or (root.is_dir() and not any(root.iterdir()))
    if absent and dataset.made:
        say(f"making the data in {root}")
    if absent or dataset.made:  # made data may be those of another version
        dataset.obtain(root)
