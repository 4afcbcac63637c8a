"""DSAII: its folders and our split of them."""

import pytest

from datasets import DataError
from datasets.dsaii import DSAII, FOLDER


def layout(normal=5, anomalies=2, defects="anomaly"):
    images = {f"{FOLDER}/bucket/normal/{number:03}.png": "image" for number in range(normal)}
    images |= {f"{FOLDER}/bucket/{defects}/{number:03}.png": "image" for number in range(anomalies)}
    return images | {f"{FOLDER}/bucket/mask/{number:03}.png": "mask" for number in range(anomalies)}


def samples(root, category="bucket"):
    return list(DSAII().samples(root, category))


def trained(root, category="bucket"):
    return [sample.image.name for sample in samples(root, category) if sample.split == "train"]


def test_the_root_is_the_published_folder_or_holds_it(make_tree):
    root = make_tree(layout())
    assert samples(root) == samples(root / FOLDER)
    assert DSAII().categories(root) == DSAII().categories(root / FOLDER) == ["bucket"]


@pytest.mark.parametrize(("normal", "train"), [(1, 1), (2, 1), (5, 3), (20, 10)])
def test_half_of_the_normal_images_train_rounded_up(make_tree, normal, train):
    assert len(trained(make_tree(layout(normal)))) == train


def test_all_anomalies_test(make_tree):
    defective = [sample for sample in samples(make_tree(layout())) if sample.defect]
    assert [(sample.split, sample.masks[0].name) for sample in defective] == [("test", "000.png"), ("test", "001.png")]


def test_the_split_is_this_one_on_every_machine(make_tree):
    assert trained(make_tree(layout(8))) == ["000.png", "002.png", "004.png", "006.png"]


def test_categories_are_split_differently(make_tree):
    root = make_tree(layout(20))
    (root / FOLDER / "bucket").rename(root / FOLDER / "0")
    assert trained(root, "0") != trained(make_tree(layout(20), root / "again"))


def test_the_folder_of_anomalies_may_be_called_defect(make_tree):
    defective = [sample for sample in samples(make_tree(layout(defects="defect"))) if sample.defect]
    assert [sample.defect for sample in defective] == ["anomaly", "anomaly"]
    assert all(sample.masks for sample in defective)


def test_both_folders_of_defects_are_refused(make_tree):
    with pytest.raises(DataError, match="both anomaly and defect"):
        samples(make_tree(layout() | layout(defects="defect")))


def test_a_category_without_anomalies_is_allowed(make_tree):
    assert {sample.defect for sample in samples(make_tree(layout(anomalies=0)))} == {None}


def test_a_category_without_normal_images_is_refused(make_tree):
    with pytest.raises(DataError, match="normal holds no image"):
        samples(make_tree(layout(normal=0)))


@pytest.mark.parametrize("defects", ["anomaly", "defect"])
def test_one_category_given_as_the_root_is_refused_naming_its_folder(make_tree, defects):
    root = make_tree(layout(defects=defects)) / FOLDER
    with pytest.raises(DataError, match="bucket is one category itself") as error:
        DSAII().categories(root / "bucket")
    assert f"give the folder that holds it, {root}, with --data" in str(error.value)
    assert "--categories bucket" in str(error.value)


def test_reports_are_told_whose_split_it_is():
    assert not DSAII.counts and any("no split of DSAII was ever published" in remark for remark in DSAII.remarks)


def test_category_0_has_its_numbers(shared_data):
    found = samples(shared_data / "dsaii", "0")
    train = sum(sample.split == "train" for sample in found)
    defective = [sample for sample in found if sample.defect]
    assert (train, len(found) - train - len(defective), len(defective)) == (17, 17, 17)
    assert all(sample.masks for sample in defective)
