"""The CSV files of a report: their columns are those of the dictionary, and scores recompute the table."""

import csv
import io
import re
from pathlib import Path

import pytest

from benchmarks.evaluation import result_rows, verdict_rows
from benchmarks.evaluation.metrics import auroc
from reports import csv_files
from reports.results import Failure, ImageScore, OperatingPoint
from reports.rows import IDENTITY, failed_row
from tests.stored import made_cell, made_images, made_result

DICTIONARY = (Path(__file__).resolve().parent.parent / "docs/columns.md").read_text(encoding="utf-8")
SCORES = [("calibration", None, 0.5), ("test", None, 0.1), ("test", None, 0.6), ("test", "bent", 0.7)]


def explained(title):
    """The columns that a section of the dictionary explains."""
    part = DICTIONARY.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return {
        name
        for line in part.splitlines()
        for name in re.findall(r"`(\S+?)`", line.split("|")[1] if "|" in line else "")
    }


def result(**fields):
    return made_result(**{"images": made_images(SCORES)} | fields)


@pytest.fixture
def written(tmp_path):
    """The rows of each file, by its name."""
    one = result()
    tables = result_rows.tables([result_rows.measure(one)])
    failure = failed_row(Failure(key="k", cell=made_cell("cae"), reason="out of memory", tail=""))
    csv_files.write(tmp_path, [*tables.rows, failure], tables.defects, tables.verdicts)
    with csv_files.writing_scores(tmp_path) as file:
        file.write(csv_files.score_lines(one, None, 0.5))
    return {file.name: list(csv.DictReader(file.open(encoding="utf-8"))) for file in tmp_path.glob("*.csv")}


@pytest.mark.parametrize("name", ["report.csv", "defects.csv", "scores.csv", "verdicts.csv"])
def test_the_dictionary_explains_every_column_and_no_other(written, name):
    columns = set(written[name][0])
    own = {column for column in columns if not column.startswith(csv_files.SETTING)} - {*IDENTITY}
    assert own == explained(name) - {"setting_...", "setting_backbone"}
    assert {*IDENTITY} - columns <= ({"settings"} if name == "scores.csv" else set())


def test_the_dictionary_explains_what_identifies_a_job():
    assert explained("In every file: which job it is") == {*IDENTITY}


def test_the_dictionary_names_every_kind_of_verdict():
    assert all(f"`{kind}`" in DICTIONARY for kind in verdict_rows.KINDS)


def test_what_the_test_set_chose_is_called_oracle_in_every_column(written):
    chosen = {column for column in written["report.csv"][0] if "fpr" in column or "_max" in column or "f1" in column}
    assert chosen and all(column.startswith("oracle_") for column in chosen)


def test_every_setting_has_a_column(written):
    by_method = {row["method"]: row for row in written["report.csv"]}
    assert by_method["knn"]["setting_views"] == "1"


def test_a_file_without_rows_has_its_header(tmp_path):
    csv_files.write(tmp_path, [], [], [])
    assert (tmp_path / "verdicts.csv").read_text().endswith(",seeds,kind,light,text,advice\n")


def lines(result, point=None):
    row = result_rows.measure(result, point).row
    head = ",".join((*csv_files.JOB, *csv_files.OF_IMAGE))
    text = csv_files.score_lines(result, point, row["threshold"])
    return row, list(csv.DictReader(io.StringIO(f"{head}\n{text}")))


def test_the_scores_give_the_image_auroc_and_the_rates_of_the_report():
    row, images = lines(result())
    test = [image for image in images if image["part"] == "test"]
    assert (
        auroc([float(image["score"]) for image in test], [image["defect"] != "" for image in test])
        == row["image_auroc"]
    )
    verdicts = [(image["defect"], image["verdict"]) for image in test]
    assert verdicts == [("", "normal"), ("", "defective"), ("bent", "defective")]
    assert {float(image["threshold"]) for image in images} == {row["threshold"]} and row["false_alarms"] == 1


def test_any_path_and_any_name_comes_back_as_it_was():
    odd = 'a,b "c"\nd\r.png'
    image = ImageScore(path=odd, part="test", defect='bent, "old"', score=1e-300, group="part,1")
    _, [line] = lines(result(images=[image], cell=made_cell(category="x,y")))
    assert (line["path"], line["defect"], line["group"], line["category"]) == (odd, 'bent, "old"', "part,1", "x,y")
    assert float(line["score"]) == 1e-300 and line["threshold"] == line["verdict"] == ""


def test_with_an_operating_point_the_level_is_judged_and_images_it_was_chosen_on_are_not():
    one = result()
    left = [image.model_copy(update={"score": image.score / 10}) for image in one.images[2:]]
    point = OperatingPoint(
        key=one.key,
        area_px=4,
        area_share=0.1,
        threshold=0.065,
        chosen_on="test images",
        calibration_images=1,
        promised_false_alarm_share=0.5,
        images=left,
        largest_areas_px=[0, 12],
        tuned_on=[one.images[1].path],
        pixels=None,
    )
    _, (calibration, tuning, normal, defective) = lines(one, point)
    assert (tuning["part"], tuning["verdict"], calibration["verdict"]) == ("tuning", "", "")
    assert (normal["level"], normal["verdict"], normal["largest_area_px"]) == ("0.06", "normal", "0")
    assert (defective["verdict"], defective["largest_area_px"], defective["score"]) == ("defective", "12", "0.7")


def test_an_interrupted_file_of_scores_leaves_the_older_one(tmp_path):
    with csv_files.writing_scores(tmp_path):
        pass
    before = (tmp_path / "scores.csv").read_bytes()
    with pytest.raises(RuntimeError), csv_files.writing_scores(tmp_path) as file:
        file.write("half a line")
        raise RuntimeError
    assert (tmp_path / "scores.csv").read_bytes() == before
