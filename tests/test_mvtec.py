"""MVTec AD's layout: what belongs to a category, how masks are paired, what is refused."""

import os

import pytest

from datasets import DataError
from datasets.folder import Folder
from datasets.mvtec import MVTec

SMALL = {
    "nut/train/good/000.png": "image",
    "nut/train/good/001.png": "image",
    "nut/test/good/000.png": "image",
    "nut/test/bent/000.png": "image",
    "nut/ground_truth/bent/000_mask.png": "mask",
}


def samples(root, category="nut"):
    return list(MVTec().samples(root, category))


def refused(root, category="nut"):
    with pytest.raises(DataError) as error:
        samples(root, category)
    return str(error.value)


def test_the_published_counts_add_up_to_the_published_totals():
    assert [sum(column) for column in zip(*MVTec.counts.values(), strict=True)] == [3629, 467, 1258]
    assert len(MVTec.counts) == 15


@pytest.mark.parametrize("extension", ["PNG", "jpg", "Jpeg", "bmp", "tif", "TIFF", "webp", "ppm", "pgm"])
def test_every_image_extension_is_read_in_any_case(make_tree, extension):
    root = make_tree(SMALL)
    (root / "nut/train/good/000.png").rename(root / f"nut/train/good/000.{extension}")
    assert root / f"nut/train/good/000.{extension}" in {sample.image for sample in samples(root)}


@pytest.mark.parametrize("name", ["Größe 5, 日本", 'it\'s "quoted"', "a.b.c", "x_mask", "100%", "[brackets]"])
def test_any_file_name_is_paired_with_its_mask(make_tree, name):
    if os.name == "nt" and '"' in name:
        pytest.skip("this file system has no quotes in names")
    root = make_tree({**SMALL, f"nut/test/bent/{name}.png": "image", f"nut/ground_truth/bent/{name}_mask.png": "mask"})
    masks = {sample.image.name: [mask.name for mask in sample.masks] for sample in samples(root) if sample.defect}
    assert masks == {"000.png": ["000_mask.png"], f"{name}.png": [f"{name}_mask.png"]}


@pytest.mark.parametrize("mask", ["000.png", "000_mask.bmp", "000.TIF"])
def test_a_mask_may_have_the_name_of_its_image_and_any_extension(make_tree, mask):
    root = make_tree(SMALL)
    (root / "nut/ground_truth/bent/000_mask.png").rename(root / "nut/ground_truth/bent" / mask)
    assert [each.name for sample in samples(root) for each in sample.masks] == [mask]


def test_a_defective_image_without_mask_is_allowed(make_tree):
    root = make_tree({**SMALL, "nut/test/bent/001.png": "image"})
    assert [sample.masks for sample in samples(root) if sample.image.name == "001.png" and sample.defect] == [()]


def test_a_category_without_defects_is_allowed(make_tree):
    root = make_tree({name: content for name, content in SMALL.items() if "bent" not in name})
    assert [sample.defect for sample in samples(root)] == [None, None, None]


def test_a_category_without_a_test_folder_is_allowed(make_tree):
    root = make_tree({name: content for name, content in SMALL.items() if "train" in name})
    assert [sample.split for sample in samples(root)] == ["train", "train"]


def test_a_category_without_normal_images_is_refused(make_tree):
    root = make_tree({name: content for name, content in SMALL.items() if "train" not in name})
    assert str(root / "nut" / "train" / "good") in refused(root)


def test_an_empty_category_folder_is_a_category_that_is_refused(make_tree):
    root = make_tree(SMALL)
    (root / "washer").mkdir()
    assert MVTec().categories(root) == ["nut", "washer"]
    assert str(root / "washer") in refused(root, "washer")


def test_a_mask_of_a_defect_without_images_is_refused(make_tree):
    root = make_tree({**SMALL, "nut/ground_truth/scratch/007_mask.png": "mask"})
    assert "007_mask.png is a mask without an image" in refused(root)


def test_two_masks_of_one_image_are_refused(make_tree):
    root = make_tree({**SMALL, "nut/ground_truth/bent/000.png": "mask"})
    assert "both masks of 000.png" in refused(root)


SEVERAL = {
    **{name: content for name, content in SMALL.items() if content == "image"},
    "nut/ground_truth/bent/000/0.png": "mask",
    "nut/ground_truth/bent/000/1.png": "mask",
}


@pytest.mark.parametrize("dataset", [MVTec(), Folder()])
def test_a_folder_of_masks_belongs_to_the_image_of_its_name(make_tree, dataset):
    (defective,) = (sample for sample in dataset.samples(make_tree(SEVERAL), "nut") if sample.defect)
    assert (defective.image.name, [mask.name for mask in defective.masks]) == ("000.png", ["0.png", "1.png"])


def test_masks_and_a_folder_of_masks_for_one_image_are_refused(make_tree):
    root = make_tree({**SEVERAL, "nut/ground_truth/bent/000_mask.png": "mask"})
    assert "both masks of 000.png" in refused(root)


def test_a_folder_of_masks_without_an_image_is_refused(make_tree):
    root = make_tree({**SEVERAL, "nut/ground_truth/bent/007/0.png": "mask"})
    assert "007/0.png is a mask without an image" in refused(root)


def test_a_folder_without_images_is_no_folder_of_masks(make_tree):
    root = make_tree({**SMALL, "nut/ground_truth/bent/@thumbnails/000.txt": "stray"})
    assert samples(root) == samples(make_tree(SMALL, root))


def test_masks_in_the_test_folder_are_not_taken_for_a_defect_type(make_tree):
    root = make_tree(SMALL)
    (root / "nut/ground_truth").rename(root / "nut/test/ground_truth")
    assert [(sample.defect, len(sample.masks)) for sample in samples(root) if sample.defect] == [("bent", 1)]


def test_a_mask_that_could_belong_to_two_images_is_refused(make_tree):
    root = make_tree({**SMALL, "nut/test/bent/000.jpg": "image"})
    assert "two images named 000" in refused(root)


def test_masks_of_normal_images_are_refused(make_tree):
    root = make_tree({**SMALL, "nut/ground_truth/good/000_mask.png": "mask"})
    assert "masks of normal images" in refused(root)


@pytest.mark.parametrize("name", ["Good", "normal", "OK"])
def test_a_folder_of_normal_images_is_not_taken_for_a_defect(make_tree, name):
    root = make_tree(SMALL)
    (root / "nut/test/good").rename(root / "nut/test" / name)
    assert "rename it to good" in refused(root)


def test_a_root_that_is_one_category_is_answered_with_the_way_to_read_it(make_tree):
    with pytest.raises(DataError, match="with --data, and choose it with --categories nut"):
        MVTec().categories(make_tree(SMALL) / "nut")


def test_magnetic_tile_has_its_published_numbers(shared_data):
    found = samples(shared_data / "mvtec", "magnetic_tile")
    train = sum(sample.split == "train" for sample in found)
    defective = [sample for sample in found if sample.defect]
    assert (train, len(found) - train - len(defective), len(defective)) == (761, 191, 392)
    assert all(sample.masks for sample in defective)


def test_folders_of_images_that_are_no_categories_are_answered_with_the_way_to_read_them(make_tree):
    root = make_tree({"OK/0.png": "image", "NG/0.png": "image", "MASK/0.png": "mask"})
    with pytest.raises(DataError, match="as in --dataset folder --normal OK --defect NG --masks MASK"):
        MVTec().categories(root)
