"""Verdicts in words on a method and a category: when there is one, what it says, what it advises."""

import numpy as np
import pytest

from benchmarks.evaluation import pixel_metrics, result_rows
from benchmarks.evaluation.verdict_rows import KINDS
from reports.html.verdicts import WORDS
from reports.results import OperatingPoint
from tests.stored import made_cell, made_images, made_result


def result(scores, normal, defective, *, seed=0, **fields):
    """A result with these scores of calibration images, and of test images of both classes."""
    parts = (("calibration", None, scores), ("test", None, normal), ("test", "bent", defective))
    images = made_images((part, defect, float(score)) for part, defect, scores in parts for score in scores)
    return made_result(cell=made_cell(seed=seed, **fields), images=images)


def told(*results, points=()):
    """The verdicts on results, by kind."""
    points = [*points, *[None] * (len(results) - len(points))]
    rows = result_rows.tables(map(result_rows.measure, results, points)).verdicts
    assert len(rows) == len({row["kind"] for row in rows})
    return {row["kind"]: row for row in rows}


MANY = np.linspace(0, 1, 20)
"""Scores of enough normal images."""
FOUND = np.linspace(2, 3, 32)
"""Scores of defective images above them."""


def test_a_method_whose_threshold_separates_needs_no_verdict():
    assert told(result(MANY, MANY, FOUND)) == {}


def test_a_detector_that_misses_most_at_its_threshold_is_named_whatever_its_auroc():
    row = told(result([*MANY, 2.95], MANY, FOUND))["misses"]
    assert row["text"] == "misses 30 of 32 defective test images at its threshold"
    assert row["light"] == "red" and row["advice"].startswith("set another threshold: finetune")


def test_where_no_threshold_would_help_another_method_is_advised():
    row = told(result(MANY, MANY, MANY[:8] / 2))["misses"]
    assert row["advice"].startswith("choose another method")


def test_the_image_that_sets_the_threshold_alone_is_named_with_what_happens_without_it():
    row = told(result([*MANY[:-1], 0.42, 2.94], MANY[:-1], FOUND))["set_alone"]
    assert row["text"] == (
        "20.png alone sets the threshold, with 3.1 times the score of the next: without it 0 instead of 30 of 32 "
        "defective test images would be missed, with 0 instead of 0 false alarms"
    )
    assert row["advice"].startswith("look at the image")


def test_an_image_far_above_the_others_is_no_matter_where_detection_stays_the_same():
    assert "set_alone" not in told(result([*MANY * 1e-3, 1.5], MANY, FOUND))


def test_an_image_that_buys_detection_with_false_alarms_does_not_set_the_threshold_alone():
    normal, defective = np.linspace(0, 2, 20), np.linspace(0, 2, 20)
    assert "set_alone" not in told(result([*MANY, 2.5], normal, defective))


def test_scores_below_zero_are_not_divided():
    row = told(result([*(MANY - 3), 1.9], MANY - 3, FOUND - 1.5))["set_alone"]
    assert "with 1.9, where the next has -2" in row["text"]


def test_a_threshold_on_few_images_says_what_they_can_promise_and_how_to_have_more():
    row = told(result([0.5, 0.8, 1.0], MANY, FOUND))["few_calibration"]
    assert (
        row["text"] == "has a threshold that rests on 3 held-out images: 1 in 4 normal images may be called defective"
    )
    assert row["advice"] == "add normal images, or run --calibration loo with a method that can"
    assert "few_calibration" in told(result(MANY[:19], MANY, FOUND))
    assert "few_calibration" not in told(result(MANY, MANY, FOUND))
    more = result(MANY[:19], MANY, FOUND).model_copy(update={"trained_on": 50})
    assert told(more)["few_calibration"]["advice"].startswith("run --calibration 0.3, or")


@pytest.mark.parametrize("read", [{"tile": 64}, {"page": "all"}])
def test_leave_one_out_is_not_advised_for_tiles_or_pages_which_exclude_it(read):
    rows = told(result([0.5, 1.5], MANY + 1, FOUND, data_settings=read))
    assert rows["few_calibration"]["advice"] == rows["rejects"]["advice"] == "add normal images"


def test_a_larger_share_is_not_advised_in_numbers_where_shots_must_be_left():
    row = told(result([0.5, 1.0], MANY, FOUND, shots=40))["few_calibration"]
    assert row["advice"].startswith("hold out more with --calibration, as far as 40 images to train on are left, or")


def test_no_operating_point_is_advised_for_a_method_without_maps():
    missed = result([*MANY, 2.95], MANY, FOUND)
    assert told(missed)["misses"]["advice"] == "set another threshold: finetune --apply, or predict --threshold"
    without = missed.model_copy(update={"pixels": None, "why_no_pixels": pixel_metrics.NO_MAPS})
    assert told(without)["misses"]["advice"] == "set another threshold: predict --threshold"


def test_left_out_images_are_called_so_and_more_of_them_are_advised():
    row = told(result([0.5, 1.0], MANY, FOUND, calibration="loo"))["few_calibration"]
    assert "2 left-out images" in row["text"] and row["advice"].startswith("train on more normal images")


def test_where_every_good_image_is_rejected_the_promise_stands_beside():
    row = told(result([0.0, 1.5], MANY + 1, FOUND))["rejects"]
    assert row["text"] == (
        "calls 10 of 20 normal test images defective at its threshold, though a false-positive rate of at most 0.333 "
        "was promised"
    )
    assert row["advice"].startswith("add normal images, or run --calibration loo")


def test_a_promise_that_allows_what_was_called_is_not_told_as_broken():
    row = told(result([1.5], MANY + 1, FOUND))["rejects"]
    assert row["text"].endswith(
        "10 of 20 normal test images defective at its threshold, and a false-positive rate of at most 0.500 was "
        "promised"
    )


def test_a_contradicted_promise_is_told_with_its_chance_also_below_a_half():
    row = told(result(MANY - 1, [*MANY[:10] - 1, *MANY[1:10]], FOUND))["rejects"]
    assert "calls 9 of 19" in row["text"] and "(p = 0.0004 if" in row["text"]
    assert "not like the test images" in row["advice"]


def test_a_method_that_may_be_no_better_than_chance_is_named_with_its_interval():
    row = told(result(MANY, MANY, MANY + 0.05))["chance"]
    assert "not shown to be better than chance: image AUROC 0.525 [0.35, 0.70]" in row["text"]


def test_without_a_threshold_a_way_to_one_is_told():
    assert told(result([], MANY, FOUND))["no_threshold"]["advice"] == "run --calibration 0.1"


def test_few_normal_test_images_are_told():
    row = told(result(MANY, MANY[:9], FOUND))["few_normal"]
    assert row["text"] == "is tested on 9 normal images only, so no method is called the best"
    assert "few_normal" not in told(result(MANY, MANY[:10], FOUND))


def point(of, threshold):
    return OperatingPoint(
        key=of.key,
        area_px=4,
        area_share=0.01,
        threshold=threshold,
        chosen_on="a validation split",
        calibration_images=20,
        promised_false_alarm_share=1 / 21,
        images=[image for image in of.images if image.part == "test"],
        tuned_on=[],
        pixels=None,
    )


def test_seeds_of_one_method_judged_by_two_rules_are_told():
    seeds = [result(MANY, MANY, FOUND, seed=seed) for seed in (0, 1, 2)]
    assert "mixed_rules" not in told(*seeds)
    row = told(*seeds, points=[point(seeds[0], 1.0)])["mixed_rules"]
    assert "an operating point for seed 0, the calibrated threshold for seeds 1, 2" in row["text"]
    assert "mixed_rules" not in told(*seeds, points=[point(each, 1.0) for each in seeds])


def test_a_threshold_that_the_user_gave_rests_on_no_image():
    one = result(MANY, MANY, FOUND)
    given = point(one, 9.0).model_copy(update={"calibration_images": 0, "promised_false_alarm_share": None})
    found = told(one, points=[given])
    assert set(found) == {"misses"} and found["misses"]["advice"].startswith("set another threshold")


def test_several_seeds_give_one_verdict_with_the_span_of_their_numbers():
    seeds = [result([*MANY, top], MANY, FOUND, seed=seed) for seed, top in enumerate((2.95, 2.8))]
    found = told(*seeds)
    assert found["misses"]["text"].startswith("misses 25 to 30 of 32 defective")
    assert found["misses"]["seeds"] == "0, 1" and "in seed 0" in found["set_alone"]["text"]


def test_the_gravest_verdicts_come_first_and_each_has_a_light():
    rows = result_rows.tables([result_rows.measure(result([0.0], MANY[:5] + 1, FOUND))]).verdicts
    assert [row["kind"] for row in rows] == ["rejects", "few_calibration", "few_normal"]
    assert {row["light"] for row in rows} <= {"red", "yellow"}


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_result_without_test_images_of_a_class_is_no_stumbling_block(seeds):
    assert "misses" not in told(*[result(MANY, MANY, [], seed=seed) for seed in range(seeds)])
    assert "rejects" not in told(*[result(MANY, [], FOUND, seed=seed) for seed in range(seeds)])


def test_a_network_that_has_learned_little_is_named():
    remark = "the network has learned little: the mean training image is as close"
    row = told(result(MANY, MANY, FOUND).model_copy(update={"remarks": ["another", remark]}))["learned_little"]
    assert row["text"] == f"is trained, but {remark}" and row["advice"].startswith("train longer")


def test_near_duplicates_among_the_calibration_images_are_counted_over_seeds():
    then = "near-duplicates of training images: a.png: their scores are too low, and so may the threshold be"
    remarks = ["1 of 20 held-out images are " + then, "3 of 20 held-out images are " + then]
    both = [
        result(MANY, MANY, FOUND, seed=seed).model_copy(update={"remarks": [remark]})
        for seed, remark in enumerate(remarks)
    ]
    assert told(*both)["near_copies"]["text"] == (
        "has near-duplicates of training images among those that set its threshold (1 to 3 of 20): it may be too low"
    )


def test_near_duplicates_among_the_test_images_say_nothing_of_the_threshold():
    remark = "3 of 20 test images are near-duplicates of training images: a.png: their numbers are too good"
    assert told(result(MANY, MANY, FOUND).model_copy(update={"remarks": [remark]})) == {}


def test_results_on_other_images_of_a_category_are_told_apart_whatever_the_method_or_seed():
    def on(contents, seed=0, **fields):
        return result(MANY, MANY, FOUND, seed=seed, **fields).model_copy(update={"contents": contents})

    assert told(on("old", method="cae"), on("old"), on(None, seed=1), on("new", category="nut")) == {}
    rows = result_rows.tables(map(result_rows.measure, [on("old", method="cae"), on("new")])).verdicts
    assert [(row["method"], row["kind"]) for row in rows] == [("cae", "other_images"), ("knn", "other_images")]
    assert told(on("old"), on("new", seed=1))["other_images"]["seeds"] == "0, 1"


def ignoring(regions, seed=0, *, ignore="label.png", contents="images", **fields):
    """A result with the digest of its ignored regions."""
    settings = {"ignore": ignore} if ignore else {}
    made = result(MANY, MANY, FOUND, seed=seed, data_settings=settings, **fields)
    return made.model_copy(update={"contents": contents, "ignored": regions})


def kinds(*results):
    rows = result_rows.tables(map(result_rows.measure, results)).verdicts
    return [(row["method"], row["kind"]) for row in rows]


def test_results_that_ignore_other_regions_under_one_name_are_told_apart_whatever_the_method_or_seed():
    both = [("cae", "other_regions"), ("knn", "other_regions")]
    assert kinds(ignoring("old", method="cae"), ignoring("new"), ignoring("new", category="nut")) == both
    row = told(ignoring("old"), ignoring("new", seed=1))["other_regions"]
    assert row["text"] == (
        "stands beside results that ignore other regions under the same --ignore label.png: their numbers do not "
        "compare"
    )
    assert row["seeds"] == "0, 1" and row["light"] == "yellow"
    assert row["advice"] == "run all methods and seeds again: only results with older masks are repeated"


def test_regions_that_the_data_name_are_told_apart_too():
    row = told(ignoring("old", ignore=None), ignoring("new", seed=1, ignore=None))["other_regions"]
    assert row["text"].startswith("stands beside results for which the data named other regions to ignore: their")


def test_regions_of_another_name_or_of_before_they_were_stored_are_not_told_apart():
    assert kinds(ignoring("old", ignore="a.png"), ignoring("new", ignore="b.png"), ignoring("none", ignore=None)) == []
    assert kinds(ignoring(None), ignoring(None, contents=None, method="cae"), ignoring("new", 1)) == []


def test_masks_that_differ_with_their_images_are_one_verdict():
    both = ignoring("old", method="cae", contents="before"), ignoring("new", contents="after")
    assert kinds(*both) == [("cae", "other_images"), ("knn", "other_images")]


def test_every_kind_of_verdict_has_words_on_the_page():
    assert set(WORDS) == set(KINDS)
