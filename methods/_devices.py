"""The device that a method computes on."""

import re

import torch

from methods import MethodError


def find_device(wanted: str) -> str:
    """The device to use for `auto`, `cpu`, `cuda` or `cuda:N`. Raises MethodError where a named one does not exist."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cpu":
        return wanted
    count = torch.cuda.device_count()
    named = re.fullmatch(r"cuda(?::(\d+))?", wanted, re.ASCII)
    if not named or int(named[1] or 0) >= count:
        raise MethodError(f"there is no device {wanted}: {count} CUDA devices are here; choose auto or cpu")
    return wanted
