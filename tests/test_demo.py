"""Demo: the images it makes, its split of each photograph, and the masks of its defects."""

import hashlib
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from skimage import data

from datasets import Counts, DataError, blend_defect, defect_kinds, least_defect_side_px
from datasets.demo import MADE_BY, PHOTOGRAPHS, TEST_COLUMNS, TRAIN_COLUMNS, Demo


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "data" / "demo"
    Demo().obtain(root)
    return root


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def columns_of(crop: np.ndarray, photograph: np.ndarray) -> set[int]:
    """Every column of the photograph that the crop, mirrored or not, was taken from."""
    height, width = crop.shape
    windows = sliding_window_view(photograph, width, axis=1)
    found = set()
    for turned in (crop, crop[:, ::-1]):
        for top, left in np.argwhere((windows == turned[0]).all(axis=2)):
            if np.array_equal(photograph[top : top + height, left : left + width], turned):
                found |= set(range(left, left + width))
    return found


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_training_never_sees_the_part_of_the_photograph_that_tests(made, name):
    photograph = getattr(data, name)()
    trained, tested = (
        [columns_of(pixels(path), photograph) for path in sorted((made / name / part / "good").iterdir())]
        for part in ("train", "test")
    )
    assert all(trained) and all(tested)
    assert not set().union(*trained) & set().union(*tested)
    assert set().union(*trained) <= set(range(512)[TRAIN_COLUMNS])
    assert set().union(*tested) <= set(range(512)[TEST_COLUMNS])


def test_numbers_are_those_it_says(made):
    for name in PHOTOGRAPHS:
        samples = list(Demo().samples(made, name))
        train = sum(sample.split == "train" for sample in samples)
        defective = sum(sample.defect is not None for sample in samples)
        assert Counts(train, len(samples) - train - defective, defective) == Demo.counts[name]


def test_every_kind_of_defect_is_there_with_masks(made):
    for name in PHOTOGRAPHS:
        defective = [sample for sample in Demo().samples(made, name) if sample.defect]
        assert {sample.defect for sample in defective} == set(defect_kinds())
        assert all(pixels(sample.masks[0]).any() for sample in defective)


def test_images_are_all_different_and_small(made):
    images = [path for path in made.rglob("*.png") if "ground_truth" not in path.parts]
    assert len({path.read_bytes() for path in images}) == len(images) == sum(map(sum, Demo.counts.values()))
    assert sum(path.stat().st_size for path in made.rglob("*")) < 10e6


def test_made_again_the_bytes_are_the_same(made, tmp_path):
    Demo().obtain(tmp_path / "demo")
    assert digests(tmp_path / "demo") == digests(made)


def test_data_already_made_are_left_alone(made):
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    Demo().obtain(made)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_an_empty_folder_is_filled(tmp_path):
    Demo().obtain(tmp_path)
    assert Demo().categories(tmp_path) == list(PHOTOGRAPHS)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("work of years")
    with pytest.raises(DataError, match="something other than the demo data"):
        Demo().obtain(tmp_path)


@pytest.mark.parametrize("gone", ["train", "test", "ground_truth"])
def test_data_of_which_a_part_is_gone_are_refused(made, tmp_path, gone):
    shutil.copytree(made, tmp_path / "demo")
    shutil.rmtree(tmp_path / "demo/grass" / gone)
    with pytest.raises(DataError, match="delete it if it is demo data"):
        Demo().obtain(tmp_path / "demo")


@pytest.mark.parametrize("marker", ["", "another version"])
def test_data_that_other_code_made_are_refused(made, tmp_path, marker):
    shutil.copytree(made, tmp_path / "demo")
    (tmp_path / "demo" / MADE_BY).write_text(marker)
    with pytest.raises(DataError, match="other than the demo data of this version"):
        Demo().obtain(tmp_path / "demo")


def test_data_that_do_not_say_what_made_them_are_refused(made, tmp_path):
    shutil.copytree(made, tmp_path / "demo")
    (tmp_path / "demo" / MADE_BY).unlink()
    with pytest.raises(DataError, match="other than the demo data of this version"):
        Demo().obtain(tmp_path / "demo")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written to"):
        Demo().obtain(tmp_path / "file" / "demo")


def test_killed_while_making_it_leaves_no_half_made_data(tmp_path):
    code = f"""
import os, pathlib, datasets.demo as demo
write = demo._write
def stop_in_the_middle(path, gray):
    write(path, gray)
    if path.parts[-4:-1] == ("grass", "test", "good"):
        os.kill(os.getpid(), 9)
demo._write = stop_in_the_middle
demo.Demo().obtain(pathlib.Path({str(tmp_path / "demo")!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1])
    assert done.returncode == -9
    assert not (tmp_path / "demo").exists()
    Demo().obtain(tmp_path / "demo")
    assert Demo().categories(tmp_path / "demo") == list(PHOTOGRAPHS)


SURFACES = {
    "noise": np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8),
    "black": np.zeros((64, 48, 3), np.uint8),
    "white": np.full((40, 200, 3), 255, np.uint8),
    "least": np.full((least_defect_side_px(), least_defect_side_px(), 3), 128, np.uint8),
}


@pytest.mark.parametrize("kind", defect_kinds())
@pytest.mark.parametrize("surface", SURFACES)
class TestDefects:
    def test_a_pixel_is_in_the_mask_if_and_only_if_it_changed(self, kind, surface):
        for seed in range(8):
            image, mask = blend_defect(SURFACES[surface], kind, np.random.default_rng(seed))
            assert np.array_equal((image != SURFACES[surface]).any(axis=2), mask)

    def test_it_covers_something_but_not_much(self, kind, surface):
        for seed in range(8):
            assert 0 < blend_defect(SURFACES[surface], kind, np.random.default_rng(seed))[1].mean() < 0.25

    def test_the_image_is_left_untouched(self, kind, surface):
        before = SURFACES[surface].copy()
        blend_defect(SURFACES[surface], kind, np.random.default_rng(0))
        assert np.array_equal(SURFACES[surface], before)

    def test_the_same_generator_gives_the_same_defect(self, kind, surface):
        first, second = (blend_defect(SURFACES[surface], kind, np.random.default_rng(5))[0] for _ in range(2))
        other = blend_defect(SURFACES[surface], kind, np.random.default_rng(6))[0]
        assert np.array_equal(first, second) and not np.array_equal(first, other)


@pytest.mark.parametrize("kind", defect_kinds())
def test_gray_images_stay_gray(kind):
    gray = np.repeat(SURFACES["noise"][..., :1], 3, axis=2)
    image, _ = blend_defect(gray, kind, np.random.default_rng(1))
    assert (image == image[..., :1]).all()


@pytest.mark.parametrize("kind", defect_kinds())
def test_a_long_image_is_painted_on_anywhere_along_it_without_floats_of_all_of_it(kind):
    long = np.full((40, 200_000, 3), 128, np.uint8)
    long[::3] = 150
    tracemalloc.start()
    drawn = [blend_defect(long, kind, np.random.default_rng(seed))[1] for seed in range(8)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    places = [mask.any(axis=0).argmax() for mask in drawn]
    assert all(mask.any() for mask in drawn) and max(places) > 100_000 > min(places)
    assert most < 3 * long.nbytes + len(drawn) * drawn[0].nbytes


def test_an_image_too_small_for_a_defect_is_refused():
    side = least_defect_side_px()
    with pytest.raises(ValueError, match=f"at least {side}x{side}"):
        blend_defect(np.zeros((side - 1, 400, 3), np.uint8), "hole", np.random.default_rng(0))
