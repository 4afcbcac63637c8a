"""The command `submit`: files for a benchmark server, made by jobs of the toy method, and their check."""

import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.measure import label, regionprops

from benchmarks.source import Source
from benchmarks.submission import check, files, making
from datasets.mvtec_ad2 import MVTecAD2
from reports.results import OperatingPoint, read
from tests.checkout.program import SIZE, Checkout, write_image

PRIVATE = {
    "can/test_private/000_regular": True,
    "can/test_private/001_regular": False,
    "can/test_private_mixed/000_mixed": True,
}
"""The private images of the category `can`, and whether they have a stain."""


class Small(MVTecAD2):
    """MVTec AD 2 with as many images as are there."""

    counts: ClassVar = {}
    unlabelled_counts: ClassVar = {}


def write_category(folder: Path, seed: int) -> None:
    for index in range(6):
        write_image(folder / f"train/good/{index:03}_regular.png", seed + index)
    for index in range(2):
        write_image(folder / f"validation/good/{index:03}_regular.png", seed + 10 + index)
        write_image(folder / f"test_public/good/{index:03}_regular.png", seed + 20 + index)
        write_image(folder / f"test_public/bad/{index:03}_regular.png", seed + 30 + index, stain=True)


def command(checkout: Checkout, *arguments: str, to: str = "sent"):
    chosen = ["--results", str(checkout.results), "--method", "toy", "--to", str(checkout.folder / to)]
    return checkout.run(*chosen, *arguments, command="submit")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    """A checkout whose job on `can` is finished and has an operating point, while `vial` has no job."""
    checkout = Checkout(tmp_path_factory.mktemp("finished") / "checkout")
    checkout.data = checkout.folder / "ad2"
    for seed, category in enumerate(("can", "vial")):
        write_category(checkout.data / category, 1000 * seed)
    for seed, (name, stain) in enumerate(PRIVATE.items()):
        write_image(checkout.data / f"{name}.png", 500 + seed, stain)
    write_image(checkout.data / "vial/test_private/000_regular.png", 600)
    options = ["--methods", "toy", "--dataset", "mvtec_ad2", "--data", str(checkout.data)]
    done = checkout.run(*options, "--results", str(checkout.results), "--categories", "can")
    assert done.returncode == 0, done.stderr
    chosen = ["--results", str(checkout.results), "--method", "toy", "--category", "can", "--area", "9", "--apply"]
    assert checkout.run(*chosen, "--no-figures", command="finetune").returncode == 0
    command(checkout)
    return checkout


@pytest.fixture
def mine(finished, tmp_path) -> Checkout:
    """A copy of the checkout that a test may change. Its images are those of the first."""
    return finished.copy(tmp_path / "mine")


@pytest.fixture
def sent(finished, tmp_path) -> Path:
    """A copy of the submission that a test may change."""
    return shutil.copytree(finished.folder / "sent", tmp_path / "sent")


def problems(to: Path, finished: Checkout, *, binary: bool = True) -> list[str]:
    return list(check.problems(to, Source(Small(), finished.data), binary=binary, advance=lambda done, of: None))


def of_can(found: list[str]) -> list[str]:
    return [problem for problem in found if not problem.startswith("vial")]


def point(checkout: Checkout) -> OperatingPoint:
    return read(next(checkout.results.glob("jobs/toy/can/*/operating_point.json")), OperatingPoint)


def test_every_private_image_has_a_one_channel_float16_tiff_of_its_size(finished):
    made = sorted((finished.folder / "sent" / files.MAPS).rglob("*.*"))
    assert [file.relative_to(finished.folder / "sent/anomaly_images").as_posix() for file in made] == [
        f"{name}.tiff" for name in sorted(PRIVATE)
    ]
    maps = [tifffile.imread(file) for file in made]
    assert {(map.shape, map.dtype.name) for map in maps} == {(SIZE, "float16")}


def test_a_stain_is_where_the_map_is_highest_and_the_png_white(finished):
    for name, stain in PRIVATE.items():
        map = tifffile.imread(finished.folder / f"sent/anomaly_images/{name}.tiff")
        white = np.asarray(Image.open(finished.folder / f"sent/anomaly_images_thresholded/{name}.png"))
        assert white.shape == SIZE and set(np.unique(white)) == ({0, 255} if stain else {0})
        assert not stain or white[np.unravel_index(map.argmax(), SIZE)] == 255


def test_the_png_holds_regions_of_at_least_the_minimum_area(finished):
    white = np.asarray(Image.open(finished.folder / "sent/anomaly_images_thresholded/can/test_private/000_regular.png"))
    areas = [region.area for region in regionprops(label(white > 0, connectivity=2))]
    assert areas and min(areas) >= point(finished).area_px == 9


def test_the_same_command_makes_only_what_is_missing(mine):
    kept, lost = (mine.folder / f"sent/anomaly_images/{name}.tiff" for name in list(PRIVATE)[:2])
    before = kept.stat().st_mtime_ns
    lost.unlink()
    done = command(mine, "--data", str(mine.data))
    assert "can: 3 images, 1 maps to make" in done.stderr
    assert lost.exists() and kept.stat().st_mtime_ns == before


def test_files_of_another_threshold_are_refused_and_replaced_when_asked(mine):
    refused = command(mine, "--png", "baseline")
    assert refused.returncode == 2 and "--overwrite" in refused.stderr and "000_regular.png" in refused.stderr
    replaced = command(mine, "--png", "baseline", "--overwrite")
    assert "can: 3 images, 3 maps to make" in replaced.stderr
    assert "baseline" in files.stored_note(
        mine.folder / "sent/anomaly_images_thresholded/can/test_private/000_regular.png"
    )


def test_without_an_operating_point_the_ways_are_named(mine):
    next(mine.results.glob("jobs/toy/can/*/operating_point.json")).unlink()
    refused = command(mine, to="other")
    assert refused.returncode == 2 and not (mine.folder / "other").exists()
    assert "no operating point is applied for can" in refused.stderr and "finetune --apply" in refused.stderr
    command(mine, "--png", "none", to="other")
    assert {folder.name for folder in (mine.folder / "other").iterdir()} == {"anomaly_images"}


def test_a_dataset_whose_images_all_have_a_label_is_refused(after_run):
    refused = command(after_run("--categories", "bolt"), "--png", "none")
    assert refused.returncode == 2 and "folder" in refused.stderr and "all have a label" in refused.stderr


def test_a_submission_in_the_folder_of_the_images_is_refused(finished):
    refused = command(finished, to="ad2/can/sent")
    assert refused.returncode == 2 and "name a folder outside" in refused.stderr


def test_categories_without_maps_and_other_numbers_than_the_published_are_problems(finished):
    done = command(finished)
    assert done.returncode == 1
    assert "problem: vial: no map; make them after: run --categories vial" in done.stdout
    assert "problem: can: the server expects maps of 642 images, and 3 images are here" in done.stdout
    assert "problem: walnuts: the server expects maps of 456 images, and 0 images are here" in done.stdout


def test_nothing_is_wrong_with_what_was_made(finished, sent):
    assert of_can(problems(sent, finished)) == []


def of_white(value: int, shape=SIZE) -> np.ndarray:
    return np.full(shape, value, np.uint8)


TIFF_FAULTS = {
    "are float32, expected float16": np.zeros(SIZE, np.float32),
    "have values that are not finite": np.full(SIZE, np.inf, np.float16),
    "have 3 axes, expected one channel": np.zeros((3, *SIZE), np.float16),
    "do not have the size of their image": np.zeros(SIZE[::-1], np.float16),
}
PNG_FAULTS = {
    "have other values than 0 and 255": of_white(1),
    "have 3 axes, expected one channel": of_white(0, (*SIZE, 3)),
    "do not have the size of their image": of_white(0, SIZE[::-1]),
}


@pytest.mark.parametrize(("fault", "values"), TIFF_FAULTS.items())
def test_a_fault_of_a_map_is_named(finished, sent, fault, values):
    tifffile.imwrite(sent / "anomaly_images/can/test_private/000_regular.tiff", values, photometric="minisblack")
    assert of_can(problems(sent, finished)) == [f"1 files {fault}: anomaly_images/can/test_private/000_regular.tiff"]


@pytest.mark.parametrize(("fault", "values"), PNG_FAULTS.items())
def test_a_fault_of_a_thresholded_map_is_named(finished, sent, fault, values):
    Image.fromarray(values).save(sent / "anomaly_images_thresholded/can/test_private/000_regular.png")
    (found,) = of_can(problems(sent, finished))
    assert found == f"1 files {fault}: anomaly_images_thresholded/can/test_private/000_regular.png"


def test_a_damaged_a_missing_and_a_superfluous_file_are_named(finished, sent):
    (sent / "anomaly_images/can/test_private/000_regular.tiff").write_bytes(b"II*")
    (sent / "anomaly_images_thresholded/can/test_private/001_regular.png").unlink()
    (sent / "notes.txt").write_text("mine")
    missing, damaged, stray = of_can(problems(sent, finished))
    assert missing == "can: 1 files are missing (001_regular.png)"
    assert damaged.startswith("1 files cannot be read") and damaged.endswith("000_regular.tiff")
    assert stray == "1 files that the server does not expect: notes.txt"


def test_a_private_image_that_cannot_be_read_is_named(mine):
    data = shutil.copytree(mine.data, mine.folder / "other")
    (data / "can/test_private/000_regular.png").write_text("no image")
    done = command(mine, "--data", str(data), to="fresh")
    assert done.returncode == 2 and "000_regular.png cannot be read as an image" in done.stderr


@pytest.mark.parametrize("highest", [1e-12, 1.0, 3.7, 65504.0, 1e9])
def test_the_highest_value_of_normal_images_comes_to_lie_between_1_and_2(highest):
    assert 1 <= np.ldexp(highest, files.exponent(highest)) < 2


def test_small_values_keep_their_digits_and_their_ranking():
    map = np.linspace(1e-9, 2e-9, 500, dtype=np.float32)[None]
    values, out_of_range = files.half(map, files.exponent(2e-9))
    assert out_of_range == 0 and (np.diff(values) >= 0).all() and len(np.unique(values)) > 400
    assert len(np.unique(map.astype(np.float16))) == 1, "without the power of two all would be equal"


def test_values_out_of_range_are_counted_and_stay_finite():
    values, out_of_range = files.half(np.array([[1.0, 1e6, -1e6]]), 0)
    assert out_of_range == 2 and values.tolist() == [[1.0, 65504.0, -65504.0]]


def test_the_baseline_is_the_mean_and_three_standard_deviations_of_all_pixels():
    generator = np.random.default_rng(0)
    maps = [generator.normal(mean, 2, shape).astype(np.float32) for mean, shape in ((5, (30, 20)), (-3, (7, 9)))]
    pixels = np.concatenate([map.ravel() for map in maps]).astype(np.float64)
    normal = making.summary(maps)
    assert normal.threshold == pytest.approx(pixels.mean() + 3 * pixels.std(), rel=1e-9)
    assert normal.highest == np.abs(pixels).max()
