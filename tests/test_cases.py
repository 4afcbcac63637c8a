"""Situations that users reported, each as small synthetic parts: what is said, and what a run reaches that obeys it."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from PIL import Image

from benchmarks.submission import making
from datasets import DataError
from tests import cases
from tests.regions import white

RIGHT = (1.0, 1.0)
"""Image and pixel AUROC of parts whose defects are plain to see."""


@pytest.fixture
def run(tmp_path) -> Callable[..., cases.Reached]:
    """`cases.run`, with a results folder of the test's own."""
    return lambda root, dataset="mvtec", **options: cases.run(root, tmp_path / "results", dataset, **options)


def one(sentences: Iterable[str], level: str, *fragments: str) -> None:
    """Hold that exactly one finding of a level has all fragments."""
    fitting = [each for each in sentences if each.startswith(level) and all(part in each for part in fragments)]
    assert len(fitting) == 1, f"{level}: {fragments} in\n" + "\n".join(sentences)


def test_a_serial_number_is_named_with_its_place(shared_cases):
    one(cases.said(shared_cases / "08-serial", "folder"), "warning part: top right, 88x12 px", "(156, 16)", "a label?")


def test_loco_masks_are_merged_validation_sets_the_threshold_and_two_kinds_of_defects_are_told_apart(shared_cases, run):
    root = shared_cases / "01-loco"
    one(cases.said(root, "mvtec_loco"), "note", "(logical_anomalies 4, structural_anomalies 4), validation 4")
    reached = run(root, "mvtec_loco")
    assert reached.aurocs == RIGHT
    assert reached.row["calibration_images"] == 1 + 4  # held out of training, and of validation
    assert [each["defect"] for each in reached.defects] == ["logical_anomalies", "structural_anomalies"]


def test_private_images_of_ad2_are_named_and_scored_for_a_submission(shared_cases, run, tmp_path):
    root, sent = shared_cases / "02-mvtecad2", tmp_path / "sent"
    one(cases.said(root, "mvtec_ad2"), "note", "images without a label, in no split: 3")
    reached = run(root, "mvtec_ad2")
    assert reached.aurocs == RIGHT
    (task,) = making.tasks([reached.trained], sent, rule="baseline", data=None)
    making.make(task, task.targets, device="cpu", advance=lambda done, of: None)
    made = sorted(file.relative_to(sent).as_posix() for file in sent.rglob("*.*"))
    names = [f"can/test_private/00{number}_regular" for number in range(3)]
    maps, binary = "anomaly_images", "anomaly_images_thresholded"
    assert made == [*(f"{maps}/{name}.tiff" for name in names), *(f"{binary}/{name}.png" for name in names)]


def test_another_layout_than_the_one_asked_for_is_not_read_in_part_without_a_word(shared_cases):
    one(cases.said(shared_cases / "02-mvtecad2"), "warning", "images that belong to no split: 23")


def test_flat_folders_are_named_and_read_as_the_sentence_says(shared_cases, run):
    root = shared_cases / "04-flat/parts"
    with pytest.raises(DataError, match="--normal OK --defect NG --masks MASK"):
        cases.said(root, "folder")
    roles = {"normal": "OK", "defect": "NG", "masks": "MASK"}
    one(cases.said(root, "folder", **roles), "note", "no split is given: 14 of 20 normal images")
    assert run(root, "folder", **roles).aurocs == RIGHT


def test_soft_masks_are_said_and_cut_at_half_of_their_highest_value(shared_cases, run):
    root = shared_cases / "06-masks"
    one(cases.said(root), "warning bilinear", "all 6 masks have values between 0 and their highest", "--mask-above")
    assert run(root, category="bilinear").aurocs == RIGHT
    assert run(root, category="bilinear", mask_above="0").aurocs[1] < 0.8


def test_inverted_masks_are_said_by_what_they_cover(shared_cases):
    one(cases.said(shared_cases / "06-masks"), "warning inverted", "all 6 masks cover more than half of their image")


def test_new_images_of_another_camera_a_crop_and_a_thumbnail_are_warned_of(shared_cases, run):
    printed = run(shared_cases / "07-sizes/data").judge(shared_cases / "07-sizes/new")
    assert "5 of 8 images: training never saw their size" in printed
    assert "(160 x 160, trained on 300 x 200)" in printed
    assert "4 of 8 images: training never saw their aspect ratio" in printed


def test_masks_of_half_the_size_are_enlarged_and_it_is_said(shared_cases, run):
    root = shared_cases / "07-sizes/halfmasks"
    one(cases.said(root), "warning", "all 6 masks have another size than their image", "nearest neighbour")
    image_auroc, pixel_auroc = run(root).aurocs
    assert image_auroc == 1 and pixel_auroc > 0.99


def test_a_label_that_changes_on_every_part_hides_no_defect_where_it_is_ignored(shared_cases, run, tmp_path):
    root, label = shared_cases / "08-serial", np.zeros((192, 256), bool)
    label[8:37, 148:254] = True
    as_it_is = run(root, method="knn", changed=cases.LIGHT_KNN)
    ignoring = run(root, method="knn", changed=cases.LIGHT_KNN, ignore=str(white(tmp_path / "label.png", label)))
    assert as_it_is.row["true_positive_rate"] < 0.5
    label_asked = [
        any("a label?" in each for each in cases.said(root, **given))
        for given in ({}, {"ignore": str(tmp_path / "label.png")})
    ]
    assert label_asked == [True, False]
    assert ignoring.row["true_positive_rate"] == ignoring.row["image_auroc"] == 1
    assert "ignored regions (" in ignoring.row["remarks"]


def test_transparent_pixels_are_black_and_said_by_check_report_and_predict(shared_cases, run):
    root = shared_cases / "10-alpha"
    one(cases.said(root), "warning", "all 44 images have transparent pixels, which were painted black", "--alpha")
    reached = run(root)
    assert reached.aurocs == RIGHT and "painted black" in reached.row["remarks"]
    printed = reached.judge(root / "alpha/test/good/000.png")
    assert "1 of 1 images (000.png) have transparent pixels, which were painted black" in printed
    assert "painted black" not in " ".join(cases.said(root, alpha="black"))


def test_what_lies_under_alpha_makes_no_difference(shared_cases, run, tmp_path):
    file = shared_cases / "10-alpha/alpha/test/good/000.png"
    values = np.array(Image.open(file))
    values[values[..., 3] == 0, :3] = 0
    by_hand = tmp_path / "new/000.png"
    by_hand.parent.mkdir()
    Image.fromarray(values[..., :3]).save(by_hand)
    reached = run(shared_cases / "10-alpha")
    scores = [reached.judge(each).split("score")[1].split()[0] for each in (file, by_hand)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("category", "sentence", "as_obeyed"),
    [
        ("upside_down", "turned by their EXIF data, and are not turned themselves", 0.565),
        ("sideways_square", "turned by their EXIF data, and are not turned themselves", 0.51),
        ("sideways", "lie sideways to their image", None),
    ],
)
def test_masks_drawn_on_the_stored_pixels_are_said_and_fit_where_exif_is_ignored(
    shared_cases, run, category, sentence, as_obeyed
):
    root = shared_cases / "11-exif"
    found = cases.said(root)
    one(found, f"note {category}:", "all 26 images were turned upright")
    one(found, f"warning {category}:", "all 5 masks", sentence, "--exif ignore")
    assert run(root, category=category).aurocs == (1, as_obeyed)
    assert run(root, category=category, exif="ignore").aurocs == RIGHT


def test_pages_are_said_and_seen_by_choice(shared_cases, run):
    root = shared_cases / "12-multilight"
    one(cases.said(root), "warning", "all 32 images have more pages than the first", "--page N or --page all")
    first = run(root)
    assert first.aurocs[0] < 0.5
    assert "1 of 1 images (000.tif) have more pages than the first" in first.judge(root / "part/test/spot/000.tif")
    assert run(root, page="3").aurocs == run(root, page="all").aurocs == RIGHT


def test_a_fourth_band_is_said_and_seen_by_choice(shared_cases, run):
    root = shared_cases / "13-bands/rgbn4"
    one(cases.said(root), "warning", "all 24 images have more bands than are seen", "--bands")
    assert run(root).aurocs[0] < 0.5
    assert run(root, bands="4").aurocs == RIGHT


def test_floating_point_images_can_be_used_with_the_range_that_the_sentence_asks_for(shared_cases, run):
    root = shared_cases / "13-bands/float32"
    assert any("--range LOW:HIGH, such as 0:1" in each for each in cases.said(root) if each.startswith("error"))
    assert not [each for each in cases.said(root, range="0:1") if each.startswith("error")]
    assert run(root, range="0:1").aurocs == RIGHT


def test_masks_beside_their_images_are_no_defects(shared_cases, run):
    root = shared_cases / "21-ksdd"
    one(cases.said(root), "note", "test 6 normal and 6 defective")
    reached = run(root)
    assert reached.aurocs == RIGHT and reached.row["test_defective"] == 6
    assert run(root / "kolektor", "kolektor").aurocs == RIGHT


def test_crops_of_the_same_films_are_said_and_groups_keep_the_promise_on_new_films(shared_cases, run):
    root, new = shared_cases / "20-patches/data", shared_cases / "20-patches/new"
    found = cases.said(root)
    one(found, "warning", "141 of 141 training images are near-duplicates of other training images", "--groups PATTERN")
    one(found, "warning", "67 of 67 test images are near-duplicates of training images")
    films = {"groups": r"f(\d+)_"}
    one(cases.said(root, **films), "error", "groups with images in both train and test")
    as_it_is = run(root, method="knn", changed=cases.LIGHT_KNN)
    by_film = run(root, method="knn", changed=cases.LIGHT_KNN, **films)
    assert as_it_is.aurocs[0] > 0.98 and as_it_is.row["false_positive_rate"] < 0.05  # on crops of the same films
    assert "test images are near-duplicates of training images" in as_it_is.row["remarks"]
    assert "8 defective, 7 normal" in as_it_is.judge(new)
    assert "0 defective, 15 normal" in by_film.judge(new)


def test_copies_of_training_images_stay_together_and_no_promise_is_broken(shared_cases, run):
    root = shared_cases / "25-copies"
    one(cases.said(root), "note", "40 training images show 10 pictures: identical ones stay on one side")
    row = run(root).row
    assert row["calibration_images"] == 1 and row["false_positive_rate"] <= row["promised_false_alarm_share"] == 0.5
    assert "3 held-out images are identical to another one and left aside" in row["remarks"]
