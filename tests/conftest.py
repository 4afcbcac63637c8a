"""Fixtures that several test files share."""

import importlib.util
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.checkout.program import Checkout, finished_run

if importlib.util.find_spec("triton"):  # its LLVM must be loaded before TensorFlow's, or the process crashes
    importlib.import_module("triton")

os.environ.pop("BENCHMARKS_FEATURES", None)  # tests must compute features, not read kept ones


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images beside the checkout. Tests that need it are skipped if it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real images are not there: {folder}")
    return folder


@pytest.fixture
def shared_cases() -> Path:
    """The folder of small inputs beside the checkout. Tests that need it are skipped if it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"the small inputs are not there: {folder}")
    return folder


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path / "checkout")


@pytest.fixture
def after_run(tmp_path) -> Callable[..., Checkout]:
    """A function that gives a checkout in which the toy method was run with some options: a copy of one made before."""
    return lambda *arguments: finished_run(*arguments).copy(tmp_path / "checkout")


@pytest.fixture
def make_tree(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes files, given path -> "image" (random), "mask" (with a square), "empty mask", or a text."""

    def make(layout: Mapping[str, str], root: Path = tmp_path / "data") -> Path:
        for name, content in layout.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content == "image":
                pixels = np.random.default_rng(zlib.crc32(name.encode())).integers(0, 256, (20, 24, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(path)
            elif content in ("mask", "empty mask"):
                mask = np.zeros((20, 24), np.uint8)
                mask[5:9, 6:12] = 255 if content == "mask" else 0
                Image.fromarray(mask).save(path)
            else:
                path.write_text(content, encoding="utf-8")
        return root

    return make


@pytest.fixture
def save(tmp_path):
    """A function that saves pixels or a Pillow image, and returns the file."""

    def to_file(picture, name="x.png", **options):
        picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return to_file
