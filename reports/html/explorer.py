"""Sections 4 and 5: the scores of single images, over which a threshold is moved, and the misjudged images."""

import base64
import shlex
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from reports.html.jobs import Job, Pictures, View
from reports.html.labels import Labels
from reports.rows import identity


def data(labels: Labels, jobs: Sequence[Job], pictures: Pictures) -> dict[str, Any]:
    """The scores of all jobs for the script; lists of images that jobs share are there once."""
    lists = _Pool()
    described = [_job(index, job, labels, lists, pictures) for index, job in enumerate(jobs)]
    return {"jobs": described, "lists": lists.values}


def pictures(found: Pictures) -> dict[str, Any]:
    """The photos and maps for the script, which reads them when they are first seen."""
    return {
        "photos": [photo._asdict() for photo in found.photos.values()],
        "maps": [map._asdict() for map in found.maps.values()],
    }


class _Pool:
    """Values by number, each there once."""

    def __init__(self):
        self.values: list[Any] = []
        self._known: dict[Hashable, int] = {}

    def add(self, value: Hashable) -> int:
        """The number of a value."""
        if value not in self._known:
            self._known[value] = len(self.values)
            self.values.append(value)
        return self._known[value]


def _job(index: int, job: Job, labels: Labels, lists: _Pool, found: Pictures) -> dict[str, Any]:
    label = labels.of(identity(job.cell))
    photos = {place: number for number, place in enumerate(found.photos)}
    maps = {place: number for number, place in enumerate(found.maps)}
    return {
        "place": label.place,
        "letter": label.letter,
        "name": label.title,
        "seed": job.cell.seed,
        "paths": lists.add(job.paths),
        "types": lists.add(job.types),
        "views": [_view(view, lists) for view in job.views],
        "standing": job.standing and job.standing._asdict(),
        "misjudged": [
            {
                "index": each.index,
                "kind": each.kind,
                "photo": photos.get((job.data, job.paths[each.index])),
                "map": maps.get((index, each.index)),
            }
            for each in job.misjudged
        ],
        "absent": found.absent.get(index),
        "finetune": _finetune(job) if job.gives_maps else None,
    }


def _finetune(job: Job) -> str:
    """The command that keeps the maps and their levels."""
    cell = job.cell
    chosen = ["--method", cell.method, "--category", cell.category, "--seed", str(cell.seed)]
    return shlex.join(["python", "-m", "benchmarks", "finetune", *chosen])


def _view(view: View, lists: _Pool) -> dict[str, Any]:
    return {
        "area": view.area_px,
        "test": _packed(view.test),
        "calibration": _packed(view.calibration),
        "paths": lists.add(view.calibration_paths),
        "calibrated": view.calibrated,
        "oracle": view.oracle,
    }


def _packed(values: Sequence[float] | np.ndarray) -> list:
    """Numbers as their width in bytes and base64: four bytes each where that loses nothing."""
    values = np.asarray(values, "<f8")
    small = values.astype("<f4")
    packed = small if (small == values).all() else values
    return [packed.itemsize, base64.b64encode(packed.tobytes()).decode()]
