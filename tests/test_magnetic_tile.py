"""Magnetic tile defects as published: PNG files are masks, and the split is ours."""

from collections import Counter

import pytest

from datasets import DataError
from datasets.magnetic_tile import CATEGORY, MagneticTile


def samples(root):
    return list(MagneticTile().samples(root, CATEGORY))


def layout(normal):
    made = {f"MT_Free/Imgs/exp1_num_{number:03}.jpg": "image" for number in range(normal)}
    return made | {name: content for name, content in MagneticTile.layout.items() if "MT_Free" not in name}


def test_png_files_are_masks_and_no_images(make_tree):
    found = samples(make_tree(MagneticTile.layout))
    assert {sample.image.suffix for sample in found} == {".jpg"}
    assert [mask.name for sample in found for mask in sample.masks] == ["exp1_num_4727.png", "exp2_num_33380.png"]


def test_the_defect_types_are_named_by_their_folders(make_tree):
    found = samples(make_tree(MagneticTile.layout))
    assert [sample.defect for sample in found if sample.defect] == ["blowhole", "uneven"]


@pytest.mark.parametrize(("normal", "train"), [(5, 4), (9, 7), (10, 8)])
def test_four_fifths_of_the_normal_images_train_rounded_down(make_tree, normal, train):
    assert sum(sample.split == "train" for sample in samples(make_tree(layout(normal)))) == train


def test_the_952_published_normal_images_are_divided_as_differnets_were(make_tree):
    names = {name: "no pixel is read" for name in layout(952)}
    found = Counter((sample.split, sample.defect is None) for sample in samples(make_tree(names)))
    assert (found["train", True], found["test", True]) == MagneticTile.counts[CATEGORY][:2]


def test_the_split_is_this_one_on_every_machine(make_tree):
    tested = [sample.image.name for sample in samples(make_tree(layout(10))) if sample.split == "test"]
    assert tested[:2] == ["exp1_num_006.jpg", "exp1_num_009.jpg"]


def test_two_images_of_one_name_are_refused(make_tree):
    root = make_tree({**MagneticTile.layout, "MT_Blowhole/Imgs/exp1_num_4727.jpeg": "image"})
    with pytest.raises(DataError, match="two images named exp1_num_4727"):
        samples(root)


def test_reports_are_told_whose_split_it_is():
    assert any("no split was published" in remark for remark in MagneticTile.remarks)
