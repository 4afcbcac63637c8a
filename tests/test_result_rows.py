"""Rows of a stored result: every number of a small result, computed by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import results_folder
from benchmarks.evaluation import result_rows
from benchmarks.jobs import layout
from reports import page, report
from reports.results import Failure, OperatingPoint, PixelScores, StoredEpoch, write
from reports.rows import VOLATILE, csv_text
from tests.stored import made_cell, made_cost, made_images, made_result, store

CALIBRATION = [("calibration", None, score) for score in (0.1, 0.5, 0.3)]
TEST = [("test", None, score) for score in (0.2, 0.4, 0.6, 0.0)]
TEST += [("test", "bent", 0.5), ("test", "bent", 0.9), ("test", "scratch", 0.3), ("test", "scratch", 0.7)]
ROOT = Path(__file__).resolve().parent.parent
VALIDATION = [("validation", None, 0.65), ("validation", "bent", 5.0)]


def result(images, **changes):
    fields = {
        "cell": made_cell(settings={"neighbours": 3, "views": 1}, changed={"neighbours": 3}),
        "images": made_images(images),
        "remarks": ["weights: none", "two masks are empty"],
        "versions": {"torch": "2.11", "numpy": "2.1"},
        "cost": made_cost(parameters=7),
    }
    return made_result(**fields | changes)


def operating_point(stored, *, tuned_on=(), **changes):
    """Levels are a tenth of the scores: above 0.04 lie one of three or four normal and all defective test images."""
    left = [image for image in stored.images if image.part == "test" and image.path not in tuned_on]
    fields = {
        "key": stored.key,
        "area_px": 12,
        "area_share": 0.01,
        "threshold": 0.045,
        "chosen_on": "blended defects",
        "calibration_images": 3,
        "promised_false_alarm_share": 0.25,
        "images": [image.model_copy(update={"score": image.score / 10}) for image in left],
        "tuned_on": list(tuned_on),
        "pixels": None,
    }
    return OperatingPoint(**fields | changes)


def row_of(*judged):
    return result_rows.measure(*judged).row


def defects_of(*judged):
    return result_rows.measure(*judged).defects


def test_a_row_says_which_job_it_is():
    row = row_of(result(TEST))
    assert (row["method"], row["changed"], row["category"], row["seed"]) == ("knn", "neighbours=3", "bolt", 0)
    assert json.loads(row["settings"]) == {"neighbours": 3, "views": 1}
    assert (row["trained_on"], row["test_normal"], row["test_defective"]) == (20, 4, 4)


def test_the_numbers_of_images_stand_beside_the_published_ones():
    stored = result([*CALIBRATION, *TEST])
    bottle = stored.cell.model_copy(update={"dataset": "mvtec", "category": "bottle"})
    row = row_of(stored.model_copy(update={"cell": bottle}))
    assert row["images_used"] == "train 23, test 4 normal and 4 defective"
    assert row["images_published"] == "train 209, test 20 normal and 63 defective"


@pytest.mark.parametrize("dataset", ["mvtec", "folder", "gone"])
def test_where_no_numbers_were_published_there_are_none(dataset):
    stored = result(TEST)
    cell = stored.cell.model_copy(update={"dataset": dataset, "category": "bolt"})
    assert row_of(stored.model_copy(update={"cell": cell}))["images_published"] is None


def test_image_metrics_judge_test_images_only():
    row = row_of(result([*CALIBRATION, *VALIDATION, *TEST]))
    assert row["image_auroc"] == 13 / 16
    assert row["oracle_tpr_at_fpr_1"] == row["oracle_tpr_at_fpr_5"] == 0.5
    assert row["oracle_image_f1"] == pytest.approx(0.8)
    assert row["why_no_image_metrics"] is None


def test_the_threshold_is_the_highest_held_out_score_and_an_alarm_lies_strictly_above():
    row = row_of(result([*CALIBRATION, *TEST]))
    assert (row["threshold"], row["calibration_images"], row["promised_false_alarm_share"]) == (0.5, 3, 0.25)
    assert (row["true_positive_rate"], row["false_positive_rate"], row["balanced_accuracy"]) == (0.5, 0.25, 0.625)


def test_images_left_out_one_at_a_time_are_trained_on_and_promise_nothing():
    stored = result([*CALIBRATION, *TEST], cell=made_cell(calibration="loo"), trained_on=3)
    row = row_of(stored)
    assert (row["calibration"], row["calibration_images"], row["threshold"]) == ("loo", 3, 0.5)
    assert (row["promised_false_alarm_share"], row["expected_false_alarm_share"]) == (None, 0.25)
    assert row["images_used"] == "train 3, test 4 normal and 4 defective"
    assert row_of(result([*CALIBRATION, *TEST]))["expected_false_alarm_share"] is None


def test_an_operating_point_of_left_out_images_promises_nothing():
    stored = result([*CALIBRATION, *TEST], cell=made_cell(calibration="loo"))
    point = operating_point(stored, promised_false_alarm_share=None, expected_false_alarm_share=0.25)
    row = row_of(stored, point)
    assert (row["promised_false_alarm_share"], row["expected_false_alarm_share"]) == (None, 0.25)


def test_normal_images_of_a_validation_split_calibrate_too():
    row = row_of(result([*CALIBRATION, *VALIDATION, *TEST]))
    assert (row["threshold"], row["calibration_images"], row["promised_false_alarm_share"]) == (0.65, 4, 0.2)


def test_without_calibration_images_nothing_is_decided():
    row = row_of(result(TEST))
    assert row["calibration_images"] == 0
    assert {row[column] for column in ("threshold", "true_positive_rate", "promised_false_alarm_share")} == {None}
    assert {defect["missed"] for defect in defects_of(result(TEST))} == {None}


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (TEST[:4], "no defective test image"),
        (TEST[4:], "no normal test image"),
        (CALIBRATION, "no normal and no defective test image"),
    ],
)
def test_a_missing_class_is_no_error_and_gives_the_reason(images, reason):
    row = row_of(result([*CALIBRATION, *images]))
    assert (row["image_auroc"], row["balanced_accuracy"], row["why_no_image_metrics"]) == (None, None, reason)


def test_false_alarms_are_counted_where_there_is_no_defect():
    row = row_of(result([*CALIBRATION, *TEST[:4]]))
    assert (row["false_positive_rate"], row["true_positive_rate"]) == (0.25, None)


def test_missing_pixel_metrics_give_the_reason():
    nothing = PixelScores(auroc=None, average_precision=None, aupro=None, images=4, code="c3")
    without = result(TEST, pixels=None, why_no_pixels="the method gives no anomaly maps")
    assert row_of(without)["why_no_pixel_metrics"] == "the method gives no anomaly maps"
    assert "masks" in row_of(result(TEST, pixels=nothing))["why_no_pixel_metrics"]


def test_each_defect_type_is_judged_against_all_normal_test_images():
    bent, scratch = defects_of(result([*CALIBRATION, *TEST]))
    assert (bent["defect"], bent["images"], bent["image_auroc"], bent["missed"]) == ("bent", 2, 7 / 8, 1)
    assert (scratch["defect"], scratch["images"], scratch["image_auroc"], scratch["missed"]) == ("scratch", 2, 0.75, 1)


def test_an_image_with_several_types_counts_under_each_of_them():
    images = made_images([*CALIBRATION, *TEST])
    both = images[-1].model_copy(update={"defect": "bent,scratch", "kinds": ("bent", "scratch")})
    bent, scratch = defects_of(result([]).model_copy(update={"images": [*images[:-1], both]}))
    assert (bent["images"], scratch["images"], bent["of_several_types"], scratch["of_several_types"]) == (3, 2, 1, 1)
    assert (bent["missed"], scratch["missed"]) == (1, 1)


def test_the_best_epoch_is_the_first_of_equals_and_an_oracle():
    aurocs = [0.5, 0.9, 0.9, None]
    epochs = [StoredEpoch(number=n, loss=1.0, image_auroc=a, seconds=n * 10) for n, a in enumerate(aurocs, start=1)]
    row = row_of(result(TEST, tracked=True, epochs=epochs))
    assert (row["oracle_image_auroc_max"], row["oracle_epoch_of_max"], row["tracked_fit_seconds"]) == (0.9, 2, 40)


def test_seconds_that_are_not_those_of_the_method_are_not_told():
    cost = result(TEST).cost.model_copy(update={"why_no_seconds": "it was done before"})
    row = row_of(result(TEST, cost=cost))
    assert row["why_no_seconds"] == "it was done before" and row["peak_memory_mb"] is not None
    assert {row[name] for name in row if "seconds" in name or "per_second" in name} == {None, "it was done before"}


def test_numbers_are_plain_so_that_the_csv_holds_nothing_but_numbers():
    row, defects, *_ = result_rows.measure(result([*CALIBRATION, *TEST]))
    assert {type(value) for each in (row, *defects) for value in each.values()} <= {str, int, float, bool, type(None)}


def test_the_same_scores_give_the_same_csv_apart_from_time_and_memory():
    again = result(TEST).cost.model_copy(
        update={"fit_seconds": 9.9, "score_seconds": 9.9, "images_per_second": 9.9, "peak_memory_mb": 9.9}
    )
    first, second = row_of(result(TEST)), row_of(result(TEST, cost=again))
    assert csv_text([first]) != csv_text([second])
    assert set(VOLATILE) <= set(first)
    assert {column for column in first if first[column] != second[column]} <= set(VOLATILE)


def test_an_operating_point_judges_in_the_place_of_the_calibrated_threshold():
    stored = result([*CALIBRATION, *TEST])
    row = row_of(stored, operating_point(stored))
    assert (row["threshold"], row["calibration_images"], row["promised_false_alarm_share"]) == (0.045, 3, 0.25)
    assert (row["true_positive_rate"], row["false_positive_rate"]) == (0.75, 0.25)
    assert (row["min_area_px"], row["min_area_share"], row["area_chosen_on"]) == (12, 0.01, "blended defects")
    assert row["image_auroc"] == row["area_image_auroc"] == pytest.approx(13 / 16)


def set_alone(*judged):
    """What the verdicts say of the image that set the threshold."""
    rows = result_rows.tables([result_rows.measure(*judged)]).verdicts
    return [row["text"].partition(" alone")[0] for row in rows if row["kind"] == "set_alone"]


def test_a_threshold_that_one_image_alone_sets_is_told_unless_a_point_sets_another():
    stored = result([*CALIBRATION, ("calibration", None, 5.1), *TEST])
    assert set_alone(stored) == ["3.png"]
    assert set_alone(stored, operating_point(stored)) == []
    assert set_alone(result([*CALIBRATION, *TEST])) == []


def test_an_operating_point_names_the_image_that_set_its_threshold_and_tells_a_lonely_one():
    stored = result([*CALIBRATION, *TEST])
    point = operating_point(stored, threshold=0.5, set_by="1.png", threshold_of_rest=0.045)
    setter = result_rows.measure(stored, point).doubts.setter
    assert [setter[key] for key in ("set_by", "threshold", "threshold_of_rest")] == ["1.png", 0.5, 0.045]
    assert [setter[key] for key in ("missed_of_rest", "false_alarms_of_rest")] == [1, 1]
    assert set_alone(stored, point) == ["1.png"]


def test_the_promise_of_an_operating_point_is_tested_by_its_own_levels():
    stored = result([*CALIBRATION, *TEST])
    tested = result_rows.measure(stored, operating_point(stored, threshold=-0.01)).doubts.promise
    assert (tested.alarms, tested.normal, tested.calibration_images, tested.promised) == (4, 4, 3, 0.25)
    assert tested.p_value == pytest.approx(1 / 35)
    given = operating_point(stored, calibration_images=0, promised_false_alarm_share=None)
    assert result_rows.measure(stored, given).doubts.promise is None


def test_leave_one_out_promises_nothing_that_could_be_tested():
    stored = result([*CALIBRATION, *TEST], cell=made_cell(calibration="loo"))
    assert result_rows.measure(stored).doubts.promise is None


def test_without_an_operating_point_there_is_no_minimum_area():
    row = row_of(result(TEST))
    assert [row[name] for name in ("min_area_px", "min_area_share", "area_chosen_on", "area_image_auroc")] == [None] * 4


def test_test_images_that_chose_count_in_no_number():
    stored = result([*CALIBRATION, *TEST])
    tuned_on = [stored.images[len(CALIBRATION)].path, stored.images[-1].path]
    row = row_of(stored, operating_point(stored, tuned_on=tuned_on))
    assert (row["test_normal"], row["test_defective"]) == (3, 3)
    assert row["image_auroc"] == pytest.approx(6 / 9)
    assert row["pixel_auroc"] is None and "left" in row["why_no_pixel_metrics"]
    assert "2 test images" in row["remarks"]
    assert [each["images"] for each in defects_of(stored, operating_point(stored, tuned_on=tuned_on))] == [2, 1]


def test_missed_images_are_those_an_operating_point_misses():
    stored = result([*CALIBRATION, *TEST])
    rows = defects_of(stored, operating_point(stored, threshold=0.06))
    assert {row["defect"]: row["missed"] for row in rows} == {"bent": 1, "scratch": 1}


def test_an_operating_point_of_another_result_judges_nothing(tmp_path):
    stored = result([*CALIBRATION, *TEST])
    folder = store(tmp_path, stored)
    write(folder / "operating_point.json", operating_point(stored, key="other"))
    assert results_folder.result(folder) == (stored, None)
    write(folder / "operating_point.json", operating_point(stored))
    assert results_folder.result(folder) == (stored, operating_point(stored))


@pytest.mark.parametrize("change", ["without one", "of another class", "twice", "that chose and was none"])
def test_an_operating_point_whose_images_are_not_those_of_its_result_judges_nothing(tmp_path, capsys, change):
    stored = result([*CALIBRATION, *TEST])
    point = operating_point(stored)
    first, *others = point.images
    harm = {
        "without one": {"images": others},
        "of another class": {"images": [first.model_copy(update={"defect": "bent"}), *others]},
        "twice": {"images": [first, *point.images]},
        "that chose and was none": {"tuned_on": ["nowhere.png"]},
    }
    folder = store(tmp_path, stored)
    write(folder / "operating_point.json", point.model_copy(update=harm[change]))
    assert results_folder.result(folder) == (stored, None)
    assert "operating_point.json is damaged" in capsys.readouterr().err


def test_a_job_that_failed_since_its_result_has_none(tmp_path):
    stored = result(TEST)
    folder = store(tmp_path, stored)
    write(folder / "failure.json", Failure(key="a1", cell=stored.cell, reason="no memory left", tail=""))
    assert results_folder.result(folder) is None


REPORT = """
import sys
from pathlib import Path
from benchmarks.commands import report

report.MANY = int(sys.argv[1])
report.run([Path(sys.argv[2])])
"""


def reported(results, many):
    subprocess.run([sys.executable, "-c", REPORT, str(many), results], cwd=ROOT, check=True)
    return {file.name: file.read_bytes() for file in results.iterdir() if file.is_file()}


def test_further_processes_change_nothing_but_the_time(tmp_path):
    for number in range(15):
        images = [(part, defect, score + number % 4 * (defect is not None)) for part, defect, score in TEST]
        stored = result([*CALIBRATION, *images])
        cell = stored.cell.model_copy(update={"method": "abc"[number % 3], "category": "xyzuv"[number // 3]})
        write(layout.of_cell(tmp_path, cell) / "result.json", stored.model_copy(update={"cell": cell}))
    (tmp_path / "jobs/a/x/notes.txt").write_text("no job")
    alone = reported(tmp_path, many=16)
    tables = {f"{name}.csv" for name in ("report", "defects", "scores", "verdicts")}
    assert set(alone) == {"report.html", "report.md", "report.tex", "ranks.png", "ranks.pdf", *tables}
    assert reported(tmp_path, many=15) == alone


def test_every_number_of_the_report_is_defined(tmp_path):
    stored = result([*CALIBRATION, *TEST])
    left_out = stored.model_copy(update={"cell": made_cell(calibration="loo")})
    elsewhere = stored.cell.model_copy(update={"category": "nut"})
    failure = Failure(key="k", cell=elsewhere, reason="no memory left", tail="")
    tables = result_rows.tables([result_rows.measure(stored, operating_point(stored)), result_rows.measure(left_out)])
    made = report.made(tables, [failure], result_rows.DEFINITIONS)
    text = page.text(made)
    missing = [name for name, meaning in result_rows.DEFINITIONS.items() if meaning not in text]
    assert missing == ["image_average_precision", "doubtful", "other_seeds"]
    assert len(csv_text(made.rows).splitlines()) == 4
