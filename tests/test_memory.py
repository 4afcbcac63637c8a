"""The memory that the images of a run take is forecast, and compared with what is there."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.jobs import extent, memory
from benchmarks.jobs.extent import Extent
from benchmarks.jobs.plan import Request, plan
from benchmarks.plugins import choose


@pytest.fixture
def extents(make_tree, tmp_path):
    """Those of a job on three images of 400 x 500 pixels to train on, and two to test, of which one has a mask."""
    root = make_tree({f"nut/{name}.png": "image" for name in ("train/good/0", "train/good/1", "train/good/2")})
    for name in ("test/good/0", "test/bent/0", "ground_truth/bent/0_mask"):
        (root / "nut" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((400, 500), np.uint8)).save(root / f"nut/{name}.png")
    return extent.of_categories(plan(Request([choose("mean_image", {})], "folder", root, tmp_path / "results")))


def test_what_is_decoded_and_sorted_at_once_counts_and_a_tenth_as_defective(extents, monkeypatch):
    assert memory.needed_bytes(extents["nut"]) == 14 * 8 * 200_000 + (8 + 3.2) * 2 * 200_000
    monkeypatch.setattr(memory.metrics, "BATCH", 300_000)
    assert memory.needed_bytes(extents["nut"]) == 14 * 8 * 200_000 + 8 * 300_000 + 3.2 * 2 * 200_000
    assert memory.needed_bytes(Extent(200_000, 0, 0)) == 14 * 8 * 200_000


def test_nothing_is_said_where_there_is_enough(extents):
    assert memory.warning(extents, at_once=1) is None


def test_too_little_is_said_with_the_category_and_both_numbers(extents, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 30_000_000)
    assert memory.warning(extents, at_once=1) is None
    sentence = memory.warning(extents, at_once=2)
    assert "the images of nut will take about 26.9 MB of memory, 2 jobs at once 53.8 MB" in sentence
    assert "30.0 MB are free" in sentence


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)
    free = memory.available_bytes()
    (tmp_path / "memory.current").write_text("1000")
    (tmp_path / "memory.max").write_text("max")
    assert memory.available_bytes() > 0.5 * free
    (tmp_path / "memory.max").write_text("3000")
    assert memory.available_bytes() == 2000
