"""Places that change while the rest of an image is alike: found where they are, and nothing else is."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from benchmarks.checking import places
from benchmarks.data_settings import UNTOLD
from benchmarks.images.examination import examine
from benchmarks.likeness import changing
from benchmarks.likeness.changing import BLOCK, LEAST, Pictures, Place, picture
from benchmarks.source import Source
from datasets import Sample
from tests import cases
from tests.pictures import gray

SHAPE = (120, 160)
IMAGES = 12


def part(shape=SHAPE):
    """A plate with a hole and four screws: (h, w) gray levels."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / shape[0]
    plate = np.where((abs(rows - 0.5) < 0.4) & (abs(columns - 0.66) < 0.5), 150.0, 80.0)
    for row, column, radius in ((0.5, 0.6, 0.15), *((r, c, 0.05) for r in (0.2, 0.8) for c in (0.3, 1.0))):
        plate[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = 30
    return plate


def labelled(plate, box, random, contrast=80):
    """The plate with strokes in a box of (left, top, width, height), which differ every time; a stroke is 2x4 px."""
    left, top, width, height = box
    strokes = random.random((height // 4, width // 2)) < 0.5
    plate = plate.copy()
    plate[top : top + height, left : left + width] += contrast * strokes.repeat(4, 0).repeat(2, 1)
    return plate


def found(draw, images=IMAGES, noise=3.0):
    """The places in images that `draw` makes of a random generator each."""
    random = np.random.default_rng(0)
    drawn = [draw(random) for _ in range(images)]
    noisy = [np.clip(each + random.normal(0, noise, each.shape), 0, 255) for each in drawn]
    return changing.changing(np.stack([picture(gray(each)) for each in noisy]), drawn[0].shape)


def is_at(place, box, within):
    return np.abs(np.subtract(place[:4], box)).max() <= within


@pytest.mark.parametrize("contrast", [30, 80, -60])
@pytest.mark.parametrize("box", [(116, 8, 36, 8), (40, 60, 24, 12), (0, 112, 60, 8), (150, 50, 8, 40)])
def test_a_label_is_found_where_it_is(box, contrast):
    (place,) = found(lambda random: labelled(part(), box, random, contrast))
    assert is_at(place, box, within=BLOCK) and place.times > changing.FACTOR and place.shape == SHAPE


def test_in_a_large_image_it_is_found_within_a_block_of_that_image():
    shape, box = (960, 1280), (900, 100, 200, 60)
    (place,) = found(lambda random: labelled(part(shape), box, random), images=LEAST)
    assert is_at(place, box, within=BLOCK * 1280 / changing.SIDE)


def test_two_labels_are_two_places_the_larger_one_first():
    boxes = (100, 8, 48, 8), (8, 108, 24, 8)
    first, second = found(lambda random: labelled(labelled(part(), boxes[1], random), boxes[0], random))
    assert is_at(first, boxes[0], BLOCK) and is_at(second, boxes[1], BLOCK)


def brightness(random):
    return part() * random.uniform(0.7, 1.2) + random.uniform(-20, 20)


def light_from_a_side(random):
    return part() * np.linspace(1 - random.uniform(0, 0.4), 1, SHAPE[1])


def rotated(random):
    return ndimage.rotate(part(), random.uniform(0, 360), reshape=False, order=1, mode="nearest")


def rotated_and_small(random):
    """A part at any angle, of 6 % of an image that is otherwise empty."""
    scene, screw = np.full(SHAPE, 80.0), np.zeros((36, 36))
    screw[12:24, 4:32] = 90
    scene[40:76, 60:96] += ndimage.rotate(screw, random.uniform(0, 360), reshape=False, order=1)
    return scene


def moved(random):
    return ndimage.shift(part(), random.normal(0, 1, 2), order=1, mode="nearest")


def moved_a_little(random):
    return ndimage.shift(part(), random.normal(0, 0.15, 2), order=1, mode="nearest")


def texture(random):
    return 120 + 60 * ndimage.gaussian_filter(random.normal(size=SHAPE), 1)


def stain_on_few(random):
    return labelled(part(), (60, 40, 32, 32), random, contrast=80 if random.random() < 0.2 else 0)


@pytest.mark.parametrize(
    "draw",
    [
        *(lambda random: part(), brightness, light_from_a_side),
        *(rotated, rotated_and_small, moved, moved_a_little, texture, stain_on_few),
    ],
)
def test_without_a_label_nothing_is_found(draw):
    assert found(draw) == []


def test_a_label_is_found_also_where_brightness_or_position_vary_a_little_and_not_at_any_angle():
    box = (116, 8, 36, 8)
    assert len(found(lambda random: labelled(brightness(random), box, random))) == 1
    assert len(found(lambda random: labelled(moved_a_little(random), box, random))) == 1
    assert found(lambda random: labelled(rotated(random), box, random)) == []


def test_images_without_noise_and_equal_images_are_no_matter():
    assert found(lambda random: part(), noise=0) == []
    assert len(found(lambda random: labelled(part(), (116, 8, 36, 8), random), noise=0)) == 1


def test_what_changes_in_much_of_the_image_is_no_place():
    assert found(lambda random: labelled(part(), (40, 20, 80, 80), random)) == []


def collected(shapes, **fields):
    """What is found in images of these (height, width) with a label, given the fields of their samples."""
    random = np.random.default_rng(0)
    samples = [Sample(f"{index}.png", "nut", **{"split": "train"} | fields) for index in range(len(shapes))]
    pictures = Pictures(samples)
    for sample, shape in zip(samples, shapes, strict=True):
        pictures.add(sample, gray(labelled(part(shape), (116, 8, 36, 8), random)))
    return pictures.places()


def test_only_enough_normal_training_images_of_one_size_are_compared():
    assert len(collected([SHAPE] * LEAST)) == 1
    assert collected([SHAPE] * (LEAST - 1)) == []
    assert collected([SHAPE] * LEAST + [(120, 164)]) == []
    assert collected([SHAPE] * LEAST, split="test") == []
    assert collected([]) == []


def test_of_many_images_few_are_kept():
    samples = [Sample(f"{index}.png", "nut", split="train") for index in range(10 * changing.MOST)]
    pictures = Pictures(samples)
    for sample in samples:
        pictures.add(sample, gray(part((16, 20))))
    assert len(pictures._kept) == changing.MOST and samples[0] in pictures._kept and samples[-1] in pictures._kept


def test_images_smaller_than_a_block_are_passed_over():
    assert changing.changing(np.zeros((LEAST, BLOCK - 1, 40), np.uint8), (BLOCK - 1, 40)) == []


@pytest.mark.parametrize(
    ("left", "top", "name"), [(0, 0, "top left"), (45, 0, "top"), (45, 45, "middle"), (90, 90, "bottom right")]
)
def test_the_sentence_says_where_how_large_and_what_to_do(left, top, name):
    (sentence,) = places.remarks([Place(left, top, 10, 8, (100, 100), 6.2)])
    assert sentence.startswith(f"{name}, 10x8 px at (left, top) = ({left}, {top}): the pixels differ")
    assert "6 times as much" in sentence and sentence.endswith("leave it out with --ignore")


@pytest.mark.parametrize("contrast", [0, 80])
def test_check_says_so_of_files(tmp_path, contrast):
    folder, random = tmp_path / "plate/train/good", np.random.default_rng(0)
    folder.mkdir(parents=True)
    for index in range(LEAST):
        plate = labelled(part(), (116, 8, 36, 8), random, contrast) + random.normal(0, 3, SHAPE)
        Image.fromarray(gray(np.clip(plate, 0, 255))).save(folder / f"{index}.png")
    said = [sentence for sentence in cases.said(tmp_path, "folder") if "a label?" in sentence]
    assert len(said) == (contrast > 0) and all(each.startswith("warning plate: top right, ") for each in said)


@pytest.mark.parametrize(
    ("dataset", "category"), [("mvtec", "hazelnut_reduced"), ("mvtec", "transistor_reduced"), ("visa", "cookie")]
)
def test_on_real_parts_without_a_label_nothing_is_said(shared_data, dataset, category):
    source = Source.named(dataset, shared_data / dataset, UNTOLD)
    train = [sample for sample in source.samples(category) if sample.split == "train"]
    pictures = Pictures(train)
    assert len(list(examine(train, source.reading, look=pictures.add))) > LEAST
    assert pictures.places() == []
