"""PatchCore: its settings, its scores against the published procedure, its memory."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from methods import MethodError, Work
from methods.patchcore import PatchCore, training

SMALL = {"backbone": "mobilenet_v2", "pooling": "mean", "image_size": 96}


def photograph(seed: int, height: int = 80, width: int = 100) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    return np.clip(128 + 200 * gaussian_filter(noise, (2, 2, 0)), 0, 255).astype(np.uint8)


def fitted(images: Sequence[np.ndarray] | None = None, **changed) -> PatchCore:
    method = PatchCore(**SMALL | changed)
    list(method.fit(images or [photograph(seed) for seed in range(3)], seed=0, device="cpu"))
    return method


@pytest.fixture(scope="module")
def method() -> PatchCore:
    return fitted()


def flat_patches(method: PatchCore, image: np.ndarray) -> Tensor:
    return method._patches.of(image).flatten(0, 1)


class Published:
    """The authors' way from features to scores, on given features and start points."""

    def __init__(self, features: Tensor, projected: Tensor, starts: Tensor, share: float):
        self.memory = features[self.coreset(projected, starts, int(share * len(features)))]

    @staticmethod
    def coreset(points: Tensor, starts: Tensor, count: int) -> list[int]:
        nearest, picks = torch.cdist(points, points[starts]).mean(dim=1), []
        for _ in range(count):
            picks.append(int(nearest.argmax()))
            nearest = torch.minimum(nearest, torch.cdist(points, points[picks[-1:]])[:, 0])
        return picks

    def scores(self, patches: Tensor, shape: tuple[int, int], side: int) -> tuple[float, np.ndarray]:
        squares = (patches[:, None] - self.memory[None]).square().sum(dim=2).min(dim=1).values
        map = functional.interpolate(squares.view(1, 1, *shape), (side, side), mode="bilinear", align_corners=False)
        return float(squares.max()), gaussian_filter(map[0, 0].numpy(), 4)


def test_memory_scores_and_maps_are_those_of_the_published_procedure():
    images = [photograph(seed) for seed in range(4)]
    ours = fitted(images, projection_dims=40, start_points=5)
    features = torch.cat([flat_patches(ours, image) for image in images])
    generator = torch.Generator().manual_seed(0)
    projection = (2 * torch.rand(40, features.shape[1], generator=generator) - 1) / features.shape[1] ** 0.5
    starts = torch.randperm(len(features), generator=generator)[:5]
    published = Published(features, features @ projection.T, starts, 0.1)
    assert {tuple(row) for row in ours._memory.rows.tolist()} == {tuple(row) for row in published.memory.tolist()}
    for image in (images[0], photograph(9)):
        (score,) = ours.score([image])
        value, map = published.scores(flat_patches(ours, image), (12, 12), 96)
        assert score.image == pytest.approx(value, rel=1e-5)
        np.testing.assert_allclose(score.map, map, rtol=1e-4, atol=1e-5 * map.max())


def test_the_paper_weighs_the_score_by_the_neighbourhood_of_the_nearest_patch():
    ours, image = fitted(image_score="reweighted", reweighting_neighbours=3), photograph(9)
    memory, patches = ours._memory.rows, flat_patches(ours, image)
    distances = torch.cdist(patches, memory, compute_mode="donot_use_mm_for_euclid_dist")
    patch = int(distances.min(dim=1).values.argmax())
    nearest = int(distances[patch].argmin())
    around = (memory - memory[nearest]).norm(dim=1).topk(3, largest=False).indices
    share = torch.exp(distances[patch, nearest]) / torch.exp(distances[patch, around]).sum()
    (score,) = ours.score([image])
    assert score.image == pytest.approx(float((1 - share) * distances[patch, nearest]), rel=1e-4)
    (plain,) = fitted().score([image])
    np.testing.assert_array_equal(score.map, plain.map)


def test_a_score_is_the_mean_over_the_neighbours_that_are_asked_for():
    ours, image = fitted(neighbours=4), photograph(9)
    squares = torch.cdist(flat_patches(ours, image), ours._memory.rows).square()
    (score,) = ours.score([image])
    assert score.image == pytest.approx(float(squares.topk(4, largest=False).values.mean(dim=1).max()), rel=1e-3)


def test_a_memory_of_all_patches_knows_every_training_image():
    ours = fitted(coreset_share=1)
    assert [score.image for score in ours.score([photograph(0)])] == [0]
    assert len(ours._memory.rows) == 3 * 12 * 12


def test_a_patch_left_out_is_judged_by_the_other_images_alone(method):
    begins = [0, *method._ends[:-1]]
    for number, score in enumerate(method.leave_one_out([photograph(seed) for seed in range(3)])):
        others = torch.cat([method._memory.rows[: begins[number]], method._memory.rows[method._ends[number] :]])
        squares = torch.cdist(flat_patches(method, photograph(number)), others).square()
        assert score.image == pytest.approx(float(squares.min(dim=1).values.max()), rel=1e-3)


def test_features_that_have_no_room_are_computed_again_and_the_memory_is_the_same(method, monkeypatch):
    kept = fitted(projection_dims=20)
    monkeypatch.setitem(training.KEPT_BYTES, "cpu", 0)
    again = PatchCore(**SMALL, projection_dims=20)
    events = list(again.fit([photograph(seed) for seed in range(3)], seed=0, device="cpu"))
    assert events[-1].what == "patches of the memory again"
    assert torch.equal(again._memory.rows, kept._memory.rows) and again._ends == kept._ends


def test_features_of_few_dimensions_are_not_projected(method):
    choice = training.Choice(share=0.1, projection_dims=128, start_points=10)
    assert [choice.projects(dims) for dims in (64, 128, 129)] == [False, False, True]


def test_a_reweighted_score_has_no_leave_one_out(method):
    ours = fitted(image_score="reweighted")
    with pytest.raises(MethodError, match="leaves an image out with image_score=max only"):
        ours.leave_one_out([photograph(seed) for seed in range(3)])


def test_other_seeds_choose_other_patches(method):
    other = PatchCore(**SMALL)
    list(other.fit([photograph(seed) for seed in range(3)], seed=1, device="cpu"))
    assert not torch.equal(other._memory.rows, method._memory.rows)


def test_every_published_number_is_the_default():
    published = {
        "backbone": "wide_resnet50_2",
        "image_size": 256,
        "patch_size": 3,
        "pooling": "adaptive",
        "pretrain_dims": 1024,
        "dims": 1024,
        "coreset_share": 0.1,
        "projection_dims": 128,
        "start_points": 10,
        "neighbours": 1,
        "image_score": "max",
        "map_blur": 4,
        "features_precision": "float32",
    }
    assert published.items() <= asdict(PatchCore()).items()
    assert PatchCore()._layers == ("layer2", "layer3")
    assert PatchCore(crop_size=224)._patches_an_image == 28 * 28
    assert PatchCore(crop_size=224).parameter_count(209) == int(209 * 784 * 0.1) * 1024


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"layers": ("layer2", "features.3")}, "wide_resnet50_2 has no features.3, but layer1, layer2"),
        ({"layers": ("layer3", "layer2")}, "expected each once and the finest first, got layer3, layer2"),
        ({"crop_size": 300}, "crop_size 300 is larger than image_size 256"),
        ({"crop_size": 16}, "needs an image of at least 32 pixels a side, got 16"),
        ({"patch_size": 2}, "patch_size: expected an odd number, got 2"),
        ({"pooling": "mean", "dims": 512}, "dims counts only with pooling=adaptive"),
        ({"reweighting_neighbours": 3}, "reweighting_neighbours counts only with image_score=reweighted"),
        ({"coreset_share": 1, "start_points": 3}, "start_points counts only with coreset_share below 1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        PatchCore(**settings)


def test_a_crop_is_said(method):
    cropped = fitted(image_size=96, crop_size=64)
    assert "only the central 64 x 64 pixels of each image were seen" in cropped.remarks()[-1]
    assert len(method.remarks()) == 1 and "mobilenet_v2 weights" in method.remarks()[0]


def test_a_memory_that_is_too_small_is_refused():
    with pytest.raises(MethodError, match="needs a memory of 20 patches, and these images give 14"):
        fitted([photograph(0)], neighbours=20)


def test_one_image_cannot_be_left_out():
    alone = fitted([photograph(0)])
    with pytest.raises(MethodError, match=r"needs 1 memory patches of other images .* and 0 are there"):
        list(alone.leave_one_out([photograph(0)]))


@pytest.mark.parametrize("spoiled", ["ends", "memory"])
def test_a_memory_that_does_not_fit_is_refused(method, tmp_path, spoiled):
    from safetensors.torch import load_file, safe_open, save_file

    method.save(tmp_path)
    file = tmp_path / "memory.safetensors"
    tensors = load_file(file)
    with safe_open(file, "pt") as opened:
        notes = opened.metadata()
    tensors[spoiled] = tensors[spoiled][:-1].clone()
    save_file(tensors, file, metadata=notes)
    with pytest.raises(MethodError, match=r"memory\.safetensors does not fit the settings"):
        PatchCore.load(tmp_path, device="cpu")


def test_it_says_beforehand_how_long_it_takes_about():
    few, many = PatchCore(**SMALL).expected_seconds([Work(10, 10), Work(1000, 500)], device="cpu")
    assert 0 < few < many


def test_a_model_moves_with_its_folder(method, tmp_path: Path):
    method.save(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    image = [photograph(5)]
    (before,), (after,) = method.score(image), PatchCore.load(tmp_path / "there", device="cpu").score(image)
    assert before.image == after.image and np.array_equal(before.map, after.map)
