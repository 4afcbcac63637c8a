from pathlib import Path

import numpy as np
import pytest

from benchmarks.images import Examination
from benchmarks.likeness import appearance
from benchmarks.likeness.thumbnail import thumbnail
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


def seen(pictures, looks=None):
    """What decoding has shown: images of one number show the same picture."""
    blank = np.zeros((8, 8, 3), np.uint8)
    looks = looks or [thumbnail(blank)] * len(pictures)
    known = {"shape": (8, 8), "defect_px": None, "highest_16_bit": None, "losses": frozenset()}
    return [
        Examination(**known, appearance=appearance.of(blank), digest=bytes([picture]), thumbnail=look)
        for picture, look in zip(pictures, looks, strict=True)
    ]


def of_a_film(count):
    whole = np.random.default_rng(0).integers(0, 256, (32, 32 + 4 * count, 3), np.uint8)
    return [thumbnail(np.ascontiguousarray(whole[:, 4 * at : 4 * at + 32])) for at in range(count)]


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_images_without_copies_and_without_an_order_are_divided_as_if_they_were_not_known(groups, seed):
    known = divide(samples(40, groups), seed=seed, shots=None, calibration=0.2, examined=seen(range(40)))
    assert known == split(seed=seed, calibration=0.2, groups=groups)


def test_an_established_division_stays_as_it_is():
    assert [int(sample.image.stem) for sample in split(seed=0).calibration] == [0, 10, 13, 37]


def test_identical_images_stay_on_one_side_and_a_held_out_picture_counts_once():
    images = samples(40)
    parts = divide(images, seed=0, shots=None, calibration=0.2, examined=seen([index % 10 for index in range(40)]))
    fit, calibration, copies = (
        {int(each.image.stem) % 10 for each in part} for part in (parts.fit, parts.calibration, parts.copies)
    )
    assert len(parts.calibration) == len(calibration) == 2 and len(parts.copies) == 6
    assert copies == calibration and not fit & calibration and len(parts.fit) == 32


def test_a_copy_ties_groups_together():
    images = samples(12, groups=True)
    shown = [0, 1, 2, 0, *range(4, 12)]  # the first image of the second group is that of the first group
    for seed in range(5):
        parts = divide(images, seed=seed, shots=None, calibration=0.2, examined=seen(shown))
        assert len({images[index] in parts.fit for index in range(6)}) == 1


def test_of_a_sequence_whole_blocks_are_held_out():
    parts = divide(samples(100), seed=0, shots=None, calibration=0.1, examined=seen(range(100), of_a_film(100)))
    held = [int(sample.image.stem) for sample in parts.calibration]
    begins = [number for number in held if number - 1 not in held]
    assert parts.in_blocks and len(held) == 10 and len(begins) <= 2


def test_a_sequence_is_in_the_order_of_the_numbers_in_the_names():
    images = [Sample(Path(f"frame {index}.png"), "nut", "train") for index in range(100)]
    images.sort(key=lambda sample: str(sample.image))
    film = of_a_film(100)
    looks = [film[int(sample.image.stem.split()[1])] for sample in images]
    assert divide(images, seed=0, shots=None, calibration=0.1, examined=seen(range(100), looks)).in_blocks


def test_few_images_of_a_sequence_are_held_out_in_blocks_of_three():
    parts = divide(samples(20), seed=0, shots=None, calibration=0.05, examined=seen(range(20), of_a_film(20)))
    assert parts.in_blocks and len(parts.calibration) == 3


def test_with_leave_one_out_a_sequence_is_not_cut():
    parts = divide(samples(20), seed=0, shots=None, calibration="loo", examined=seen(range(20), of_a_film(20)))
    assert parts.fit == parts.calibration == samples(20) and not parts.in_blocks


def test_too_few_pictures_are_told_from_too_few_images():
    with pytest.raises(DataError, match=r"6 normal training images \(1 once identical ones .* leave 0 to fit on"):
        divide(samples(6), seed=0, shots=None, calibration=0.1, examined=seen([7] * 6))
