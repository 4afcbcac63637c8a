"""A method that trains instantly. Tests of the runner add this file to a checkout."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from methods import Epoch, Image, Method, MethodError, Score, settings


@settings
class Toy(Method):
    """Difference from the mean colour of the training images."""

    paper: ClassVar[str] = "none"

    epochs: int = Field(2, gt=0, description="epochs, none of which learns anything")
    pause: float = Field(0.0, ge=0, description="seconds an epoch")
    fault: Literal["none", "crash", "refuse", "die", "nan", "memory"] = Field(
        "none", description="what goes wrong in the fit"
    )
    disk: int = Field(100, description="bytes that it says it needs")

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Epoch]:
        print("a library that prints to standard output")
        self.mean = np.mean([image.mean(axis=(0, 1)) for image in images], axis=0)
        for number in range(1, self.epochs + 1):
            time.sleep(self.pause)
            yield Epoch(number, self.epochs, loss=1 / number)
        match self.fault:
            case "crash":
                raise RuntimeError("the toy broke")
            case "refuse":
                raise MethodError("the toy refuses these images: give it others")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "memory":
                self.hoard = [np.ones(10**7) for _ in range(10**4)]
            case "nan":
                self.mean = self.mean * np.nan

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        for image in images:
            map = np.abs(image[::2, ::2] - self.mean).max(axis=2).astype(np.float32)
            yield Score(float(map.max()), map)

    def score_rule(self) -> str:
        return "the map's maximum"

    def save_state(self, folder: Path) -> None:
        np.save(folder / "mean.npy", self.mean)

    def load_state(self, folder: Path, *, device: str) -> None:
        self.mean = np.load(folder / "mean.npy")

    def parameter_count(self, fit_images: int) -> int:
        return 3

    def model_bytes(self, fit_images: int) -> int:
        return self.disk

    def depends_on(self) -> dict[str, str]:
        return {"colour": os.environ.get("TOY_COLOUR", "")}

    def find_device(self, wanted: str) -> str:
        if wanted.startswith("cuda"):
            raise MethodError(f"{wanted} is not there: the toy runs on the cpu")
        return "cpu"
