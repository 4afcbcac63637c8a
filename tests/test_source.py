"""Where samples come from: groups by names for every dataset, categories by name, and layouts told by options."""

import shutil

import pytest

from benchmarks.data_settings import DataSettings
from benchmarks.errors import UsageError
from benchmarks.source import Source
from datasets.mvtec import MVTec
from tests.checkout.program import CATEGORIES, write_image


def source(root, **settings):
    return Source.named("mvtec", root, DataSettings(**settings))


def test_groups_by_names_hold_for_a_dataset_that_has_no_such_setting(make_tree):
    found = source(make_tree(MVTec.layout), groups=r"0(\d)1|(0)00").samples("bottle")
    assert {sample.group for sample in found} == {"_0", "0_"}


def test_a_category_that_is_a_link_to_another_says_that_its_images_count_twice(make_tree):
    root = make_tree(
        {f"{name}/{part}/0.png": "image" for name in ("nut", "pin") for part in ("train/good", "test/good")}
    )
    (root / "alias").symlink_to(root / "nut")
    by_name = {name: source(root).notes(name) for name in ("alias", "nut", "pin")}
    assert [note for note in by_name["nut"] if "the same folder as alias: its images count twice" in note]
    assert [note for note in by_name["alias"] if "the same folder as nut" in note]
    assert not any("same folder" in note for note in by_name["pin"])


@pytest.fixture
def with_commas(make_tree):
    return source(make_tree({f"{name}/train/good/0.png": "image" for name in ("a", "b", "nut, M4")}))


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ((), ["a", "b", "nut, M4"]),
        (("a, b",), ["a", "b"]),
        (("nut, M4",), ["nut, M4"]),
        (("b", "nut, M4"), ["b", "nut, M4"]),
        (("a", "a"), ["a"]),
    ],
)
def test_categories_given_once_are_split_at_commas_and_given_several_times_are_whole_names(with_commas, given, chosen):
    assert with_commas.chosen(given) == chosen


@pytest.mark.parametrize("given", [("a,b", "b"), ("nut, M5",)])
def test_a_category_that_is_not_there_is_refused(with_commas, given):
    with pytest.raises(UsageError, match="unknown category"):
        with_commas.chosen(given)


def flatten(category):
    """Make OK, NG and MASK of the folders of a category."""
    (category / "train/good").rename(category / "OK")
    for file in (category / "test/good").iterdir():
        file.rename(category / "OK" / f"more_{file.name}")
    (category / "test/stain").rename(category / "NG")
    (category / "ground_truth/stain").rename(category / "MASK")
    for name in ("train", "test", "ground_truth"):
        shutil.rmtree(category / name)


def models(checkout):
    return ["--results", str(checkout.results), "--method", "toy", "--category", CATEGORIES[0]]


def test_roles_of_folders_are_followed_by_run_and_remembered_by_finetune_and_predict(checkout):
    for category in CATEGORIES:
        flatten(checkout.data / category)
    refused = checkout.compare()
    assert refused.returncode == 2 and "--normal OK --defect NG --masks MASK" in refused.stderr
    done = checkout.compare("--categories", CATEGORIES[0], "--normal", "OK", "--defect", "NG", "--masks", "MASK")
    assert done.returncode == 0, done.stderr
    rows, report = checkout.rows(), (checkout.results / "report.md").read_text(encoding="utf-8")
    assert (rows.image_auroc == 1).all() and rows.pixel_auroc.notna().all()
    assert "no split is given: 6 of 9 normal images" in report
    assert checkout.run(*models(checkout), "--no-figures", "--apply", "--force", command="finetune").returncode == 0
    judged = checkout.run(*models(checkout), str(checkout.data / CATEGORIES[0] / "NG"), command="predict")
    assert judged.stdout.count("defective") == 3


def test_a_manifest_gives_the_numbers_of_its_folder_and_may_be_moved_with_its_images(after_run):
    checkout = after_run("--categories", CATEGORIES[0])
    file = checkout.data / "parts.csv"
    arguments = ("--dataset", "folder", "--data", str(checkout.data), "--write-manifest", str(file))
    assert checkout.run(*arguments, command="check").returncode == 0
    by_folder = checkout.rows()
    shutil.rmtree(checkout.results)
    assert checkout.compare("--categories", CATEGORIES[0], "--dataset", "manifest", "--data", str(file)).returncode == 0
    by_manifest = checkout.rows()
    columns = ["category", "image_auroc", "pixel_auroc", "threshold", "trained_on"]
    assert by_manifest[columns].equals(by_folder[columns])
    moved = checkout.folder / "moved"
    checkout.data.rename(moved)
    tuned = checkout.run(*models(checkout), "--data", str(moved / "parts.csv"), "--no-figures", command="finetune")
    assert tuned.returncode == 0, tuned.stderr


def test_a_run_says_which_images_nothing_reads_and_which_groups_are_in_train_and_test(checkout):
    write_image(checkout.data / "bolt/spare/0.png", seed=1)
    assert checkout.compare("--categories", "bolt", "--groups", r"^(\d)").returncode == 0
    report = (checkout.results / "report.md").read_text(encoding="utf-8")
    assert "images that belong to no split: 1 (1 in bolt/spare); nothing reads them" in report
    assert "groups with images in both train and test" in report
