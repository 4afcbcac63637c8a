"""Damaged and odd image files are read, or refused in a sentence that names them. None is left out silently."""

import io
import os
import shutil
import sys
import time

import numpy as np
import pytest
from PIL import Image, features

from benchmarks import images
from benchmarks.images import ImageError
from datasets import Sample
from tests.checkout.program import write_image

FORMATS = ("png", "jpeg", "bmp", "gif", "tiff", "webp", "ppm")
MUTATIONS = 500
ODD_NAMES = (
    "a b.png",
    "new\nline.png",
    "quote'\".png",
    "ünïcode-图.png",
    "what?.png",
    "hash#%41.png",
    "-.png",
    "<b>.png",
)


def encoded(format: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def flip_bits(data: bytearray, generator: np.random.Generator) -> bytes:
    for place in generator.integers(len(data), size=generator.integers(1, 20)):
        data[place] ^= 1 << int(generator.integers(8))
    return bytes(data)


def cut(data: bytearray, generator: np.random.Generator) -> bytes:
    return bytes(data[: generator.integers(len(data))])


def blank(data: bytearray, generator: np.random.Generator) -> bytes:
    start = int(generator.integers(len(data)))
    data[start : start + 64] = bytes(len(data[start : start + 64]))
    return bytes(data)


def repeat(data: bytearray, generator: np.random.Generator) -> bytes:
    start = int(generator.integers(len(data)))
    return bytes(data[:start] + data[start // 2 :])


def shuffle(data: bytearray, generator: np.random.Generator) -> bytes:
    start = int(generator.integers(len(data)))
    return bytes(data[:start]) + generator.permutation(np.frombuffer(data[start:], np.uint8)).tobytes()


pytestmark = pytest.mark.filterwarnings("ignore::Warning:PIL")
any_bytes_in_names = pytest.mark.skipif(sys.platform == "darwin", reason="this file system has UTF-8 names only")
KINDS = (flip_bits, cut, blank, repeat, shuffle)


@pytest.mark.parametrize("mutate", KINDS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_damaged_file_is_read_or_named_and_never_takes_long(tmp_path, format, mutate):
    for number in range(-(-MUTATIONS // (len(FORMATS) * len(KINDS)))):
        path = tmp_path / f"{number}.{FORMATS[number % len(FORMATS)]}"  # often the extension does not fit the format
        path.write_bytes(mutate(bytearray(encoded(format)), np.random.default_rng([number, 1])))
        begun = time.monotonic()
        try:
            image = images.read_image(path)
        except ImageError as error:
            assert path.name in str(error) and len(str(error).splitlines()) == 1
        else:
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert time.monotonic() - begun < 5


def test_a_strip_of_20000_pixels_is_read(tmp_path):
    Image.new("RGB", (20_000, 3), "red").save(tmp_path / "strip.png")
    assert images.read_image(tmp_path / "strip.png").shape == (3, 20_000, 3)


def test_a_link_that_leads_to_itself_is_named(tmp_path):
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    with pytest.raises(ImageError, match=r"loop\.png"):
        images.read_image(tmp_path / "loop.png")


def test_a_folder_with_an_images_name_is_named(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError, match=r"folder\.png"):
        images.read_image(tmp_path / "folder.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match=r"pipe\.png"):
        images.read_image(tmp_path / "pipe.png")


def test_every_unusable_file_of_many_is_counted(tmp_path):
    for number in range(30):
        (tmp_path / f"{number}.png").write_bytes(encoded("png")[: 40 * (number % 3 == 0) or None])
    samples = [Sample(tmp_path / f"{number}.png", "bolt", "test") for number in range(30)]
    with pytest.raises(ImageError, match="9 more of the 30 images"):
        images.verify(samples, 0)


def test_odd_names_are_tested_scored_and_reported(checkout):
    for number, name in enumerate(ODD_NAMES):
        write_image(checkout.data / "bolt/test/good" / name, seed=number)
        write_image(checkout.data / "bolt/test/odd <i>'kind'?" / name, seed=number, stain=True)
    (checkout.data / "bolt/loop").symlink_to(checkout.data / "bolt")
    done = checkout.compare("--categories", "bolt")
    assert done.returncode == 0
    row = checkout.rows().iloc[0]
    assert (row.test_normal, row.test_defective) == (3 + len(ODD_NAMES), 3 + len(ODD_NAMES))
    assert "<i>" not in (checkout.results / "report.md").read_text(encoding="utf-8")


def test_a_category_of_any_name_stays_inside_the_results_folder(checkout):
    for name in ("...", "a%2Fb", "<script>alert(1)<", "back\\slash", " "):
        shutil.copytree(checkout.data / "bolt", checkout.data / name)
    before = {path for path in checkout.folder.rglob("*") if checkout.results not in path.parents}
    assert checkout.compare().returncode == 0
    after = {path for path in checkout.folder.rglob("*") if checkout.results not in path.parents}
    assert not [path for path in after - before - {checkout.results} if "__pycache__" not in path.parts]
    assert "<script>" not in (checkout.results / "report.md").read_text(encoding="utf-8")


@any_bytes_in_names
def test_a_name_that_is_not_utf8_fails_its_category_alone_before_training(checkout):
    """Names of images of every part, and of a defect."""
    places = ("train/good", "test/good", "test/stain", "ground_truth/stain")
    for number, place in enumerate(places):
        shutil.copytree(checkout.data / "bolt", checkout.data / f"odd{number}")
        image = min((checkout.data / f"odd{number}" / place).iterdir())
        image.rename(image.with_name(f"stra\udcdfe{number}.png"))
    for part in ("test", "ground_truth"):
        (checkout.data / "bolt" / part / "stain").rename(checkout.data / "bolt" / part / "fl\udce4che")
    options = ["--dataset", "folder", "--data", str(checkout.data)]
    checked, done = checkout.run(*options, command="check"), checkout.compare()
    assert (checked.returncode, done.returncode, checkout.done()) == (1, 1, ["nut"])
    for name in (r"fl\xe4che", *(rf"stra\xdfe{number}.png" for number in range(len(places)))):
        sentence = f"{name} has a name that is not UTF-8: rename it"
        assert sentence in checked.stdout and sentence in done.stderr.replace("\n", "")
    trained = [folder.name for folder in checkout.results.glob("jobs/toy/*") if list(folder.rglob("log.txt"))]
    assert trained == ["nut"]


@any_bytes_in_names
@pytest.mark.parametrize("given", ["parts", "parts/bolt"])
def test_data_in_a_folder_whose_name_is_not_utf8_are_refused(checkout, given):
    checkout.data = (checkout.folder / given).rename(checkout.folder / "caf\udce9")
    done = checkout.compare()
    assert done.returncode == 2 and r"caf\xe9 has a name that is not UTF-8: rename it" in done.stderr


@any_bytes_in_names
def test_a_category_whose_name_is_not_utf8_is_refused(checkout):
    (checkout.data / "bolt").rename(checkout.data / "caf\udce9")
    done = checkout.compare()
    assert done.returncode == 2 and r"caf\xe9 has a name that is not UTF-8: rename it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@any_bytes_in_names
def test_a_stray_file_whose_name_is_not_utf8_is_ignored_by_run_and_named_by_check(checkout):
    (checkout.data / "bolt/test/good/stra\udcdfe.dat").write_bytes(encoded("png"))
    checked = checkout.run("--dataset", "folder", "--data", str(checkout.data), command="check")
    assert checked.returncode == 0 and r"1 (bolt/test/good/stra\xdfe.dat)" in checked.stdout
    assert checkout.compare("--categories", "bolt").returncode == 0


def test_images_of_rarer_formats_are_scored(checkout):
    for number, name in enumerate(("a.gif", "b.jfif", "c.AVIF", "d.jp2", "e.tga")):
        if name != "c.AVIF" or features.check("avif"):
            write_image(checkout.data / "bolt/test/good" / name, seed=number)
    images = len(list((checkout.data / "bolt/test/good").iterdir()))
    assert checkout.compare("--categories", "bolt").returncode == 0
    assert checkout.rows().test_normal[0] == images > 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_fails_its_category_alone_and_does_not_hang(checkout):
    os.mkfifo(checkout.data / "bolt/test/good/pipe.png")
    done = checkout.compare()
    assert (done.returncode, checkout.done()) == (1, ["nut"])
    assert "pipe.png: it is no regular file" in done.stderr.replace("\n", "")


def test_a_link_to_itself_beside_the_categories_fails_alone(after_run):
    checkout = after_run()
    (checkout.data / "loop").symlink_to("loop")
    assert checkout.compare("--categories", "bolt").returncode == 0
    done = checkout.compare()
    assert (done.returncode, checkout.done()) == (1, ["bolt", "nut"])
    assert f"{checkout.data / 'loop'}" in done.stderr.replace("\n", "") and "symbolic links" in done.stderr


@pytest.mark.parametrize("option", ["--data", "--results"])
def test_a_link_to_itself_in_the_place_of_a_folder_is_one_sentence(option, checkout):
    (checkout.data / "loop").symlink_to("loop")
    done = checkout.compare(option, str(checkout.data / "loop"))
    assert done.returncode == 2 and f"{checkout.data / 'loop'}" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_a_link_to_itself_among_the_images_fails_its_category_alone(checkout):
    (checkout.data / "bolt/train/good/loop.png").symlink_to("loop.png")
    done = checkout.compare()
    assert (done.returncode, checkout.done()) == (1, ["nut"])
    assert "loop.png" in done.stderr and "symbolic links" in done.stderr
