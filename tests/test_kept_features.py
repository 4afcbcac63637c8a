"""AlexNet features kept in a folder: what is read, what is computed again, and that nobody is misled."""

import numpy as np
import pytest

from methods import MethodError, _kept_features
from methods.differnet import DifferNet
from methods.knn import NearestNeighbours

IMAGES = [np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8) for seed in range(4)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "features"
    monkeypatch.setenv(_kept_features.ENVIRONMENT, str(place))
    return place


def scores(method) -> list[float]:
    """Fitted on three images, of all four."""
    list(method.fit(IMAGES[:3], seed=0, device="cpu"))
    return [score.image for score in method.score(IMAGES)]


def kept(folder) -> set:
    """The files there."""
    return set(folder.rglob("*.npy"))


def differnet(**changed) -> DifferNet:
    return DifferNet(**DifferNet.quick | changed)


def test_features_that_are_read_score_to_the_last_bit_as_those_computed(folder, monkeypatch):
    first, second = differnet(), differnet()
    found = scores(first), scores(second)
    assert first.why_no_seconds() is None and second.why_no_seconds() == "the features of alexnet were kept from before"
    monkeypatch.delenv(_kept_features.ENVIRONMENT)
    assert found == (scores(differnet()),) * 2


def test_another_flow_needs_no_new_features_another_seed_and_another_method_share_those_of_tests(folder):
    scores(differnet())
    first = kept(folder)
    scores(differnet(hidden_width=32))
    assert kept(folder) == first and len(first) == 3 + 4
    list(differnet().fit(IMAGES[:3], seed=1, device="cpu"))
    knn = NearestNeighbours(**NearestNeighbours.quick | {"test_views": 4})
    scores(knn)
    assert len(kept(folder)) == 7 + 3 + 3 and knn.why_no_seconds()


@pytest.mark.parametrize(
    "changed",
    [
        {"image_size": 160},
        {"border_crop": 0.1},
        {"rotation_fill": "mean"},
        {"rotation_interpolation": "bilinear"},
        {"features_precision": "bfloat16"},
    ],
)
def test_what_is_seen_otherwise_is_computed(folder, changed):
    scores(differnet(features_precision="float32"))
    other = differnet(**{"features_precision": "float32"} | changed)
    scores(other)
    assert other.why_no_seconds() is None


def test_other_weights_and_other_code_see_otherwise(folder, tmp_path, monkeypatch):
    from methods import _view_features
    from methods._backbones import weights

    scores(differnet())
    found = weights.find("alexnet")
    doubled = {name: 2 * array for name, array in found.arrays.items()}
    weights.write_cache(tmp_path / "other.safetensors", doubled)
    other = differnet(weights=str(tmp_path / "other.safetensors"))
    scores(other)
    changed = tmp_path / "_view_features.py"
    changed.write_text("pass")
    monkeypatch.setattr(_view_features, "__file__", str(changed))
    edited = differnet()
    scores(edited)
    assert other.why_no_seconds() is None and edited.why_no_seconds() is None


def test_a_damaged_file_is_computed_again(folder):
    expected = scores(differnet())
    for file in kept(folder):
        file.write_bytes(file.read_bytes()[:150])
    again, third = differnet(), differnet()
    assert scores(again) == scores(third) == expected
    assert again.why_no_seconds() is None and third.why_no_seconds()
    told = "kept features of 7 images were damaged, or not stored under their name, and were made again"
    assert told in again.remarks() and told not in third.remarks()


def test_a_flipped_bit_and_the_features_of_another_image_are_made_again(folder):
    expected = scores(differnet())
    one, other, *_ = sorted(kept(folder))
    content = bytearray(one.read_bytes())
    content[-100] ^= 1
    one.write_bytes(content)
    same_size = next(file for file in kept(folder) - {one, other} if file.stat().st_size == other.stat().st_size)
    other.write_bytes(same_size.read_bytes())
    again = differnet()
    assert scores(again) == expected
    assert sum("features of 2 images were damaged" in remark for remark in again.remarks()) == 1
    assert np.load(one, allow_pickle=False).dtype == np.float32  # a reader of NumPy passes over the digest


def test_a_folder_that_keeps_nothing_is_one_sentence_and_nothing_is_left_in_it(folder, monkeypatch):
    folder.write_text("a file")
    with pytest.raises(MethodError, match=r"BENCHMARKS_FEATURES is .*features, which keeps nothing: "):
        scores(differnet())
    folder.unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_kept_features.os, "replace", full)
    with pytest.raises(MethodError, match="keeps nothing: No space left on device"):
        scores(differnet())
    assert not kept(folder)
