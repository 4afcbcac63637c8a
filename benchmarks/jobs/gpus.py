"""Share the GPUs of this machine between jobs, so that each job sees one GPU."""

import os
import re
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice, takewhile
from typing import NamedTuple

from benchmarks.errors import UsageError

ANSWER_SECONDS = 60
"""How long `nvidia-smi` may take; it waits for ever on a driver that hangs."""
SHARED_OUT = ("auto", "cuda")
"""Values of --device for which the runner chooses the GPU of each job."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
LISTED = re.compile(r"^GPU (\d+): (.+) \(UUID: (\S+)\)\n((?:[ \t].*\n)*)", re.MULTILINE)
"""A GPU as `nvidia-smi -L` lists it: number, model, UUID, and indented lines about its parts."""
PART = re.compile(r"MIG (\S+) +Device +(\d+): \(UUID: (\S+)\)")
"""A part of a GPU (MIG) in those lines: profile, index, UUID."""


class Gpu(NamedTuple):
    """A GPU, or a part of one (MIG), that a job can use."""

    visible: str
    """Its name in CUDA_VISIBLE_DEVICES: the one that the user gave, else its UUID.

    CUDA and `nvidia-smi` may number GPUs differently, so the number would not do.
    """
    label: str
    """Name for progress lines, such as `GPU 1`."""
    model: str
    """Model name, such as `NVIDIA H200`; empty if it is not known."""


def listed() -> list[Gpu]:
    """All GPUs that `nvidia-smi` lists, in its order. Empty if the program is not installed.

    Raises UsageError where it does not answer.
    """
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=ANSWER_SECONDS)
    except OSError:
        return []
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"nvidia-smi -L does not answer within {ANSWER_SECONDS} s, so the GPUs are not known: see to the driver, "
            "or use --device cpu"
        ) from None
    found = LISTED.findall(done.stdout)
    return [gpu for number, model, uuid, parts in found for gpu in _divided(number, model, uuid, parts)]


def _divided(number: str, model: str, uuid: str, parts: str) -> list[Gpu]:
    divided = PART.findall(parts)
    if not divided:
        return [Gpu(uuid, f"GPU {number}", model)]
    return [Gpu(part, f"GPU {number} part {index}", f"{model} MIG {profile}") for profile, index, part in divided]


def visible(given: Mapping[str, str] = os.environ) -> list[Gpu]:
    """The GPUs that jobs may use: those that the user's CUDA_VISIBLE_DEVICES names, or all if it is not set."""
    there = listed()
    if VISIBLE not in given:
        return there
    named = (_named(entry.strip(), there) for entry in given[VISIBLE].split(","))
    return list(takewhile(bool, named))  # like CUDA, which ignores all entries after the first unknown one


def _named(entry: str, there: Sequence[Gpu]) -> Gpu | None:
    """The GPU that an entry of CUDA_VISIBLE_DEVICES names; None if there is no such GPU.

    Without `nvidia-smi`, every well-formed entry is taken to exist.
    """
    if entry.isdecimal():
        return Gpu(entry, f"GPU {entry}", _one_model(there)) if not there or int(entry) < len(there) else None
    if not entry.startswith(("GPU-", "MIG-")):
        return None
    found = (gpu._replace(visible=entry) for gpu in there if gpu.visible.startswith(entry))
    return next(found, None if there else Gpu(entry, entry, ""))


def _one_model(gpus: Sequence[Gpu]) -> str:
    """The common model of all GPUs. Empty if they differ: then CUDA's numbers do not tell which GPU is meant."""
    models = {gpu.model for gpu in gpus}
    return models.pop() if len(models) == 1 else ""


def described(device: str, given: Mapping[str, str] = os.environ) -> str:
    """A device as a result names it: `cuda:0 (NVIDIA H200)` if the model is certain, else unchanged."""
    try:
        model = _one_model(visible(given)) if device.startswith("cuda") else ""
    except UsageError:  # the job that ran there is done, and is not lost for a name
        model = ""
    return f"{device} ({model})" if model else device


class Slots:
    """Places for jobs, assigned to the GPUs in turn, so that no GPU ever has more than its even share of the jobs."""

    def __init__(self, gpus: Sequence[Gpu], places: int):
        self._free = deque(islice(cycle(gpus or [None]), places))
        self.devices = max(1, min(len(gpus), places))
        """Number of GPUs that work at the same time; 1 without GPUs, as jobs share the cores."""

    @contextmanager
    def one(self) -> Iterator[Gpu | None]:
        """Hold a place while a job runs: yields its GPU, or None without GPUs. Raises IndexError if all are taken."""
        gpu = self._free.popleft()
        try:
            yield gpu
        finally:
            self._free.append(gpu)
