"""The GPUs of this machine, shared out between jobs: each job sees one of them."""

import os
import re
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice, takewhile
from typing import NamedTuple

SHARED_OUT = ("auto", "cuda")
"""The devices that leave it to the runner which GPU a job has."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
LISTED = re.compile(r"^GPU (\d+): (.+) \(UUID: (\S+)\)\n((?:[ \t].*\n)*)", re.MULTILINE)
"""A GPU as `nvidia-smi -L` lists it: number, model, UUID, and indented lines about its parts."""
PART = re.compile(r"MIG (\S+) +Device +(\d+): \(UUID: (\S+)\)")


class Gpu(NamedTuple):
    """A GPU, or a part of one (MIG), that a job may have."""

    visible: str
    """What CUDA_VISIBLE_DEVICES calls it: its UUID, as CUDA numbers GPUs otherwise than `nvidia-smi`, or the user's."""
    label: str
    """Such as `GPU 1`."""
    model: str
    """Empty where it is not known."""


def listed() -> list[Gpu]:
    """All GPUs that `nvidia-smi` finds, in its order; none where it is not there."""
    try:
        said = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout
    except OSError:
        return []
    return [gpu for number, model, uuid, parts in LISTED.findall(said) for gpu in _divided(number, model, uuid, parts)]


def _divided(number: str, model: str, uuid: str, parts: str) -> list[Gpu]:
    divided = PART.findall(parts)
    if not divided:
        return [Gpu(uuid, f"GPU {number}", model)]
    return [Gpu(part, f"GPU {number} part {index}", f"{model} MIG {profile}") for profile, index, part in divided]


def visible(given: Mapping[str, str] = os.environ) -> list[Gpu]:
    """The GPUs that jobs may have: all, or those that the user's CUDA_VISIBLE_DEVICES names."""
    there = listed()
    if VISIBLE not in given:
        return there
    named = (_named(entry.strip(), there) for entry in given[VISIBLE].split(","))
    return list(takewhile(bool, named))  # as CUDA does, which sees none after the first that is not there


def _named(entry: str, there: Sequence[Gpu]) -> Gpu | None:
    """The GPU that the user calls so, None where it is not there; without `nvidia-smi` the user is believed."""
    if entry.isdecimal():
        return Gpu(entry, f"GPU {entry}", _one_model(there)) if not there or int(entry) < len(there) else None
    if not entry.startswith(("GPU-", "MIG-")):
        return None
    found = (gpu._replace(visible=entry) for gpu in there if gpu.visible.startswith(entry))
    return next(found, None if there else Gpu(entry, entry, ""))


def _one_model(gpus: Sequence[Gpu]) -> str:
    """The model that all of them are; empty where they differ, as then CUDA's numbers do not tell which is which."""
    models = {gpu.model for gpu in gpus}
    return models.pop() if len(models) == 1 else ""


def described(device: str, given: Mapping[str, str] = os.environ) -> str:
    """A device as a result names it: `cuda:0 (NVIDIA H200)` where the model is sure, else as it is."""
    model = _one_model(visible(given)) if device.startswith("cuda") else ""
    return f"{device} ({model})" if model else device


class Slots:
    """Places for jobs, dealt out to the GPUs in turn, so that none ever has more than its even share of the jobs."""

    def __init__(self, gpus: Sequence[Gpu], places: int):
        self._free = deque(islice(cycle(gpus or [None]), places))

    @contextmanager
    def one(self) -> Iterator[Gpu | None]:
        """A place on a GPU, None without GPUs, for as long as a job takes. Raises IndexError where all are taken."""
        gpu = self._free.popleft()
        try:
            yield gpu
        finally:
            self._free.append(gpu)
