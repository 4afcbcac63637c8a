"""Defects that are too small where a method resizes an image: named before training, with the tiles that help."""

import numpy as np
import pytest
from PIL import Image

import methods
from benchmarks import plugins
from benchmarks.checking import small_defects
from benchmarks.checking.small_defects import Size
from benchmarks.images import AS_STORED, Reading, verify
from datasets import Sample

SIDES = {256: ["cae", "knn"], 448: ["differnet"]}


@pytest.fixture
def said(save):
    """What is said of an image of (height, width) with one defect of a size, read in some way."""

    def said(shape, defect, reading=AS_STORED, sides=SIDES):
        image, mask = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
        mask[8 : 8 + defect[0], 8 : 8 + defect[1]] = 255
        paths = [save(Image.fromarray(pixels), name) for pixels, name in ((image, "a.png"), (mask, "a_mask.png"))]
        sample = Sample(paths[0], "nut", "test", defect="pit", masks=(paths[1],))
        return small_defects.remark([(sample, *verify([sample], reading))], reading, sides)

    return said


def test_a_pit_in_a_line_scan_is_named_with_the_tile_that_shows_it(said):
    sentence = said((500, 2000), (5, 6))
    assert "in a tenth of the 1 images with a mask, the largest defect is at most 6x5 px (width x height)" in sentence
    assert "where it is 0.77x2.6 at 256 (cae, knn), 1.3x4.5 at 448 (differnet): see it at full" in sentence
    assert sentence.endswith("with --tile 256 (33 tiles an image)")
    assert said((500, 2000), (5, 6), Reading(tile=256)) is None
    assert "--tile 256 (" in said((500, 2000), (5, 6), Reading(tile=512))
    assert said((500, 2000), (60, 60)) is None


def test_a_defect_is_large_enough_where_the_smallest_of_the_methods_sees_it(said):
    assert "15x15 at 300 (b)" in said((500, 500), (25, 25), sides={50: ["a"], 300: ["b"]})
    assert said((500, 500), (25, 25), sides={300: ["b"]}) is None
    assert said((500, 500), (1, 1), sides={}) is None


def test_specks_beside_a_defect_do_not_count(save):
    mask = np.zeros((500, 500), np.uint8)
    mask[20:60, 20:60] = mask[::90, 400] = 255
    paths = [save(Image.fromarray(mask), name) for name in ("a.png", "a_mask.png")]
    sample = Sample(paths[0], "nut", "test", defect="pit", masks=(paths[1],))
    assert small_defects.remark([(sample, *verify([sample]))], AS_STORED, SIDES) is None


def test_methods_are_asked_for_their_sizes():
    found = small_defects.sides()
    assert list(found) == sorted(found)
    for side, names in found.items():
        assert {plugins.choose(name, {}).method.seen_px for name in names} == {side}
    named = {name for names in found.values() for name in names}
    assert "mean_image" in named <= set(plugins.names(methods))


def test_regions_that_touch_at_a_corner_are_one():
    mask = np.zeros((9, 9), bool)
    mask[0, 0] = mask[1, 1] = mask[4:7, 5:9] = True
    assert small_defects.sizes(mask) == [Size(2, 2), Size(3, 4)]
