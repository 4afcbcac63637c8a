"""Defects that are too small where a method resizes an image: named before training, with the tiles that help."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.checking import small_defects
from benchmarks.checking.small_defects import Size
from benchmarks.images import AS_STORED, Reading, verify
from datasets import Sample


@pytest.fixture
def said(save):
    """What is said of an image of (height, width) with one defect of a size, read in some way."""

    def said(shape, defect, reading=AS_STORED):
        image, mask = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
        mask[8 : 8 + defect[0], 8 : 8 + defect[1]] = 255
        paths = [save(Image.fromarray(pixels), name) for pixels, name in ((image, "a.png"), (mask, "a_mask.png"))]
        sample = Sample(paths[0], "nut", "test", defect="pit", masks=(paths[1],))
        return small_defects.remark([(sample, *verify([sample], reading))], reading)

    return said


def test_a_pit_in_a_line_scan_is_named_with_the_tile_that_shows_it(said):
    sentence = said((500, 2000), (5, 6))
    assert "at most 6x5 px (width x height), and 0.77x2.6 px" in sentence and sentence.endswith("--tile 256")
    assert said((500, 2000), (5, 6), Reading(tile=256)) is None
    assert said((500, 2000), (5, 6), Reading(tile=512)).endswith("--tile 256")
    assert said((500, 2000), (60, 60)) is None


def test_regions_that_touch_at_a_corner_are_one():
    mask = np.zeros((9, 9), bool)
    mask[0, 0] = mask[1, 1] = mask[4:7, 5:9] = True
    assert small_defects.sizes(mask) == [Size(2, 2), Size(3, 4)]
