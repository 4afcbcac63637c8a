"""New images beside the training images: size, aspect ratio, colour mode and brightness that training never saw."""

import numpy as np
import pytest

from benchmarks.images import read_image
from benchmarks.likeness import appearance, novelty


def look(width=300, height=200, *, gray=False, brightness=100.0):
    return appearance.Appearance((height, width), gray, brightness)


def kinds(image, *trained):
    return [found.kind for found in novelty.unseen(image, novelty.together(trained))]


def test_an_image_has_its_size_its_colour_mode_and_its_mean():
    pixels = np.full((4, 6, 3), 10, np.uint8)
    assert appearance.of(pixels) == ((4, 6), True, 10.0, 1) and appearance.of(pixels).aspect == 1.5
    pixels[0, 0, 2] = 34
    assert appearance.of(pixels) == ((4, 6), False, pytest.approx(10 + 24 / 72), 1)


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (look(), []),
        (look(302, 199), []),
        (look(600, 400), ["size"]),
        (look(300, 300), ["size", "aspect ratio"]),
        (look(gray=True), ["colour mode"]),
        (look(brightness=104), []),
        (look(brightness=106), ["brightness"]),
        (look(brightness=20), ["brightness"]),
    ],
)
def test_beside_equal_training_images_what_differs_is_named(image, found):
    assert kinds(image, *[look()] * 5) == found


def test_between_training_images_that_vary_everything_was_seen():
    trained = [look(300, 200, brightness=80), look(900, 600, gray=True, brightness=120)]
    assert kinds(look(600, 400, brightness=140), *trained) == []
    assert kinds(look(600, 300, gray=True), *trained) == ["aspect ratio"]


def test_colour_beside_gray_training_images_was_never_seen():
    assert kinds(look(), look(gray=True)) == ["colour mode"]


def test_what_was_seen_stands_beside_what_is_here():
    [size, aspect] = novelty.unseen(look(300, 300), novelty.together([look(), look(320, 210)]))
    assert str(size) == "size 300 x 300, trained on 300 to 320 x 200 to 210"
    assert str(aspect) == "aspect ratio 1.00, trained on 1.50 to 1.52"


def test_another_camera_a_crop_and_a_thumbnail_differ_and_images_like_the_training_do_not(shared_data):
    case = shared_data.parent / "cases/07-sizes"
    train = sorted((case / "data").rglob("train/good/*.png"))
    trained = novelty.together(appearance.of(read_image(path)) for path in train)
    found = {
        path.stem: [each.kind for each in novelty.unseen(appearance.of(read_image(path)), trained)]
        for path in (case / "new").glob("*.png")
    }
    assert {name: found[name] for name in found if name.startswith("same")} == {f"same{n}": [] for n in range(3)}
    assert all({"size", "aspect ratio"} <= set(found[f"othercam{n}"]) for n in range(3))
    assert "size" in found["crop_of_good"] and "size" in found["thumbnail_32"]


@pytest.mark.parametrize("folder", ["mvtec/hazelnut_reduced", "mvtec/transistor_reduced"])
def test_test_images_of_one_kind_with_the_training_look_like_it(shared_data, folder):
    train, test = (sorted((shared_data / folder).glob(f"{split}/*/*.png")) for split in ("train", "test"))
    trained = novelty.together(appearance.of(read_image(path)) for path in train)
    assert [path for path in test if novelty.unseen(appearance.of(read_image(path)), trained)] == []
