"""The data that a script measures on."""

from pathlib import Path

from benchmarks import plugins
from benchmarks.data import obtain
from benchmarks.jobs import plan
from datasets import Dataset


def opened(dataset: str, data: Path | None) -> tuple[Dataset, Path]:
    """A dataset and its folder, as `run` finds it where none is given; it is made where it can be and is not there."""
    plugin, root = plugins.dataset(dataset), data or plan.default_data(dataset)
    obtain(plugin, root)
    return plugin, root
