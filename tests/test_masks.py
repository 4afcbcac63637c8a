"""Masks are checked, not believed: soft edges, sizes, turns, coverage."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.images import ImageError, Reading, examine, read_mask
from datasets import Sample
from tests.pictures import oriented


def soft_disc(side=64):
    """A disc that went through a resize: many values between 0 and 255 at its edge."""
    rows, columns = np.mgrid[:side, :side]
    distance = np.hypot(rows - side / 2, columns - side / 2)
    return np.uint8(255 * np.clip((side / 4 - distance) / 4 + 0.5, 0, 1))


def test_masks_of_one_image_are_merged(save):
    first, second = save(np.uint8([[0, 255, 0]]), "first.png"), save(np.uint8([[0, 0, 7]]), "second.png")
    assert read_mask([first, second], (1, 3)).defect.tolist() == [[False, True, True]]


def test_a_mask_of_half_the_size_is_enlarged_by_nearest_neighbour_and_it_is_said(save):
    mask = read_mask([save(np.uint8([[0, 255], [0, 0]]))], (4, 4))
    assert mask.defect.tolist() == [[False, False, True, True]] * 2 + [[False] * 4] * 2
    assert mask.reasons == {"resized"}


def test_the_sides_of_a_small_mask_may_be_rounded(save):
    assert read_mask([save(np.zeros((333, 500), np.uint8))], (1000, 1501)).reasons == {"resized"}


def test_a_mask_of_another_aspect_does_not_fit(save):
    assert read_mask([save(np.zeros((5, 7), np.uint8))], (7, 7)) == (None, {"misfit"})
    assert read_mask([save(np.zeros((50, 90), np.uint8))], (90, 50)) == (None, {"sideways"})


def test_a_soft_mask_is_a_defect_above_half_of_its_highest_value_and_it_is_said(save):
    values = soft_disc()
    soft = read_mask([save(values)], values.shape)
    assert np.array_equal(soft.defect, values > 127) and soft.reasons == {"soft"}
    chosen = read_mask([save(values)], values.shape, Reading(mask_above=0))
    assert np.array_equal(chosen.defect, values > 0) and not chosen.reasons


def test_traces_of_jpeg_make_a_mask_soft(save):
    disc = np.uint8(255 * (soft_disc() > 127))
    traced = read_mask([save(disc, "x.jpg", quality=75)], disc.shape)
    assert (traced.defect != (disc > 0)).mean() < 0.01 and traced.reasons == {"soft"}


@pytest.mark.parametrize("ids", [(1, 2, 3), (60, 128, 255)])
def test_class_ids_are_all_defects_whatever_their_values(save, ids):
    values = np.zeros((40, 40), np.uint8)
    for place, value in zip((2, 14, 26), ids, strict=True):
        values[place : place + 10, 5:15] = value
    mask = read_mask([save(values)], values.shape)
    assert np.array_equal(mask.defect, values > 0) and mask.reasons == {"classes"}


def test_a_binary_mask_has_nothing_to_be_said(save):
    values = np.uint8(255 * (soft_disc() > 127))
    assert not read_mask([save(values)], values.shape).reasons


def test_a_mask_that_covers_most_of_its_image_is_suspicious(save):
    covered = np.full((10, 10), 255, np.uint8)
    covered[:2, :2] = 0
    sample = Sample(save(np.zeros((10, 10), np.uint8)), "c", "test", "stain", (save(covered, "mask.png"),))
    (seen,) = examine([sample])
    assert seen.mask_reasons == {"covering"}


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_mask_that_does_not_turn_with_its_image_is_suspicious(save, orientation):
    image = save(name="x.jpg", **oriented(Image.new("L", (8, 8)), orientation))
    mask = save(np.zeros((8, 8), np.uint8), "mask.png")
    turned = save(name="turned.png", **oriented(Image.new("L", (8, 8)), orientation))
    assert "unturned" in reasons(image, mask)
    assert "unturned" not in reasons(image, turned)
    assert not reasons(image, mask, Reading(exif="ignore"))


def reasons(image, mask, reading=None):
    (seen,) = examine([Sample(image, "c", "test", "stain", (mask,))], reading or Reading())
    return seen.mask_reasons


BOX = np.zeros((8, 10), np.uint8)
BOX[2:5, 3:7] = 255


def test_the_pages_of_a_mask_are_merged_and_it_is_said(save):
    first = np.zeros_like(BOX)
    path = save(Image.fromarray(first), "mask.tif", save_all=True, append_images=[Image.fromarray(BOX)])
    assert np.array_equal(read_mask([path], BOX.shape).defect, BOX > 0)
    assert read_mask([path], BOX.shape).reasons == {"pages"}


def test_pages_of_several_sizes_make_no_mask(save):
    path = save(Image.fromarray(BOX), "mask.tif", save_all=True, append_images=[Image.fromarray(BOX[1:])])
    with pytest.raises(ImageError, match=r"mask\.tif is a mask with pages of several sizes"):
        read_mask([path], BOX.shape)


def test_transparency_of_a_mask_is_not_looked_at_and_it_is_said(save):
    mask = read_mask([save(np.dstack([BOX * 0, BOX * 0, BOX * 0, BOX]))], BOX.shape)
    assert not mask.defect.any() and mask.reasons == {"transparent"}


@pytest.mark.parametrize("bands", [2, 5])
def test_every_band_of_a_mask_counts(tmp_path, bands):
    values = np.zeros((*BOX.shape, bands), np.uint8)
    values[..., -1] = BOX
    tifffile.imwrite(tmp_path / "mask.tif", values, photometric="minisblack", planarconfig="contig")
    assert np.array_equal(read_mask([tmp_path / "mask.tif"], BOX.shape).defect, BOX > 0)


def test_a_mask_in_cmyk_is_bright_where_it_is_white(save):
    path = save(Image.fromarray(BOX).convert("RGB").convert("CMYK"), "mask.tif")
    assert np.array_equal(read_mask([path], BOX.shape).defect, BOX > 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_that_stores_white_as_zero_is_bright_where_it_is_white(tmp_path, dtype):
    stored = np.where(BOX > 0, 0, np.iinfo(dtype).max).astype(dtype)
    tifffile.imwrite(tmp_path / "mask.tif", stored, photometric="miniswhite")
    assert np.array_equal(read_mask([tmp_path / "mask.tif"], BOX.shape).defect, BOX > 0)


def test_a_palette_whose_first_colour_is_not_black_is_suspicious(save):
    picture = Image.fromarray(BOX // 255, "P")
    picture.putpalette([255, 255, 255, 0, 0, 0])
    assert read_mask([save(picture)], BOX.shape).reasons == {"palette"}
    picture.putpalette([0, 0, 0, 255, 255, 255])
    assert not read_mask([save(picture)], BOX.shape).reasons


def test_a_mask_with_height_and_width_exchanged_is_said_to_be(save):
    assert reasons(save(np.zeros((8, 12), np.uint8)), save(np.zeros((12, 8), np.uint8), "mask.png")) == {"transposed"}
