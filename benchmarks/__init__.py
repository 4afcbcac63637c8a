"""What is run, how it is judged, what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.verdicts import Verdict


def predict(
    results: str | Path,
    method: str,
    category: str,
    images: Iterable[str | Path | np.ndarray],
    *,
    seed: int | None = None,
    variant: str | None = None,
    device: str = "auto",
) -> Iterator[Verdict]:
    """Verdicts of a finished job on new images: files, folders of them, or (height, width, 3) uint8 RGB arrays.

    In order, each when it is asked for; the model is loaded once. `seed` and `variant` choose among several jobs.
    Raises one of `benchmarks.errors.USER_ERRORS`: at once where the job cannot judge, and ImageError for the verdict of
    an unreadable image, after which those of the others can still be asked for.
    """
    from benchmarks import trained, verdicts

    found = trained.find(Path(results), method=method, category=category, seed=seed, variant=variant)
    return verdicts.predict(found, images, device=device)
