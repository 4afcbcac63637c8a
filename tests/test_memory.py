"""The memory that the images of a run take is forecast, and compared with what is there."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.jobs import memory
from benchmarks.jobs.plan import Request, plan
from benchmarks.plugins import choose


@pytest.fixture
def job(make_tree, tmp_path):
    """A job on three images of 400 x 500 pixels to train on, and two to test, of which one has a mask."""
    root = make_tree({f"nut/{name}.png": "image" for name in ("train/good/0", "train/good/1", "train/good/2")})
    for name in ("test/good/0", "test/bent/0", "ground_truth/bent/0_mask"):
        (root / "nut" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((400, 500), np.uint8)).save(root / f"nut/{name}.png")
    (planned,) = plan(Request([choose("mean_image", {})], "folder", root, tmp_path / "results"))
    return planned


def test_what_is_decoded_at_once_and_what_is_measured_at_once_count(job):
    assert memory.needed_bytes(job) == 14 * 8 * 200_000 + 9 * 2 * 200_000


def test_nothing_is_said_where_there_is_enough(job):
    assert memory.warning([job], at_once=1) is None


def test_too_little_is_said_with_the_category_and_both_numbers(job, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 30_000_000)
    assert memory.warning([job], at_once=1) is None
    sentence = memory.warning([job], at_once=2)
    assert "the images of nut will take about 26.0 MB of memory, 2 jobs at once 52.0 MB" in sentence
    assert "30.0 MB are free" in sentence


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)
    free = memory.available_bytes()
    (tmp_path / "memory.current").write_text("1000")
    (tmp_path / "memory.max").write_text("max")
    assert memory.available_bytes() > 0.5 * free
    (tmp_path / "memory.max").write_text("3000")
    assert memory.available_bytes() == 2000
