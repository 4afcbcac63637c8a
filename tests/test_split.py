from pathlib import Path

import pytest

from benchmarks.split import divide
from datasets import DataError, Sample


def samples(count: int, groups: bool = False) -> list[Sample]:
    return [
        Sample(Path(f"{index:03}.png"), "nut", "train", group=str(index // 3) if groups else None)
        for index in range(count)
    ]


def split(count: int = 40, *, seed: int = 0, shots: int | None = None, calibration: float = 0.1, groups: bool = False):
    return divide(samples(count, groups), seed=seed, shots=shots, calibration=calibration)


def test_every_image_is_in_one_part():
    parts = split()
    assert len(parts.calibration) == 4
    assert sorted(parts.fit + parts.calibration, key=lambda sample: sample.image) == samples(40)


def test_the_same_seed_divides_the_same_way_and_another_differently():
    assert split(seed=3) == split(seed=3)
    assert split(seed=3).calibration != split(seed=0).calibration


def test_seed_zero_is_a_seed():
    assert split(seed=0).calibration != samples(40)[:4]


def test_no_calibration_part_may_be_asked_for():
    assert split(calibration=0).calibration == []


def test_a_small_share_is_at_least_one_image():
    assert len(split(5, calibration=0.1).calibration) == 1


def test_groups_stay_together():
    parts = split(groups=True)
    assert not {sample.group for sample in parts.fit} & {sample.group for sample in parts.calibration}


def test_shots_leave_the_calibration_part_as_it_is():
    few = split(shots=5)
    assert len(few.fit) == 5 and few.calibration == split().calibration
    assert set(few.fit) < set(split().fit)


def test_too_many_shots_are_refused():
    with pytest.raises(DataError, match="--shots 37: category nut has only 36"):
        split(shots=37)


def test_fewer_than_two_images_are_refused():
    with pytest.raises(DataError, match="2 normal training images leave 1"):
        split(2)


def test_with_leave_one_out_all_images_are_fitted_and_calibrate_in_the_same_order():
    parts = split(calibration="loo")
    assert parts.fit == parts.calibration == samples(40)


def test_with_leave_one_out_shots_draw_from_all_images_and_these_calibrate():
    few = split(5, shots=5, calibration="loo")
    assert few.fit == few.calibration == samples(5)
    assert split(shots=3, calibration="loo").calibration == split(shots=3, calibration="loo").fit != samples(3)


def test_with_leave_one_out_one_image_is_too_few():
    with pytest.raises(DataError, match="leave 1 to fit on after --calibration loo"):
        split(1, calibration="loo")


def test_shots_do_not_divide_a_group_between_fit_and_calibration():
    for seed in range(5):
        parts = split(24, seed=seed, shots=3, calibration=0.3, groups=True)
        assert not {sample.group for sample in parts.fit} & {sample.group for sample in parts.calibration}


def test_labelled_validation_images_are_a_part_of_their_own():
    labelled = Sample(Path("v.png"), "nut", "validation", defect="crack")
    parts = divide([*samples(10), labelled], seed=0, shots=None, calibration=0.1)
    assert parts.validation == [labelled] and labelled not in parts.fit + parts.calibration + parts.test
