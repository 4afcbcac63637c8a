"""Runs and results for Python: requests out of its values, and results as data frames."""

import gc
import io
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from benchmarks import console, data_settings, options, plugins, results_folder
from benchmarks.errors import UsageError
from benchmarks.jobs import layout, request
from benchmarks.jobs.plan import Request
from reports import cells, csv_files, rows

STOPPED = 130
"""What a run returns that Ctrl-C stopped."""


class Loaded(NamedTuple):
    """The results of a folder."""

    jobs: pd.DataFrame
    """A row for each job, with the columns of report.csv."""
    images: pd.DataFrame
    """A row for each image that a job scored, with the columns of scores.csv."""


def asked(
    methods: Sequence[str],
    dataset: str,
    *,
    settings: Mapping[str, Mapping[str, Any]],
    data: str | Path | None,
    results: str | Path | None,
    data_settings: Mapping[str, Any],
    categories: Sequence[str],
    seeds: Sequence[int],
    shots: int | None,
    calibration: float | str,
    device: str,
    keep_models: str,
    **others: Any,
) -> Request:
    """The request for what a call asks for. Raises UsageError naming what cannot be."""
    names = options.names(",".join(methods), "--methods")
    for name in settings:
        if name not in names:
            raise plugins.nearest("method in settings (it must be one of methods)", name, names)
    if shots is not None and shots < 2:
        raise UsageError(f"--shots {shots}: expected at least 2 images")
    return request.made(
        names,
        dataset,
        settings={name: dict(settings.get(name, {})) for name in names},
        data=data and Path(data),
        results=results and Path(results),
        data_settings=_data_settings(data_settings),
        categories=[categories] if isinstance(categories, str) else list(categories),
        seeds=options.seeds(",".join(map(str, [seeds] if isinstance(seeds, int) else seeds))),
        shots=shots,
        calibration=options.calibration(str(calibration)),
        device=options.device(device),
        keep_models=options.keep_models(keep_models),
        **others,
    )


def _data_settings(given: Mapping[str, Any]) -> data_settings.DataSettings:
    known = list(data_settings.DataSettings.model_fields)
    for name in given:
        if name not in known:
            raise plugins.nearest("parameter", name, known)
    return data_settings.asked({name: None if value is None else str(value) for name, value in given.items()})


def do(
    request: Request, *, at_once: int, minutes: float | None, force: bool, format: str | Sequence[str], quiet: bool
) -> None:
    """Do the jobs of a request. Raises KeyboardInterrupt where it was stopped."""
    from benchmarks.commands import run

    if at_once < 1:
        raise UsageError(f"--jobs {at_once}: expected at least 1")
    minutes = options.minutes(minutes)
    forms = options.forms(format if isinstance(format, str) else ",".join(format))
    with console.silent() if quiet else nullcontext():
        status = run.run(request, at_once=at_once, force=force, minutes=minutes, forms=forms)
    gc.unfreeze()  # the report froze all objects, for a process that ends with it
    if status == STOPPED:
        raise KeyboardInterrupt


def load(results: Path) -> Loaded:
    """The jobs and the scores of images of a results folder. Raises UsageError where there is none."""
    from benchmarks.evaluation import result_rows

    measured, failures, scores = [], [], []
    for folder in layout.all_in(results):
        if found := results_folder.result(folder):
            measured.append(result_rows.measure(*found))
            scores.append(csv_files.score_lines(*found, measured[-1].row["threshold"]))
        elif failure := results_folder.failure(folder):
            failures.append(rows.failed_row(failure))
    if not measured and not failures:
        raise UsageError(f"--results {results}: no results there; make some with: python -m benchmarks run")
    jobs = rows.in_order([*result_rows.tables(measured).rows, *failures])
    return Loaded(pd.DataFrame(map(csv_files.with_settings, jobs)), _images(scores))


def _images(scores: Sequence[str]) -> pd.DataFrame:
    """The lines of scores.csv as a frame. A category `01` and a defect type `none` stay what they are."""
    text = io.StringIO("".join([csv_files.HEADER, *scores]))
    images = pd.read_csv(text, dtype=dict.fromkeys(csv_files.TEXTS, str), keep_default_na=False, na_values=[""])
    texts = {column: images[column].map(cells.bare, na_action="ignore") for column in csv_files.TEXTS}
    return images.assign(**texts | {"changed": texts["changed"].astype(object).fillna("")})
