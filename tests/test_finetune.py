"""The command `finetune`, which chooses an operating point for a finished job, and its parts."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.evaluation import decision
from benchmarks.finetune import maps, sampling
from benchmarks.finetune.choosing import TuningLevels
from benchmarks.finetune.operating_point import Tuned
from benchmarks.images import Images
from datasets import Sample
from tests.checkout.program import finished_run, write_image

FIGURES = 8


@pytest.fixture
def finished(after_run):
    """A checkout in which the toy method was run on both categories."""
    return after_run("--calibration", "0.4")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A checkout with an operating point and its figures, and what was printed. Tests that change it work on copies."""
    checkout = finished_run("--calibration", "0.4").copy(tmp_path_factory.mktemp("drawn") / "checkout")
    return checkout, finetune(checkout, figures=True)


def finetune(checkout, *arguments, figures=False):
    options = ["--results", str(checkout.results), "--method", "toy", "--category", "bolt"]
    options += ["--figures" if figures else "--no-figures", "--data", str(checkout.data)]
    return checkout.run(*options, *arguments, command="finetune")


def record(checkout):
    (file,) = checkout.results.glob("jobs/toy/bolt/*/finetune/finetune.json")
    return json.loads(file.read_text())


def row(checkout):
    rows = checkout.rows()
    return rows[rows.category == "bolt"].iloc[0]


def test_what_was_kept_and_is_damaged_is_named_and_made_again(finished):
    """A bit of a map turns, the levels are cut, and a folder lies where maps should."""
    assert finetune(finished, "--area", "9").returncode == 0
    before, kept = record(finished), next(finished.results.glob("jobs/toy/bolt/*/maps"))
    levels = kept.parent / "finetune/levels.npz"
    turned = bytearray((kept / "test.npz").read_bytes())
    turned[len(turned) // 2] ^= 1
    (kept / "test.npz").write_bytes(turned)
    (kept / "held out.npz").unlink()
    (kept / "held out.npz").mkdir()
    levels.write_bytes(levels.read_bytes()[:100])
    told = finished.run("--results", str(finished.results), command="report")
    assert told.returncode == 0 and f"left out: {levels} is damaged" in told.stderr
    again = finetune(finished, "--area", "9")
    assert again.returncode == 0 and record(finished) == before
    assert f"{kept / 'test.npz'} is damaged (" in again.stderr and "does not have its check sum" in again.stderr
    assert f"{kept / 'held out.npz'} is damaged (" in again.stderr


def test_a_cut_archive_of_maps_is_found_wherever_it_is_cut(tmp_path):
    np.savez(tmp_path / "whole.npz", **{"000000": np.ones((3, 4)), "000001": np.zeros((3, 4))})
    whole, file = (tmp_path / "whole.npz").read_bytes(), tmp_path / "cut.npz"
    assert maps.damage(tmp_path / "whole.npz", 2) is None and "2 maps, expected 3" in maps.damage(
        tmp_path / "whole.npz", 3
    )
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert maps.damage(file, 2)


def test_an_operating_point_is_chosen_printed_written_and_drawn(drawn):
    finished, done = drawn
    assert done.returncode == 0
    chosen = record(finished)
    assert f"minimum defect area {chosen['area_px']} px" in done.stdout
    assert "not applied" in done.stdout and "defects blended into 4 training images" in done.stdout
    folder = next(finished.results.glob("jobs/toy/bolt/*/finetune"))
    assert len(list(folder.glob("*.png"))) == len(list(folder.glob("*.pdf"))) == FIGURES
    table = pd.read_csv(folder / "finetune.csv")
    assert table[table.chosen].area_px.item() == chosen["area_px"]
    assert (table.threshold.diff().dropna() <= 0).all()


def test_the_point_finds_all_stains_and_gives_no_false_alarm(finished):
    finetune(finished, "--areas", "5:25:5")
    assert record(finished)["test"]["balanced_accuracy"] == 1
    assert record(finished)["test"]["area_image_auroc"] == 1


def test_it_says_if_too_few_images_promise_the_wanted_false_positive_rate(finished):
    assert "promise a false-positive rate of at most 33.3%; 5.0% was wanted" in finetune(finished).stdout


def test_the_report_judges_by_an_applied_point_and_says_where_it_came_from(finished):
    assert finetune(finished, "--apply").returncode == 0
    finished.run("--results", str(finished.results), command="report")
    chosen = record(finished)
    assert row(finished).min_area_px == chosen["area_px"]
    assert row(finished).threshold == chosen["threshold"]
    page = (finished.results / "report.md").read_text()
    assert "## Operating points" in page and "defects blended into 4 training images" in page
    scores = pd.read_csv(finished.results / "scores.csv")
    test = scores[(scores.category == "bolt") & (scores.part == "test")]
    assert ((test.verdict == "defective") == (test.largest_area_px >= chosen["area_px"])).all()


def test_a_point_no_better_than_chance_is_applied_only_by_force(checkout):
    toy = checkout.folder / "methods/toy.py"
    told = "np.abs(image[::2, ::2] - mean).max(axis=2)"
    toy.write_text(toy.read_text().replace(told, "np.ones(image[::2, ::2].shape[:2])"))  # a map that tells nothing
    checkout.compare("--categories", "bolt", "--calibration", "0.4")
    done = finetune(checkout, "--apply")
    assert done.returncode == 1 and "not shown to be better than chance" in done.stderr and "--force" in done.stderr
    assert not list(checkout.results.glob("jobs/*/*/*/operating_point.json"))
    assert finetune(checkout, "--apply", "--force").returncode == 0
    assert list(checkout.results.glob("jobs/*/*/*/operating_point.json"))


def tuned(normal, defective, threshold):
    """An operating point by the levels of tuning images, for a single area."""
    levels = [np.array([scores], float).T for scores in (normal, defective)]
    on = TuningLevels("made", [], levels[0], *levels)
    aurocs = decision.aurocs_by_area(*levels)
    return Tuned(None, on, 0, np.array([threshold]), aurocs, levels[0])


def test_a_point_is_held_against_chance_on_the_tuning_images():
    low, high = np.linspace(0, 1, 20), np.linspace(2, 3, 20)
    assert tuned(low, high, 1.5).why_not() is None
    assert "AUROC 0.500 [" in tuned(low, low, 1.5).why_not()
    assert "0 of 20 defective and 0 of 20 normal" in tuned(low, high, 4.0).why_not()
    assert "20 of 20 defective and 20 of 20 normal" in tuned(low, high, -1.0).why_not()
    assert "1 of 20 defective and 0 of 20 normal" in tuned(low, high, 2.99).why_not()


def test_so_few_tuning_images_that_nothing_can_be_shown_count_as_they_are():
    assert tuned([0.0], [1.0], 0.5).why_not() is None
    assert "not shown to be better" in tuned([1.0], [0.0], 0.5).why_not()
    assert "0 of 1 defective" in tuned([0.0], [1.0], 2.0).why_not()


def test_all_seeds_get_a_point_with_one_command(checkout):
    checkout.compare("--categories", "bolt", "--calibration", "0.4", "--seeds", "0,1")
    done = finetune(checkout, "--all-seeds", "--apply")
    assert done.returncode == 0 and "seed 0\n" in done.stdout and "seed 1\n" in done.stdout
    assert len(list(checkout.results.glob("jobs/*/*/*/operating_point.json"))) == 2


def test_a_point_that_is_not_applied_changes_no_report(finished):
    before = finished.rows()
    finetune(finished)
    finished.run("--results", str(finished.results), command="report")
    pd.testing.assert_frame_equal(finished.rows(), before)


@pytest.mark.parametrize("again", [["--force"], []], ids=["forced", "changed data"])
def test_files_made_from_a_model_are_deleted_with_it(finished, again):
    finetune(finished, "--apply")
    if not again:
        write_image(finished.data / "bolt/train/good/0.png", seed=78)
    assert finished.compare("--calibration", "0.4", *again).returncode == 0
    assert np.isnan(row(finished).min_area_px)
    assert not list(finished.results.glob("jobs/toy/bolt/*/maps")) + list(
        finished.results.glob("**/operating_point.json")
    )


def test_a_point_applied_before_stays_until_another_is_applied(finished):
    finetune(finished, "--area", "9", "--apply")
    assert "the point applied before (9 px" in finetune(finished).stdout


def test_a_method_whose_code_has_changed_since_is_refused(finished):
    toy = finished.folder / "methods/toy.py"
    toy.write_text(toy.read_text().replace("map = np.abs", "map = 2 * np.abs"))
    done = finetune(finished)
    assert done.returncode == 2 and "have changed since it was trained" in done.stderr


def test_other_images_of_the_same_names_are_refused(finished):
    write_image(finished.data / "bolt/test/good/0.png", seed=79)
    done = finetune(finished)
    assert done.returncode == 2 and "are not, or not all, those of" in done.stderr


def test_the_maps_are_computed_once(finished):
    finetune(finished)
    kept = {file: file.stat().st_mtime_ns for file in finished.results.glob("jobs/toy/bolt/*/maps/*.npz")}
    assert kept
    shutil.rmtree(next(finished.results.glob("jobs/toy/bolt/*/model")))  # so nothing can be computed
    assert finetune(finished).returncode == 0
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    again = finetune(finished, figures=True)
    assert again.returncode == 2 and "no model was kept" in again.stderr  # the figures show reconstructions


def test_finetuning_twice_gives_the_same_files(drawn, tmp_path):
    finished = drawn[0].copy(tmp_path / "checkout")
    folder = next(finished.results.glob("jobs/toy/bolt/*/finetune"))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    finetune(finished, figures=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_given_area_is_not_chosen(finished):
    assert finetune(finished, "--area", "7", figures=True).returncode == 0
    chosen = record(finished)
    assert (chosen["area_px"], chosen["chosen_on"], chosen["tuning"]) == (7, "given, not chosen", None)
    assert not list(finished.results.glob("jobs/toy/bolt/*/finetune/6_*"))


def test_the_image_that_sets_the_threshold_is_named_with_what_the_others_would_set(finished):
    done = finetune(finished, "--apply")
    chosen = record(finished)
    assert f"threshold is the level of: {chosen['set_by']}; without it, the others would set" in done.stdout
    assert chosen["set_by"].startswith("bolt/train/good/") and chosen["threshold_of_rest"] < chosen["threshold"]
    finished.run("--results", str(finished.results), command="report")
    assert row(finished).set_by == chosen["set_by"]


def test_a_given_area_and_threshold_are_applied_as_given_and_promise_nothing(finished):
    done = finetune(finished, "--area", "7", "--threshold", "61.5", "--apply", figures=True)
    assert done.returncode == 0 and "given, not set by normal images" in done.stdout
    chosen = record(finished)
    assert (chosen["area_px"], chosen["threshold"], chosen["calibration_images"]) == (7, 61.5, 0)
    assert chosen["promised_false_alarm_share"] is chosen["expected_false_alarm_share"] is chosen["set_by"] is None
    finished.run("--results", str(finished.results), command="report")
    assert (row(finished).threshold, row(finished).min_area_px) == (61.5, 7)
    assert row(finished).area_chosen_on == "given, not chosen, as is the threshold"
    assert np.isnan(row(finished).promised_false_alarm_share)


def test_a_given_threshold_needs_no_held_out_image(after_run):
    checkout = after_run("--calibration", "0", "--categories", "bolt")
    done = finetune(checkout, "--area", "7", "--threshold", "61.5", "--apply", figures=True)
    assert done.returncode == 0 and "no figures" in done.stderr
    assert checkout.run("--results", str(checkout.results), command="report").returncode == 0


def test_areas_are_tried_as_asked(finished):
    assert finetune(finished, "--areas", "2:20:3").returncode == 0
    folder = next(finished.results.glob("jobs/toy/bolt/*/finetune"))
    assert list(pd.read_csv(folder / "finetune.csv").area_px) == [2, 5, 8, 11, 14, 17, 20]


def test_test_images_that_choose_leave_the_test_set_and_the_report_says_so(finished):
    done = finetune(finished, "--tune-on-test", "0.4", "--apply")
    assert "2 test images, which left the test set" in done.stdout
    finished.run("--results", str(finished.results), command="report")
    assert (row(finished).test_normal, row(finished).test_defective, row(finished).pixel_images) == (2, 2, 4)
    assert "chosen on 2 test images" in (finished.results / "report.md").read_text()


def test_a_labelled_validation_split_chooses_and_sets_no_threshold_beside_a_calibration_part(checkout):
    bolt = checkout.data / "bolt"
    shutil.copytree(bolt / "test/good", bolt / "validate/good")
    shutil.copytree(bolt / "test/stain", bolt / "validate/defect")
    assert checkout.compare("--calibration", "0.4", "--categories", "bolt").returncode == 0
    assert "6 labelled validation images" in finetune(checkout).stdout
    assert record(checkout)["calibration_images"] == 2


def test_many_held_out_images_are_divided_between_area_and_threshold(checkout):
    for number in range(50):
        write_image(checkout.data / f"bolt/train/good/more{number}.png", seed=500 + number)
    assert checkout.compare("--calibration", "0.5", "--categories", "bolt").returncode == 0
    done = finetune(checkout)
    assert "defects blended into 14 held-out normal images, which set no threshold" in done.stdout
    assert record(checkout)["calibration_images"] == 14


def test_few_images_left_out_one_at_a_time_choose_the_area_and_set_the_threshold(checkout):
    assert checkout.compare("--calibration", "loo", "--categories", "bolt").returncode == 0
    done = finetune(checkout, "--apply", figures=True)
    assert done.returncode == 0
    assert (
        "into 6 training images, each judged by the others (leave-one-out); they also set the threshold" in done.stdout
    )
    assert "6 normal images, by leave-one-out: a false-positive rate of 14.3% is expected, not promised" in done.stdout
    assert record(checkout)["promised_false_alarm_share"] is None
    assert record(checkout)["expected_false_alarm_share"] == 1 / 7
    checkout.run("--results", str(checkout.results), command="report")
    assert row(checkout).expected_false_alarm_share == 1 / 7 and np.isnan(row(checkout).promised_false_alarm_share)


def test_the_maps_of_images_left_out_one_at_a_time_give_their_scores(checkout):
    write_image(checkout.data / "bolt/train/good/0.png", seed=3, stain=True)
    assert checkout.compare("--calibration", "loo", "--categories", "bolt").returncode == 0
    assert finetune(checkout).returncode == 0
    (result,) = checkout.results.glob("jobs/toy/bolt/*/result.json")
    scores = [image["score"] for image in json.loads(result.read_text())["images"] if image["part"] == "calibration"]
    with np.load(result.parent / "maps/held out.npz") as kept:
        assert [float(kept[name].max()) for name in kept.files] == scores


def test_many_images_left_out_one_at_a_time_are_divided_between_area_and_threshold(checkout):
    for number in range(16):
        write_image(checkout.data / f"bolt/train/good/more{number}.png", seed=500 + number)
    assert checkout.compare("--calibration", "loo", "--categories", "bolt").returncode == 0
    done = finetune(checkout)
    assert "into 11 training images, each judged by the others (leave-one-out); they set no threshold" in done.stdout
    assert record(checkout)["calibration_images"] == 11


def test_normal_validation_images_set_the_threshold_beside_images_left_out_one_at_a_time(checkout):
    shutil.copytree(checkout.data / "bolt/test/good", checkout.data / "bolt/validate/good")
    assert checkout.compare("--calibration", "loo", "--categories", "bolt").returncode == 0
    assert finetune(checkout).returncode == 0
    assert record(checkout)["calibration_images"] == 9


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--areas", "5-10"], "--areas: expected START:STOP:STEP"),
        (["--areas", "9:5:1"], "0 < START <= STOP"),
        (["--areas", "1:" + "9" * 5000 + ":1"], "--areas: expected START:STOP:STEP"),
        (["--areas", "1:" + "9" * 19 + ":1"], "--areas: expected at most the 1440 pixels of the smallest image"),
        (["--area", "5000"], "--area: expected at most the 1440 pixels of the smallest image, got 5000"),
        (["--areas", "100:3000:100"], "--areas: expected at most the 1440 pixels of the smallest image, got 3000"),
        (["--tune-on-test", "0.9"], "must be left to test on"),
        (["--area", "5", "--tune-on-test", "0.2"], "exclude each other"),
        (["--threshold", "2"], "--threshold needs --area"),
        (["--area", "5", "--threshold", "nan"], "--threshold: expected a finite number, got nan"),
        (["--seed", "3"], "--seed or --variant"),
        (["--all-seeds", "--seed", "0"], "--all-seeds and --seed exclude each other"),
        (["--force"], "--force counts only with --apply"),
        (["--data", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(finished, arguments, sentence):
    done = finetune(finished, *arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize(("option", "value", "nearest"), [("--method", "toi", "toy"), ("--category", "bolts", "bolt")])
def test_an_unknown_method_or_category_is_answered_with_the_nearest(finished, option, value, nearest):
    done = finetune(finished, option, value)
    assert done.returncode == 2 and f"did you mean '{nearest}'" in done.stderr


def test_a_results_folder_without_jobs_is_refused(checkout, tmp_path):
    assert "no finished job there" in finetune(checkout).stderr


def test_no_threshold_can_be_set_without_held_out_images(after_run):
    checkout = after_run("--calibration", "0", "--categories", "bolt")
    done = finetune(checkout)
    assert done.returncode == 2 and "no normal image was held out" in done.stderr


def test_images_that_moved_are_found_with_data_and_others_are_refused(finished, tmp_path):
    finished.data.rename(tmp_path / "moved")
    assert finetune(finished).returncode == 2
    assert finetune(finished, "--data", str(tmp_path / "moved")).returncode == 0
    (tmp_path / "moved/bolt/test/good/0.png").unlink()
    done = finetune(finished, "--data", str(tmp_path / "moved"))
    assert done.returncode == 2 and "are not, or not all, those of" in done.stderr


def test_without_a_test_set_a_point_is_chosen_and_its_rates_are_not_available(checkout):
    shutil.rmtree(checkout.data / "bolt/test")
    shutil.rmtree(checkout.data / "bolt/ground_truth")
    assert checkout.compare("--calibration", "0.4", "--categories", "bolt").returncode == 0
    done = finetune(checkout, "--apply", figures=True)
    assert done.returncode == 0 and "true positive rate n/a" in done.stdout
    assert record(checkout)["oracle"] is None
    assert checkout.run("--results", str(checkout.results), command="report").returncode == 0


@pytest.fixture
def samples(tmp_path):
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (48, 40, 3), dtype=np.uint8)).save(path)
    return [Sample(path, "bolt", "train") for path in paths]


def test_a_blended_image_is_the_same_on_every_access_and_differs_from_its_source(samples):
    blended = sampling.Blended(Images(samples), seed=0)
    assert len(blended) == 60 and np.bincount(blended.sources).tolist() == [20, 20, 20]
    for index in (0, 25, 59):
        source = np.asarray(Image.open(samples[blended.sources[index]].image))
        np.testing.assert_array_equal(blended[index], blended[index])
        assert (blended[index] != source).any()


def test_blended_images_come_in_turns_each_at_its_place_in_the_whole_set(samples):
    whole = ["first", "second", "third"]
    blended = sampling.Blended(Images(samples[1:]), seed=0)
    turns = blended.turns([0, 2], whole)
    assert len(turns) * 2 == len(blended) and all(len(turn) == 3 and turn[1] == "second" for turn in turns)
    assert sorted(item for turn in turns for item in turn.instead.values()) == list(range(len(blended)))
    assert {place: blended.sources[item] for turn in turns for place, item in turn.instead.items()} == {0: 0, 2: 1}
    np.testing.assert_array_equal(turns[3][2], blended[turns[3].instead[2]])


def test_halves_share_nothing_and_leave_nothing_out():
    first, second = sampling.halves(9, seed=1)
    assert sorted(first + second) == list(range(9)) and (len(first), len(second)) == (4, 5)
    assert sampling.halves(9, seed=1) == (first, second) != sampling.halves(9, seed=2)


def test_a_stratified_share_has_every_kind(samples):
    many = [Sample(samples[0].image, "bolt", "test", kind) for kind in [None] * 20 + ["bent"] * 10 + ["rare"]]
    drawn = [many[index].defect for index in sampling.stratified(many, 0.2, seed=0)]
    assert [drawn.count(kind) for kind in (None, "bent", "rare")] == [4, 2, 1]


def test_in_a_stratified_share_an_image_of_two_kinds_counts_for_both(samples):
    image = samples[0].image
    many = [Sample(image, "bolt", "test", "bent,rare", kinds=("bent", "rare"))]
    many += [Sample(image, "bolt", "test", kind) for kind in [None] * 5 + ["bent"] * 9]
    for seed in range(5):
        drawn = [many[index].defect_types for index in sampling.stratified(many, 0.2, seed=seed)]
        assert ("bent", "rare") in drawn and sum("bent" in types for types in drawn) in (2, 3) and drawn.count(()) == 1
