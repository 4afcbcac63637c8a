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

PAUSE = "TOY_PAUSE"
"""Seconds an epoch where the setting names none: a run that waits and one that does not have the same results."""


@settings
class Toy(Method):
    """Difference from the mean colour of the training images."""

    paper: ClassVar[str] = "none"
    leaves_one_out: ClassVar[bool] = True

    epochs: int = Field(2, gt=0, description="epochs, none of which learns anything")
    pause: float = Field(0.0, ge=0, description="seconds an epoch")
    fault: Literal["none", "crash", "refuse", "die", "nan", "memory"] = Field(
        "none", description="what goes wrong in the fit"
    )
    disk: int = Field(100, description="bytes that it says it needs")

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Epoch]:
        print("a library that prints to standard output")
        self.means = np.array([image.mean(axis=(0, 1)) for image in images])
        self.mean = self.means.mean(axis=0)
        for number in range(1, self.epochs + 1):
            time.sleep(self.pause or float(os.environ.get(PAUSE, 0)))
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
        return (self._score(image, self.mean) for image in images)

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        if len(images) != len(self.means):
            raise MethodError(f"the toy was fitted on {len(self.means)} images, got {len(images)}")
        others = (np.delete(self.means, place, axis=0).mean(axis=0) for place in range(len(images)))
        return map(self._score, images, others)

    def _score(self, image: Image, mean: np.ndarray) -> Score:
        map = np.abs(image[::2, ::2] - mean).max(axis=2).astype(np.float32)
        return Score(float(map.max()), map)

    def score_rule(self) -> str:
        return "the map's maximum"

    def save_state(self, folder: Path) -> None:
        np.save(folder / "mean.npy", self.means)

    def load_state(self, folder: Path, *, device: str) -> None:
        self.means = np.load(folder / "mean.npy")
        self.mean = self.means.mean(axis=0)

    def parameter_count(self, fit_images: int) -> int:
        return 3 * fit_images

    def model_bytes(self, fit_images: int) -> int:
        return self.disk

    def depends_on(self) -> dict[str, str]:
        return {"colour": os.environ.get("TOY_COLOUR", "")}

    def find_device(self, wanted: str) -> str:
        if wanted.startswith("cuda"):
            raise MethodError(f"{wanted} is not there: the toy runs on the cpu")
        return "cpu"
