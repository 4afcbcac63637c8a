"""A dataset in a folder, with the settings under which its files are listed and read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks import data_settings, plugins
from benchmarks.data_settings import UNTOLD, DataSettings
from benchmarks.images import Reading
from datasets import Dataset, Sample
from reports.results import Cell


@dataclass(frozen=True)
class Source:
    """Where samples come from."""

    dataset: Dataset
    root: Path
    settings: DataSettings = UNTOLD

    @classmethod
    def named(cls, name: str, root: Path, settings: DataSettings) -> Self:
        """The dataset of that name in a folder. Raises UsageError for an unknown name or setting."""
        return cls(plugins.dataset(name, settings.of_layout), root, settings)

    @classmethod
    def of(cls, cell: Cell, root: Path) -> Self:
        """The source of a job's images."""
        return cls.named(cell.dataset, root, data_settings.read(cell.data_settings))

    @property
    def reading(self) -> Reading:
        """How its files are read. Where nobody has chosen, the dataset says which values of a mask are defects."""
        if self.settings.mask_above is not None or self.dataset.mask_above is None:
            return self.settings
        return self.settings.model_copy(update={"mask_above": self.dataset.mask_above})

    def categories(self) -> list[str]:
        """The categories there are, sorted. Raises DataError where there is none."""
        return self.dataset.categories(self.root)

    def samples(self, category: str) -> list[Sample]:
        """Every sample of a category, in a stable order. Raises DataError naming the file or folder at fault."""
        return list(self.dataset.samples(self.root, category))
