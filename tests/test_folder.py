"""Folder: one's own images, one category or several."""

from collections import Counter
from pathlib import Path

import pytest

from datasets import DataError
from datasets.folder import Folder

FLAT = {
    **{f"parts/OK/{number}.jpg": "image" for number in range(10)},
    **{f"parts/NG/ng{number}.jpg": "image" for number in range(3)},
    **{f"parts/MASK/ng{number}.png": "mask" for number in range(3)},
}
BESIDE = {
    **{f"part/train/good/{number}.png": "image" for number in range(3)},
    "part/test/good/0.png": "image",
    "part/test/bent/0.png": "image",
    "part/test/bent/1.png": "image",
}
ROLES = {"normal": "OK", "defect": "NG", "masks": "MASK"}


@pytest.fixture
def root(make_tree):
    return make_tree(Folder.layout)


@pytest.fixture
def flat(make_tree):
    return make_tree(FLAT)


def samples(root, category="parts", **settings):
    return list(Folder(**settings).samples(root, category))


def refused(root, category="parts", **settings):
    with pytest.raises(DataError) as error:
        samples(root, category, **settings)
    return str(error.value)


def split(found):
    return Counter((sample.split, sample.defect) for sample in found)


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


# Folders beside each other, without a split.


def test_flat_folders_are_divided_and_keep_their_masks(flat):
    found = samples(flat, **ROLES)
    assert split(found) == {("train", None): 7, ("test", None): 3, ("test", "NG"): 3}
    assert {sample.image.stem: [mask.name for mask in sample.masks] for sample in found if sample.defect} == {
        f"ng{number}": [f"ng{number}.png"] for number in range(3)
    }


def test_a_flat_category_may_be_the_root_itself(flat):
    assert Folder(**ROLES).categories(flat / "parts") == ["parts"]
    assert samples(flat / "parts", **ROLES) == samples(flat, **ROLES)


def test_the_drawn_split_depends_on_names_alone_and_is_said(flat, make_tree, tmp_path):
    moved = make_tree(dict(reversed(FLAT.items())), tmp_path / "moved")
    of = [[(each.image.relative_to(root), each.split) for each in samples(root, **ROLES)] for root in (flat, moved)]
    assert of[0] == of[1]
    (note,) = Folder(**ROLES).notes(flat, "parts")
    assert "no split is given: 7 of 10 normal images" in note and "seed 0" in note
    split = make_tree(BESIDE, tmp_path / "split")
    assert list(Folder().notes(split, "part")) == []


def test_a_drawn_split_leaves_groups_whole(make_tree):
    root = make_tree({f"parts/OK/film{film}_{frame}.png": "image" for film in range(4) for frame in range(5)})
    found = samples(root, normal="OK", groups=r"film(\d+)_")
    groups = [{sample.group for sample in found if sample.split == part} for part in ("train", "test")]
    assert [len(each) for each in groups] == [3, 1] and not groups[0] & groups[1]


def test_masks_of_normal_images_in_the_folder_of_masks_are_not_read(flat):
    (flat / "parts/MASK/3.png").write_bytes((flat / "parts/MASK/ng0.png").read_bytes())
    assert {mask.name for sample in samples(flat, **ROLES) for mask in sample.masks} == {
        "ng0.png",
        "ng1.png",
        "ng2.png",
    }


def test_several_folders_of_defects_are_types_of_their_own(flat):
    (flat / "parts/NG2").mkdir()
    (flat / "parts/NG/ng2.jpg").rename(flat / "parts/NG2/ng2.jpg")
    found = samples(flat, normal="OK", defect="NG, NG2", masks="MASK")
    assert split(found) == {("train", None): 7, ("test", None): 3, ("test", "NG"): 2, ("test", "NG2"): 1}
    assert all(sample.masks for sample in found if sample.defect)


def test_flat_folders_without_roles_are_refused_with_the_options_that_say_them(flat):
    options = "--normal OK --defect NG --masks MASK"
    assert options in refused(flat)
    assert options in refused(flat, normal="OK")
    assert options in refused(flat, normal="OKK")
    with pytest.raises(DataError, match=options):
        Folder().categories(flat / "parts")


def test_folders_whose_names_tell_nothing_are_asked_for_without_a_guess(make_tree):
    root = make_tree({f"parts/{name}/0.png": "image" for name in ("Series B", "Series A")})
    assert "(Series A, Series B) hold: --dataset folder --normal NAMES --defect NAMES" in refused(root)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"defect": "NGG"}, "--defect NGG: no image in such a folder"),
        ({"masks": "MASKS"}, r"--masks MASKS: there is no folder .*/MASKS; folders there: MASK, NG, OK"),
        ({"defect": "OK"}, "--normal and --defect both name OK"),
        ({"groups": "("}, r"--groups \(: this is no regular expression"),
        ({"groups": "film"}, "--groups film: found in no file name of category parts"),
    ],
)
def test_a_wrong_role_is_refused(flat, settings, sentence):
    with pytest.raises(DataError, match=sentence):
        samples(flat, **ROLES | settings)


# Other names below train and test.


def test_other_names_of_normal_images_below_train_and_test_are_read(make_tree):
    tree = {name.replace("good", "ok").replace("bent", "ko"): content for name, content in BESIDE.items()}
    root = make_tree(tree)
    assert "--normal ok --defect ko" in refused(root, "part")
    assert split(samples(root, "part", normal="ok")) == {("train", None): 3, ("test", None): 1, ("test", "ko"): 2}


def test_several_names_of_normal_images_are_read_and_one_that_was_not_named_is_refused(make_tree):
    root = make_tree({**BESIDE, "part/test/ok/5.png": "image"})
    assert "--normal good,ok" in refused(root, "part")
    assert split(samples(root, "part", normal="good,ok"))["test", None] == 2


def test_only_the_named_defects_below_test_are_read(make_tree):
    root = make_tree({**BESIDE, "part/test/dirt/5.png": "image"})
    assert {sample.defect for sample in samples(root, "part", defect="bent")} == {None, "bent"}
    assert "--defect dent: " in refused(root, "part", defect="dent")


# Masks beside images.


@pytest.mark.parametrize("ending", ["_GT", "_mask", "_label", "-gt", "_mask_1", ".mask", "_ground_truth"])
def test_a_file_named_as_the_mask_of_the_image_beside_it_is_no_image(make_tree, ending):
    root = make_tree({**BESIDE, f"part/test/bent/0{ending}.bmp": "mask", f"part/train/good/0{ending}.bmp": "mask"})
    found = samples(root, "part")
    assert split(found) == {("train", None): 3, ("test", None): 1, ("test", "bent"): 2}
    assert [mask.stem for sample in found for mask in sample.masks] == [f"0{ending}"]


def test_a_file_that_is_named_as_a_mask_is_an_image_where_no_image_lies_beside_it(make_tree):
    found = samples(make_tree({**BESIDE, "part/test/bent/7_label.png": "image"}), "part")
    assert split(found)["test", "bent"] == 3


def test_files_named_as_masks_are_images_if_the_user_says_so(make_tree):
    found = samples(make_tree({**BESIDE, "part/test/bent/0_label.png": "image"}), "part", masks="none")
    assert split(found)["test", "bent"] == 3 and not any(sample.masks for sample in found)


def test_an_ending_of_ones_own_is_read_and_its_mask_needs_an_image(make_tree):
    root = make_tree({**BESIDE, "part/test/bent/0_anno.png": "mask"})
    assert [mask.name for sample in samples(root, "part", masks="_anno") for mask in sample.masks] == ["0_anno.png"]
    Path(root / "part/test/bent/0.png").unlink()
    assert "0_anno.png is a mask without an image" in refused(root, "part", masks="_anno")


def test_a_mask_beside_two_images_of_its_name_is_refused(make_tree):
    root = make_tree({**BESIDE, "part/test/bent/0.jpg": "image", "part/test/bent/0_GT.png": "mask"})
    assert "0_GT.png could belong to two images named 0" in refused(root, "part")


@pytest.mark.parametrize("name", ["gut", "no_defect", "Defect-Free", "non defective", "negative", "正常", "I.O."])
def test_a_folder_named_as_normal_images_are_is_no_defect_type(make_tree, name):
    layout = {f"parts/train/good/{number}.png": "image" for number in range(3)}
    root = make_tree(layout | {f"parts/test/{name}/0.png": "image"})
    assert f"{name} would count as a defect type: if its images are normal" in refused(root)
    assert [sample.defect for sample in samples(root, defect=name) if sample.split == "test"] == [name]
    assert not any(sample.defect for sample in samples(root, normal=f"good,{name}"))


def test_groups_that_are_found_without_a_character_are_refused(make_tree):
    root = make_tree({f"parts/train/good/{number}.png": "image" for number in range(3)})
    assert "--groups x*: found in no file name" in refused(root, groups="x*")


def test_groups_that_search_a_name_without_end_are_refused(make_tree, monkeypatch):
    monkeypatch.setattr("datasets._draw.SECONDS_A_NAME", 0.1)
    root = make_tree({f"parts/train/good/{'a' * 200}{number}.png": "image" for number in range(3)})
    assert "without repetitions of repetitions" in refused(root, groups="^(a|aa)+$")


@pytest.mark.parametrize("name", ["train", "test", "ground_truth"])
def test_a_folder_of_the_layout_in_other_letters_is_named(root, name):
    folder = root / "bottles" / name
    folder.rename(folder.with_name("aside"))
    folder.with_name("aside").rename(folder.with_name(name.title()))
    if folder.is_dir():
        pytest.skip("this file system does not tell small letters from capitals")
    assert f"{name.title()} is not read, because its name must be {name}: rename it" in refused(root, "bottles")
