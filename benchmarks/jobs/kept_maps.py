"""The anomaly maps of a job's test images, on disk from when they are scored until they are measured."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np


class KeptMaps(Sequence):
    """Maps in a file without a name, each read on access. The file ends with the process, however that ends."""

    def __init__(self, folder: Path, *, wanted: bool):
        self._folder, self._wanted = folder, wanted
        self.is_complete = True
        """Whether every image had a map."""
        self._file: BinaryIO | None = None
        self._places: list[tuple[int, tuple[int, int]]] = []
        """The byte at which each map begins, and its shape."""

    def add(self, map: np.ndarray | None) -> None:
        """Append a map (h, w), as float32, if maps are wanted; None: the method gives none.

        Raises OSError naming the folder if its disk is full.
        """
        self.is_complete &= map is not None
        if self._wanted and self.is_complete:
            try:
                self._append(map)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self._folder)) from None

    def _append(self, map: np.ndarray) -> None:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)
        self._places.append((self._file.seek(0, os.SEEK_END), map.shape))
        self._file.write(np.ascontiguousarray(map, np.float32))
        self._file.flush()  # a full disk is noticed here, and not while another image is scored

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> np.ndarray:
        start, shape = self._places[index]
        map = np.empty(shape, np.float32)
        self._file.seek(start)
        self._file.readinto(map)
        return map
