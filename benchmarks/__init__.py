"""Run methods on datasets, judge the results, and keep them.

In Python: `run` does what the command of this name does, `load` reads finished results, `predict` judges new images,
and `method` is a method by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from benchmarks.frames import Loaded
    from benchmarks.prediction.verdicts import Verdict
    from methods import Method

__all__ = ["load", "method", "predict", "run"]


def run(
    methods: str | Sequence[str] = ("differnet", "cae"),
    dataset: str = "demo",
    *,
    data: str | Path | None = None,
    results: str | Path | None = None,
    categories: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    shots: int | None = None,
    calibration: float | str = 0.1,
    preset: str | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    device: str = "auto",
    jobs: int = 1,
    job_timeout: float | None = None,
    track_epochs: bool = False,
    keep_models: str = "all",
    force: bool = False,
    format: str | Sequence[str] = (),
    quiet: bool = False,
    **data_settings: Any,
) -> pd.DataFrame:
    """Train and test methods on every category, and return a row for each job in the results folder.

    The parameters are the options of the command `run`; `settings` has those of methods, as in
    `settings={"knn": {"bank_size": 1024}}`, and `data_settings` say how files are listed and read. Finished jobs are
    not done again. A job that failed has its reason in the column `failure`. `format` names the forms of the report
    that are written, such as "csv"; by default all. `quiet`: nothing is printed.
    Raises one of `benchmarks.errors.USER_ERRORS` where nothing can be run, KeyboardInterrupt where it was stopped.
    """
    from benchmarks import frames, wording

    with wording.speaking_python():
        request = frames.asked(
            [methods] if isinstance(methods, str) else methods,
            dataset,
            settings=settings or {},
            preset=preset,
            data=data,
            results=results,
            data_settings=data_settings,
            categories=categories,
            seeds=seeds,
            shots=shots,
            calibration=calibration,
            device=device,
            track_epochs=track_epochs,
            keep_models=keep_models,
        )
        frames.do(request, at_once=jobs, minutes=job_timeout, force=force, format=format, quiet=quiet)
        return frames.load(request.results).jobs


def load(results: str | Path) -> Loaded:
    """Return `jobs` and `images` of a results folder: a row for each job, and one for each image that a job scored.

    Raises one of `benchmarks.errors.USER_ERRORS` where there is no result.
    """
    from benchmarks import frames, wording

    with wording.speaking_python():
        return frames.load(Path(results))


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
    ignore: str | Path | None = None,
    maps: bool = False,
    keep_unreadable: bool = False,
) -> Iterator[Verdict]:
    """Return an iterator over the verdicts of a finished job on new images.

    `images` are files, folders of files, or (height, width, 3) uint8 RGB arrays. Verdicts come in order, each computed
    when it is asked for; the model is loaded once. `pandas.DataFrame(verdicts)` is a table of all of them. `seed` and
    `variant` choose among several jobs. A `threshold` of your own takes the place of the calibrated one. `ignore` is a
    mask whose white pixels do not count in these images, or a folder with one for each; by default it is as in the run.
    With `maps` each verdict has its anomaly map, if the method gives one. Warns of what is lost between a file and its
    pixels, such as transparency, and of a size, aspect ratio, colour mode or brightness that training never saw: once
    for all images, after the last.
    Raises one of `benchmarks.errors.USER_ERRORS`: at once if the job cannot judge, and ImageError when the verdict of
    an unreadable image is asked for. The verdicts of the other images can still be asked for after that. With
    `keep_unreadable` such a verdict says why instead.
    """
    from benchmarks import caches, trained, wording
    from benchmarks.prediction import verdicts

    caches.provide()
    with wording.speaking_python():
        found = trained.find(Path(results), method=method, category=category, seed=seed, variant=variant)
        return wording.SpeakingPython(
            verdicts.predict(
                found,
                images,
                device=device,
                threshold=threshold,
                ignore=ignore and Path(ignore),
                with_maps=maps,
                keep_unreadable=keep_unreadable,
            )
        )


def method(name: str, **settings: Any) -> Method:
    """Return a method that has learned nothing yet, as in `method("knn", bank_size=512).train(images).score(images)`.

    `images` are (height, width, 3) uint8 RGB arrays, all normal where it is trained. Raises UsageError for a name or a
    setting that there is not.
    """
    from benchmarks import caches, plugins, wording

    caches.provide()
    with wording.speaking_python():
        return plugins.choose(name, settings).method
