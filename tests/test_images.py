"""Decoding and resizing images: formats, pixel types and damaged files."""

import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from benchmarks.images import (
    ImageError,
    Images,
    Reading,
    examine,
    image_size,
    read_image,
    read_mask,
    resize_image,
    resize_map,
    verify,
)
from datasets import Sample
from tests.pictures import GRAY, RGB, gray, oriented


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.tif", "x.TIFF", "x.ppm"])
def test_colours_are_read_as_they_are(save, name):
    assert np.array_equal(read_image(save(RGB, name)), RGB)


@pytest.mark.parametrize("name", ["x.jpg", "x.webp"])
def test_lossy_formats_are_read(save, name):
    assert read_image(save(RGB, name)).shape == RGB.shape


@pytest.mark.parametrize("name", ["x.png", "x.pgm", "x.tif"])
def test_gray_becomes_three_equal_channels(save, name):
    assert np.array_equal(read_image(save(GRAY, name)), gray(GRAY))


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.pgm"])
def test_16_bits_are_scaled_and_not_clipped(save, name):
    levels = np.array([[0, 257, 1000, 32768, 65535]], np.uint16)
    assert np.array_equal(read_image(save(levels, name)), gray([[0, 1, 4, 128, 255]]))


def test_16_bits_in_big_endian_order_are_the_same(save):
    levels = np.array([[0, 257, 65535]], ">u2")
    picture = Image.frombytes("I;16B", (3, 1), levels.tobytes())
    assert np.array_equal(read_image(save(picture, "x.tif")), gray([[0, 1, 255]]))


def test_a_palette_is_turned_into_its_colours(save):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    assert read_image(save(picture)).tolist() == [[[10, 20, 30], [200, 100, 50]]]


def test_a_palette_with_transparency_is_painted_black_beneath_without_a_warning(save):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    path = save(picture, transparency=b"\x80\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(path).tolist() == [[[5, 10, 15], [200, 100, 50]]]


def test_one_bit_becomes_black_and_white(save):
    picture = Image.fromarray(np.array([[False, True]]))
    assert np.array_equal(read_image(save(picture)), gray([[0, 255]]))


def test_cmyk_becomes_rgb(save):
    picture = Image.new("CMYK", (2, 1), (0, 255, 255, 0))
    assert read_image(save(picture, "x.tif")).tolist() == [[[255, 0, 0]] * 2]


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(save, name, orientation):
    options = {"lossless": True} if name == "x.webp" else {}
    path = save(name=name, **oriented(Image.fromarray(RGB), orientation), **options)
    upright = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.swapaxes(0, 1),
        6: np.rot90(RGB, -1),
        7: np.rot90(RGB, 2).swapaxes(0, 1),
        8: np.rot90(RGB),
    }[orientation]
    assert np.array_equal(read_image(path), upright)
    assert image_size(path) == upright.shape[:2]


def test_the_first_frame_of_an_animation_is_read(save):
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    path = save(frames[0], "x.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(read_image(path), gray(GRAY))


def damaged(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    return path


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.bmp", "x.tif", "x.webp", "x.ppm"])
def test_a_truncated_image_is_named(save, name):
    large = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(large, name)
    with pytest.raises(ImageError, match=f"{name} cannot be read as an image"):
        read_image(damaged(path, path.stat().st_size // 2))


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ImageError, match=r"x\.png .*the file is empty"):
        read_image(tmp_path / "x.png")


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "x.png").write_text("<html>not found</html>")
    with pytest.raises(ImageError, match=r"x\.png .*no known image format"):
        image_size(tmp_path / "x.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"x\.png .*no such file"):
        read_image(tmp_path / "x.png")


def test_a_decompression_bomb_is_named(save, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 16)
    with pytest.raises(ImageError, match=r"x\.png .*decompression bomb"):
        read_image(save(RGB))


def test_floating_point_pixels_are_refused(save):
    with pytest.raises(ImageError, match=r"x\.tif .*floating-point"):
        read_image(save(GRAY.astype(np.float32), "x.tif"))


def test_32_bit_pixels_are_refused(save):
    with pytest.raises(ImageError, match=r"x\.tif .*32-bit"):
        read_image(save(np.full((2, 2), 70000, np.int32), "x.tif"))


def test_class_ids_of_a_mask_count_as_stored(save):
    path = save(np.array([[0, 1, 2]], np.uint8))
    assert read_mask([path], (1, 3), Reading(mask_above=0)).defect.tolist() == [[False, True, True]]
    assert read_mask([path], (1, 3), Reading(mask_above=1)).defect.tolist() == [[False, False, True]]


def test_palette_indices_of_a_mask_are_not_turned_into_colours(save):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([255, 255, 255, 0, 0, 0])
    assert read_mask([save(picture)], (1, 2)).defect.tolist() == [[False, True]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_any_channel_of_a_mask_is_defect_and_transparency_is_none(save, mode):
    colours = np.array([[[0, 0, 0, 255], [0, 0, 200, 255]]], np.uint8)[..., : len(mode)]
    assert read_mask([save(colours)], (1, 2)).defect.tolist() == [[False, True]]


@pytest.mark.parametrize("above", [0, 127])
def test_one_bit_masks_are_white_on_black(save, above):
    assert read_mask(
        [save(Image.fromarray(np.array([[False, True]])))], (1, 2), Reading(mask_above=above)
    ).defect.tolist() == [[False, True]]


def test_16_bit_masks_are_read(save):
    assert read_mask([save(np.array([[0, 65535]], np.uint16))], (1, 2)).defect.tolist() == [[False, True]]


def test_images_are_decoded_on_access_only(save, tmp_path):
    there, gone = Sample(save(RGB), "c", "train"), Sample(tmp_path / "gone.png", "c", "train")
    images = Images([there, gone])
    assert len(images) == 2 and len(images[1:]) == 1
    assert np.array_equal(images[0], RGB) and np.array_equal(images[-2], RGB)
    with pytest.raises(ImageError, match="gone"):
        images[1:][0]


def test_images_can_be_read_again_and_changed_without_harm(save):
    images = Images([Sample(save(RGB), "c", "train")])
    next(iter(images))[:] = 0
    assert np.array_equal(next(iter(images)), RGB)


def test_the_first_unusable_file_is_named_with_the_number_of_others(save, tmp_path):
    good = Sample(save(RGB), "c", "train")
    mask = Sample(good.image, "c", "test", "stain", (tmp_path / "mask.png",))
    gone = Sample(tmp_path / "gone.png", "c", "test")
    verify([good, good])
    with pytest.raises(ImageError, match=r"mask\.png cannot be read .*1 more of the 3"):
        verify([good, mask, gone])


def test_examining_tells_size_content_and_mask(save):
    mask = save((GRAY > 200).astype(np.uint8), "mask.png")
    normal, defective, copied = examine(
        [
            Sample(save(RGB), "c", "train"),
            Sample(save(RGB + 1, "other.bmp"), "c", "test", "stain", (mask,)),
            Sample(save(RGB, "copy.tif"), "c", "test"),
        ]
    )
    assert normal.shape == (5, 7) and normal.defect_px is None
    assert defective.defect_px == (GRAY > 200).sum()
    assert normal.digest == copied.digest != defective.digest


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.pgm"])
def test_examining_tells_the_highest_value_of_16_bits(save, name):
    levels = np.array([[0, 257, 4001]], np.uint16)
    assert highest_16_bit(save(levels, name)) == 4001
    assert highest_16_bit(save(GRAY, name)) is None


def test_the_highest_value_of_16_bits_is_that_of_pixels_whatever_their_orientation(save):
    picture = Image.fromarray(np.array([[0, 4001]], np.uint16))
    assert highest_16_bit(save(name="x.tif", **oriented(picture, 6))) == 4001


def test_the_highest_value_of_colours_in_16_bits_is_rounded_up_to_a_multiple_of_256_less_1(save, tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.array([[[0, 257, 3900]]], np.uint16), photometric="rgb")
    assert highest_16_bit(tmp_path / "x.tif") == 4095
    assert highest_16_bit(save(RGB, "x.tif")) is None


def highest_16_bit(path):
    (seen,) = examine([Sample(path, "c", "train")])
    return seen.highest_16_bit


def test_verifying_tells_what_examining_has_shown(save):
    samples = [Sample(save(RGB), "c", "train"), Sample(save(GRAY, "other.png"), "c", "test")]
    assert verify(samples) == list(examine(samples))


MAP = np.random.default_rng(1).normal(size=(6, 9)).astype(np.float32)


@pytest.mark.parametrize("shape", [(6, 9), (13, 40), (3, 4), (60, 2), (1, 1), (900, 900)])
def test_a_constant_map_stays_that_constant(shape):
    resized = resize_map(np.full((6, 9), np.float32(0.1)), shape)
    assert resized.shape == shape and resized.dtype == np.float32
    assert (resized == np.float32(0.1)).all()


def test_a_map_of_the_right_size_is_copied(save):
    resized = resize_map(MAP, MAP.shape)
    assert np.array_equal(resized, MAP) and not np.shares_memory(resized, MAP)


@pytest.mark.parametrize("shape", [(12, 18), (11, 30), (6, 27)])
def test_enlarging_is_bilinear_between_pixel_centres(shape):
    zoom = np.divide(shape, MAP.shape)
    expected = ndimage.zoom(MAP.astype(float), zoom, order=1, grid_mode=True, mode="nearest")
    assert np.allclose(resize_map(MAP, shape), expected, atol=1e-6)


def triangle(old: int, new: int) -> np.ndarray:
    """Weights (new, old) of the triangle filter, whose half-width is the larger pixel size."""
    scale = max(old / new, 1)
    centres = (np.arange(new) + 0.5) * old / new
    weights = np.maximum(0, 1 - np.abs(np.arange(old) + 0.5 - centres[:, None]) / scale)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("shape", [(3, 4), (2, 30), (5, 9)])
def test_shrinking_widens_the_triangle(shape):
    expected = triangle(6, shape[0]) @ MAP @ triangle(9, shape[1]).T
    assert np.allclose(resize_map(MAP, shape), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 7), (12, 18), (3, 4), (2, 30)])
def test_an_image_is_resized_as_a_map_is(shape):
    expected = [resize_map(RGB[..., channel], shape) for channel in range(3)]
    resized = resize_image(RGB, shape)
    assert resized.dtype == np.uint8 and np.abs(resized - np.stack(expected, axis=-1)).max() <= 1


def test_at_an_edge_a_resized_image_stays_between_its_two_sides():
    edge = np.repeat([[[50] * 3] * 4 + [[200] * 3] * 4], 8, axis=0).astype(np.uint8)
    resized = resize_image(edge, (40, 40))
    assert (resized.min(), resized.max()) == (50, 200)
