"""A job whose data, or whose file of weights, changes after it was planned has no result."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import plugins
from benchmarks.errors import USER_ERRORS
from benchmarks.jobs import changes, plan, protocol
from datasets.folder import Folder
from methods import MethodError

ONE = {name: content for name, content in Folder.layout.items() if name.startswith("bottles/")}
MORE = {f"bottles/train/good/{number}.png": "image" for number in range(5)}


@pytest.fixture
def root(make_tree) -> Path:
    return make_tree(ONE | MORE)


def planned(root: Path) -> plan.Job:
    choice = plugins.choose("mean_image", {})
    request = plan.Request([choice], "folder", root, root.parent / "kept", keep_models=False, device="cpu")
    (job,) = plan.plan(request)
    return job


def replaced(root):
    shutil.copy(root / "bottles/train/good/1.png", root / "bottles/train/good/0.png")


def replaced_as_old(root):
    """The same size and time, as a tool that keeps times leaves them."""
    file = root / "bottles/test/good/000.png"
    before, pixels = file.stat(), file.read_bytes()
    file.write_bytes(pixels[:-20] + bytes([pixels[-20] ^ 1]) + pixels[-19:])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def added(root):
    shutil.copy(root / "bottles/train/good/1.png", root / "bottles/train/good/new.png")


def removed(root):
    (root / "bottles/train/good/4.png").unlink()


def mask(root):
    with open(root / "bottles/ground_truth/scratch/000_mask.png", "ab") as file:
        file.write(b"more")


def relabelled(root):
    shutil.move(root / "bottles/test/scratch/001.png", root / "bottles/test/good/001.png")
    (root / "bottles/ground_truth/scratch/001_mask.png").unlink()


CHANGES = {
    replaced: r"other contents 1 \(bottles/train/good/0\.png\)",
    replaced_as_old: r"other contents 1 \(bottles/test/good/000\.png\)",
    added: r"added 1 \(bottles/train/good/new\.png\)",
    removed: r"removed 1 \(bottles/train/good/4\.png\)",
    mask: r"other contents 1 \(bottles/ground_truth/scratch/000_mask\.png\)",
    relabelled: r"added 1 \(bottles/test/good/001\.png\); removed 2 \(bottles/ground_truth/scratch/001_mask\.png",
}


@pytest.mark.parametrize("stage", ["before", "comparing images"])
@pytest.mark.parametrize(("change", "sentence"), CHANGES.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_changes_until_the_job_ends_costs_the_result_and_is_named(root, change, sentence, stage):
    job, left = planned(root), [change]

    def tell(progress):
        if progress.stage == stage and left:
            left.pop()(root)

    if stage == "before":
        left.pop()(root)
    with pytest.raises(USER_ERRORS, match=f"the data of bottles changed after the run was planned: .*{sentence}"):
        protocol.run(job, tell)


def test_what_was_planned_and_stays_has_a_result_under_its_key(root):
    removed(root)
    job = planned(root)
    assert protocol.run(job, lambda progress: None).key == job.key


def test_a_file_that_is_gone_before_a_second_plan_is_not_named_as_removed_since(root):
    planned(root)
    removed(root)
    job = planned(root)
    added(root)
    with pytest.raises(USER_ERRORS, match=r"planned: added 1 \([^)]*\): do the same run again"):
        protocol.run(job, lambda progress: None)


def test_a_file_of_weights_is_that_of_the_plan(root):
    job = planned(root).model_copy(update={"depends_on": {"weights": "old"}})
    with pytest.raises(MethodError, match="mean_image: weights changed after the run was planned"):
        changes.require_same_files(job, SimpleNamespace(depends_on=lambda: {"weights": "new"}))
    changes.require_same_files(job, SimpleNamespace(depends_on=lambda: {"weights": "old"}))
