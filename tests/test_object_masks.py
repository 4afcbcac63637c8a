"""The object of an image: what is left of it without the background, or all of a texture."""

import numpy as np
import pytest

from datasets import DataError
from datasets.making import segments
from datasets.making.object_masks import border_share, of_mask, of_segments

SHAPE = (60, 80)


def box(top, bottom, left, right):
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return mask


PART = box(20, 40, 30, 60)


def test_the_background_is_what_covers_most_of_the_border_and_the_object_is_the_rest():
    found = of_segments([PART, box(22, 30, 35, 50), ~PART], SHAPE)
    assert not found.is_texture and (found.mask == PART).all()


def test_an_object_with_a_larger_box_than_its_background_is_not_taken_for_it():
    cross = box(28, 32, 0, 80) | box(0, 60, 38, 42)  # its bounding box is the whole frame
    background = ~cross & ~box(0, 4, 0, 80)  # and that of the background is smaller
    found = of_segments([cross, background], SHAPE)
    assert (found.mask & box(10, 60, 0, 80) == cross & box(10, 60, 0, 80)).all()


def test_an_object_that_runs_over_the_edge_of_the_frame_is_an_object():
    part = box(25, 35, 0, 80)
    assert (of_segments([part, ~part], SHAPE).mask == part).all()


def test_one_segment_over_the_whole_frame_is_a_texture():
    found = of_segments([np.ones(SHAPE, bool)], SHAPE)
    assert found.is_texture and found.mask.all()


def test_gaps_between_segments_are_no_object():
    gap = box(30, 31, 0, 80) | box(5, 8, 5, 8)
    assert of_segments([~gap], SHAPE).is_texture


def test_many_grains_of_which_none_holds_the_border_are_a_texture():
    grains = [box(top, top + 10, left, left + 10) for top in range(0, 60, 10) for left in range(0, 80, 10)]
    found = of_segments(grains, SHAPE)
    assert found.is_texture and "no segment covers half of the border" in found.why


def test_no_segment_at_all_is_a_texture():
    assert of_segments([], SHAPE).is_texture


def test_a_small_object_on_a_large_background_is_no_texture():
    small = box(20, 30, 20, 26)  # 1.25 % of the image
    assert (of_segments([~small], SHAPE).mask == small).all()


def test_a_mask_over_the_frame_is_a_texture_and_another_is_the_object_as_it_is():
    assert of_mask(~box(3, 5, 3, 5)).is_texture
    assert (of_mask(PART).mask == PART).all()


def test_the_corners_of_a_border_count_once():
    assert border_share(box(0, 1, 0, 80)) == pytest.approx(80 / (2 * 80 + 2 * 58))


def test_segments_are_read_in_the_order_of_their_table(make_tree):
    root = make_tree({"metadata.csv": "id,area\n1,5\n0,9\n", "0.png": "mask", "1.png": "mask"})
    assert [file.name for file in segments.files(root)] == ["1.png", "0.png"]


@pytest.mark.parametrize(
    ("table", "words"),
    [("id,area\n7,1\n", "1 segments whose mask is not there, such as 7.png"), ("n\n7\n", "no column id")],
)
def test_a_table_of_segments_that_does_not_fit_its_folder_is_one_sentence(make_tree, table, words):
    with pytest.raises(DataError, match=words):
        segments.files(make_tree({"metadata.csv": table}))
