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


def read(method) -> str:
    """The remark that says so, or nothing."""
    return "".join(remark for remark in method.remarks() if "were read from" in remark)


def differnet(**changed) -> DifferNet:
    return DifferNet(**DifferNet.quick | changed)


def test_features_that_are_read_score_to_the_last_bit_as_those_computed(folder, monkeypatch):
    first, second = differnet(), differnet()
    found = scores(first), scores(second)
    assert not read(first) and read(second).startswith("the AlexNet features of 7 of 7 images")
    monkeypatch.delenv(_kept_features.ENVIRONMENT)
    assert found == (scores(differnet()),) * 2


def test_another_flow_reads_all_another_seed_and_another_method_what_they_have_in_common(folder):
    scores(differnet())
    other_flow, knn = differnet(hidden_width=32), NearestNeighbours(**NearestNeighbours.quick | {"test_views": 4})
    scores(other_flow)
    assert "7 of 7" in read(other_flow)
    other_seed = differnet()
    list(other_seed.fit(IMAGES[:3], seed=1, device="cpu"))
    assert not read(other_seed)
    assert len(list(other_seed.score(IMAGES))) == 4 and "4 of 7" in read(other_seed)
    scores(knn)
    assert "4 of 7" in read(knn)


@pytest.mark.parametrize("changed", [{"image_size": 160}, {"border_crop": 0.1}, {"rotation_fill": "mean"}])
def test_what_is_seen_otherwise_is_computed(folder, changed):
    scores(differnet())
    other = differnet(**changed)
    scores(other)
    assert not read(other)


def test_a_damaged_file_is_computed_again(folder):
    expected = scores(differnet())
    files = list(folder.rglob("output.pkl"))
    assert len(files) == 7
    for file in files:
        file.write_bytes(file.read_bytes()[:50])
    again = differnet()
    assert scores(again) == expected and not read(again)


@pytest.mark.filterwarnings("ignore:Unable to write .*gitignore")
def test_a_folder_that_cannot_be_made_is_one_sentence(folder):
    folder.write_text("a file")
    with pytest.raises(MethodError, match=r"BENCHMARKS_FEATURES is .*features, where nothing can be kept"):
        scores(differnet())
