"""What a method answers, held to its contract: one answer for each image, finite scores, maps that have pixels.

A plugin that breaks the contract is refused in a sentence, before its numbers count.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.images.lazy import name_of
from methods import Epoch, Image, Method, MethodError, Preparing, Score

Answer = TypeVar("Answer")
END = object()


class One(list):
    """A single image as a sequence, with the name that errors give it, and with what does not count in it."""

    def __init__(self, image: Image, name: str, ignored: np.ndarray | None = None):
        super().__init__([image])
        self.only, self.only_ignored = name, ignored

    def name(self, index: int) -> str:
        """The name of the image."""
        return self.only

    def ignored(self, index: int) -> np.ndarray | None:
        """Which pixels of the image do not count, (h, w) bool; None: all count."""
        return self.only_ignored


class Checked:
    """A method of which each answer is checked as it comes. Raises MethodError naming the image and what is wrong."""

    def __init__(self, method: Method):
        self.method = method

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """See `Method.fit`."""
        return self.method.fit(images, seed=seed, device=device)

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """See `Method.score`."""
        return self._each(self.method.score(images), images, self._require_score)

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        """See `Method.leave_one_out`."""
        return self._each(self.method.leave_one_out(images), images, self._require_score)

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """See `Method.image_scores`."""
        return map(float, self._each(self.method.image_scores(images), images, self._require_number))

    def anomaly_maps(self, images: Sequence[Image]) -> Iterator[np.ndarray | None]:
        """See `Method.anomaly_maps`."""
        return self._each(self.method.anomaly_maps(images), images, self._require_map)

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image | None]:
        """See `Method.reconstruct`."""
        return self.method.reconstruct(images)

    def save(self, folder: Path) -> None:
        """See `Method.save`."""
        self.method.save(folder)

    def _each(
        self, given: Iterable[Answer], images: Sequence[Image], require: Callable[[Any, str], None]
    ) -> Iterator[Answer]:
        """Each answer once it is checked; the last one once nothing follows it."""
        expected = f"one for each of {len(images)} images"
        if not isinstance(given, Iterable):
            raise self._broken(f"a {type(given).__name__}", expected)
        answers = iter(given)
        for number in range(1, len(images) + 1):
            answer = next(answers, END)
            if answer is END:
                raise self._broken(f"{number - 1} answers", expected)
            require(answer, name_of(images, number - 1))
            if number == len(images) and next(answers, END) is not END:
                raise self._broken(f"more than {number} answers", expected)
            yield answer

    def _require_score(self, answer: Any, image: str) -> None:
        if not isinstance(answer, Score):
            raise self._broken(f"a {type(answer).__name__} for {image}", "a Score")
        self._require_number(answer.image, image)
        self._require_map(answer.map, image)

    def _require_number(self, score: Any, image: str) -> None:
        if not isinstance(score, Real | np.floating):
            raise self._broken(f"as the score of {image} a {type(score).__name__}", "a number")
        if not np.isfinite(score):
            raise MethodError(f"{self._name} gave a score that is not finite for {image}")

    def _require_map(self, found: Any, image: str) -> None:
        if found is None:
            return
        expected = "a (height, width) float32 array that has pixels, or None"
        if not isinstance(found, np.ndarray):
            raise self._broken(f"as the map of {image} a {type(found).__name__}", expected)
        if found.ndim != 2 or found.dtype != np.float32 or not found.size:
            raise self._broken(f"as the map of {image} an array {found.shape} {found.dtype}", expected)
        if not np.isfinite(found).all():
            raise MethodError(f"{self._name} gave a map that is not finite for {image}")

    @property
    def _name(self) -> str:
        return type(self.method).__name__

    def _broken(self, gave: str, expected: str) -> MethodError:
        return MethodError(f"{self._name} gave {gave}; expected {expected}: mend the plugin")


def count(number: Any, what: str, method: Method) -> int:
    """A number that a method tells of itself, such as its bytes on disk. Raises MethodError for a negative one."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
        told = f"{type(method).__name__} gave as {what} {number!r:.100}"
        raise MethodError(f"{told}; expected a whole number of 0 or more: mend the plugin")
    return int(number)
