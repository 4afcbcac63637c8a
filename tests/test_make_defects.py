"""`make masks` and `make defects`, from folders of pictures to a dataset that a run reads."""

import csv
import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.errors import UsageError
from datasets import DataError
from datasets.making import placing
from datasets.making.painting.blend import Blend
from tests.webui_server import serving

SIDE = 64
COUNT = 6


def run(*words):
    done = CliRunner().invoke(app, ["make", *map(str, words)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def disc(generator):
    """A round part: where it is."""
    rows, columns = np.ogrid[:SIDE, :SIDE]
    row, column = generator.uniform(24, 40, size=2)
    return np.hypot(rows - row, columns - column) < 20


def draw_pictures(folder):
    """Six crops of a wall, and six pictures of a part with the segments of segment-anything beside them."""
    root, generator = folder / "pictures", np.random.default_rng(0)
    links = []
    for number in range(COUNT):
        top, left = generator.integers(512 - SIDE, size=2)
        write(root / f"wall/normal/{number:03}.png", data.brick()[top : top + SIDE, left : left + SIDE])
        links.append({"img_path": f"./wall/{number:03}.png", "url": f"https://example.org/{number}"})
        part = disc(generator)
        pixels = np.where(part[..., None], (150, 110, 60), (40, 60, 90)) + generator.integers(-20, 20, (SIDE, SIDE, 3))
        write(root / f"part/p{number}.png", pixels.astype(np.uint8))
        segments = folder / f"segments/part/p{number}"
        write(segments / "0.png", np.where(part, 255, 0).astype(np.uint8))
        write(segments / "1.png", np.where(part, 0, 255).astype(np.uint8))
        (segments / "metadata.csv").write_text("id,area,bbox_w,bbox_h\n0,1,40,40\n1,1,64,64\n")
    (root / "wall/img_url.json").write_text(json.dumps(links))
    return root


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Pictures, the masks for them, and the defects painted by the suite's generator, each made once."""
    folder = tmp_path_factory.mktemp("kept")
    pictures = draw_pictures(folder)
    assert make_masks(pictures).exit_code == 0
    (folder / "said.txt").write_text(make_defects(pictures).output)
    return folder


@pytest.fixture
def pictures(kept, tmp_path):
    """The pictures, without masks."""
    for name in ("pictures", "segments"):
        shutil.copytree(kept / name, tmp_path / name)
    return tmp_path / "pictures"


@pytest.fixture
def masked(pictures, kept, tmp_path):
    """The pictures, with their masks."""
    shutil.copytree(kept / "masks", tmp_path / "masks")
    return pictures


@pytest.fixture
def painted(masked, kept, tmp_path):
    """The pictures, with their masks and defects."""
    shutil.copytree(kept / "made", tmp_path / "made")
    return masked


def make_masks(pictures, *options, to="masks"):
    given = ["--objects", pictures.parent / "segments", "--textures", "wall"]
    return run("masks", pictures, "--to", pictures.parent / to, *given, *options)


def make_defects(pictures, *options, to="made"):
    return run("defects", pictures, "--masks", pictures.parent / "masks", "--to", pictures.parent / to, *options)


def pixels(path):
    return np.asarray(Image.open(path))


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_two_categories_become_a_dataset_that_check_finds_clean_and_a_run_reads(painted, kept, tmp_path):
    assert "0 errors, 2 warnings" in (kept / "said.txt").read_text()  # few normal images set the threshold
    base = tmp_path / "made/synthetic_tidy_v2"
    rows = table(tmp_path / "made/defects.csv")
    assert {row["category"] for row in rows} == {"part", "wall"} and not any(row["failure"] for row in rows)
    for row in rows:
        folder, name = base / row["category"], f"{row['defect']}.png"
        before, after = pixels(folder / f"normal/{row['normal']}.png"), pixels(folder / f"anomaly/{name}")
        mask = pixels(folder / f"mask/{name}")
        asked = pixels(tmp_path / "masks" / row["asked_mask"])
        assert set(np.unique(mask)) == {0, 255} and not ((mask > 0) & (asked == 0)).any()
        assert (before != after).any(axis=2)[mask > 0].mean() > 0.9 and (before == after)[asked == 0].all()
    assert json.loads((base / "wall/img_url.json").read_text())[2] == {
        "img_path": "./wall/normal/002.png",
        "url": "https://example.org/2",
    }
    words = ["run", "--methods", "mean_image", "--dataset", "dsaii", "--data", base, "--results", tmp_path / "results"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "results/report.md").read_text().count("mean_image")


def test_no_image_that_a_method_trains_on_is_painted_into_unless_that_is_asked(painted, tmp_path):
    both = make_defects(painted, "--into", "all", to="all")
    assert "half of the defects are in images that methods train on" in both.output
    assert len(table(tmp_path / "made/defects.csv")) == COUNT and len(table(tmp_path / "all/defects.csv")) == 2 * COUNT


def test_the_layout_of_mvtec_has_the_same_images_and_the_same_split(painted, tmp_path):
    made = make_defects(painted, "--layout", "mvtec", to="like")
    assert made.exit_code == 0 and "--dataset mvtec" in made.output
    ours, theirs = tmp_path / "made/synthetic_tidy_v2", tmp_path / "like/synthetic_mvtec_like"
    for path in theirs.rglob("*.png"):
        name = path.stem.removesuffix("_mask")
        part = {"good": "normal", "anomaly": "mask" if path.stem.endswith("_mask") else "anomaly"}[path.parent.name]
        category = path.relative_to(theirs).parts[0]
        assert path.read_bytes() == (ours / category / part / f"{name}.png").read_bytes()
    assert len(list(theirs.rglob("*.png"))) == len(list(ours.rglob("*.png")))


def test_masks_are_binary_within_their_limits_and_on_their_objects(pictures, tmp_path):
    assert make_masks(pictures, "--per-image", 2).exit_code == 0
    rows = table(tmp_path / "masks/masks.csv")
    assert len(rows) == 2 * 2 * COUNT and len({row["mask"] for row in rows}) == len(rows)
    for row in rows:
        mask, target = pixels(tmp_path / "masks" / row["mask"]), pixels(tmp_path / "masks" / row["object"])
        low, high = (0.05, 0.10) if row["category"] == "wall" else (0.01, 0.05)
        assert low <= (mask > 0).mean() <= high and not mask[target == 0].any()
        assert set(np.unique(mask)) == {0, 255}
    assert {row["texture"] for row in rows if row["category"] == "part"} == {"False"}


def test_masks_and_defects_are_the_same_bytes_each_time_and_others_with_another_seed(painted, tmp_path):
    make_masks(painted, to="again")
    assert contents(tmp_path / "masks") == contents(tmp_path / "again")
    make_defects(painted, to="made again")
    assert contents(tmp_path / "made") == contents(tmp_path / "made again")
    make_masks(painted, "--seed", 1, "--categories", "wall", to="others")
    assert contents(tmp_path / "masks/masks/wall") != contents(tmp_path / "others/masks/wall")


def test_a_category_alone_has_the_masks_that_it_has_among_others(masked, tmp_path):
    run("masks", masked, "--to", tmp_path / "alone", "--textures", "wall", "--categories", "wall")
    assert contents(tmp_path / "alone/masks/wall") == contents(tmp_path / "masks/masks/wall")


def test_an_object_on_which_nothing_fits_is_said_and_has_no_empty_mask(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(placing, "TRIES", 3)
    shutil.rmtree(pictures / "wall")
    made = run("masks", pictures, "--objects", tmp_path / "segments", "--to", tmp_path / "masks", "--area", "60:70")
    assert made.exit_code == 1
    assert f"error part: without a mask: {COUNT} (p0.png, p1.png, p2.png, ...)" in made.output
    assert "no defect of 60 to 70 % of the image fits on the object" in made.output
    assert not (tmp_path / "masks/masks").exists()
    with pytest.raises(DataError, match="has no mask for 1"):
        make_defects(pictures)


def test_an_image_without_an_object_is_said_and_the_others_are_made(pictures, tmp_path):
    (tmp_path / "segments/part/p2/metadata.csv").unlink()
    made = make_masks(pictures)
    assert made.exit_code == 1 and "warning part: without a mask: 1 (p2.png)" in made.output
    assert sum(bool(row["mask"]) for row in table(tmp_path / "masks/masks.csv")) == 2 * COUNT - 1


def test_object_masks_of_any_origin_do_instead_of_segments(pictures, tmp_path):
    for number in range(COUNT):
        source = tmp_path / f"segments/part/p{number}/0.png"
        shutil.copy(source, tmp_path / f"segments/part/p{number}_mask.png")
        shutil.rmtree(source.parent)
    assert make_masks(pictures).exit_code == 0


def test_shapes_come_from_a_folder_of_masks(pictures, tmp_path):
    write(tmp_path / "shapes/cup/chip/000_mask.png", np.pad(np.full((9, 5), 255, np.uint8), 20))
    assert make_masks(pictures, "--shapes", tmp_path / "shapes").exit_code == 0
    assert {row["shape"] for row in table(tmp_path / "masks/masks.csv")} == {"cup/chip/000_mask.png"}


def test_without_any_object_one_sentence_says_what_to_give(pictures, tmp_path):
    with pytest.raises(UsageError, match="where are the objects"):
        run("masks", pictures, "--to", tmp_path / "masks", "--textures", "wall")


def test_without_segment_anything_one_sentence_says_how_to_install_it(pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "segment_anything", None)
    (tmp_path / "sam_vit_b_tiny.pth").write_bytes(b"")
    with pytest.raises(DataError, match=r"needs segment_anything: pip install -e '.\[sam\]'"):
        run("masks", pictures, "--to", tmp_path / "masks", "--sam-checkpoint", tmp_path / "sam_vit_b_tiny.pth")


@pytest.mark.parametrize("text", ["5", "5:1", "0:5", "a:b", "5:200"])
def test_areas_that_make_no_sense_are_refused(pictures, text):
    with pytest.raises(UsageError, match=f"--area {text}"):
        make_masks(pictures, "--area", text)


def test_a_stopped_making_goes_on_and_ends_with_the_same_bytes(painted, tmp_path, monkeypatch):
    whole = contents(tmp_path / "made")
    paint, done = Blend.paint, []

    def stop_at_the_third(self, task):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(task)
        return paint(self, task)

    monkeypatch.setattr(Blend, "paint", stop_at_the_third)
    assert make_defects(painted, to="stopped").exit_code == 130 and not (tmp_path / "stopped").exists()
    seen = []
    monkeypatch.setattr(Blend, "paint", lambda self, task: seen.append(task) or paint(self, task))
    assert make_defects(painted, to="stopped").exit_code == 0
    assert len(seen) == COUNT - 2 and contents(tmp_path / "stopped") == whole


def test_what_is_made_is_not_made_again(painted, tmp_path, monkeypatch):
    monkeypatch.setattr(Blend, "paint", None)
    assert make_defects(painted).exit_code == 0
    with pytest.raises(UsageError, match="settings seed is 5, there 0"):
        make_defects(painted, "--seed", 5)


def test_the_web_ui_paints_and_the_same_codec_hides_nothing_but_the_defect(masked, tmp_path):
    with serving() as server:
        options = ["--backend", "webui", "--url", server.url, "--size", 64, "--same-codec", "--categories", "wall"]
        assert make_defects(masked, *options).exit_code == 0
    base = tmp_path / "made/synthetic_tidy_v2/wall"
    assert len(server.asked) == COUNT + COUNT // 2  # the normal images, then the defects
    for row in table(tmp_path / "made/defects.csv"):
        before, after = pixels(base / f"normal/{row['normal']}.png"), pixels(base / f"anomaly/{row['defect']}.png")
        assert (before != np.repeat(pixels(masked / f"wall/normal/{row['image']}")[..., None], 3, axis=2)).any()
        assert (before == after)[pixels(tmp_path / "masks" / row["asked_mask"]) == 0].all()
        assert row["prompt"] == "broken, cracked, severely shattered"
    record = json.loads((tmp_path / "made/made_by.json").read_text())
    assert record["versions"]["model"] == "tiny.safetensors [0123abcd]"
    assert record["settings"]["webui.steps"] == 20 and record["settings"]["webui.sampler"] == "Euler a"


def test_a_model_that_paints_nothing_is_listed_as_failed_and_no_image_is_written(masked, tmp_path):
    with serving() as server:
        server.colour = None
        options = ["--backend", "webui", "--url", server.url, "--size", 64, "--categories", "wall"]
        made = make_defects(masked, *options, "--changed-above", 200)
    assert made.exit_code == 1 and "3 attempts changed less than 50% of the mask visibly" in made.output
    assert "error wall: no defect was painted" in made.output
    assert len({asked["seed"] for asked in server.asked}) == 3 * COUNT // 2
    assert not (tmp_path / "made/synthetic_tidy_v2/wall/anomaly").exists()


def test_the_asked_mask_is_written_if_that_is_asked(masked, tmp_path):
    make_defects(masked, "--mask", "asked")
    for row in table(tmp_path / "made/defects.csv"):
        written = tmp_path / f"made/synthetic_tidy_v2/{row['category']}/mask/{row['defect']}.png"
        assert (pixels(written) == pixels(tmp_path / "masks" / row["asked_mask"])).all()


def test_a_prompt_that_nothing_reads_is_refused(masked):
    with pytest.raises(DataError, match="--prompt: blend has no such setting"):
        make_defects(masked, "--prompt", "dented")


def test_a_codec_that_does_not_exist_is_refused(masked):
    with pytest.raises(UsageError, match="--same-codec: blend changes nothing outside the masks"):
        make_defects(masked, "--same-codec")


def test_credits_and_licence_of_the_images_travel_with_them(pictures, tmp_path):
    (pictures / "SOURCES.csv").write_text("image,creator\n")
    record = {"command": "make images", "settings": {}, "sources": {}, "licence": "CC BY 4.0"}
    (pictures / "made_by.json").write_text(json.dumps(record))
    make_masks(pictures)
    make_defects(pictures)
    assert (tmp_path / "made/SOURCES.csv").read_text() == "image,creator\n"
    assert json.loads((tmp_path / "made/made_by.json").read_text())["licence"] == "CC BY 4.0"


def test_the_contact_sheets_show_every_defect(painted, tmp_path):
    for folder in ("masks", "made"):
        sheets = sorted((tmp_path / folder / "contact_sheets").glob("*.png"))
        assert [sheet.stem for sheet in sheets] == ["part", "wall"] and min(map(lambda s: pixels(s).size, sheets)) > 1e5
