"""The mean image of the normal images; a pixel that differs from it is anomalous."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from methods import Image, Method, MethodError, Pace, Preparing, Score, first_sentence, settings
from methods._maps import top_mean
from methods._resizing import resized

STATE = "mean.safetensors"
SIDE = 256
"""Images are resized to this side in pixels, as for the convolutional autoencoder."""
SHAPE = (SIDE, SIDE, 3)
TOP_SHARE = 0.01
LEAST_DEVIATION = 1.0
"""Smallest standard deviation, in gray levels of 255: 8 bits cannot show a smaller difference."""


@settings
class MeanImage(Method):
    """Difference of an image from the mean training image, pixel by pixel; nothing is trained.

    A baseline: a method that does not beat it has learned nothing useful on these images. It needs parts in equal
    positions and equal light. In textures it finds only stains whose colours are outside of the normal range. Each
    pixel's mean and standard deviation are the scene model of Wren et al., without covariances of colours and updates.

    The map is the largest difference of the three colours. By default it is divided by the standard deviation of that
    pixel over the training images (n - 1). Otherwise edges, and whatever else varies from part to part, would hold the
    highest values of every normal map. A standard deviation counts as at least 1 gray level; for few images it is a
    rough estimate.

    The image score is the mean of the map's highest 1 % (655 pixels, a patch of a tenth of the side), not its maximum:
    of 65,536 pixels one is always extreme, by dust, noise or an edge that is shifted by a pixel. A smaller defect
    counts for less.
    """

    pace: ClassVar[Pace] = "seconds"
    learns_by_place: ClassVar = True
    paper: ClassVar = (
        "Wren, Azarbayejani, Darrell, Pentland: Pfinder: Real-Time Tracking of the Human Body, "
        "IEEE Transactions on Pattern Analysis and Machine Intelligence 19 (7), 1997, no arXiv id"
    )

    divide_by_deviation: bool = Field(
        True,
        description="differences in standard deviations of the pixel over the training images; else in gray levels",
    )

    _state = None

    @property
    def seen_px(self) -> int:
        """The side of the mean image."""
        return SIDE

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing]:
        """Read every image once; there is no epoch.

        Raises MethodError for fewer than 2 images, or for none where there are no standard deviations.
        """
        needed = 2 if self.divide_by_deviation else 1
        if len(images) < needed:
            raise MethodError(f"mean_image needs at least {needed} training images, got {len(images)}")
        total, squares = np.zeros((2, *SHAPE), np.int64)
        for number in range(len(images)):
            pixels = resized(images[number], side_px=SIDE, color_mode="rgb").astype(np.int64)
            total += pixels
            squares += pixels**2
            yield Preparing("reading images", number + 1, len(images))
        self._state = {"mean": (total / len(images)).astype(np.float32)}
        if self.divide_by_deviation:
            self._state["deviation"] = deviations(total, squares, count=len(images))

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The map of each image, and the mean of its highest 1 %."""
        self._require_state("scoring")
        return (self._score(image) for image in images)

    def score_rule(self) -> str:
        """The mean of the map's highest 1 %, and what the map shows."""
        unit = "standard deviations" if self.divide_by_deviation else "gray levels"
        return f"mean of the map's highest {TOP_SHARE:.0%}; map: largest colour difference from the mean, in {unit}"

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image]:
        """The mean image for every image."""
        self._require_state("reconstructing")
        return repeat(np.rint(self._state["mean"]).astype(np.uint8), len(images))

    def save_state(self, folder: Path) -> None:
        """Write the mean and, where it is used, the standard deviation."""
        from safetensors.numpy import save_file

        self._require_state("saving")
        save_file(self._state, folder / STATE)

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read the mean and the standard deviation."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            state = load_file(folder / STATE)
        except (OSError, SafetensorError) as error:
            raise MethodError(f"{folder / STATE} cannot be read: {first_sentence(error)}") from None
        if {name: (array.shape, array.dtype) for name, array in state.items()} != self._layout:
            raise MethodError(f"{folder / STATE} does not fit the settings.json beside it")
        self._state = state

    def parameter_count(self, fit_images: int) -> int:
        """Numbers in the mean and the standard deviation: 393,216."""
        return len(self._layout) * int(np.prod(SHAPE))

    def model_bytes(self, fit_images: int) -> int:
        """The numbers, in float32."""
        return 4 * self.parameter_count(fit_images)

    def find_device(self, wanted: str) -> str:
        """The CPU, also where there is a GPU."""
        if wanted not in ("auto", "cpu"):
            raise MethodError(f"mean_image runs on the processor only, not on {wanted}: choose auto or cpu")
        return "cpu"

    @property
    def _layout(self) -> dict[str, tuple]:
        names = ("mean", "deviation") if self.divide_by_deviation else ("mean",)
        return dict.fromkeys(names, (SHAPE, np.dtype(np.float32)))

    def _require_state(self, doing: str) -> None:
        if self._state is None:
            raise MethodError(f"mean_image has learned nothing yet: train it or load it before {doing}")

    def _score(self, image: Image) -> Score:
        differences = np.abs(resized(image, side_px=SIDE, color_mode="rgb") - self._state["mean"])
        map = (differences / self._state.get("deviation", np.float32(1))).max(axis=2)
        return Score(top_mean(map, TOP_SHARE), map)


def deviations(total: np.ndarray, squares: np.ndarray, *, count: int) -> np.ndarray:
    """float32 standard deviations (n - 1) of `count` whole numbers whose sums and sums of squares are given."""
    variance = (count * squares - total**2) / (count * (count - 1))  # whole above the line: exact, never below zero
    return np.maximum(np.sqrt(variance), LEAST_DEVIATION).astype(np.float32)
