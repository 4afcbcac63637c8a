"""What methods answer: as many answers as there are images, each of the right kind. A plugin may err in both."""

from collections.abc import Iterable, Iterator, Sequence, Sized
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from methods import MethodError, Score

END = object()


class Asked(NamedTuple):
    """Who was asked about some images."""

    method: object
    images: Sized

    def scores(self, answers: Iterable[Score]) -> Iterator[Score]:
        """The answers of `score` or `leave_one_out`, lazily. Raises MethodError for fewer, more, or other things."""
        for score in self._one_each(answers):
            if not isinstance(score, Score):
                raise self._unlike("a Score", score)
            self._number(score.image)
            yield score._replace(map=self._map(score.map))

    def image_scores(self, answers: Iterable[float]) -> Iterator[float]:
        """The answers of `image_scores`, lazily. Raises what `scores` raises."""
        return map(self._number, self._one_each(answers))

    def maps(self, answers: Iterable[np.ndarray | None]) -> Iterator[np.ndarray | None]:
        """The answers of `anomaly_maps`, lazily. Raises what `scores` raises."""
        return map(self._map, self._one_each(answers))

    @property
    def _name(self) -> str:
        return type(getattr(self.method, "method", self.method)).__name__

    def _one_each(self, answers: Iterable) -> Iterator:
        """One answer an image; that there are more is found with the last."""
        if not isinstance(answers, Iterable):
            raise self._unlike("an iterator over one answer an image", answers)
        left, wanted = iter(answers), len(self.images)
        for number in range(1, wanted + 1):
            if (answer := next(left, END)) is END:
                raise MethodError(f"{self._name} gave {number - 1} scores for {wanted} images: expected one an image")
            if number == wanted and next(left, END) is not END:
                raise MethodError(f"{self._name} gave more than {wanted} scores for {wanted} images: expected one each")
            yield answer

    def _number(self, value: Any) -> float:
        if not isinstance(value, Real | np.floating | np.integer):
            raise self._unlike("a number as the score of an image", value)
        return value

    def _map(self, value: Any) -> np.ndarray | None:
        if value is None or (isinstance(value, np.ndarray) and value.ndim == 2 and value.size and _is_real(value)):
            return value
        raise self._unlike("an anomaly map as an array of (height, width) numbers, or None", value)

    def _unlike(self, expected: str, got: Any) -> MethodError:
        shown = f"{got.shape} {got.dtype}" if isinstance(got, np.ndarray) else type(got).__name__
        return MethodError(f"{self._name}: expected {expected}, got {shown}")


def _is_real(values: np.ndarray) -> bool:
    return np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer)


def scores(method: Any, images: Sequence) -> Iterator[Score]:
    """What `method.score` answers, checked."""
    return Asked(method, images).scores(method.score(images))


def left_out(method: Any, images: Sequence) -> Iterator[Score]:
    """What `method.leave_one_out` answers, checked."""
    return Asked(method, images).scores(method.leave_one_out(images))


def image_scores(method: Any, images: Sequence) -> Iterator[float]:
    """What `method.image_scores` answers, checked."""
    return Asked(method, images).image_scores(method.image_scores(images))


def maps(method: Any, images: Sequence) -> Iterator[np.ndarray | None]:
    """What `method.anomaly_maps` answers, checked."""
    return Asked(method, images).maps(method.anomaly_maps(images))
