"""BTAD: its own names for normal and defective, and masks whose extension is not that of their images."""

import pytest

from datasets import DataError
from datasets.btad import BTAD


def test_the_counts_add_up_to_the_published_totals():
    train, normal, defective = (sum(column) for column in zip(*BTAD.counts.values(), strict=True))
    assert (train, normal + defective, defective) == (1799, 741, 290)


def test_a_bmp_image_has_its_png_mask(make_tree):
    found = BTAD().samples(make_tree(BTAD.layout), "01")
    masks = {sample.image.name: sample.masks[0].name for sample in found if sample.defect}
    assert masks == {"0000.bmp": "0000.png", "0001.bmp": "0001.png"}


def test_a_folder_of_another_name_for_normal_images_is_not_taken_for_a_defect_type(make_tree):
    root = make_tree(BTAD.layout)
    (root / "01/test/ok").rename(root / "01/test/good")
    with pytest.raises(DataError, match="rename it to ok"):
        list(BTAD().samples(root, "01"))
