"""Between a file and its pixels: what is chosen by settings, and that what is lost without a choice is said."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from benchmarks.images import ImageError, Reading, decode, examine, image_size, read_image
from benchmarks.images.losses import said_of_images
from datasets import Sample
from tests.pictures import GRAY, RGB, gray, oriented


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_have_the_colour_that_was_asked_for(save, mode):
    picture = Image.fromarray(RGB).convert(mode)
    picture.putalpha(0)
    path, stored = save(picture), np.asarray(Image.fromarray(RGB).convert(mode[:-1]).convert("RGB"))
    assert not read_image(path).any()
    assert (read_image(path, Reading(alpha="#ff8000")) == [255, 128, 0]).all()
    assert np.array_equal(read_image(path, Reading(alpha="kept")), stored)


@pytest.mark.parametrize(("alpha", "losses"), [(255, []), (128, ["alpha"]), (0, ["all transparent"])])
def test_transparency_is_a_loss_where_something_shows_through(save, alpha, losses):
    picture = Image.fromarray(RGB).convert("RGBA")
    picture.putalpha(alpha)
    path = save(picture)
    assert sorted(decode(path).losses) == losses
    assert not decode(path, Reading(alpha="black")).losses


def test_half_transparent_pixels_are_mixed_with_the_background(save):
    path = save(np.uint8([[[200, 100, 0, 51]]]))
    assert read_image(path, Reading(alpha="white")).tolist() == [[[244, 224, 204]]]


def test_pages_after_the_first_are_a_loss_unless_a_page_was_chosen(save):
    first, second = Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())
    path = save(first, "x.tif", save_all=True, append_images=[second])
    assert np.array_equal(read_image(path), RGB) and decode(path).losses == {"pages"}
    assert np.array_equal(read_image(path, Reading(page=2)), RGB[::-1])
    assert not decode(path, Reading(page=1)).losses
    assert np.array_equal(read_image(path, Reading(page="all")), np.stack([RGB, RGB[::-1]]))
    with pytest.raises(ImageError, match=r"x\.tif has 2 pages, so there is no page 3: change --page"):
        read_image(path, Reading(page=3))


def test_pages_of_several_sizes_cannot_all_be_seen(save):
    path = save(Image.fromarray(RGB), "x.tif", save_all=True, append_images=[Image.fromarray(RGB[1:])])
    with pytest.raises(ImageError, match=r"x\.tif has pages of several sizes"):
        read_image(path, Reading(page="all"))


@pytest.mark.parametrize("name", ["x.gif", "x.webp", "x.png"])
def test_frames_of_an_animation_are_a_loss(save, name):
    path = save(Image.fromarray(GRAY), name, save_all=True, append_images=[Image.fromarray(255 - GRAY)])
    assert "frames" in decode(path).losses


@pytest.mark.parametrize("bands", [4, 5, 7])
def test_bands_after_the_third_are_a_loss_unless_bands_were_chosen(tmp_path, bands):
    values = np.random.default_rng(3).integers(0, 256, (5, 7, bands), dtype=np.uint8)
    extra = [0] * (bands - 3)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb", planarconfig="contig", extrasamples=extra)
    assert np.array_equal(read_image(tmp_path / "x.tif"), values[..., :3])
    assert decode(tmp_path / "x.tif").losses == {"bands"}
    chosen = decode(tmp_path / "x.tif", Reading(bands=(bands, 1, 2)))
    assert np.array_equal(chosen.pixels, values[..., [bands - 1, 0, 1]]) and not chosen.losses
    assert np.array_equal(read_image(tmp_path / "x.tif", Reading(bands=(4,))), gray(values[..., 3]))
    with pytest.raises(ImageError, match=rf"x\.tif cannot be used: it has {bands} bands, not 9: change --bands"):
        read_image(tmp_path / "x.tif", Reading(bands=(9,)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_tiff_of_five_bands_of_any_type_can_be_used(tmp_path, dtype, planar):
    values = np.random.default_rng(6).integers(0, 256, (5, 7, 5)).astype(dtype)
    stored = values if planar == "contig" else np.moveaxis(values, -1, 0)
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="minisblack", planarconfig=planar)
    chosen = read_image(tmp_path / "x.tif", Reading(bands=(5, 4, 1), range=(0, 255)))
    assert np.array_equal(chosen, values[..., [4, 3, 0]].astype(np.uint8))


def test_bands_are_chosen_among_colours_and_alpha_too(save):
    colours = np.random.default_rng(4).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    assert np.array_equal(read_image(save(colours), Reading(bands=(4,))), gray(colours[..., 3]))
    assert np.array_equal(read_image(save(RGB), Reading(bands=(3, 2, 1))), RGB[..., ::-1])


def test_floating_point_pixels_need_a_range(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.float32([[0, 0.5, 1, 2, np.nan]]))
    with pytest.raises(ImageError, match=r"x\.tif cannot be used: .*floating-point.*--range LOW:HIGH"):
        read_image(tmp_path / "x.tif")
    ranged = decode(tmp_path / "x.tif", Reading(range=(0, 1)))
    assert np.array_equal(ranged.pixels, gray([[0, 128, 255, 255, 0]])) and ranged.losses == {"clipped", "missing"}


def test_a_range_stretches_16_bits(save):
    path = save(np.array([[0, 2048, 4095]], np.uint16), "x.png")
    assert decode(path).losses == {"depth"}
    assert np.array_equal(read_image(path, Reading(range=(0, 4095))), gray([[0, 128, 255]]))


def test_16_bit_colours_of_a_tiff_are_stretched_at_full_precision(tmp_path):
    values = np.random.default_rng(5).integers(0, 4096, (5, 7, 3), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb")
    expected = np.rint(values * (255 / 4095)).astype(np.uint8)
    assert np.array_equal(read_image(tmp_path / "x.tif", Reading(range=(0, 4095))), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiffs_that_store_white_as_zero_are_seen_as_meant(tmp_path, dtype):
    highest = np.iinfo(dtype).max
    tifffile.imwrite(tmp_path / "x.tif", np.array([[0, highest]], dtype), photometric="miniswhite")
    assert read_image(tmp_path / "x.tif").tolist() == [[[255] * 3, [0] * 3]]


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turn_of_exif_is_said_and_can_be_ignored(save, name, orientation):
    stored = np.asarray(Image.open(save(RGB, "plain" + name[1:])).convert("RGB"))
    path = save(name=name, **oriented(Image.fromarray(RGB), orientation))
    assert decode(path).losses == ({"turned"} if orientation > 1 else set())
    ignored = decode(path, Reading(exif="ignore"))
    assert np.array_equal(ignored.pixels, stored) and not ignored.losses
    assert image_size(path, Reading(exif="ignore")) == RGB.shape[:2]


def test_conversions_are_said(save):
    assert decode(save(Image.new("CMYK", (2, 1)), "x.tif")).losses == {"cmyk"}
    assert decode(save(Image.fromarray(RGB).quantize(4))).losses == {"palette"}


def test_only_a_colour_profile_other_than_srgb_counts(save):
    profiles = {name: ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes() for name in ("sRGB", "LAB")}
    assert not decode(save(Image.fromarray(RGB), icc_profile=profiles["sRGB"])).losses
    assert decode(save(Image.fromarray(RGB), icc_profile=profiles["LAB"])).losses == {"profile"}


def test_a_colour_profile_is_said_where_only_some_images_have_it():
    foreign, plain = ("a.jpg", {"profile"}), ("b.jpg", set())
    ((level, sentence),) = said_of_images([foreign, plain])
    assert level == "note" and sentence.startswith("1 of 2 images (a.jpg) have a colour profile other than sRGB")
    assert said_of_images([foreign, foreign]) == []  # nothing is lost: their values are seen as they are stored


def test_an_image_larger_than_allowed_is_refused_with_the_option_that_allows_it(save):
    path = save(np.zeros((1000, 1100), np.uint8))
    with pytest.raises(ImageError, match=r"x\.png has 1\.1 million pixels .*, and 1 are allowed.*--megapixels"):
        read_image(path, Reading(megapixels=1))
    assert read_image(path, Reading(megapixels=1.1)).shape == (1000, 1100, 3)


def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def save_png_of_16_bits(path, values):
    """Write (height, width, bands) uint16 values as PNG, which Pillow cannot for colours."""
    height, width, bands = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    stored = [
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(stored))
    return path


def save_ppm_of_16_bits(path, values):
    path.write_bytes(b"P6\n%d %d\n65535\n" % values.shape[1::-1] + values.astype(">u2").tobytes())
    return path


def test_16_bit_colours_of_which_the_upper_byte_is_read_are_said_and_have_no_range(tmp_path):
    values = RGB.astype(np.uint16) * 257
    for path in (save_png_of_16_bits(tmp_path / "x.png", values), save_ppm_of_16_bits(tmp_path / "x.ppm", values)):
        assert np.array_equal(read_image(path), RGB) and decode(path).losses == {"depth"}
        with pytest.raises(ImageError, match=r"x\.p(ng|pm) cannot be used: only the upper 8 bits .*store it as TIFF"):
            read_image(path, Reading(range=(0, 4095)))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("alpha_kind", [1, 2])
def test_transparency_of_deep_colours_is_painted_as_that_of_8_bits(tmp_path, dtype, alpha_kind):
    highest = 65535 if dtype is np.uint16 else 1
    alpha = np.full(RGB.shape[:2], 0.2)
    colours = RGB / 255 * (alpha[..., None] if alpha_kind == 1 else 1)
    values = (np.dstack([colours, alpha]) * highest).round(0 if dtype is np.uint16 else 9).astype(dtype)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb", extrasamples=[alpha_kind])
    seen = decode(tmp_path / "x.tif", Reading(range=(0, highest), alpha="white"))
    assert np.abs(seen.pixels - (RGB * 0.2 + 255 * 0.8)).max() <= 1 and not seen.losses
    assert decode(tmp_path / "x.tif", Reading(range=(0, highest))).losses == {"alpha"}
    kept = read_image(tmp_path / "x.tif", Reading(range=(0, highest), alpha="kept"))
    assert np.abs(kept.astype(int) - RGB).max() <= 1


def test_the_transparent_value_of_a_16_bit_gray_png_is_painted(save):
    path = save(np.array([[7, 65535]], np.uint16), transparency=7)
    assert read_image(path, Reading(alpha="#ff0000")).tolist() == [[[255, 0, 0], [255] * 3]]
    assert decode(path).losses == {"alpha", "depth"}


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_the_second_of_two_bands_is_a_loss_and_can_be_chosen(tmp_path, planar):
    values = np.stack([GRAY, 255 - GRAY], axis=-1 if planar == "contig" else 0)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack", planarconfig=planar)
    assert decode(tmp_path / "x.tif").losses == {"bands"}
    assert np.array_equal(read_image(tmp_path / "x.tif", Reading(bands=(2,))), gray(255 - GRAY))


def test_the_alpha_beside_gray_is_the_second_band(save):
    path = save(Image.fromarray(np.dstack([GRAY, 255 - GRAY]), "LA"))
    assert np.array_equal(read_image(path, Reading(bands=(2,))), gray(255 - GRAY))
    with pytest.raises(ImageError, match=r"it has 2 bands, not 3: change --bands"):
        read_image(path, Reading(bands=(3, 2, 1)))


def test_16_bit_planes_of_a_tiff_are_read_as_they_are_stored(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.moveaxis(RGB, -1, 0).astype(np.uint16) * 257, photometric="rgb")
    assert np.array_equal(read_image(tmp_path / "x.tif"), RGB)


def test_signed_bytes_need_a_range(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.array([[-128, 0, 127]], np.int8))
    with pytest.raises(ImageError, match=r"x\.tif cannot be used: its pixels are signed .*--range"):
        read_image(tmp_path / "x.tif")
    assert read_image(tmp_path / "x.tif", Reading(range=(-128, 127))).tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_complex_numbers_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", np.ones((2, 2), np.complex64))
    with pytest.raises(ImageError, match=r"x\.tif cannot be used: its pixels are complex numbers"):
        read_image(tmp_path / "x.tif", Reading(range=(0, 1)))


def test_white_is_zero_in_every_band_of_a_tiff_that_says_so(tmp_path):
    tifffile.imwrite(
        tmp_path / "x.tif", np.uint8([[[0, 9], [255, 9]]]), photometric="miniswhite", planarconfig="contig"
    )
    assert read_image(tmp_path / "x.tif").tolist() == [[[255] * 3, [0] * 3]]


def test_the_range_of_a_pgm_is_in_the_numbers_it_stores(tmp_path):
    (tmp_path / "x.pgm").write_bytes(b"P5\n2 1\n4095\n" + np.array([2048, 4095], ">u2").tobytes())
    assert read_image(tmp_path / "x.pgm", Reading(range=(0, 4095))).tolist() == [[[128] * 3, [255] * 3]]


def test_images_of_8_bits_say_that_a_range_is_not_applied(save):
    assert decode(save(GRAY), Reading(range=(0, 100))).losses == {"unranged"}


def test_smaller_copies_in_a_pyramid_are_not_pages(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        file.write(RGB, photometric="rgb")
        file.write(RGB[::2, ::2], photometric="rgb", subfiletype=1)
    assert not decode(tmp_path / "x.tif").losses
    assert np.array_equal(read_image(tmp_path / "x.tif", Reading(page="all")), RGB[None])


@pytest.mark.parametrize("reading", [Reading(bands=(3, 2, 1)), Reading(exif="ignore"), Reading(page="all")])
def test_images_of_every_reading_can_be_examined(save, reading):
    (seen,) = examine([Sample(save(RGB), "c", "train")], reading)
    assert seen.shape == RGB.shape[:2]
