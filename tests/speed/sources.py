"""The data that a script measures on."""

from pathlib import Path

from benchmarks import plugins
from benchmarks.data import obtain
from benchmarks.jobs import plan
from benchmarks.source import Source


def opened(dataset: str, data: Path | None) -> Source:
    """A dataset and its folder, as `run` finds it where none is given; it is made where it can be and is not there."""
    source = Source(plugins.dataset(dataset), data or plan.default_data(dataset))
    obtain(source.dataset, source.root)
    return source
