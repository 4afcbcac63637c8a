"""The painters by name, and their settings as they were chosen."""

import difflib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from datasets import DataError
from datasets.making.painting import Painter
from datasets.making.painting.blend import Blend
from datasets.making.painting.diffusion import Diffusion
from datasets.making.painting.webui import WebUI

BACKENDS: Mapping[str, type[Painter]] = {"blend": Blend, "diffusers": Diffusion, "webui": WebUI}
OPTIONS = {"size_px": "size", "mask_blur_px": "mask-blur"}
"""What an option is called whose setting has another name."""


def chosen(backend: str, given: Mapping[str, Any]) -> Painter:
    """The painter of that name; settings that are None keep their default. Raises DataError naming the option."""
    if backend not in BACKENDS:
        close = difflib.get_close_matches(backend, BACKENDS, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise DataError(f"--backend {backend}: {hint}There are: {', '.join(BACKENDS)}")
    kind = BACKENDS[backend]
    known = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    told = {name: value for name, value in given.items() if value is not None}
    if foreign := sorted(told.keys() - known):
        raise DataError(f"--{option(foreign[0])}: {backend} has no such setting; leave it out")
    if "model" in known and not told.get("model"):
        raise DataError(f"--backend {backend} needs --model: the folder of a model, or its name on a model hub")
    return kind(**told)


def option(setting: str) -> str:
    """The name of the option of a setting."""
    return OPTIONS.get(setting, setting.replace("_", "-"))
