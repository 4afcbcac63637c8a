"""What paints a defect into an image: one file for each program that can."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

OBJECT_PROMPT = "broken, cracked, severely shattered"
TEXTURE_PROMPT = OBJECT_PROMPT
"""The prompts of DSAII. For textures that cannot break, its authors wrote "stains, holes"."""


class PaintError(ValueError):
    """One defect could not be painted, and others may be. The message says why in a few words."""


class Task(NamedTuple):
    """One defect to paint."""

    image: np.ndarray
    """(h, w, 3) uint8."""
    mask: np.ndarray
    """(h, w) bool: where to paint."""
    shape: str
    """Name of the shape of the mask; a kind of the suite's generator, or a file."""
    prompt: str
    seed: int


class Painter(ABC):
    """Paints defects. The same task gives the same pixels on the same machine."""

    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose versions belong to the record."""
    has_codec: ClassVar[bool] = True
    """Whether an image goes through an encoder and back, which changes all of its pixels a little."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What was chosen, as JSON can hold it. Asks no server and loads no model."""

    def loaded(self) -> Mapping[str, str]:
        """Which model paints, by what it says itself; by default none. Raises DataError where it is not there."""
        return {}

    @abstractmethod
    def paint(self, task: Task) -> np.ndarray:
        """The image with a defect, (h, w, 3) uint8. What it is outside the mask does not matter.

        Raises PaintError where this defect cannot be painted, DataError where none can be.
        """

    def prompt_for(self, *, is_texture: bool) -> str:
        """What a model is told to paint; empty: no words are used."""
        return ""

    def recode(self, image: np.ndarray, seed: int) -> np.ndarray:
        """An (h, w, 3) uint8 image through the encoder and back, with nothing painted. Raises PaintError, DataError."""
        raise NotImplementedError(f"{type(self).__name__} has no encoder")


@dataclass(frozen=True, kw_only=True)
class Prompted(Painter):
    """A painter that is told in words what to paint."""

    prompt: str = OBJECT_PROMPT
    texture_prompt: str = TEXTURE_PROMPT
    negative_prompt: str = ""

    def prompt_for(self, *, is_texture: bool) -> str:
        """See `Painter`."""
        return self.texture_prompt if is_texture else self.prompt
