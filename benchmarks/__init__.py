"""Run methods on datasets, judge the results, and keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.prediction.verdicts import Verdict


def predict(
    results: str | Path,
    method: str,
    category: str,
    images: Iterable[str | Path | np.ndarray],
    *,
    seed: int | None = None,
    variant: str | None = None,
    device: str = "auto",
    threshold: float | None = None,
) -> Iterator[Verdict]:
    """Return an iterator over the verdicts of a finished job on new images.

    `images` are files, folders of files, or (height, width, 3) uint8 RGB arrays. Verdicts come in order, each computed
    when it is asked for; the model is loaded once. `seed` and `variant` choose among several jobs. A `threshold` of
    your own takes the place of the calibrated one. Warns of what is lost between a file and its pixels, such as
    transparency, and of a size, aspect ratio, colour mode or brightness that training never saw: once for all images,
    after the last.
    Raises one of `benchmarks.errors.USER_ERRORS`: at once if the job cannot judge, and ImageError when the verdict of
    an unreadable image is asked for. The verdicts of the other images can still be asked for after that.
    """
    from benchmarks import trained
    from benchmarks.prediction import verdicts

    found = trained.find(Path(results), method=method, category=category, seed=seed, variant=variant)
    return verdicts.predict(found, images, device=device, threshold=threshold)
