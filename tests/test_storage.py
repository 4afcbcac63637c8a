"""What is replaced is replaced whole, or stays as it was."""

import os
from pathlib import Path

import pytest

from benchmarks.jobs import plan, storage
from benchmarks.jobs.layout import FRESH_MODEL, KEY, MODEL, RESULT
from benchmarks.jobs.storage import has_model, stored
from reports.files import replaced
from tests.stored import made_result


def fails(*_, **__):
    raise OSError("disk full")


@pytest.fixture
def job(tmp_path) -> plan.Job:
    """A job with a stored result, and the model of the next one waiting."""
    result = made_result()
    job = plan.Job(
        cell=result.cell,
        key="new",
        code="c",
        root=tmp_path / "data",
        folder=tmp_path / "job",
        device="cpu",
        fit_images=2,
        scored_images=2,
        keep_model=True,
        track_epochs=False,
    )
    finish(job, "old")
    return job


def finish(job: plan.Job, key: str):
    """Store a result under this key, with a model that names it."""
    trained(job, key)
    storage.store(made_result(cell=job.cell, key=key), job.model_copy(update={"key": key}))


def trained(job: plan.Job, key: str):
    (job.folder / FRESH_MODEL).mkdir(parents=True)
    (job.folder / FRESH_MODEL / "weights").write_text(key)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_new_result_takes_the_place_of_the_old_one_and_leaves_nothing_beside_it(job):
    finish(job, "new")
    assert stored(job).key == "new" and has_model(job.folder, "new")
    assert files(job.folder) == {RESULT, f"{MODEL}/{KEY}", f"{MODEL}/weights"}


@pytest.mark.parametrize("broken", ["shutil.move", "benchmarks.jobs.storage.write"])
def test_where_the_new_result_cannot_be_placed_the_old_one_stays(job, broken, monkeypatch):
    trained(job, "new")
    monkeypatch.setattr(broken, fails)
    with pytest.raises(OSError, match="disk full"):
        storage.store(made_result(cell=job.cell, key="new"), job)
    assert stored(job).key == "old" and has_model(job.folder, "old")
    assert (job.folder / MODEL / "weights").read_text() == "old"


def test_a_model_that_was_moved_and_linked_stays_where_it_was_moved_to(job, tmp_path):
    elsewhere = tmp_path / "other disk/model"
    elsewhere.parent.mkdir()
    (job.folder / MODEL).rename(elsewhere)
    (job.folder / MODEL).symlink_to(elsewhere)
    finish(job, "new")
    assert (job.folder / MODEL).is_symlink() and (elsewhere / "weights").read_text() == "new"
    assert stored(job).key == "new" and has_model(job.folder, "new") and os.listdir(elsewhere.parent) == ["model"]


def test_a_figure_that_cannot_be_drawn_costs_no_result(job, monkeypatch):
    monkeypatch.setattr(storage, "_draw_curves", fails)
    finish(job, "new")
    assert stored(job).key == "new"
    assert stored(job).remarks[-1] == "the curves of the training could not be drawn: disk full"


def test_what_is_put_aside_comes_back_after_an_error_also_over_what_was_begun(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), replaced([tmp_path / "file", tmp_path / "missing"]):
        assert not (tmp_path / "file").exists()
        (tmp_path / "file").write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "file").read_text() == "old" and os.listdir(tmp_path) == ["file"]
