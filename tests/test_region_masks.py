"""Regions that do not count: which mask belongs to which image, and what is said of it."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import data_settings, fingerprint
from benchmarks.checking import findings, unread
from benchmarks.data_settings import DataSettings
from benchmarks.images import ImageError, Images, read_fitted, read_ignored
from benchmarks.jobs import changes, plan, request
from benchmarks.regions.lookup import Masks
from benchmarks.source import Source
from datasets import DataError, Sample, manifest_text
from tests.regions import corner, white

SHAPE = (20, 24)
CORNER = corner(SHAPE, 8, 10)
"""A sixth of the image."""
MANIFEST = "image,split,label,ignore\n" + "".join(f"{name}.png,train,normal,label.png\n" for name in "ab")


def test_bright_pixels_do_not_count_whatever_their_number(tmp_path):
    image, region = tmp_path / "a.png", np.where(CORNER, 1, 0).astype(np.uint8)
    for value in (1, 255):
        Image.fromarray(region * np.uint8(value)).save(tmp_path / "mask.png")
        assert np.array_equal(read_ignored(tmp_path / "mask.png", image, SHAPE), CORNER)
    Image.fromarray(region * np.uint8(250)).save(tmp_path / "mask.jpg")
    assert (read_ignored(tmp_path / "mask.jpg", image, SHAPE) == CORNER).mean() > 0.97


def test_a_mask_that_does_not_fit_or_leaves_nothing_is_a_sentence_that_names_it(tmp_path):
    mask, all_white = white(tmp_path / "mask.png", CORNER), white(tmp_path / "all.png", np.ones(SHAPE, bool))
    with pytest.raises(
        ImageError, match=re.escape(f"{mask} marks what does not count and is 24x20 pixels, but a.png is 30x40")
    ):
        read_ignored(mask, "a.png", (40, 30))
    with pytest.raises(ImageError, match=re.escape(f"{all_white} leaves nothing of a.png")):
        read_ignored(all_white, "a.png", SHAPE)
    with pytest.raises(ImageError, match=re.escape(f"{tmp_path / 'gone.png'} cannot be read")):
        read_ignored(tmp_path / "gone.png", "a.png", SHAPE)
    fitted = read_fitted(mask, "a.png", (40, 48))
    assert fitted.is_resized and fitted.ignored.sum() == 4 * CORNER.sum()


@pytest.fixture
def masks(tmp_path) -> Callable[..., Masks]:
    """A function that makes a folder of masks of these names."""

    def made(*names: str) -> Masks:
        for name in names:
            white(tmp_path / "masks" / name, CORNER)
        return Masks(tmp_path / "masks")

    return made


def test_a_mask_is_found_by_the_longest_name_that_fits(masks):
    found = masks("train/good/0.png", "good/1_mask.png", "2.tif", "nut.png")
    given = {
        f"/data/nut/{name}": mask
        for name, mask in (
            ("train/good/0.jpg", "train/good/0.png"),
            ("train/good/1.png", "good/1_mask.png"),
            ("test/good/2.png", "2.tif"),
            ("test/good/0.png", "nut.png"),
        )
    }
    assert found.of_all(map(Path, given), "nut") == {Path(image): found.place / mask for image, mask in given.items()}


def test_a_mask_that_could_belong_to_two_images_and_an_image_without_one_are_refused(masks):
    with pytest.raises(DataError, match=r"masks/0\.png could belong to .*b/0\.png and to .*a/0\.png"):
        masks("0.png").of_all([Path("/a/0.png"), Path("/b/0.png")], "nut")
    with pytest.raises(DataError, match=r"/a/1\.png has no mask in --ignore .*masks: add 1\.png there"):
        masks("0.png").of(Path("/a/1.png"), "nut")
    with pytest.raises(DataError, match=r"holds the images themselves"):
        masks("0.png").of(masks("0.png").place / "0.png", "nut")
    with pytest.raises(DataError, match="are both masks of 0: keep one"):
        masks("0.png", "0_mask.png").of(Path("/a/0.png"), "nut")
    with pytest.raises(DataError, match=r"--ignore .*nowhere: there is no such file or folder"):
        Masks(Path("/nowhere")).of_all([], "nut")


@pytest.fixture
def parts(make_tree) -> Path:
    """Two categories, a mask beside them and a folder of masks."""
    names = [f"{split}/{kind}" for split, kind in (("train", "good"), ("test", "good"), ("test", "bent"))]
    layout = {
        f"{category}/{name}/{number}.png": "image"
        for category in ("nut", "pin")
        for name in names
        for number in range(4)
    }
    root = make_tree(layout | {f"nut/ground_truth/bent/{number}_mask.png": "mask" for number in range(4)})
    white(root / "label.png", CORNER)
    for name in layout:
        white(root / "masks" / name, CORNER)
    return root


def source(root: Path, ignore: str, dataset: str = "mvtec") -> Source:
    return Source.named(dataset, root, DataSettings(ignore=ignore))


@pytest.mark.parametrize("place", ["label.png", "masks"])
def test_masks_in_the_folder_of_the_data_are_no_category_and_move_with_it(parts, place):
    given = source(parts, str(parts / place))
    assert given.settings.ignore == place
    assert {each.ignored.is_relative_to(parts / place) for each in given.samples("nut")} == {True}
    assert parts / place not in unread.outside(given)
    assert source(parts, "masks").categories() == ["nut", "pin"]


def test_masks_elsewhere_keep_their_whole_path(parts):
    assert source(parts, "/elsewhere/label.png").settings.ignore == "/elsewhere/label.png"


def test_a_path_that_is_there_is_taken_from_the_current_folder(parts, monkeypatch):
    monkeypatch.chdir(parts / "nut")
    assert data_settings.asked({"ignore": "../label.png"}).ignore == str(parts / "label.png")
    assert data_settings.asked({"ignore": "label.png"}).ignore == "label.png"  # of the folder of the data
    assert data_settings.read({"ignore": "../label.png"}).ignore == "../label.png"


def planned(root: Path, **settings: str) -> plan.Job:
    made = request.made(
        ["mean_image"],
        "mvtec",
        settings={"mean_image": {}},
        preset=None,
        data=root,
        results=root.parent / "results",
        data_settings=data_settings.asked(settings),
        categories=["nut"],
        calibration=0.1,
    )
    made.results.mkdir(exist_ok=True)
    (job,) = plan.plan(made)
    return job


def test_the_option_and_the_contents_of_the_masks_are_part_of_the_key(parts):
    without, one, folder = (
        planned(parts, **given)
        for given in ({}, {"ignore": str(parts / "label.png")}, {"ignore": str(parts / "masks")})
    )
    assert len({without.key, one.key, folder.key}) == len({without.folder, one.folder, folder.folder}) == 3
    assert planned(parts, ignore=str(parts / "label.png")).key == one.key
    white(parts / "label.png", corner(SHAPE, 9, 9))
    white(parts / "masks" / "nut/test/good/0.png", corner(SHAPE, 9, 9))
    assert planned(parts, ignore=str(parts / "label.png")).key != one.key
    assert planned(parts, ignore=str(parts / "masks")).key != folder.key


def test_a_manifest_says_itself_what_does_not_count(make_tree):
    root = make_tree({"a.png": "image", "b.png": "image", "label.png": "mask", "m.csv": MANIFEST})
    found = Source.named("manifest", root / "m.csv", DataSettings()).samples("m")
    assert [each.ignored for each in found] == [root / "label.png"] * 2
    assert Images(found).ignored(1).sum() == 4 * 6
    with pytest.raises(DataError, match=r"the data say themselves what does not count, as in .*leave out --ignore"):
        source(root / "m.csv", "label.png", "manifest").samples("m")
    (root / "m.csv").write_text(MANIFEST.replace("b.png,train,normal,label.png", "b.png,train,normal,lable.png"))
    with pytest.raises(DataError, match=r"line 3: there is no file .*lable\.png"):
        Source.named("manifest", root / "m.csv", DataSettings()).samples("m")


def test_a_written_manifest_says_what_does_not_count(parts):
    given = source(parts, "masks").samples("nut")
    (parts / "m.csv").write_text(manifest_text(given, parts / "m.csv"))
    assert Source.named("manifest", parts / "m.csv", DataSettings()).samples("nut") == given


def said(root: Path, ignore: str) -> list[str]:
    return [f"{each.level}: {each.message}" for each in findings.find(source(root, ignore), ["nut"])]


def test_check_says_what_does_not_count_and_which_defects_it_hides(parts):
    ignored, *others = [each for each in said(parts, "label.png") if "ignored regions" in each]
    assert ignored.startswith(
        "note: ignored regions (label.png): 16.7% of an image does not count: methods see the mean"
    )
    (partly,) = others
    assert partly.startswith("note: images whose defects lie partly in ignored regions, which cut them: 4 (")
    for number in range(2):
        white(parts / f"masks/nut/test/bent/{number}.png", corner(SHAPE, 10, 14))
    (hidden,) = [each for each in said(parts, "masks") if each.startswith("warning") and "ignored regions" in each]
    names = "nut/test/bent/0.png, nut/test/bent/1.png"
    assert hidden.endswith(f"lie wholly in ignored regions, so that nothing shows them: 2 ({names})")


def test_masks_that_cannot_be_used_are_errors_that_name_them(parts):
    white(parts / "label.png", np.zeros((5, 5), bool))
    (error,) = [each for each in said(parts, "label.png") if each.startswith("error")]
    assert f"{parts / 'label.png'} marks what does not count and is 5x5 pixels" in error
    (error,) = [each for each in said(parts, "gone.png") if each.startswith("error")]
    assert f"--ignore {parts / 'gone.png'}: there is no such file or folder" in error


def test_samples_with_the_same_files_have_the_same_digest_only_if_the_same_is_ignored(parts):
    image, mask = parts / "nut/train/good/0.png", parts / "label.png"
    digests = fingerprint.Digests(parts / "digests.json")
    both = [Sample(image, "nut", "train", ignored=ignored) for ignored in (None, mask)]
    assert len({fingerprint.of_data([each], parts, digests) for each in both}) == 2


def test_results_are_on_the_same_data_whatever_each_ignores(parts):
    without, one = (planned(parts, **given) for given in ({}, {"ignore": str(parts / "label.png")}))
    both = [changes.require_same_data(job, Source.of(job.cell, parts)) for job in (without, one)]
    assert both[0].contents == both[1].contents and both[0].ignored != both[1].ignored
    white(parts / "label.png", corner(SHAPE, 9, 9))
    with pytest.raises(DataError, match=r"other contents 1 \(label\.png\)"):
        changes.require_same_data(one, Source.of(one.cell, parts))


def ignored(root: Path, category: str = "nut", **settings: str) -> str:
    """The digest of what does not count in a category."""
    given = Source.named("mvtec", root, DataSettings(**settings))
    return fingerprint.of_ignored(given.samples(category), given.base, fingerprint.Digests(root / "digests.json"))


@pytest.mark.parametrize(
    ("ignore", "edited"), [("label.png", "label.png"), ("masks", "masks/nut/test/good/0.png")], ids=["file", "folder"]
)
def test_a_result_tells_which_regions_it_ignores_by_the_contents_of_the_masks(parts, ignore, edited):
    before = ignored(parts, ignore=ignore)
    assert ignored(parts, ignore=ignore) == before
    white(parts / edited, corner(SHAPE, 9, 9))
    assert ignored(parts, ignore=ignore) != before


def test_where_every_pixel_counts_all_categories_ignore_the_same(parts):
    assert ignored(parts) == ignored(parts, "pin") != ignored(parts, ignore="label.png")
