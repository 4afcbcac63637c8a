"""KolektorSDD and KolektorSDD2: labels by masks, and how the images of an item are divided."""

from collections import Counter

import pytest

from benchmarks.checking import findings
from benchmarks.source import Source
from datasets import DataError
from datasets.kolektor import FIRST, SECOND, Kolektor


@pytest.fixture
def root(make_tree):
    return make_tree(Kolektor.layout)


def samples(root, category):
    return list(Kolektor().samples(root, category))


def many_items(count=9):
    parts = ((0, "empty mask"), (1, "mask"), (2, "empty mask"))
    images = {f"kos{item:02}/Part{part}.jpg": "image" for item in range(count) for part, _ in parts}
    return images | {f"kos{item:02}/Part{part}_label.bmp": mask for item in range(count) for part, mask in parts}


def test_the_mask_tells_which_images_are_defective(root):
    defective = {sample.image.name for sample in samples(root, SECOND) if sample.defect}
    assert defective == {"10002.png", "20001.png"}


def test_masks_are_never_images(root):
    names = {sample.image.stem for category in (FIRST, SECOND) for sample in samples(root, category)}
    assert not [name for name in names if name.endswith(("_GT", "_label"))]


def test_the_defective_images_of_the_training_set_are_the_validation_split(root):
    splits = {sample.image.name: sample.split for sample in samples(root, SECOND) if sample.image.name[0] == "1"}
    assert splits == {"10000.png": "train", "10001.png": "train", "10002.png": "validation"}


def test_two_thirds_of_the_items_train_with_their_normal_images_only(make_tree):
    found = samples(make_tree(many_items()), FIRST)
    train = Counter(sample.group for sample in found if sample.split == "train")
    assert len(train) == 6 and set(train.values()) == {2}
    assert Counter(sample.defect for sample in found if sample.split == "test") == {None: 6, "defect": 9}


def test_no_normal_image_is_tested_whose_item_was_trained_on(make_tree):
    found = samples(make_tree(many_items()), FIRST)
    groups = {split: {sample.group for sample in found if sample.split == split} for split in ("train", "test")}
    assert groups["test"] - {None} and not groups["train"] & groups["test"]


def test_the_split_is_this_one_on_every_machine(make_tree):
    found = samples(make_tree(many_items()), FIRST)
    assert sorted({sample.group for sample in found if sample.split == "test" and sample.group}) == [
        "kos01",
        "kos05",
        "kos07",
    ]


def test_the_root_is_the_published_folder_or_holds_it(root):
    for name in (FIRST, SECOND):
        assert Kolektor().categories(root / name) == [name]
        assert samples(root / name, name) == samples(root, name)


def test_a_folder_of_something_else_is_answered_with_what_is_expected(make_tree):
    with pytest.raises(DataError, match="neither KolektorSDD"):
        Kolektor().categories(make_tree({"bottle/000.png": "image"}))


def test_an_image_without_a_mask_is_refused(root):
    (root / SECOND / "test/20000_GT.png").unlink()
    with pytest.raises(DataError, match=r"20000\.png has no mask 20000_GT beside it"):
        samples(root, SECOND)


def test_a_mask_that_cannot_be_read_is_named(root):
    (root / SECOND / "test/20000_GT.png").write_text("no image")
    with pytest.raises(DataError, match=r"20000_GT\.png cannot be read as a mask"):
        samples(root, SECOND)


def test_a_mask_that_was_changed_is_read_again(root):
    before = samples(root, SECOND)
    (root / SECOND / "test/20000_GT.png").write_bytes((root / SECOND / "test/20001_GT.png").read_bytes())
    changed = {sample.image.name for sample in samples(root, SECOND) if sample not in before}
    assert changed == {"20000.png"}


def test_masks_beside_the_images_of_the_shared_case_are_recognised(shared_cases):
    found = samples(shared_cases / "21-ksdd/kolektor", SECOND)
    counted = Counter((sample.split, sample.defect) for sample in found)
    assert counted == {("train", None): 16, ("test", None): 6, ("test", "defect"): 6}


def test_check_says_that_the_masks_of_normal_images_are_not_used(root):
    notes = [finding.message for finding in findings.find(Source(Kolektor(), root)) if finding.category == SECOND]
    assert any(note.startswith("empty masks of normal images, not used: 3 (") for note in notes)
    assert not any("belong to no split" in note for note in notes)
