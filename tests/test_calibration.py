"""How many normal images set a threshold, and what is said where they are few, before hours of training."""

from pathlib import Path

import pytest

from benchmarks.commands import run
from benchmarks.evaluation import calibration
from benchmarks.evaluation.calibration import Way
from benchmarks.jobs.plan import Job
from tests.stored import made_cell


def job(category: str, setting: int, fit: int = 30, **fields) -> Job:
    numbers = {"training_images": fit, "setting_images": setting, "track_epochs": False, "keep_model": False}
    place = {"root": Path("data"), "folder": Path("kept"), "device": "cpu"}
    return Job(cell=made_cell(category=category, **fields), key="k", code="c", **numbers, **place)


@pytest.mark.parametrize(
    ("images", "normal", "told"),
    [
        (
            1,
            3,
            "1 normal image of 3 sets the threshold: 1 in 2 normal images may be called defective; add normal images",
        ),
        (
            6,
            60,
            "6 normal images of 60 set the threshold: 1 in 7 normal images may be called defective; run --cal",
        ),
        (
            19,
            190,
            "19 normal images of 190 set the threshold: 1 in 20 normal images may be called defective; run --calib",
        ),
        (20, 200, None),
        (0, 5, None),
    ],
)
def test_few_images_are_told_with_what_to_do(images, normal, told):
    found = calibration.doubt(images, normal)
    assert found is None if told is None else found.startswith(told) and found.endswith("with a method that can")


@pytest.mark.parametrize(
    ("way", "advised"),
    [
        (Way(), "run --calibration 0.4, or run --calibration loo with a method that can"),
        (Way(could_leave_one_out=False), "run --calibration 0.4"),
        (Way(leaves_one_out=True), "train on more normal images: each of them sets the threshold"),
        (
            Way(shots=40, could_leave_one_out=False),
            "hold out more with --calibration, as far as 40 images to train on are left",
        ),
    ],
)
def test_nothing_is_advised_that_a_run_would_refuse(way, advised):
    assert calibration.advice(50, way) == advised
    assert calibration.doubt(6, 50, way).endswith(f"; {advised}")


@pytest.mark.parametrize("read", [{"tile": 64}, {"page": "all"}])
def test_leave_one_out_is_not_advised_before_a_run_that_sees_tiles_or_pages(capsys, read):
    run._say_few_calibration([job("bolt", 5, data_settings=read)])
    said = capsys.readouterr().err.replace("\n", " ")
    assert said.strip().endswith("; add normal images")


def test_a_run_says_so_of_the_category_with_the_fewest_before_it_begins(capsys):
    run._say_few_calibration([job("bolt", 5), job("nut", 1, fit=4), job("nut", 1, fit=4, method="cae"), job("cog", 40)])
    said = capsys.readouterr().err.replace("\n", " ")
    assert said.startswith("nut (few also in 1 more): 1 normal image of 5 sets the threshold: 1 in 2 normal images")


def test_a_run_with_enough_or_none_says_nothing_and_leave_one_out_needs_more_images(capsys):
    run._say_few_calibration([job("bolt", 20), job("nut", 0)])
    assert capsys.readouterr().err == ""
    run._say_few_calibration([job("bolt", 10, fit=10, calibration="loo")])
    assert "10 normal images of 10 set the threshold" in (said := capsys.readouterr().err.replace("\n", " "))
    assert "train on more normal images" in said
