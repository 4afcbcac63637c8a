"""Folder: one's own images, one category or several."""

import pytest

from datasets import DataError
from datasets.folder import Folder


@pytest.fixture
def root(make_tree):
    return make_tree(Folder.layout)


def test_one_category_is_called_by_its_folder(root):
    assert Folder().categories(root / "bottles") == ["bottles"]
    assert list(Folder().samples(root / "bottles", "bottles")) == list(Folder().samples(root, "bottles"))


def test_the_current_folder_has_a_name(root, monkeypatch):
    monkeypatch.chdir(root / "bottles")
    assert Folder().categories(root.__class__(".")) == ["bottles"]


def test_one_category_is_not_read_under_another_name(root):
    with pytest.raises(DataError, match="is the category bottles, not glasses"):
        list(Folder().samples(root / "bottles", "glasses"))


@pytest.mark.parametrize("name", ["validate", "validation"])
def test_a_labelled_validate_folder_becomes_the_validation_split(root, name):
    (root / "glasses/validate").rename(root / "glasses" / name)
    validation = [sample for sample in Folder().samples(root, "glasses") if sample.split == "validation"]
    assert [sample.defect for sample in validation] == ["defect", None]


def test_dummy_class_is_one_category_without_masks(shared_data):
    found = list(Folder().samples(shared_data / "mvtec/dummy_class", "dummy_class"))
    assert [sum(sample.split == split for sample in found) for split in ("train", "test")] == [4, 16]
    assert not any(sample.masks for sample in found)
