from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.jobs import layout
from tests.stored import made_cell

RESULTS = Path("kept")


def cell(**changes):
    return made_cell(**{"method": "cae", "category": "nut"} | changes)


@given(category=st.text(min_size=1, max_size=20), seed=st.integers(0, 2**63 - 1))
def test_category_and_seed_are_read_from_the_name_of_a_folder(category, seed):
    folder = layout.of_cell(RESULTS, cell(category=category, seed=seed))
    assert (layout.category(folder), layout.seed(folder)) == (category, seed)
    assert layout.results_of(folder) == RESULTS


@given(category=st.text(max_size=300))
def test_a_folder_lies_inside_the_results_and_every_file_system_takes_its_name(category):
    folder = layout.of_cell(RESULTS, cell(category=category))
    assert folder.resolve().is_relative_to(RESULTS.resolve())
    assert all(len(part.encode()) <= 255 for part in folder.parts)


def test_long_categories_that_begin_alike_have_folders_of_their_own():
    first, second = (layout.of_category(RESULTS, "cae", "гайка " * 20 + end) for end in "ab")
    assert first != second


OTHER = {"settings": {"loss": "ssim"}, "dataset": "mvtec", "shots": 4, "calibration": 0.2}


@pytest.mark.parametrize("name", OTHER)
def test_settings_dataset_shots_and_calibration_tell_variants_apart(name):
    assert layout.of_cell(RESULTS, cell(**{name: OTHER[name]})) != layout.of_cell(RESULTS, cell())


def test_the_folders_of_all_jobs_are_found_by_method_and_by_category(tmp_path):
    cells = [cell(), cell(seed=1), cell(category="a bolt"), cell(method="knn")]
    folders = [layout.of_cell(tmp_path, each) for each in cells]
    for folder in folders:
        folder.mkdir(parents=True)
    assert layout.all_in(tmp_path) == sorted(folders)
    assert sorted(layout.methods(tmp_path)) == ["cae", "knn"]
    assert sorted(layout.categories(tmp_path, "cae")) == ["a bolt", "nut"]


def test_a_variant_is_found_with_every_category_and_seed_of_its_method(tmp_path):
    same = [cell(), cell(seed=1), cell(category="bolt")]
    for each in [*same, cell(shots=4), cell(method="knn")]:
        layout.of_cell(tmp_path, each).mkdir(parents=True)
    folders = sorted(layout.of_cell(tmp_path, each) for each in same)
    assert layout.of_same_variant(layout.of_cell(tmp_path, cell(seed=7))) == folders


def test_a_folder_without_the_name_of_a_jobs_folder_has_no_seed_and_no_variant(tmp_path):
    folder = layout.of_cell(tmp_path, cell()).with_name("seed-of-nothing")
    assert layout.seed(folder) is None and layout.of_same_variant(folder) == []
