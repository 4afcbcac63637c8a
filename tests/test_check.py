"""The check of the data: what it finds, and that one bad category does not hide the others."""

import shutil
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from benchmarks import plugins
from benchmarks.checking import remarks, unread
from benchmarks.checking.findings import EVERY_CATEGORY, find
from benchmarks.data_settings import DataSettings
from benchmarks.errors import UsageError
from benchmarks.images import verify
from benchmarks.source import Source
from datasets import Counts, DataError
from datasets.folder import Folder

LAYOUT = {
    **{f"nut/train/good/{number}.png": "image" for number in range(3)},
    **{f"nut/test/good/{number}.png": "image" for number in range(2)},
    **{f"nut/test/bent/{number}.png": "image" for number in range(2)},
    **{f"nut/ground_truth/bent/{number}_mask.png": "mask" for number in range(2)},
}


FEW = "normal images may be called defective"


@pytest.fixture
def root(make_tree):
    return make_tree(LAYOUT)


def found(root, dataset=None, level=None, **options):
    """The findings, but for that on the few images that set a threshold: of such small data it is always there."""
    findings = [each for each in find(Source(dataset or Folder(), root), **options) if FEW not in each.message]
    return [finding for finding in findings if level in (None, finding.level)]


def one(root, level, **options):
    (finding,) = found(root, level=level, **options)
    return finding.message


def blank(path, size=(24, 20)):
    Image.new("L", size).save(path)


def test_sound_data_give_their_numbers_and_nothing_else(root):
    (finding,) = found(root)
    assert finding == ("note", "nut", "train 3, test 2 normal and 2 defective (bent 2)")


@pytest.mark.parametrize(
    ("normal", "sets"), [(3, "1 normal image of 3 sets"), (194, "19 normal images of 194 set"), (200, "")]
)
def test_fewer_than_twenty_calibration_images_are_a_warning_with_what_to_do(make_tree, normal, sets):
    root = make_tree(LAYOUT | {f"nut/train/good/{number}.png": "image" for number in range(normal)})
    warned = [each.message for each in find(Source(Folder(), root)) if FEW in each.message and each.level == "warning"]
    assert len(warned) == bool(sets)
    for message in warned:
        assert message.startswith(f"by default {sets} the threshold: 1 in ")
        assert message.endswith("or run --calibration loo with a method that can")
        assert ("add normal images" if normal == 3 else "run --calibration 0.2") in message


def test_leave_one_out_is_not_advised_with_tiles_which_exclude_it(root):
    (message,) = [each.message for each in find(Source(Folder(), root, DataSettings(tile=16))) if FEW in each.message]
    assert message.endswith("; add normal images")


def test_categories_that_are_numbers_come_in_the_order_of_numbers(root):
    for number in (0, 1, 2, 10):
        shutil.copytree(root / "nut", root / str(number))
    assert [finding.category for finding in found(root, level="note")] == ["0", "1", "2", "10", "nut"]


def test_numbers_as_published_are_said_to_be(root):
    class Known(Folder):
        counts: ClassVar = {"nut": Counts(3, 2, 2)}

    assert one(root, "note", dataset=Known()).endswith("as published")


def test_numbers_other_than_published_are_a_warning(root):
    class Known(Folder):
        counts: ClassVar = {"nut": Counts(3, 2, 9)}

    assert "the published counts are train 3, test 2 normal and 9 defective" in one(root, "warning", dataset=Known())


def test_published_categories_that_are_not_there_are_a_note(root):
    class Known(Folder):
        counts: ClassVar = {"nut": Counts(3, 2, 2), "bolt": Counts(3, 2, 2)}

    absent = [finding.message for finding in found(root, Known()) if finding.category == EVERY_CATEGORY]
    assert len(absent) == 1 and absent[0].endswith(": bolt")
    assert not [finding for finding in found(root, Known(), categories=["nut"]) if finding.category == EVERY_CATEGORY]


def test_images_that_cannot_be_used_are_errors_one_for_each_reason(root):
    for name, content in {"train/good/0": b"\x89PNG", "train/good/1": b"", "test/bent/1": b"\x89PNG"}.items():
        (root / f"nut/{name}.png").write_bytes(content)
    messages = [finding.message for finding in found(root, level="error")]
    assert len(messages) == 2 and "0.png cannot be read" in messages[0] and "1.png cannot be read" in messages[1]
    assert messages[0].endswith("; the same holds for 1 (nut/test/bent/1.png)") and "the same" not in messages[1]


def test_of_many_images_that_cannot_be_used_for_one_reason_the_first_are_named(root):
    for file in (root / "nut").glob("t*/*/*.png"):
        file.write_bytes(b"")
    (message,) = [finding.message for finding in found(root, level="error")]
    assert "the file is empty" in message and "the same holds for 6 (nut/train/good/1.png, " in message


def test_of_many_reasons_the_first_are_told_and_the_other_images_counted(root):
    for number, file in enumerate(sorted((root / "nut").glob("t*/*/*.png"))):
        Image.new("L", (20 + number, 20)).save(file)
    settings = DataSettings(megapixels=1e-5)
    messages = [each.message for each in find(Source(Folder(), root, settings)) if each.level == "error"]
    assert len(messages) == 4 and messages[-1] == "4 more of the 7 images cannot be used"


def test_a_mask_of_another_aspect_is_a_warning(root):
    blank(root / "nut/ground_truth/bent/0_mask.png", size=(20, 6))
    assert "1 of 2 masks (nut/test/bent/0.png) have another aspect than their image" in one(root, "warning")


def test_an_empty_mask_is_a_warning(root):
    blank(root / "nut/ground_truth/bent/0_mask.png")
    assert one(root, "warning").endswith("empty masks, left out of pixel metrics: 1 (nut/ground_truth/bent/0_mask.png)")


def test_a_defective_image_without_mask_is_a_warning(root):
    (root / "nut/ground_truth/bent/0_mask.png").unlink()
    assert one(root, "warning").endswith("without a mask, left out of pixel metrics: 1 (nut/test/bent/0.png)")


def test_without_any_mask_it_is_a_note(root):
    shutil.rmtree(root / "nut/ground_truth")
    assert not found(root, level="warning")
    assert any("no pixel metrics" in finding.message for finding in found(root, level="note"))


def test_jpeg_masks_are_a_warning(root):
    path = root / "nut/ground_truth/bent/0_mask.png"
    Image.open(path).save(path.with_suffix(".jpg"))
    path.unlink()
    assert "traces of a lossy codec" in one(root, "warning")


def test_different_image_sizes_are_a_note(root):
    blank(root / "nut/train/good/0.png", size=(30, 20))
    notes = [finding.message for finding in found(root, level="note")]
    assert "2 image sizes, 24 to 30 pixels wide and 20 high" in notes


def test_the_same_picture_in_train_and_test_is_a_warning_whatever_its_format(root):
    Image.open(root / "nut/train/good/0.png").save(root / "nut/test/good/copy.bmp")
    assert "1 (nut/train/good/0.png = nut/test/good/copy.bmp)" in one(root, "warning")


def test_the_same_picture_twice_in_train_is_no_finding(root):
    shutil.copy(root / "nut/train/good/0.png", root / "nut/train/good/copy.png")
    assert not found(root, level="warning")


def said(root):
    """The remarks of a result on the data."""
    samples = list(Folder().samples(root, "nut"))
    return remarks.on_images(samples, verify(samples), root)


def test_a_result_on_sound_data_has_nothing_to_say(root):
    shutil.copy(root / "nut/train/good/0.png", root / "nut/train/good/copy.png")
    assert said(root) == []


def test_a_result_says_which_test_images_are_training_images_whatever_their_format(root):
    Image.open(root / "nut/train/good/0.png").save(root / "nut/test/good/copy.bmp")
    assert said(root) == ["1 test image is identical to training images: nut/test/good/copy.bmp"]


def test_a_result_names_three_of_many_such_images(root):
    for number in range(5):
        shutil.copy(root / "nut/train/good/0.png", root / f"nut/test/good/copy {number}.png")
    named = ", ".join(f"nut/test/good/copy {number}.png" for number in range(3))
    assert said(root) == [f"5 test images are identical to training images: {named}, ..."]


def test_a_result_says_which_validation_images_are_training_images(root):
    (root / "nut/validation/good").mkdir(parents=True)
    shutil.copy(root / "nut/train/good/0.png", root / "nut/validation/good/copy.png")
    assert said(root) == ["1 validation image is identical to training images: nut/validation/good/copy.png"]


def sixteen_bits(path, highest):
    values = np.random.default_rng(len(str(path)) + highest).integers(0, highest, (20, 24), dtype=np.uint16)
    values[3, 4] = highest
    Image.fromarray(values).save(path)


DARK = "no 16-bit image exceeds 4095 of 65535, so they come out nearly black: use --range 0:4095"


def test_12_bits_in_files_of_16_are_one_warning_and_a_remark(root):
    for number, highest in enumerate((4000, 4095, 3900)):
        sixteen_bits(root / f"nut/train/good/{number}.png", highest)
    assert one(root, "warning") == DARK
    assert said(root) == [DARK]


def test_16_bit_images_that_use_their_range_are_no_finding(root):
    for number, highest in enumerate((4000, 4096, 3900)):
        sixteen_bits(root / f"nut/train/good/{number}.png", highest)
    assert not found(root, level="warning") and not said(root)


def test_dark_images_of_8_bits_are_no_finding(root):
    for number in range(3):
        Image.new("L", (24, 20), number).save(root / f"nut/train/good/{number}.png")
    assert not found(root, level="warning") and not said(root)


def test_one_training_image_is_an_error(root):
    for number in (1, 2):
        (root / f"nut/train/good/{number}.png").unlink()
    assert "at least 2" in one(root, "error")


@pytest.mark.parametrize("gone", ["good", "bent"])
def test_a_test_split_without_both_labels_is_a_note(root, gone):
    shutil.rmtree(root / "nut/test" / gone)
    shutil.rmtree(root / "nut/ground_truth")
    assert not found(root, level="error")
    assert any("AUROC will be n/a" in finding.message for finding in found(root, level="note"))


def test_a_group_in_train_and_test_is_an_error(root):
    class Tracked(Folder):
        def samples(self, root, category):
            return (replace(sample, group=f"track {sample.image.stem}") for sample in super().samples(root, category))

    assert one(root, "error", dataset=Tracked()).endswith("2 (track 0, track 1); move each group to one side")


def test_masks_beside_their_images_are_said_and_so_are_masks_that_are_not_read(make_tree):
    beside = {f"nut/{place}_GT.png": "mask" for place in ("test/bent/0", "test/bent/1", "train/good/0")}
    empty = {f"nut/train/good/{number}_GT.png": "empty mask" for number in (1, 2)}
    root = make_tree({name: content for name, content in LAYOUT.items() if content == "image"} | beside | empty)
    notes, warning = [each.message for each in found(root, level="note")], one(root, "warning")
    assert "read as masks and not as images" in notes[1] and ": 2 (nut/test/bent/0_GT.png, nut" in notes[1]
    assert warning == (
        "masks of normal images that are not empty: 1 (nut/train/good/0_GT.png); nothing reads them: are these images "
        "normal?"
    )
    few = "nut/train/good/1_GT.png, nut/train/good/2_GT.png"
    assert f"empty masks of normal images: 2 ({few}); nothing reads them" in notes


def test_groups_are_said_with_the_number_of_images_that_have_none(make_tree):
    root = make_tree({f"nut/train/good/{name}.png": "image" for name in ("film1_0", "film1_1", "film2_0", "loose")})
    notes = [each.message for each in found(root, Folder(groups=r"film(\d)_"), level="note")]
    kept = "2 groups of images, none divided between training and threshold"
    sentence = f"{kept}; 1 of the 4 images have none, so that each is a group of its own"
    assert sentence in notes


def test_images_that_belong_to_no_split_are_a_warning(root):
    shutil.copytree(root / "nut/train/good", root / "nut/train/bad")
    assert "belong to no split: 3 (3 in nut/train/bad); nothing reads them" in one(root, "warning")


def test_folders_with_images_that_nothing_reads_are_counted_wherever_they_lie_in_the_category(root):
    shutil.copytree(root / "nut/train", root / "nut/test_private/deep/er")
    shutil.copy(root / "nut/train/good/0.png", root / "nut/preview.png")
    message = one(root, "warning")
    assert "belong to no split: 4 (nut/preview.png, 3 in nut/test_private); nothing reads them" in message
    assert unread.remarks(Source(Folder(), root), "nut", list(Folder().samples(root, "nut"))) == [message]


def test_images_that_belong_to_no_category_are_a_warning(make_tree):
    visa = plugins.dataset("visa")
    root = make_tree({**visa.layout, "notes/readme.txt": "", "pcb9/Normal/0.JPG": "image", "0.JPG": "image"})
    message = "images that belong to no category, in: 2 (0.JPG, pcb9); nothing reads them"
    assert ("warning", EVERY_CATEGORY, message) in found(root, visa)
    assert not [finding for finding in found(root, visa, categories=["cashew"]) if finding.category == EVERY_CATEGORY]


@pytest.mark.parametrize("name", ["wrong.dat", "raw.heic", "without_extension", "parts.zip"])
def test_files_that_may_be_images_under_another_extension_are_a_warning(root, name):
    shutil.copy(root / "nut/train/good/0.png", root / "nut/test/good" / name)
    assert one(root, "warning").endswith(f"as their extension is not one of images: 1 (nut/test/good/{name})")


@pytest.mark.parametrize("name", ["Thumbs.db", ".DS_Store", "readme.txt", "LICENSE", ".ipynb_checkpoints/0.png"])
def test_text_and_system_files_are_no_finding(root, name):
    (root / "nut/test/good" / name).parent.mkdir(exist_ok=True)
    shutil.copy(root / "nut/train/good/0.png", root / "nut/test/good" / name)
    assert not found(root, level="warning")


def test_a_visa_image_that_the_split_leaves_out_is_a_warning(make_tree):
    visa = plugins.dataset("visa")
    layout = {**visa.layout, "candle/Data/Images/Normal/9999.JPG": "image"}
    warnings = [finding.message for finding in found(make_tree(layout), visa, level="warning")]
    assert any("belong to no split: 1 (candle/Data/Images/Normal/9999.JPG)" in message for message in warnings)


def test_images_with_several_defect_types_count_under_each_and_that_is_said(make_tree):
    notes = [finding.message for finding in found(make_tree(plugins.dataset("visa").layout), plugins.dataset("visa"))]
    types = "chunk of wax missing 2, wax melded 1; 1 image has several defect types, counted under each"
    assert any(f"({types})" in message for message in notes)


def test_a_bad_category_does_not_hide_the_others(root):
    (root / "bolt/ground_truth/bent").mkdir(parents=True)
    errors = {finding.category for finding in found(root, level="error")}
    notes = {finding.category for finding in found(root, level="note")}
    assert (errors, notes) == ({"bolt"}, {"nut"})


def test_only_the_categories_asked_for_are_checked(root):
    (root / "bolt").mkdir()
    assert not found(root, level="error", categories=["nut"])


def test_an_unknown_category_is_wrong_use(root):
    with pytest.raises(UsageError, match="unknown category 'bolt'"):
        found(root, categories=["bolt"])


def test_no_such_folder_is_wrong_use(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        found(tmp_path / "nowhere")


def test_remarks_of_the_dataset_are_notes(root):
    class Made(Folder):
        remarks = ("made data",)

    assert ("note", EVERY_CATEGORY, "made data") in found(root, Made())


def test_progress_counts_every_image_once(root):
    told = []
    found(root, advance=lambda done, of: told.append((done, of)))
    assert told == [(done, 7) for done in range(1, 8)]


def test_a_manifest_is_written_that_checks_alike_and_replaces_no_file(checkout, tmp_path):
    file = tmp_path / "parts.csv"
    arguments = ("--dataset", "folder", "--data", str(checkout.data), "--write-manifest", str(file))
    first = checkout.run(*arguments, command="check")
    assert first.returncode == 0 and f"24 images in {file}: read it with --dataset manifest" in first.stdout
    again = checkout.run("--dataset", "manifest", "--data", str(file), command="check")
    lines = [line for line in first.stdout.splitlines() if line.startswith("note ")]
    assert lines and lines == [line for line in again.stdout.splitlines() if line.startswith("note ")]
    refused = checkout.run(*arguments, command="check")
    assert refused.returncode == 2 and "there is such a file" in refused.stderr


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("parts/bolt/x.png", "expected the name of a table"), ("notes.txt/m.csv", "notes.txt is no folder that can be")],
)
def test_a_manifest_that_cannot_be_written_is_refused_before_an_image_is_read(checkout, name, sentence):
    (checkout.folder / "notes.txt").touch()
    arguments = ("--dataset", "folder", "--data", str(checkout.data), "--write-manifest", name)
    refused = checkout.run(*arguments, command="check")
    assert refused.returncode == 2 and sentence in refused.stderr and refused.stdout == ""


def test_the_options_that_read_a_manifest_can_be_pasted_into_a_shell(checkout):
    arguments = ("--dataset", "folder", "--data", str(checkout.data), "--write-manifest", "my parts/all.csv")
    (told,) = checkout.run(*arguments, command="check").stdout.splitlines()[-1:]
    assert told.endswith(f"--dataset manifest --data '{checkout.folder.resolve()}/my parts/all.csv'")


def test_magnetic_tile_has_four_empty_masks_and_several_exposures_of_many_tiles(shared_data):
    empty, training, test = found(shared_data / "mvtec", level="warning", categories=["magnetic_tile"])
    assert "empty masks, left out of pixel metrics: 4" in empty.message
    assert "training images are near-duplicates of other training images" in training.message
    assert "of 583 test images are near-duplicates of training images" in test.message
