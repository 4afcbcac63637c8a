"""Anomaly maps of a trained method. They are computed once, kept beside its model, and read one at a time."""

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks import fingerprint
from benchmarks.console import say
from benchmarks.errors import UsageError
from benchmarks.jobs.layout import KEY, MAPS
from benchmarks.judging import Judge
from benchmarks.trained import Trained
from methods import Image, first_sentence
from reports.files import remove, replacing, write_text

SAMPLING = ("benchmarks.finetune.sampling", "datasets")
"""Modules with the code that draws samples and makes synthetic defects. Maps of other code are computed again."""


class Maps(Sequence):
    """Maps at the method's own resolution, each (h, w) float32, read from a file on every access."""

    def __init__(self, file: Path):
        self.archive = np.load(file, allow_pickle=False)

    def __len__(self) -> int:
        return len(self.archive.files)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.archive[self.archive.files[index]]


class Keeper:
    """Computes maps with the model of a finished job, unless they are kept already."""

    def __init__(self, trained: Trained, advance: Callable[[str, int, int], None]):
        self.trained, self.advance = trained, advance
        self.folder = trained.folder / MAPS
        self.key = fingerprint.of_json([trained.result.key, fingerprint.of_code(SAMPLING)])
        self._method: Judge | None = None
        self._whole: set[str] = set()
        self._forget_those_of_another_result()

    @property
    def method(self) -> Judge:
        """The trained method, loaded when it is first needed."""
        if self._method is None:
            self._method = self.trained.judge()
        return self._method

    def maps(self, name: str, images: Sequence[Image]) -> Maps:
        """The maps of images, kept under `name`. Raises UsageError if the method gives no maps."""
        return self._kept(name, lambda: self.method.anomaly_maps(images), len(images))

    def left_out_maps(self, name: str, fits: Sequence[Sequence[Image]], others: Sequence[Image] = ()) -> Maps:
        """The maps of the images of the fit, each left out of it, kept under `name`; then those of other images.

        `fits` has the images of the fit in its order, once or more often: each time others may be altered.
        Raises UsageError if the method gives no maps.
        """

        def made() -> Iterator[np.ndarray | None]:
            left_out = (score.map for images in fits for score in self.method.leave_one_out(images))
            return chain(left_out, self.method.anomaly_maps(others))

        return self._kept(name, made, sum(map(len, fits)) + len(others))

    def _kept(self, name: str, make: Callable[[], Iterator[np.ndarray | None]], count: int) -> Maps:
        file = self.folder / f"{name}.npz"
        if name not in self._whole and os.path.lexists(file) and (problem := damage(file, count)):
            say(f"{file} is damaged ({problem}): its maps are made again")
            remove(file)
        if not file.exists():
            self._keep(file, self._made(name, make(), count))
        self._whole.add(name)
        return Maps(file)

    def _made(self, name: str, maps: Iterator[np.ndarray | None], count: int) -> Iterator[np.ndarray]:
        for number, map in enumerate(maps, start=1):
            if map is None:
                cell = self.trained.job.cell
                raise UsageError(
                    f"--method {cell.method}: it gives no anomaly maps with these settings, but a minimum defect area "
                    "needs them; its threshold for image scores is in the report"
                )
            self.advance(f"maps of {name}", number, count)
            yield map

    def _keep(self, file: Path, maps: Iterator[np.ndarray]) -> None:
        """Write maps one after the other. The file appears only when it is complete."""
        with replacing(file) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for number, map in enumerate(maps):
                with archive.open(f"{number:06}.npy", "w") as entry:
                    np.lib.format.write_array(entry, np.asarray(map, np.float32), allow_pickle=False)

    def _forget_those_of_another_result(self) -> None:
        key = self.folder / KEY
        if key.is_file() and key.read_text(encoding="utf-8", errors="replace") == self.key:
            return
        remove(self.folder)
        write_text(key, self.key)


def damage(file: Path, count: int) -> str | None:
    """Why a file is not the whole archive of so many arrays, each with the check sum it was written with; else None."""
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.namelist()) != count:
                return f"{len(archive.namelist())} maps, expected {count}"
            torn = archive.testzip()
            return f"{torn} does not have its check sum" if torn else None
    except Exception as error:  # a damaged archive fails in many ways
        return first_sentence(error)
