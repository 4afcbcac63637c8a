"""Read, write and replace the files in a job's folder."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from benchmarks.errors import UsageError
from benchmarks.jobs import seal
from benchmarks.jobs.layout import CURVES, FAILURE, FRESH_MODEL, JOB, MAPS, MODEL, POINT, RESULT, TUNED
from benchmarks.jobs.plan import Job
from methods import first_sentence
from reports.files import real, remove, replaced, write_text
from reports.results import DamagedResultError, Result, read, write

FEWEST_EPOCHS = 3
"""With fewer epochs, no figure is drawn, unless the method measured curves of its own."""


def write_job(job: Job) -> Path:
    """Write the file that describes a job to its process, and return its path. The folder is made if needed."""
    file = job.folder / JOB
    write_text(file, job.model_dump_json(indent=1))
    return file


def read_job(folder: Path) -> Job:
    """The job that was last begun in a folder. Raises OSError or ValidationError if its file cannot be read."""
    return Job.model_validate_json((folder / JOB).read_bytes())


def stored(job: Job) -> Result | None:
    """The stored result of the job's cell, of any key; None if there is none or it is damaged.

    Raises ResultError if another version wrote it.
    """
    try:
        return read(job.folder / RESULT, Result)
    except (FileNotFoundError, DamagedResultError):
        return None


def finished(job: Job) -> bool:
    """Whether the result of the job is stored already. Raises ResultError if another version wrote it."""
    result = stored(job)
    return result is not None and result.key == job.key and (result.tracked or not job.track_epochs)


def require_same_data(jobs: Iterable[Job]) -> None:
    """Raise UsageError if a job would replace a result on images of another folder that still exists."""
    for job in jobs:
        result = stored(job)
        if result and result.data != str(job.root) and Path(result.data).exists():
            raise UsageError(
                f"{job.folder} holds the result of {job.name} on the images in {result.data}, not in {job.root}: "
                "name another folder with --results, or replace the result with --force"
            )


def has_model(folder: Path, key: str) -> bool:
    """Whether a job's folder contains the model of the result with this key."""
    return seal.is_of(folder / MODEL, key)


def store(result: Result, job: Job) -> None:
    """Replace the model and result in a job's folder by those of the finished job. The model is sealed.

    Everything made from the old model goes too, as a model trained again differs, even under the same key. The old
    files are put aside first and deleted last: where the new ones cannot be placed, the old ones are put back and the
    error is raised. A folder that is a link stays one. The curves are drawn last, as they are made of the result.
    """
    folder = job.folder
    model = folder / MODEL
    with replaced([model, *(folder / old for old in (RESULT, POINT, MAPS, TUNED))]):
        if job.keep_model:
            fresh = folder / FRESH_MODEL
            seal.put(fresh, job.key)
            shutil.move(fresh, real(model))
        write(folder / RESULT, result)
    remove(folder / FAILURE)
    try:
        _draw_curves(result, folder)
    except Exception as error:  # whatever a figure meets, the result stays
        remark = f"the curves of the training could not be drawn: {first_sentence(error)}"
        write(folder / RESULT, result.model_copy(update={"remarks": [*result.remarks, remark]}))


def _draw_curves(result: Result, folder: Path) -> None:
    for old in folder.glob(f"{CURVES}.*"):
        old.unlink()
    if len(result.epochs) >= FEWEST_EPOCHS or result.curves:
        from reports import curves_plot, plots

        plots.save(curves_plot.training(result), folder, CURVES)
