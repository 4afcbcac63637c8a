"""The command and the function `predict`, on jobs of the toy method. Only the one on bolt has an operating point."""

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.commands import predict
from benchmarks.prediction import outputs, pictures
from benchmarks.prediction.table import COLUMNS, Table
from reports import overlay, panel
from reports.results import OperatingPoint, Result, read
from tests.checkout.program import Checkout, finished_run, write_image

AREA_PX = 9


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    """A checkout with finished jobs, trained once. Tests that change results use `mine`."""
    checkout = finished_run().copy(tmp_path_factory.mktemp("finished") / "checkout")
    chosen = ["--results", str(checkout.results), "--method", "toy", "--category", "bolt", "--area", str(AREA_PX)]
    assert checkout.run(*chosen, "--no-figures", "--apply", command="finetune").returncode == 0
    return checkout


@pytest.fixture
def mine(finished, tmp_path) -> Path:
    """A copy of the checkout whose results a test may change."""
    return shutil.copytree(finished.results, tmp_path / "mine")


def judge(checkout: Checkout, *arguments, category: str = "bolt", results: Path | None = None):
    chosen = ["--results", results or checkout.results, "--method", "toy", "--category", category]
    return checkout.run(*map(str, [*chosen, *arguments]), command="predict")


def table(file: Path) -> list[dict[str, str]]:
    with open(file, encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def job(results: Path, category: str = "bolt") -> Path:
    return next(results.glob(f"jobs/toy/{category}/*"))


def test_each_image_has_a_line_and_the_status_is_0_whatever_the_verdicts(finished):
    done = judge(finished, finished.data / "bolt/test/good/0.png", finished.data / "bolt/test/stain/0.png")
    good, stain = done.stdout.splitlines()
    assert done.returncode == 0
    assert good.endswith("normal     regions 0  largest 0 px") and "good/0.png" in good
    assert "defective  regions 1  largest" in stain and "stain/0.png" in stain
    assert "1 defective, 1 normal, 0 unreadable" in done.stderr


def test_with_an_operating_point_the_scores_are_the_levels_that_finetune_stored(finished, tmp_path):
    judge(finished, finished.data / "bolt/test", "--csv", tmp_path / "verdicts.csv")
    point = read(job(finished.results) / "operating_point.json", OperatingPoint)
    expected = {image.path: image.score for image in point.images}
    found = {Path(row["path"]).relative_to(finished.data).as_posix(): row for row in table(tmp_path / "verdicts.csv")}
    assert {path: float(row["score"]) for path, row in found.items()} == expected
    assert {float(row["threshold"]) for row in found.values()} == {point.threshold}
    assert all((row["verdict"] == "defective") == (int(row["regions"]) > 0) for row in found.values())
    assert all(int(row["largest_area_px"]) >= AREA_PX for row in found.values() if row["verdict"] == "defective")


def test_without_an_operating_point_scores_and_threshold_are_those_of_the_report(finished, tmp_path):
    done = judge(finished, finished.data / "nut/test", "--csv", tmp_path / "verdicts.csv", category="nut")
    images = read(job(finished.results, "nut") / "result.json", Result).images
    found = {Path(row["path"]).relative_to(finished.data).as_posix(): row for row in table(tmp_path / "verdicts.csv")}
    assert {path: float(row["score"]) for path, row in found.items()} == {
        image.path: image.score for image in images if image.part == "test"
    }
    assert {float(row["threshold"]) for row in found.values()} == {
        max(image.score for image in images if image.part == "calibration")
    }
    assert {row["regions"] for row in found.values()} == {""}
    assert done.stderr.count("finetune --apply") == 1 and "regions" not in done.stdout


def test_the_same_images_twice_give_the_same_lines(finished):
    first, second = (judge(finished, finished.data / "bolt/test").stdout for _ in range(2))
    assert first == second and len(first.splitlines()) == 6


def test_unreadable_images_are_reported_the_others_are_judged_and_the_status_is_1(finished, tmp_path):
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    stain = finished.data / "bolt/test/stain/0.png"
    table_file = tmp_path / "deep/verdicts.csv"
    done = judge(finished, tmp_path / "torn.png", stain, tmp_path / "gone.png", "--csv", table_file)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 1
    assert "torn.png cannot be read" in done.stderr and "there is no such file" in done.stderr
    rows = table(table_file)
    assert [row["verdict"] for row in rows] == ["unreadable", "defective", "unreadable"]
    assert "no such file" in rows[2]["reason"] and rows[2]["score"] == ""


def test_an_image_smaller_than_the_minimum_area_is_normal_and_says_why(finished, tmp_path):
    Image.fromarray(np.full((2, 4, 3), 250, np.uint8)).save(tmp_path / "tiny.png")
    done = judge(finished, tmp_path / "tiny.png", "--csv", tmp_path / "verdicts.csv")
    (row,) = table(tmp_path / "verdicts.csv")
    assert (row["score"], row["verdict"]) == ("-inf", "normal")
    assert row["reason"].startswith(f"{predict.TOO_SMALL}; size 4 x 2, trained on 36 x 40; aspect ratio")
    assert predict.TOO_SMALL in done.stdout


def test_overlays_tell_verdict_and_truth_and_outline_the_regions(finished, tmp_path):
    done = judge(finished, finished.data / "bolt/test", "--overlays", tmp_path / "seen")
    assert done.returncode == 0
    assert len(list((tmp_path / "seen").rglob("0.png"))) == 2 and (tmp_path / "seen/contact-sheet-1.png").is_file()
    good, stain = (np.array(Image.open(tmp_path / f"seen/{name}/0.png")) for name in ("good", "stain"))
    assert tuple(good[0, 0]) == panel.NORMAL and tuple(stain[0, 0]) == panel.DEFECTIVE
    outlined = [(picture == overlay.LINE).all(axis=2)[60:].any() for picture in (good, stain)]
    known = [(picture == panel.TRUTH).all(axis=2).any() for picture in (good, stain)]
    assert outlined == [False, True] and known == [False, True]


def test_an_image_that_is_not_of_the_dataset_has_no_truth(finished, tmp_path):
    shutil.copy(finished.data / "bolt/test/stain/0.png", tmp_path / "new.png")
    assert judge(finished, tmp_path / "new.png", "--overlays", tmp_path / "seen").returncode == 0
    assert not (np.array(Image.open(tmp_path / "seen/new.png")) == panel.TRUTH).all(axis=2).any()


def test_without_a_point_overlays_outline_what_no_normal_map_reaches(finished, tmp_path):
    done = judge(finished, finished.data / "nut/test", "--overlays", tmp_path / "seen", category="nut")
    assert done.returncode == 0 and "red at" in done.stderr and "in the map of a typical held-out" in done.stderr
    assert "outlines: around what is above" in done.stderr
    stain = np.array(Image.open(tmp_path / "seen/stain/0.png"))
    assert tuple(stain[0, 0]) == panel.DEFECTIVE and (stain == overlay.LINE).all(axis=2)[60:].any()


def test_maps_are_written_raw_at_the_size_of_each_image_and_in_colours(finished, tmp_path):
    done = judge(finished, finished.data / "bolt/test", "--maps", tmp_path / "maps")
    assert done.returncode == 0 and "red at" in done.stderr and "the threshold; yellow" in done.stderr
    raw, coloured = (Image.open(tmp_path / f"maps/stain/0.{suffix}") for suffix in ("tiff", "png"))
    image = Image.open(finished.data / "bolt/test/stain/0.png")
    assert raw.mode == "F" and raw.size == coloured.size == image.size
    values = np.array(raw)
    assert values.dtype == np.float32 and values.argmax() in np.flatnonzero(np.array(coloured)[..., 0] > 200)


def test_maps_at_the_image_score_are_those_the_score_came_from(finished, tmp_path):
    done = judge(
        finished,
        finished.data / "nut/test/stain/0.png",
        "--maps",
        tmp_path,
        "--csv",
        tmp_path / "a.csv",
        category="nut",
    )
    assert done.returncode == 0
    (row,) = table(tmp_path / "a.csv")
    assert np.array(Image.open(tmp_path / "0.tiff")).max() == pytest.approx(float(row["score"]), rel=0.05)


def test_a_threshold_of_ones_own_takes_the_place_of_either(finished, tmp_path):
    for category in ("nut", "bolt"):
        for threshold, count in (("1e9", 0), ("-1", 6)):
            test = finished.data / category / "test"
            done = judge(finished, test, "--threshold", threshold, category=category)
            assert f"judged by the given threshold {float(threshold):.5g}" in done.stderr
            assert f"{count} defective, {6 - count} normal" in done.stderr
            assert ("regions" in done.stdout) == (category == "bolt")


def test_a_threshold_of_ones_own_needs_no_held_out_image(finished, mine):
    images = json.loads((job(mine, "nut") / "result.json").read_text())["images"]
    change(job(mine, "nut") / "result.json", images=[image for image in images if image["part"] == "test"])
    done = judge(finished, finished.data / "nut/test", "--threshold", "60", category="nut", results=mine)
    assert done.returncode == 0


def test_what_training_never_saw_is_said_once_and_in_the_table(finished, tmp_path):
    for place in range(5):
        Image.fromarray(np.full((36, 36, 3), 120, np.uint8)).save(tmp_path / f"{place}.png")
    shutil.copy(finished.data / "bolt/test/good/0.png", tmp_path / "same.png")
    done = judge(finished, tmp_path, "--csv", tmp_path / "verdicts.csv")
    said = "5 of 6 images: training never saw their aspect ratio, so their scores may mean nothing: 0.png, 1.png, 2.png"
    assert done.returncode == 0 and done.stderr.count(said) == 1
    assert "training never saw their colour mode" in done.stderr
    *others, same = table(tmp_path / "verdicts.csv")
    assert all("aspect ratio 1.00, trained on 0.90" in row["reason"] for row in others) and same["reason"] == ""


def test_images_like_the_training_raise_no_warning(finished):
    assert "never saw" not in judge(finished, finished.data / "bolt/test").stderr


def test_a_result_that_does_not_tell_how_training_images_look_says_so(finished, mine):
    change(job(mine) / "result.json", appearances=None)
    assert "are not compared with them" in judge(finished, finished.data / "bolt/test", results=mine).stderr


def test_the_function_warns_once_after_the_last_image_and_takes_a_threshold(finished):
    found = python(
        finished,
        "import benchmarks, numpy\n"
        "image = numpy.full((36, 36, 3), 120, numpy.uint8)\n"
        "verdicts = benchmarks.predict('kept', 'toy', 'bolt', [image, image], threshold=1e9)\n"
        "print(next(verdicts).defective, [each.kind for each in next(verdicts).unseen])\n"
        "print(list(verdicts))",
    )
    assert "False ['size', 'aspect ratio', 'colour mode']" in found or "False ['aspect ratio', 'colour mode']" in found
    assert found.count("2 of 2 images: training never saw their aspect ratio") == 1


def test_no_two_images_share_an_overlay():
    paths = [Path(name) for name in ("/a/1.png", "/b/1.png", "/a/1.jpg", "/a/1.PNG", "/a/1-2.png", "/a/1.png")]
    found = outputs.places(Path("out"), paths)
    assert found[Path("/a/1.png")] == Path("out/a/1.png") and found[Path("/b/1.png")] == Path("out/b/1.png")
    assert len({str(place).lower() for place in found.values()}) == len(set(paths))
    assert all(place.suffix == ".png" for place in found.values())


@pytest.mark.parametrize(
    ("score", "threshold", "shown"),
    [
        (0.5, 0.25, ("0.5", "0.25")),
        (0.123456789, 0.123456788, ("0.123456789", "0.123456788")),
        (1.0, 1.0000000000000002, ("1.0", "1.0000000000000002")),
        (float("-inf"), 3.14159265, ("-inf", "3.1416")),
        (2.0, 2.0, ("2", "2")),
    ],
)
def test_a_score_and_a_threshold_that_differ_look_different(score, threshold, shown):
    assert pictures.told_apart(score, threshold) == shown


WRONG = {
    "an unknown method": (["--method", "tyo"], "did you mean 'toy'"),
    "an unknown category": (["--category", "bold"], "did you mean 'bolt'"),
    "a seed that was not run": (["--seed", "3"], "0 of the finished jobs"),
    "a bad device": (["--device", "gpu"], "--device: expected auto, cpu, cuda or cuda:N"),
    "a device that is not there": (["--device", "cuda:7"], "cuda:7 is not there"),
    "a table that is an image": (["--csv", "a.png"], "--csv a.png: expected the name of a table"),
    "a table that is a folder": (["--csv", "parts"], "--csv parts cannot be written: it is a folder"),
    "overlays in a file": (["--overlays", "ours.txt"], "--overlays ours.txt cannot be written"),
    "a threshold that is no number": (["--threshold", "nan"], "--threshold: expected a finite number, got nan"),
    "maps among the overlays": (["--maps", "seen", "--overlays", "seen"], "it is the folder of the overlays"),
    "maps in a file": (["--maps", "ours.txt"], "--maps ours.txt cannot be written"),
    "overlays among the images": (
        ["parts/bolt", "--overlays", "parts/bolt/seen"],
        "would judge its files as images",
    ),
    "overlays over the images": (["--overlays", "parts/bolt/test/good"], "would replace the image"),
    "no results": (["--results", "parts"], "no finished job there"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_sentence_and_status_2_before_anything_is_scored(finished, arguments, sentence):
    (finished.folder / "ours.txt").touch()
    done = judge(finished, "parts/bolt/test/good/0.png", *arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr


def test_what_another_program_wrote_is_never_overwritten_and_what_predict_wrote_is(finished, tmp_path):
    truth = shutil.copytree(finished.data / "bolt/ground_truth/stain", tmp_path / "truth")
    image = shutil.copy(finished.data / "bolt/test/stain/0.png", tmp_path / "0_mask.png")
    (tmp_path / "notes.csv").write_text("part,remark\n1,scratched\n")
    (tmp_path / "sheets").mkdir()
    write_image(tmp_path / "sheets/contact-sheet-1.png", 0)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    for option, place, named in (
        ("--overlays", truth, truth / "0_mask.png"),
        ("--maps", truth, truth / "0_mask.png"),
        ("--overlays", tmp_path / "sheets", tmp_path / "sheets/contact-sheet-1.png"),
        ("--csv", tmp_path / "notes.csv", tmp_path / "notes.csv"),
        ("--csv", job(finished.results) / "result.json", job(finished.results) / "result.json"),
    ):
        done = judge(finished, image, option, place)
        assert done.returncode == 2 and done.stdout == "" and f"{named} is there and was not written by" in done.stderr
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    ours = ["--overlays", tmp_path / "seen", "--maps", tmp_path / "maps", "--csv", tmp_path / "verdicts.csv"]
    assert [judge(finished, image, *ours).returncode for _ in range(2)] == [0, 0]


def test_predict_and_report_never_replace_the_tables_of_each_other(finished, mine):
    image, table = finished.data / "bolt/test/good/0.png", mine / "verdicts.csv"
    report = mine / "report.csv"
    before = report.read_bytes()
    done = judge(finished, image, "--csv", report)
    assert done.returncode == 2 and done.stdout == "" and f"--csv {report} is there and was written by" in done.stderr
    assert report.read_bytes() == before
    table.unlink()
    assert judge(finished, image, "--csv", table).returncode == 0
    before = table.read_bytes()
    done = finished.run("--results", str(mine), command="report")
    assert done.returncode == 1 and f"{table} cannot be read or written: it is there" in done.stderr
    assert table.read_bytes() == before and str(mine / "report.html") in done.stdout


def test_a_picture_that_cannot_be_written_costs_no_verdict_and_is_a_remark_on_its_row(finished, tmp_path):
    """A full disk, and a name so long that it has no room for another suffix."""
    stain = finished.data / "bolt/test/stain"
    outputs = ["--csv", tmp_path / "verdicts.csv", "--overlays", tmp_path / "seen"]
    chosen = ["--results", finished.results, "--method", "toy", "--category", "bolt", stain, *outputs]
    done = finished.run(*map(str, chosen), command="predict", limits={resource.RLIMIT_FSIZE: 2_000})
    rows = table(tmp_path / "verdicts.csv")
    assert done.returncode == 1 and [row["verdict"] for row in rows] == ["defective"] * 3
    assert all("seen/" in row["reason"] and "File too large" in row["reason"] for row in rows)
    assert "contact-sheet-1.png cannot be read or written: File too large" in done.stderr
    long = shutil.copy(stain / "0.png", tmp_path / f"{'x' * 251}.png")
    done = judge(finished, long, stain / "1.png", "--csv", tmp_path / "two.csv", "--maps", tmp_path / "maps")
    (first, second) = table(tmp_path / "two.csv")
    assert done.returncode == 1 and "File name too long" in first["reason"] and second["reason"] == ""
    assert len(list((tmp_path / "maps").rglob("*.png"))) == 2 and len(list((tmp_path / "maps").rglob("*.tiff"))) == 1


def test_the_table_grows_line_by_line_and_tells_what_the_disk_did_not_take(tmp_path):
    row = dict(zip(COLUMNS, ("a.png", 1.0, 2.0, "normal", None, None, ""), strict=True))
    growing, full = Table(tmp_path / "verdicts.csv"), Table(Path("/dev/full"))
    for number in (1, 2):
        growing.add(row)
        full.add(row)
        assert len(table(tmp_path / "verdicts.csv")) == number
    assert growing.close() is None
    assert full.close() == (
        "--csv /dev/full cannot be written: No space left on device: 3 lines are missing at its end"
    )


def test_who_closes_the_pipe_loses_no_line_of_the_table(finished, tmp_path):
    reader, pipe = os.pipe()
    os.close(reader)
    asked = ["--results", finished.results, "--method", "toy", "--category", "bolt", "--csv", tmp_path / "all.csv"]
    command = [sys.executable, "-m", "benchmarks", "predict", finished.data / "bolt/test/good", *asked]
    done = subprocess.run(command, cwd=finished.folder, stdout=pipe, stderr=subprocess.PIPE, text=True)
    os.close(pipe)
    assert done.returncode == 0 and len(table(tmp_path / "all.csv")) == 3 and "Traceback" not in done.stderr


def test_no_image_is_wrong_use(finished):
    assert judge(finished).returncode == 2


def test_a_point_of_an_earlier_result_is_named_and_left_out(finished, mine):
    change(job(mine) / "operating_point.json", key="of another result")
    done = judge(finished, finished.data / "bolt/test", results=mine)
    assert done.returncode == 0 and "regions" not in done.stdout
    assert "operating_point.json belongs to an earlier result" in done.stderr


def change(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_job_without_calibration_and_without_a_point_says_what_to_do(finished, mine):
    images = json.loads((job(mine, "nut") / "result.json").read_text())["images"]
    change(job(mine, "nut") / "result.json", images=[image for image in images if image["part"] == "test"])
    done = judge(finished, finished.data / "nut/test", category="nut", results=mine)
    assert done.returncode == 2 and "run --calibration" in done.stderr


SETTINGS = "model/settings.json"
HOSTILE = {
    "no settings": (lambda folder: (folder / "model/settings.json").unlink(), "settings.json cannot be read"),
    "torn settings": (
        lambda folder: (folder / "model/settings.json").write_bytes(b"{"),
        "settings.json cannot be read",
    ),
    "unknown settings": (lambda folder: change(folder / "model/settings.json", shell="rm"), "settings of this method"),
    "no model": (lambda folder: shutil.rmtree(folder / "model"), "no model was kept"),
    "the model of another result": (lambda folder: (folder / "model/key").write_text("x"), "no model was kept"),
    "a torn point": (lambda folder: (folder / "operating_point.json").write_text("{"), "is damaged"),
    "a point of no area": (lambda folder: change(folder / "operating_point.json", area_px=0), "is damaged"),
    "a point of a negative area": (lambda folder: change(folder / "operating_point.json", area_px=-3), "is damaged"),
    "a point of any area": (lambda folder: change(folder / "operating_point.json", area_px=10**30), "is damaged"),
    "a point without its images": (lambda folder: change(folder / "operating_point.json", images=[]), "is damaged"),
    "other settings": (
        lambda folder: change(folder / "model/settings.json", epochs=3),
        "settings are not those of the result",
    ),
    "a point of another version": (lambda folder: change(folder / "operating_point.json", format=9), "another version"),
    "a torn job": (
        lambda folder: (folder / "job.json").write_bytes(b"\xff{"),
        "job.json cannot be read (it is damaged)",
    ),
    "no job": (lambda folder: (folder / "job.json").unlink(), "job.json cannot be read (No such file"),
    "a torn result": (lambda folder: (folder / "result.json").write_text("{"), "result.json is damaged"),
}


@pytest.mark.parametrize(("harm", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_folder_that_cannot_be_trusted_is_one_sentence_and_status_2(finished, mine, harm, sentence):
    harm(job(mine))
    done = judge(finished, finished.data / "bolt/test", results=mine)
    assert done.returncode == 2 and sentence in done.stderr and done.stdout == ""


def test_a_file_name_that_is_not_utf8_is_printed_and_written(finished, tmp_path):
    image = tmp_path / "f\udce4hig.png"
    try:
        write_image(image, seed=1)
    except OSError:
        pytest.skip("this file system has no such names")
    done = judge(finished, tmp_path, "--csv", tmp_path / "verdicts.csv")
    assert done.returncode == 0 and r"f\xe4hig.png" in done.stdout
    assert table(tmp_path / "verdicts.csv")[0]["path"].endswith(r"f\xe4hig.png")


def python(checkout: Checkout, code: str) -> str:
    command = [sys.executable, "-W", "always", "-c", code]
    done = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_function_gives_what_the_command_does(finished, tmp_path):
    judge(finished, "parts/bolt/test", "--csv", tmp_path / "verdicts.csv")
    found = python(
        finished,
        "import benchmarks, json\n"
        "verdicts = benchmarks.predict('kept', 'toy', 'bolt', ['parts/bolt/test'])\n"
        "print(json.dumps([[str(v.path), v.score, v.defective, len(v.regions)] for v in verdicts]))",
    )
    expected = [
        [row["path"], float(row["score"]), row["verdict"] == "defective", int(row["regions"])]
        for row in table(tmp_path / "verdicts.csv")
    ]
    assert json.loads(found) == expected


def test_the_function_takes_arrays_and_goes_on_after_an_unreadable_image(finished):
    found = python(
        finished,
        "import benchmarks\n"
        "from benchmarks.images import ImageError, read_image\n"
        "from pathlib import Path\n"
        "stain = read_image(Path('parts/bolt/test/stain/0.png'))\n"
        "verdicts = benchmarks.predict('kept', 'toy', 'bolt', [stain, 'nowhere.png', stain])\n"
        "first = next(verdicts)\n"
        "try: next(verdicts)\n"
        "except ImageError as error: print(error)\n"
        "print(first.path, first.defective, next(verdicts) == first)",
    )
    assert "nowhere.png cannot be read" in found and "None True True" in found


def test_the_function_refuses_at_once_and_warns_of_a_stale_point(finished, mine):
    change(job(mine) / "operating_point.json", key="of another result")
    found = python(
        finished,
        "import benchmarks\n"
        "from benchmarks.errors import UsageError\n"
        "try: benchmarks.predict('kept', 'toy', 'bold', [])\n"
        "except UsageError as error: print(error)\n"
        f"benchmarks.predict({str(mine)!r}, 'toy', 'bolt', [])",
    )
    assert "did you mean 'bolt'" in found and "belongs to an earlier result" in found


def test_importing_the_package_loads_nothing_heavy(finished):
    loaded = python(finished, "import sys, benchmarks; benchmarks.predict; print(*sys.modules)").split()
    assert not {"numpy", "pandas", "torch", "tensorflow", "keras", "benchmarks.prediction.verdicts"} & set(loaded)


def test_a_line_break_in_a_name_breaks_no_line(finished, tmp_path):
    write_image(tmp_path / "new\nline.png", seed=10)
    done = judge(finished, tmp_path)
    (line,) = done.stdout.splitlines()
    assert "new\\nline.png" in line


def test_what_is_lost_between_a_new_file_and_its_pixels_is_said_by_command_and_function(finished, tmp_path):
    picture = Image.new("RGBA", (36, 40), (120, 120, 120, 100))
    picture.save(tmp_path / "clear.png")
    lost = "1 of 1 images (clear.png) have transparent pixels, which were painted black"
    done = judge(finished, tmp_path)
    assert lost in done.stderr and "new images are read with the settings of the run" in done.stderr
    code = f"import benchmarks; list(benchmarks.predict('kept', 'toy', 'bolt', {str(tmp_path)!r}))"
    assert lost in python(finished, code)
