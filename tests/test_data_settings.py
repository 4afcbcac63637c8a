"""The settings of the data: read from options, part of a job's identity, followed by every command."""

import re
import shutil
import zlib

import numpy as np
import pytest
from PIL import Image

from benchmarks import data_settings
from benchmarks.data_settings import DataSettings
from benchmarks.errors import UsageError
from tests.checkout.program import CATEGORIES


def test_options_are_read_as_values():
    read = data_settings.read({"page": "3", "bands": "4,3,2", "range": "0:1.5", "alpha": None, "mask_above": "9"})
    assert read == DataSettings(page=3, bands=(4, 3, 2), range=(0, 1.5), mask_above=9)
    assert data_settings.read({"page": "all"}).every_page


def test_what_is_stored_is_read_as_it_was():
    settings = DataSettings(page=3, bands=(4, 3, 2), range=(0, 1.5), groups="film")
    assert data_settings.read(settings.changed) == settings
    assert DataSettings().changed == {}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"page": "0"}, "--page 0: expected a page from 1, or all"),
        ({"page": "first"}, "--page first: expected a page from 1, or all"),
        ({"bands": "1,2"}, "--bands 1,2: expected one band or three"),
        ({"alpha": "blak"}, "--alpha blak: expected a colour, such as white or #808080, or kept"),
        ({"exif": "no"}, "--exif no: expected obey or ignore"),
        ({"range": "1:0"}, "--range 1:0: expected two numbers, the lower one first, such as 0:1"),
        ({"range": "5"}, "--range 5: expected two numbers"),
        ({"range": "0:inf"}, "--range 0:inf: expected two numbers"),
        ({"alpha": "#12345678"}, "--alpha #12345678: expected a colour, such as white or #808080, or kept"),
        ({"mask_above": "-1"}, "--mask-above -1: expected a whole number from 0"),
        ({"megapixels": "0"}, "--megapixels 0: expected a number above 0"),
        ({"normal": " ,"}, "--normal  ,: expected names separated by commas"),
        ({"tile": "8"}, "--tile 8: expected a whole number of pixels from 16, such as 512"),
        ({"tile": "512x512"}, "--tile 512x512: expected a whole number of pixels from 16"),
        ({"tile": "64", "tile_overlap": "1"}, "--tile-overlap 1: expected a share from 0 to 0.9"),
        ({"tile": "64", "tile_score": "mean"}, "--tile-score mean: expected max, or top and a number, such as top3"),
        ({"tile": "64", "tiles_per_image": "0"}, "--tiles-per-image 0: expected a whole number from 1"),
        ({"tile_overlap": "0.25"}, "--tile-overlap counts only with --tile"),
        ({"tiles_per_image": "4"}, "--tiles-per-image counts only with --tile"),
        ({"groups": ""}, "--groups : expected a regular expression"),
    ],
)
def test_what_is_no_value_is_one_sentence_that_names_the_option(given, sentence):
    with pytest.raises(UsageError, match="^" + re.escape(sentence)) as error:
        data_settings.read(given)
    assert "\n" not in str(error.value)


def paged(folder):
    """Each image becomes the second page of a TIFF whose first page is nearly black, and shows no defect."""
    for file in folder.rglob("*/good/*.png"):
        _as_second_page(file)
    for file in folder.rglob("test/stain/*.png"):
        _as_second_page(file)


def _as_second_page(file):
    picture = Image.open(file)
    noise = np.random.default_rng(zlib.crc32(bytes(file))).integers(0, 3, (picture.height, picture.width), np.uint8)
    black = Image.fromarray(noise).convert("RGB")
    black.save(file.with_suffix(".tif"), save_all=True, append_images=[picture])
    file.unlink()


def test_a_page_is_chosen_for_the_run_and_remembered_by_finetune_and_predict(checkout):
    paged(checkout.data)
    assert checkout.compare("--categories", CATEGORIES[0]).returncode == 0
    blind = checkout.rows()
    assert (blind.image_auroc < 1).all() and blind.changed.isna().all()
    report = (checkout.results / "report.md").read_text()
    assert "have more pages than the first, which alone is seen: choose with --page N or --page all" in report

    shutil.rmtree(checkout.results)
    assert checkout.compare("--categories", CATEGORIES[0], "--page", "2").returncode == 0
    rows = checkout.rows()
    assert (rows.image_auroc == 1).all() and (rows.changed == "data.page=2").all()
    assert "have more pages" not in (checkout.results / "report.md").read_text()

    model = ["--results", str(checkout.results), "--method", "toy", "--category", CATEGORIES[0]]
    assert checkout.run(*model, "--no-figures", "--apply", command="finetune").returncode == 0
    judged = checkout.run(*model, str(checkout.data / CATEGORIES[0] / "test/stain"), command="predict")
    assert judged.stdout.count("defective") == 3


def test_runs_with_other_settings_of_the_data_stand_side_by_side(checkout):
    paged(checkout.data)
    for options in ([], ["--page", "2"], ["--page", "all"]):
        assert checkout.compare("--categories", CATEGORIES[0], *options).returncode == 0
    rows = checkout.rows().fillna({"changed": ""}).set_index("changed").image_auroc
    assert rows[""] < 1 and rows["data.page=2"] == rows["data.page=all"] == 1


def test_the_same_settings_are_not_run_again(checkout):
    checkout.compare("--categories", "bolt", "--alpha", "white")
    assert "1 finished before, 0 to do" in checkout.compare("--categories", "bolt", "--alpha", "white").stderr
    assert "0 finished before, 1 to do" in checkout.compare("--categories", "bolt", "--alpha", "kept").stderr


@pytest.mark.parametrize(("option", "given"), [("--page all", ()), ("--tile", ("16",))])
def test_images_seen_in_parts_and_leave_one_out_exclude_each_other(checkout, option, given):
    refused = checkout.compare(*option.split(), *given, "--calibration", "loo")
    assert refused.returncode == 2 and f"--calibration loo excludes {option}: " in refused.stderr


def test_check_follows_the_settings_too(checkout):
    for number, file in enumerate(checkout.data.rglob("good/*.png")):
        stored = np.random.default_rng(number).random((20, 24), np.float32)
        Image.fromarray(stored).save(file.with_suffix(".tif"))
        file.unlink()
    options = ["--dataset", "folder", "--data", str(checkout.data)]
    assert "--range LOW:HIGH" in checkout.run(*options, command="check").stdout
    assert checkout.run(*options, "--range", "0:1", command="check").returncode == 0


def test_parts_of_several_pages_are_judged_by_regions_with_overlays_and_maps(checkout, tmp_path):
    paged(checkout.data)
    assert checkout.compare("--categories", CATEGORIES[0], "--page", "all").returncode == 0
    model = ["--results", str(checkout.results), "--method", "toy", "--category", CATEGORIES[0]]
    assert checkout.run(*model, "--no-figures", "--area", "20", "--apply", command="finetune").returncode == 0
    single = checkout.data / "single.png"
    shutil.copy(checkout.data / CATEGORIES[1] / "ground_truth/stain/0_mask.png", single)
    written = ["--overlays", str(tmp_path / "overlays"), "--maps", str(tmp_path / "maps")]
    images = [str(checkout.data / CATEGORIES[0] / "test"), str(single)]
    judged = checkout.run(*model, *images, *written, command="predict")
    assert judged.returncode == 0 and "Traceback" not in judged.stderr
    assert {Image.open(file).size for file in (tmp_path / "maps").rglob("*.tiff")} == {(36, 40)}
    largest = [int(px) for px in re.findall(r"stain.* defective  regions \d  largest (\d+) px", judged.stdout)]
    assert len(largest) == 3 and all(60 <= px <= 120 for px in largest)
    assert "training never saw their number of pages" in judged.stderr and "(1, trained on 2)" in judged.stderr


def test_another_number_of_pages_in_one_file_is_named_before_training(checkout):
    paged(checkout.data)
    odd = checkout.data / CATEGORIES[0] / "train/good/3.tif"
    picture = Image.open(odd).copy()
    picture.save(odd, save_all=True, append_images=[picture, picture])
    refused = checkout.compare("--categories", CATEGORIES[0], "--page", "all")
    assert refused.returncode == 1 and "epoch" not in refused.stderr
    sentence = f"{odd} has 3 pages, and most other images of {CATEGORIES[0]} have 2, but --page all needs as many"
    assert sentence in refused.stderr and "Traceback" not in refused.stderr
    checked = checkout.run("--dataset", "folder", "--data", str(checkout.data), "--page", "all", command="check")
    assert checked.returncode == 1 and sentence in checked.stdout


def test_tiles_are_chosen_for_the_run_and_remembered_by_finetune_and_predict(checkout, tmp_path):
    chosen = ("--tile", "16", "--tiles-per-image", "4", "--categories", CATEGORIES[0])
    done = checkout.compare(*chosen)
    # 36x40 pixels have 3 x 3 tiles: 4 of each of 5 images are learned from, all of the 7 others are scored.
    said = "tiles of 16 px, overlap 25%, 4 drawn of each training image"
    assert done.returncode == 0
    assert f"{said}: methods see 83 tiles of 12 images, about 6.9 times the work" in done.stderr
    (row,) = checkout.rows().to_dict("records")
    assert row["image_auroc"] == 1 and row["pixel_auroc"] > 0.99
    assert row["changed"] == "data.tile=16 data.tiles_per_image=4"
    assert f"{said}, 9 tiles an image (of 36x40)" in (checkout.results / "report.md").read_text()
    assert "1 finished before, 0 to do" in checkout.compare(*chosen).stderr

    model = ["--results", str(checkout.results), "--method", "toy", "--category", CATEGORIES[0]]
    given = ["--no-figures", "--area", "20", "--threshold", "60", "--apply", "--force"]
    assert checkout.run(*model, *given, command="finetune").returncode == 0
    maps = tmp_path / "maps"
    folder = checkout.data / CATEGORIES[0] / "test"
    judged = checkout.run(*model, str(folder), "--maps", str(maps), command="predict")
    assert judged.returncode == 0 and "3 defective, 3 normal" in judged.stderr
    assert {Image.open(file).size for file in maps.rglob("*.tiff")} == {(36, 40)}
    largest = [int(px) for px in re.findall(r"stain.* defective  regions 1  largest (\d+) px", judged.stdout)]
    assert len(largest) == 3 and all(36 <= px <= 64 for px in largest)
