"""Where a dataset does not read all of a folder: which one would, or in which folder."""

import pytest

from benchmarks import plugins
from benchmarks.checking import layouts
from benchmarks.checking.findings import EVERY_CATEGORY, find
from benchmarks.data_settings import DataSettings
from benchmarks.source import Source
from datasets import DataError


def hint(name, root, **settings):
    source = Source.named(name, root, DataSettings(**settings))
    return layouts.hint(source) if layouts.is_wanted(source) else None


@pytest.fixture
def laid_out(make_tree):
    """A function that writes the layout of a dataset, and returns its folder."""
    return lambda name: make_tree(plugins.dataset(name).layout)


@pytest.mark.parametrize("name", ["visa", "mvtec_ad2", "dsaii"])
def test_the_dataset_that_reads_more_is_named(laid_out, name):
    root = laid_out(name)
    count = layouts.readable_images(Source.named(name, root, DataSettings()))
    assert hint("mpdd", root).endswith(f"images are read; --dataset {name} would read {count}")


def test_several_datasets_that_read_as_much_are_named(laid_out):
    sentence = hint("btad", laid_out("mvtec"))
    assert sentence == "0 images are read; --dataset folder or --dataset mpdd or --dataset mvtec would read 11"


def test_a_folder_above_that_of_the_data_is_told_from_it(laid_out, tmp_path):
    root = laid_out("mvtec")
    sentence = hint("mvtec", tmp_path)
    assert sentence == f"no image is read; give one of the folders in it with --data: {root}"


def test_nothing_is_said_where_everything_is_read_or_nothing_reads_more(laid_out, make_tree, tmp_path):
    assert hint("mvtec", laid_out("mvtec")) is None
    assert hint("mvtec", make_tree({"nut/notes.txt": "no image"}, tmp_path / "other")) is None


def test_a_dataset_without_the_settings_is_not_proposed(laid_out):
    assert hint("folder", laid_out("visa"), normal="fine") is None


def test_check_gives_the_hint_before_the_error(laid_out):
    findings = find(Source.named("kolektor", laid_out("mvtec"), DataSettings()))
    with pytest.raises(DataError, match="holds neither"):
        for finding in findings:
            last = finding
    assert last.category == EVERY_CATEGORY and "--dataset mvtec would read 11" in last.message
