"""A model is used only as its training stored it, by whatever command: predict, finetune, submit, Python."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import trained
from benchmarks.errors import UsageError
from benchmarks.jobs import layout, seal
from datasets.folder import Folder
from tests import cases

CATEGORIES = {
    f"{category}/{name.partition('/')[2]}": content
    for category in ("bolt", "nut")
    for name, content in Folder.layout.items()
    if name.startswith("bottles/")
} | {f"{category}/train/good/{number}.png": "image" for category in ("bolt", "nut") for number in (1, 2)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Two trained categories, in `kept`."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def results(finished, make_tree, tmp_path) -> Path:
    if not (finished / "kept").exists():
        root = make_tree(CATEGORIES, finished / "data")
        for category in ("bolt", "nut"):
            cases.run(root, finished / "kept", "folder", category=category)
    shutil.copytree(finished / "kept", tmp_path / "kept")
    return tmp_path / "kept"


def model(results, category="bolt") -> Path:
    (folder,) = layout.of_category(results, "mean_image", category).glob(f"*/{layout.MODEL}")
    return folder


def state(results, category="bolt") -> Path:
    return next(file for file in model(results, category).iterdir() if file.suffix == ".safetensors")


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def found(results):
    return trained.find(results, method="mean_image", category="bolt")


def test_a_model_as_it_was_stored_is_used(results):
    assert found(results).method().score([np.zeros((20, 24, 3), np.uint8)])


HARM = {
    "a flipped bit": lambda results: flip(state(results), -1),
    "another category's": lambda results: shutil.copy(state(results, "nut"), state(results)),
    "a file is gone": lambda results: state(results).unlink(),
    "a file is new": lambda results: (model(results) / "more.safetensors").write_text("x"),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_a_model_that_is_not_as_it_was_stored_is_refused_and_its_file_named(results, harm):
    harm(results)
    with pytest.raises(UsageError, match=r"model: \w+\.safetensors is not as the training stored it: .* run --keep-"):
        found(results).judge()


NO_SEAL = ["", "[]", "{}", '{"result": "KEY"}', '{"result": "KEY", "files": {"a": 5}}', "KEY"]


@pytest.mark.parametrize("content", NO_SEAL)
def test_the_model_of_another_result_or_without_a_seal_is_none(results, content):
    (model(results) / layout.KEY).write_text(content.replace("KEY", found(results).result.key))
    with pytest.raises(UsageError, match="no model was kept, or one without digests"):
        found(results).judge()
    shutil.rmtree(model(results))
    shutil.copytree(model(results, "nut"), results / "jobs/mean_image/bolt" / found(results).name / layout.MODEL)
    with pytest.raises(UsageError, match="no model was kept"):
        found(results).judge()


def test_what_lies_in_folders_of_a_model_is_sealed_too(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/weights").write_bytes(b"many")
    seal.put(tmp_path, "k")
    seal.put(tmp_path, "k")  # its own file is none of the model
    assert seal.is_of(tmp_path, "k") and not seal.is_of(tmp_path, "l") and not seal.broken(tmp_path)
    flip(tmp_path / "deep/weights", 0)
    assert seal.broken(tmp_path) == ["deep/weights"]
