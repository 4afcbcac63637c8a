"""A dataset in a folder, with the settings under which its files are listed and read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from benchmarks import data_settings, marks, plugins
from benchmarks.data_settings import UNTOLD, DataSettings
from benchmarks.images import Reading
from benchmarks.regions.lookup import Masks
from datasets import DataError, Dataset, Sample, group_by_name, relative_name
from reports.files import real
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
        of_dataset = settings.of_layout
        if settings.groups is not None and "groups" in plugins.dataset_settings(name):
            of_dataset["groups"] = settings.groups  # where no split is given, it leaves groups whole
        source = cls(plugins.dataset(name, of_dataset), root, settings)
        return replace(source, settings=settings.model_copy(update=source._moving_with_the_data()))

    @classmethod
    def of(cls, cell: Cell, root: Path) -> Self:
        """The source of a job's images."""
        return cls.named(cell.dataset, root, data_settings.read(cell.data_settings))

    def _moving_with_the_data(self) -> dict[str, str]:
        """Settings that name a place in the folder of the data, relative to it."""
        ignore = self.settings.ignore
        if ignore is None or not Path(ignore).is_relative_to(self.base):
            return {}
        return {"ignore": relative_name(Path(ignore), self.base)}

    def at(self, root: Path) -> Self:
        """The same dataset and settings in another folder."""
        return replace(self, root=root)

    @property
    def reading(self) -> Reading:
        """How its files are read. Where nobody has chosen, the dataset says which values of a mask are defects."""
        if self.settings.mask_above is not None or self.dataset.mask_above is None:
            return self.settings
        return self.settings.model_copy(update={"mask_above": self.dataset.mask_above})

    def categories(self) -> list[str]:
        """The categories there are, sorted, without folders of results. Raises DataError where there is none."""
        return self._divided[0]

    def results_inside(self) -> list[Path]:
        """The folders of results that lie among the categories, which are none. Raises DataError as `categories`."""
        return self._divided[1]

    @property
    def _divided(self) -> tuple[list[str], list[Path]]:
        """The categories, and folders of results."""
        listed = [name for name in self.dataset.categories(self.root) if not self.is_ignored_mask(self.folder(name))]
        folders = {name: self.folder(name) for name in listed}
        results = {name: folder for name, folder in folders.items() if folder and self._is_results(folder)}
        if listed and len(results) == len(listed):
            raise DataError(f"{self.root} holds no category, only results: name the folder of the data with --data")
        return [name for name in listed if name not in results], list(results.values())

    def _is_results(self, folder: Path) -> bool:
        return folder != self.root and marks.is_results(folder)

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """The categories asked for, or all. Raises DataError, or UsageError naming the nearest category.

        One text is a whole name if there is a category of that name, else names separated by commas. Of several texts
        each is a whole name.
        """
        known = self.categories()
        if len(wanted) == 1 and wanted[0] not in known:
            wanted = [name for part in wanted[0].split(",") if (name := part.strip())]
        for category in wanted:
            if category not in known:
                raise plugins.nearest("category", category, known)
        return list(dict.fromkeys(wanted)) or known

    def samples(self, category: str) -> list[Sample]:
        """Every sample of a category, in a stable order. Raises DataError naming the file or folder at fault."""
        samples = list(self.dataset.samples(self.root, category))
        if self.settings.groups is not None and not hasattr(self.dataset, "groups"):
            samples = group_by_name(samples, self.settings.groups)
        return samples if self.ignored is None else self._with_ignored(samples, self.ignored)

    @cached_property
    def ignored(self) -> Masks | None:
        """The masks of what does not count; None: no option names any."""
        return None if self.settings.ignore is None else Masks(self.base / self.settings.ignore)

    def is_ignored_mask(self, path: Path | None) -> bool:
        """Whether a file, or a folder, is none of the data but of the masks of what does not count."""
        return path is not None and self.ignored is not None and self.ignored.holds(path)

    def _with_ignored(self, samples: Sequence[Sample], masks: Masks) -> list[Sample]:
        if told := next((sample for sample in samples if sample.ignored), None):
            raise DataError(f"the data say themselves what does not count, as in {told.image}: leave out --ignore")
        found = masks.of_all([sample.image for sample in samples], samples[0].category if samples else "")
        return [replace(sample, ignored=found[sample.image]) for sample in samples]

    @property
    def base(self) -> Path:
        """The folder that stored names of files are relative to."""
        return self.dataset.base(self.root)

    def folder(self, category: str) -> Path | None:
        """The folder of a category and of nothing else; None: its files may lie anywhere."""
        return self.dataset.folder(self.root, category)

    def notes(self, category: str) -> list[str]:
        """What was decided while a category was listed, and which other categories are the same folder by a link."""
        notes = list(self.dataset.notes(self.root, category))
        if same := self._same_as(category):
            notes.append(f"a link makes it the same folder as {', '.join(same)}: its images count twice in every mean")
        return notes

    def _same_as(self, category: str) -> list[str]:
        folder = self.folder(category)
        if not folder or folder == self.root:
            return []
        folders = {name: self.folder(name) for name in self.categories() if name != category}
        return [name for name, other in folders.items() if other and real(other) == real(folder)]
