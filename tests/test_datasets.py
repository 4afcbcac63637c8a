"""The laws of `datasets.Dataset`, over every dataset there is; nothing here names one."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

import datasets
from benchmarks import plugins
from datasets import DataError, Dataset, Sample, is_image_name, manifest_text

STRAY = ("Thumbs.db", ".DS_Store", "readme.txt", ".directory", "._000.png", ".hidden.jpg")
NAMES = plugins.names(datasets)


@pytest.fixture(params=NAMES)
def dataset(request) -> Dataset:
    return plugins.dataset(request.param)


@pytest.fixture
def root(dataset, make_tree) -> Path:
    return make_tree(dataset.layout)


def read(dataset: Dataset, root: Path) -> list[Sample]:
    return [sample for category in dataset.categories(root) for sample in dataset.samples(root, category)]


def relative(samples: list[Sample], root: Path) -> list[tuple]:
    return [(sample.image.relative_to(root), sample.category, sample.split, sample.defect) for sample in samples]


def test_train_is_normal_only(dataset, root):
    assert {sample.defect for sample in read(dataset, root) if sample.split == "train"} == {None}


def test_test_has_both_normal_and_defective_images(dataset, root):
    for category in dataset.categories(root):
        labels = {bool(sample.defect) for sample in dataset.samples(root, category) if sample.split == "test"}
        assert labels == {False, True}


def test_each_file_is_listed_once(dataset, root):
    samples = read(dataset, root)
    files = Counter(file for sample in samples for file in sample.files)
    assert set(files.values()) == {1}


def of_layout(dataset: Dataset, root: Path, *contents: str) -> set[Path]:
    return {root / name for name, content in dataset.layout.items() if content in contents}


def of_each_category(listing, dataset: Dataset, root: Path) -> list[Path]:
    return [file for category in dataset.categories(root) for file in listing(root, category)]


def test_every_file_of_the_layout_that_is_an_image_or_a_mask_is_listed(dataset, root):
    sampled = {file for sample in read(dataset, root) for file in sample.files}
    unlabelled = of_each_category(dataset.unlabelled, dataset, root)
    assert sampled | set(unlabelled) == of_layout(dataset, root, "image", "mask")
    assert not sampled & set(unlabelled) and unlabelled == sorted(set(unlabelled))


def test_empty_masks_of_the_layout_are_named_and_belong_to_no_sample(dataset, root):
    empty = of_each_category(dataset.empty_masks, dataset, root)
    assert set(empty) == of_layout(dataset, root, "empty mask") and empty == sorted(set(empty))


def test_masks_of_the_layout_are_the_masks_of_the_samples(dataset, root):
    assert {mask for sample in read(dataset, root) for mask in sample.masks} == of_layout(dataset, root, "mask")


def test_masks_belong_to_defects(dataset, root):
    assert all(sample.defect for sample in read(dataset, root) if sample.masks)


def test_nothing_is_in_both_splits(dataset, root):
    contents = {"train": set(), "validation": set(), "test": set()}
    for sample in read(dataset, root):
        contents[sample.split].add(hashlib.sha256(sample.image.read_bytes()).digest())
    assert not contents["train"] & (contents["test"] | contents["validation"])
    assert not contents["test"] & contents["validation"]


def test_categories_are_sorted_and_those_of_the_samples(dataset, root):
    categories = dataset.categories(root)
    assert categories == sorted(set(categories))
    assert {sample.category for sample in read(dataset, root)} == set(categories)


def test_the_order_does_not_depend_on_the_file_system(dataset, root, make_tree, tmp_path):
    backwards = make_tree(dict(reversed(dataset.layout.items())), tmp_path / "backwards")
    assert relative(read(dataset, root), root) == relative(read(dataset, backwards), backwards)


def test_images_of_one_kind_come_in_the_order_of_their_names(dataset, root):
    kinds = {}
    for sample in read(dataset, root):
        kinds.setdefault((sample.category, sample.split, sample.defect, sample.image.parent), []).append(sample.image)
    assert all(images == sorted(images) for images in kinds.values())


def test_stray_files_are_passed_over(dataset, root):
    before = read(dataset, root)
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        for name in STRAY:
            (folder / name).write_text("stray", encoding="utf-8")
    assert read(dataset, root) == before


@pytest.mark.skipif(sys.platform == "darwin", reason="this file system has UTF-8 names only")
def test_a_name_that_is_not_utf8_is_refused_and_shown(dataset, root):
    if dataset.folder(root, dataset.categories(root)[0]) is None:
        pytest.skip("a table in UTF-8 lists its files, so it cannot name this one")
    image = read(dataset, root)[-1].image
    image.rename(image.with_name(f"stra\udcdfe{image.suffix}"))
    with pytest.raises(DataError) as error:
        read(dataset, root)
    assert r"stra\xdfe" in str(error.value)


def test_every_extension_of_a_picture_that_pillow_reads_is_an_images():
    pictures = "AVIF BMP DIB FITS GIF JPEG JPEG2000 MPO PCX PNG PPM QOI SUN TGA TIFF WEBP".split()
    expected = {extension for extension, format in Image.registered_extensions().items() if format in pictures}
    assert all(is_image_name(f"000{extension}") for extension in expected)


def test_no_pixel_is_read(dataset, root):
    before = read(dataset, root)
    for sample in before:
        sample.image.write_text("no image", encoding="utf-8")
    assert read(dataset, root) == before


def test_a_root_that_is_not_there_is_named(dataset, tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        dataset.categories(tmp_path / "nowhere")


def test_a_root_that_is_a_file_is_named(dataset, tmp_path):
    (tmp_path / "a.zip").write_text("")
    with pytest.raises(DataError, match=r"a\.zip"):
        dataset.categories(tmp_path / "a.zip")


def test_a_root_without_categories_is_named(dataset, tmp_path):
    (tmp_path / "vacant").mkdir()
    with pytest.raises(DataError, match="vacant"):
        dataset.categories(tmp_path / "vacant")


def test_an_unknown_category_is_named(dataset, root):
    with pytest.raises(DataError, match="nonesuch"):
        list(dataset.samples(root, "nonesuch"))


def test_an_emptied_category_is_named_and_the_others_can_be_read(dataset, root):
    categories = dataset.categories(root)
    for sample in list(dataset.samples(root, categories[0])):
        sample.image.unlink()
    with pytest.raises(DataError, match=categories[0]):
        list(dataset.samples(root, categories[0]))
    assert all(list(dataset.samples(root, category)) for category in categories[1:])


def test_a_mask_without_its_image_is_named(dataset, root):
    sample = next(sample for sample in read(dataset, root) if sample.masks)
    sample.image.unlink()
    with pytest.raises(DataError) as error:
        list(dataset.samples(root, sample.category))
    assert str(sample.masks[0]) in str(error.value)


def test_obtaining_gives_categories_or_says_where_the_data_are(dataset, tmp_path):
    try:
        dataset.obtain(tmp_path / "fresh")
    except DataError as error:
        assert dataset.reference in str(error) and not (tmp_path / "fresh").exists()
    else:
        assert dataset.categories(tmp_path / "fresh")


def test_where_ones_own_images_are_missing_their_folder_is_asked_for_and_nothing_is_to_be_got(tmp_path):
    with pytest.raises(
        DataError, match="name the folder of the data with --data; expected there: your own images"
    ) as error:
        plugins.dataset("folder").obtain(tmp_path / "fresh")
    assert "get them" not in str(error.value)


def test_a_manifest_of_it_gives_the_same_samples(dataset, root, tmp_path):
    for file in (tmp_path / "elsewhere.csv", root / "beside.csv"):
        samples = read(dataset, root)
        file.write_text(manifest_text(samples, file), encoding="utf-8")
        manifest = plugins.dataset("manifest")
        again = [sample for category in manifest.categories(file) for sample in manifest.samples(file, category)]
        assert again == samples
        file.unlink()


def test_it_says_what_it_is_and_under_which_licence(dataset):
    assert type(dataset).__doc__ and dataset.reference and dataset.licence


def test_importing_takes_the_standard_library_only():
    code = "import sys, importlib; before = set(sys.modules)\n"
    code += "".join(f"importlib.import_module('datasets.{name}')\n" for name in NAMES)
    code += "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
    code += "print(*(roots - sys.stdlib_module_names - {'datasets'}))"
    checkout = Path(datasets.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
