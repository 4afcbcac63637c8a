"""DifferNet's flow, features and training, against independent computations and published numbers."""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch.nn import functional
from torchvision import models, transforms  # up here: their LLVM must be loaded before a test loads TensorFlow's

from methods import Epoch, MethodError, _devices, _view_features, _views
from methods._backbones import BACKBONES
from methods._backbones import weights as _weights
from methods._backbones.arrays import Weights
from methods.differnet import DifferNet, flow, localisation

SMALL = flow.Shape(6, blocks=3, hidden_width=16, clamp=3.0)


def small_flow(seed: int = 0):
    return flow.build(SMALL, seed=seed).double()


def sample(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights() -> Weights:
    return _weights.find("alexnet")


def test_the_log_determinant_is_that_of_the_full_jacobian():
    network, x = small_flow(), sample(5, 6)
    _, log_det = network(x)
    jacobians = torch.stack([torch.autograd.functional.jacobian(lambda v: network(v[None])[0][0], row) for row in x])
    torch.testing.assert_close(log_det, torch.linalg.slogdet(jacobians).logabsdet)


def test_the_inverse_undoes_the_flow():
    network, x = small_flow(), sample(5, 6)
    z, log_det = network(x)
    back, inverse_log_det = network(z, rev=True)
    torch.testing.assert_close(back, x)
    torch.testing.assert_close(inverse_log_det, -log_det)


def test_a_coupling_is_the_papers():
    block = flow.AffineCoupling([(6,)], shape=SMALL).double()
    x1, x2 = sample(5, 6).split(3, dim=1)

    def affine(half, coefficients):
        s, t = coefficients.split(3, dim=1)
        return torch.exp(3 * 0.636 * torch.atan(s / 3)) * half + t

    y1 = affine(x1, block.subnet2(x2))
    y2 = affine(x2, block.subnet1(y1))
    (out,), _ = block((torch.cat([x1, x2], dim=1),))
    torch.testing.assert_close(out, torch.cat([y1, y2], dim=1))


def test_the_output_of_a_block_is_cut_at_a_million():
    block = flow.AffineCoupling([(6,)], shape=SMALL)
    (out,), _ = block((torch.full((1, 6), 1e8),))
    assert out.abs().max() == 1e6


def test_the_permutations_are_the_published_ones():
    network = flow.build(flow.Shape(768, blocks=3, hidden_width=2, clamp=3.0), seed=5)
    x = torch.arange(768.0)[None]
    (first,), (second,), (third,) = (network.module_list[number]((x,))[0] for number in (0, 2, 4))
    assert first[0, :8].tolist() == [661, 122, 113, 14, 529, 103, 338, 588]
    assert second[0, :8].tolist() == [285, 101, 581, 352, 726, 472, 233, 385]
    assert third[0].tolist() == np.random.RandomState(2).permutation(768).tolist()


def test_the_published_flow_has_172_million_parameters():
    with torch.device("meta"):
        published = flow.build(flow.Shape(768, blocks=8, hidden_width=2048, clamp=3.0), seed=0)
    assert sum(weight.numel() for weight in published.parameters()) == 172_077_056
    assert DifferNet().parameter_count(64) == 172_077_056
    assert DifferNet(hidden_width=1536).parameter_count(64) == 103_895_040


def test_the_loss_is_the_negative_log_likelihood_without_its_constant():
    z, log_det = sample(7, 6), sample(7, seed=1)
    constant = 0.5 * np.log(2 * np.pi)
    likelihood = torch.distributions.Normal(0, 1).log_prob(z).sum(dim=1) + log_det
    torch.testing.assert_close(flow.negative_log_likelihood(z, log_det), -likelihood.mean() / 6 - constant)


@pytest.mark.parametrize("together", [False, True], ids=["as on a CPU", "as on a GPU"])
def test_a_step_is_that_of_adam(together):
    settings = {"lr": 1e-2, "beta1": 0.8, "beta2": 0.7, "eps": 1e-4, "weight_decay": 0.1}
    ours, theirs = small_flow(), small_flow()
    batches = [sample(4, 6, seed=seed) for seed in range(3)]
    trainer = flow.Trainer(ours, precision="float32", **settings)
    trainer.together = together
    with trainer:
        losses = trainer.epoch(batches)
    expected = adam_after_the_backward_pass(theirs, batches, **settings)
    torch.testing.assert_close(losses, torch.stack(expected))
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def adam_after_the_backward_pass(network, batches, *, lr, beta1, beta2, eps, weight_decay):
    """Kingma & Ba 2014, algorithm 1, with an L2 penalty; the losses."""
    parameters, losses = list(network.parameters()), []
    moments = [[torch.zeros_like(weight), torch.zeros_like(weight)] for weight in parameters]
    for step, batch in enumerate(batches, start=1):
        losses.append(flow.negative_log_likelihood(*network(batch)))
        gradients = torch.autograd.grad(losses[-1], parameters)
        for weight, gradient, moment in zip(parameters, gradients, moments, strict=True):
            gradient = gradient + weight_decay * weight.detach()
            moment[0] = beta1 * moment[0] + (1 - beta1) * gradient
            moment[1] = beta2 * moment[1] + (1 - beta2) * gradient**2
            first, second = moment[0] / (1 - beta1**step), moment[1] / (1 - beta2**step)
            weight.data -= lr * first / (second.sqrt() + eps)
    return [loss.detach() for loss in losses]


def test_training_in_bfloat16_follows_training_in_float32_and_leaves_float32_parameters():
    settings = {"lr": 1e-3, "beta1": 0.8, "beta2": 0.8, "eps": 1e-4, "weight_decay": 1e-5}
    losses = {}
    for precision in ("float32", "bfloat16"):
        network = flow.build(flow.Shape(32, blocks=2, hidden_width=64, clamp=3.0), seed=0)
        with flow.Trainer(network, precision=precision, **settings) as trainer:
            losses[precision] = torch.cat([trainer.epoch([sample(24, 32).float()]) for _ in range(20)])
        assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    torch.testing.assert_close(losses["bfloat16"], losses["float32"], atol=0.05, rtol=0)
    assert not torch.equal(losses["bfloat16"], losses["float32"])


def test_a_trained_flow_holds_nothing_of_its_optimizer():
    network = small_flow()
    with flow.Trainer(network, precision="float32", lr=1e-3, beta1=0.8, beta2=0.8, eps=1e-4, weight_decay=0) as trainer:
        trainer.epoch([sample(4, 6)])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    flow.negative_log_likelihood(*network(sample(4, 6))).backward()
    torch.testing.assert_close(dict(network.state_dict()), before)


def test_dropout_leaves_units_out_in_training_only_by_a_seed_of_its_own():
    def trained(dropout: float):
        network = flow.build(SMALL._replace(dropout=dropout), seed=0).double()
        with flow.Trainer(network, precision="float32", lr=1e-2, beta1=0.8, beta2=0.8, eps=1e-4, weight_decay=0) as own:
            losses = own.epoch([sample(4, 6)] * 3)
        return network, losses

    before = torch.get_rng_state()
    (network, losses), (_, again), (_, without) = trained(0.5), trained(0.5), trained(0.0)
    assert torch.equal(losses, again) and not torch.equal(losses, without)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(network(sample(4, 6))[0], network(sample(4, 6))[0])


def test_dropout_zeroes_its_share_and_keeps_the_mean():
    dropped = flow.Dropout(0.3)(torch.ones(100_000))
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (dropped == 0).double().mean() == pytest.approx(0.3, abs=0.01)


def test_test_views_are_evenly_spaced():
    assert [view.degrees for view in _views.fixed_views(4, 180)] == [0, 90, -180, -90]
    assert [view.degrees for view in _views.fixed_views(4, 10)] == [-8, -4, 0, 4]
    assert [view.degrees for view in _views.fixed_views(5, 10)] == [-8, -4, 0, 4, 8]
    assert {view.degrees % 360 for view in _views.fixed_views(64, 180)} == {turn * 5.625 for turn in range(64)}


@pytest.mark.parametrize("degrees", [0, 10, 33.3, 90, 180])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 63, 64])
def test_one_of_the_test_views_is_upright(count, degrees):
    views = _views.fixed_views(count, degrees)
    assert views.count(_views.View()) == 1 and len(set(views)) == (count if degrees else 1)
    assert all(abs(view.degrees) <= degrees for view in views)


def test_training_views_stay_within_their_spread():
    spread = _views.View(30, 0.1, 0.2, 0)
    views = np.array(_views.random_views(500, spread=spread, generator=torch.Generator().manual_seed(0)))
    assert np.all(np.abs(views - _views.View()) <= spread)
    assert np.all(np.abs(views - _views.View()).max(axis=0) >= 0.98 * np.array(spread))


def seen_by(weights, **changed):
    """AlexNet's features of views."""
    ordinary = {"image_size": 128, "n_scales": 2, "precision": "float32"}
    own = {"mean": BACKBONES["alexnet"].mean, "deviation": BACKBONES["alexnet"].deviation}
    look = _view_features.Look("alexnet", **ordinary | own | changed)
    return _view_features.Features(weights, look, device="cpu")


def test_features_are_those_of_torchvision(weights):
    alexnet = models.alexnet().features.eval()
    state = {name: torch.from_numpy(array) for name, array in weights.arrays.items()}
    alexnet.load_state_dict({name.removeprefix("features."): tensor for name, tensor in state.items()})
    image = PIL.Image.fromarray(photograph(90, 130)).resize((256, 256), PIL.Image.Resampling.BILINEAR)
    rotated = transforms.functional.rotate(image, 33.0)
    tensor = transforms.functional.to_tensor(rotated)
    x = transforms.functional.normalize(tensor, BACKBONES["alexnet"].mean, BACKBONES["alexnet"].deviation)[None]
    with torch.no_grad():
        maps = [alexnet(functional.interpolate(x, side)) for side in (256, 128, 64)]
    expected = torch.cat([map.mean((2, 3)) for map in maps], dim=1)
    ours = seen_by(weights, image_size=256, n_scales=3)
    features = ours.extract(photograph(90, 130), [_views.View(), _views.View(33.0)])
    torch.testing.assert_close(features[1:], expected, rtol=1e-4, atol=1e-5)


def test_light_and_colour_vary_as_torchvisions_do():
    image = PIL.Image.fromarray(photograph(20, 30))
    expected = transforms.functional.rotate(image, 30)
    expected = transforms.functional.adjust_brightness(expected, 1.2)
    expected = transforms.functional.adjust_contrast(expected, 0.7)
    expected = transforms.functional.adjust_saturation(expected, 0.5)
    np.testing.assert_array_equal(_views.render(image, _views.View(30, 1.2, 0.7, 0.5)), np.asarray(expected))


def test_equal_views_are_extracted_once(small_features, monkeypatch):
    seen = []
    render = _views.render
    monkeypatch.setattr(
        _view_features, "render", lambda image, view, rendering: seen.append(view) or render(image, view)
    )
    there, back = _views.View(0.0), _views.View(90.0)
    features = small_features.extract(photograph(40, 50), [there, back, there])
    assert seen == [there, back] and features.shape == (3, 512)
    assert torch.equal(features[0], features[2]) and not torch.equal(features[0], features[1])


def test_a_border_leaves_something_of_the_smallest_image(weights):
    narrow = _views.Rendering(border_crop=0.4)
    features = seen_by(weights, n_scales=1, rendering=narrow)
    assert np.asarray(features.resized(np.full((1, 2, 3), 200, np.uint8))).min() == 200


class CountingFeatures:
    """Stands where the backbone does, and counts."""

    extracted = 0

    def extract(self, image, views):
        self.extracted += 1
        return torch.full((len(views), 4), float(image.mean()))


@pytest.fixture(scope="module")
def small_features(weights):
    return seen_by(weights)


@pytest.fixture(scope="module")
def wide_flow():
    return flow.build(flow.Shape(512, blocks=2, hidden_width=32, clamp=3.0), seed=0)


def test_the_input_is_normalised_by_the_settings(weights):
    features = seen_by(weights, n_scales=1, mean=(0.5, 0.25, 0.0), deviation=(0.5, 1.0, 2.0))
    white = PIL.Image.new("RGB", (128, 128), "white")
    assert features.rendered(white, [_views.View()])[0, :, 5, 5].tolist() == [1.0, 0.75, 0.5]


def test_a_rotated_view_is_rotated_back():
    picture = np.zeros((129, 129, 3), np.uint8)
    picture[30:50, 80:100] = 255
    angles = [0.0, 45.0, 90.0, -120.0]
    views = [_views.render(PIL.Image.fromarray(picture), _views.View(angle)) for angle in angles]
    maps = torch.from_numpy(np.stack(views)[..., 0]).float()
    for map in localisation._rotated_back(maps, angles):
        rows, columns = torch.nonzero(map > 128, as_tuple=True)
        assert rows.float().mean() == pytest.approx(39.5, abs=1) and columns.float().mean() == pytest.approx(
            89.5, abs=1
        )


def test_the_gradient_is_that_of_the_logarithm_of_the_score(small_features, wide_flow):
    """Moving every pixel a little along the gradient changes the log score by its squared length."""
    pixels = small_features.rendered(small_features.resized(photograph(40, 50)), [_views.View()])

    def log_score(pixels):
        with torch.no_grad():
            return math.log((wide_flow(small_features.pooled(pixels))[0] ** 2).mean())

    gradient = localisation._gradient(pixels, small_features, wide_flow, localisation.log_score)
    step = 0.02 / float(gradient.norm())
    moved = log_score(pixels + step * gradient) - log_score(pixels - step * gradient)
    assert moved == pytest.approx(2 * step * float((gradient**2).sum()), rel=0.05)


@pytest.mark.parametrize("evidence", localisation.EVIDENCE)
def test_a_map_covers_the_image_and_is_not_stretched_to_a_range(small_features, wide_flow, evidence):
    settings = {"rotations": 3, "degrees": 180.0, "blur": 2.0, "evidence": localisation.EVIDENCE[evidence]}
    dark, light = (
        localisation.anomaly_map(image, small_features, wide_flow, **settings)
        for image in (photograph(40, 50) // 8 + 112, photograph(40, 50))
    )
    for map in (dark, light):
        assert map.shape == (128, 128) and map.dtype == np.float32 and np.isfinite(map).all() and map.min() >= 0
    assert dark.max() != pytest.approx(light.max(), rel=0.01)


def test_without_rotation_a_map_costs_one_rotation(small_features, wide_flow, monkeypatch):
    rendered, seen = small_features.rendered, []
    monkeypatch.setattr(small_features, "rendered", lambda image, views: seen.extend(views) or rendered(image, views))
    settings = {"degrees": 0.0, "blur": 0.0, "evidence": localisation.EVIDENCE["gradient"]}
    one, several = (
        localisation.anomaly_map(photograph(40, 50), small_features, wide_flow, rotations=rotations, **settings)
        for rotations in (1, 9)
    )
    assert len(seen) == 2 and np.array_equal(one, several)


def test_a_border_that_was_cut_off_is_blank_in_the_map(weights, wide_flow):
    cropped = _views.Rendering(border_crop=0.25)
    features = seen_by(weights, rendering=cropped)
    settings = {"rotations": 1, "degrees": 0.0, "blur": 0.0, "evidence": localisation.EVIDENCE["gradient"]}
    map = localisation.anomaly_map(photograph(40, 50), features, wide_flow, **settings)
    assert map.shape == (256, 256) and not map[:64].any() and not map[:, 192:].any()
    assert map[64:192, 64:192].any()


def test_the_border_has_no_part_in_the_features(weights):
    cropped = _views.Rendering(border_crop=0.1)
    features = seen_by(weights, n_scales=1, rendering=cropped)
    image = photograph(100, 60)
    framed = image.copy()
    framed[:9], framed[-9:], framed[:, :5], framed[:, -5:] = 0, 0, 0, 0
    torch.testing.assert_close(features.extract(image, [_views.View()]), features.extract(framed, [_views.View()]))


def test_empty_corners_are_black_or_of_the_images_mean_colour():
    image = PIL.Image.fromarray(np.full((64, 64, 3), (10, 200, 60), np.uint8))
    black, mean = (_views.render(image, _views.View(45.0), _views.Rendering(fill=fill)) for fill in ("black", "mean"))
    assert black[0, 0].tolist() == [0, 0, 0] and mean[0, 0].tolist() == [10, 200, 60]


def test_blurring_keeps_the_mean_of_what_it_smooths():
    map = torch.zeros(65, 65)
    map[32, 32] = 1
    blurred = localisation._blurred(map, 3.0)
    assert float(blurred.sum()) == pytest.approx(1) and float(blurred.max()) < 0.03
    assert localisation._blurred(map, 0.0) is map


def test_an_image_seen_again_is_not_extracted_again():
    features = CountingFeatures()
    store = _view_features.FeatureStore(features, _views.fixed_views(2, 180))
    first = store.of(photograph(8, 6))
    assert store.of(photograph(8, 6).copy()) is first
    store.of(photograph(8, 6).reshape(6, 8, 3))
    assert features.extracted == 2


def test_the_images_seen_first_are_stored_as_many_as_the_limit_lets_in():
    features = CountingFeatures()
    store = _view_features.FeatureStore(features, _views.fixed_views(2, 180), limit_bytes=2 * 2 * 4 * 4)
    for seed in (0, 1, 2, 0, 1, 2):
        store.of(photograph(4, 4, seed))
    assert features.extracted == 4 and len(store.stored) == 2


def test_an_image_whose_features_are_over_the_limit_is_scored_all_the_same():
    features = CountingFeatures()
    store = _view_features.FeatureStore(features, _views.fixed_views(2, 180), limit_bytes=1)
    assert torch.equal(store.of(photograph(4, 4)), store.of(photograph(4, 4))) and not store.stored


def test_what_was_seen_during_the_fit_is_forgotten_so_that_scores_are_timed_whole():
    method = DifferNet(**DifferNet.quick)
    images = [photograph(40, 40, seed) for seed in range(3)]
    for event in method.fit(images, seed=0, device="cpu"):
        if isinstance(event, Epoch):
            next(method.score(images))
            assert len(method._store.stored) == 1
    assert not method._store.stored


def test_results_depend_on_the_contents_of_a_named_weights_file(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"one")
    before = DifferNet(weights=str(file)).depends_on()
    file.write_bytes(b"other")
    assert DifferNet(weights=str(file)).depends_on() != before


def test_a_weights_file_that_is_not_there_is_found_before_training(tmp_path):
    with pytest.raises(MethodError, match="no such file of alexnet weights"):
        DifferNet(weights=str(tmp_path / "weights.pth")).depends_on()


@pytest.mark.parametrize("varied, views", [({}, 1), ({"brightness": 0.1}, 4)])
def test_training_views_that_would_be_alike_are_one(varied, views):
    small = {"image_size": 128, "n_scales": 2, "bank_views": 4 if varied else "auto"}
    method = DifferNet(**small, rotation_degrees=0, **varied)
    method._open("cpu")
    bank = method._training_views([photograph(9, 9)] * 6, torch.Generator().manual_seed(0), "cpu")
    list(bank.filled())
    assert len(bank.views[0].unique(dim=0)) == bank.size == (4 if varied else 1)
    assert [len(batch) for batch in method._batches(bank)] == [6 * views]


def test_a_score_says_over_how_many_different_views_it_is():
    aligned = DifferNet(rotation_degrees=0)
    assert "over 64 views" in DifferNet().score_rule() and "over 1 view and" in aligned.score_rule()
    assert len(DifferNet()._test_views()) == 64 and len(aligned._test_views()) == 1


@pytest.mark.parametrize("wanted", ["cuda:2", "cuda:", "cuda:x", "cuda1", "tpu"])
def test_a_device_that_is_not_there_is_refused_also_beside_others(wanted, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert _devices.find_device("cuda:1") == "cuda:1" and _devices.find_device("cuda") == "cuda"
    with pytest.raises(MethodError, match=f"there is no device {wanted}: 2 CUDA devices are here"):
        _devices.find_device(wanted)


def test_another_backbone_is_looked_through():
    method = DifferNet(**DifferNet.quick | {"backbone": "efficientnet_lite0", "image_size": 64})
    list(method.fit([photograph(40, 50, seed) for seed in range(2)], seed=0, device="cpu"))
    (score,) = method.score([photograph(40, 50, 5)])
    assert score.is_finite and method._features.extract(photograph(40, 50), method._test_views()).shape == (4, 2560)


def test_one_image_is_too_few():
    with pytest.raises(MethodError, match="at least 2 training images, got 1"):
        next(DifferNet(**DifferNet.quick).fit([photograph(9, 9)], seed=0, device="cpu"))


def test_scales_that_alexnet_cannot_see_are_refused():
    with pytest.raises(ValueError, match="coarsest of 4 scales must keep a side of 63"):
        DifferNet(n_scales=4)


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"map_rotations": 0, "map_blur": 9.0}, "map_blur counts only with map_rotations above 0"),
        (
            {"map_rotations": 0, "map_evidence": "gradient_times_input"},
            "map_evidence counts only with map_rotations above 0",
        ),
        ({"rotation_degrees": 0, "rotation_fill": "mean"}, "rotation_fill counts only with rotation_degrees above 0"),
        (
            {"rotation_degrees": 0, "rotation_interpolation": "bilinear"},
            "rotation_interpolation counts only with rotation_degrees above 0",
        ),
        (
            {"preset": "fast", "bank_renewal": 0.5, "hidden_width": 8},
            "preset counts only with one of bank_renewal=0.0, hidden_width=512",
        ),
        ({"rotation_degrees": 0, "test_views": 5}, "test_views counts only with rotation_degrees above 0"),
        ({"rotation_degrees": 0, "map_rotations": 3}, "map_rotations counts only with rotation_degrees above 0"),
        ({"rotation_degrees": 0, "bank_views": 8}, "bank_views counts only with rotation_degrees, brightness,"),
        ({"rotation_degrees": 0, "views_per_image": 2}, "views_per_image counts only with rotation_degrees, bright"),
    ],
)
def test_a_setting_that_counts_for_nothing_beside_the_others_is_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        DifferNet(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"map_rotations": 1, "map_blur": 9.0, "map_evidence": "gradient_times_input"},
        {"rotation_degrees": 5, "rotation_fill": "mean", "rotation_interpolation": "bilinear"},
        {"rotation_degrees": 0, "test_views": 1, "bank_views": 1, "map_rotations": 0},
        {"rotation_degrees": 0, "preset": "fast"},
        {"rotation_degrees": 0, "brightness": 0.1, "bank_views": 8, "views_per_image": 2},
        {"preset": "fast", "bank_views": 1, "hidden_width": 8},
    ],
)
def test_settings_that_count_beside_each_other_are_taken(settings):
    assert settings.items() <= asdict(DifferNet(**settings)).items()


def test_a_preset_gives_what_is_not_given():
    fast = DifferNet(preset="fast", bank_views=7)
    assert (fast.bank_views, fast.hidden_width) == (7, DifferNet.presets["fast"]["hidden_width"])
    assert DifferNet(preset="paper") == DifferNet() and DifferNet(**asdict(fast)) == fast


def test_every_published_number_is_the_default():
    published = {
        "image_size": 448,
        "n_scales": 3,
        "rotation_degrees": 180,
        "views_per_image": 4,
        "test_views": 64,
        "coupling_blocks": 8,
        "hidden_width": 2048,
        "dropout": 0,
        "clamp": 3,
        "batch_size": 24,
        "learning_rate": 2e-4,
        "betas": (0.8, 0.8),
        "adam_epsilon": 1e-4,
        "weight_decay": 1e-5,
        "meta_epochs": 24,
        "sub_epochs": 8,
        "brightness": 0,
        "contrast": 0,
        "saturation": 0,
        "rotation_interpolation": "nearest",
        "rotation_fill": "black",
        "border_crop": 0,
        "backbone": "alexnet",
        "scoring_precision": "float32",
    }
    assert published.items() <= asdict(DifferNet()).items()
    assert DifferNet()._normalisation == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    method, folder = DifferNet(**DifferNet.quick), tmp_path_factory.mktemp("saved")
    list(method.fit([photograph(40, 40, seed) for seed in range(2)], seed=0, device="cpu"))
    method.save(folder)
    return folder


def test_a_loaded_flow_lies_in_memory_as_a_trained_one_does(saved):
    """Products of one row are summed in another order elsewhere, and the last bits of scores differ."""
    loaded = DifferNet.load(saved, device="cpu")._flow
    assert {weight.data_ptr() % 64 for weight in loaded.parameters()} == {0}


def test_a_model_whose_file_of_weights_has_moved_is_loaded_by_their_contents(weights, tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    save_file(weights.arrays, tmp_path / "named.safetensors")
    method = DifferNet(**DifferNet.quick, weights=str(tmp_path / "named.safetensors"))
    list(method.fit([photograph(40, 40, seed) for seed in range(2)], seed=0, device="cpu"))
    method.save(tmp_path / "model")
    (tmp_path / "named.safetensors").rename(tmp_path / "elsewhere.safetensors")
    monkeypatch.setenv("BENCHMARKS_ALEXNET", str(tmp_path / "elsewhere.safetensors"))
    image = [photograph(40, 40, 7)]
    (before,), (after,) = (each.score(image) for each in (method, DifferNet.load(tmp_path / "model", device="cpu")))
    assert before.image == after.image


def test_loading_with_other_alexnet_weights_is_refused(saved, weights, tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    other = weights.arrays | {"features.0.bias": weights.arrays["features.0.bias"] + 1}
    save_file(other, tmp_path / "other.safetensors")
    monkeypatch.setenv("BENCHMARKS_ALEXNET", str(tmp_path / "other.safetensors"))
    with pytest.raises(MethodError, match=r"made with other alexnet weights than those of .*other\.safetensors"):
        DifferNet.load(saved, device="cpu")


def test_a_damaged_model_is_named(saved, tmp_path):
    (tmp_path / "settings.json").write_bytes((saved / "settings.json").read_bytes())
    (tmp_path / "flow.safetensors").write_bytes((saved / "flow.safetensors").read_bytes()[:5000])
    with pytest.raises(MethodError, match=r"flow\.safetensors cannot be read"):
        DifferNet.load(tmp_path, device="cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_the_steps_of_an_epoch_on_a_gpu_do_not_wait_for_it():
    network = flow.build(flow.Shape(32, blocks=2, hidden_width=64, clamp=3.0), seed=0).cuda()
    settings = {"lr": 1e-3, "beta1": 0.8, "beta2": 0.8, "eps": 1e-4, "weight_decay": 1e-5}
    rows = sample(12, 32).float().cuda()
    with flow.Trainer(network, precision="bfloat16", **settings) as trainer:
        batches = iter(rows.split(4))
        first = next(batches)
        trainer.epoch([first])
        torch.cuda.set_sync_debug_mode("error")
        try:
            losses = trainer.epoch(batches)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert losses.isfinite().all()


@pytest.mark.slow
def test_the_default_settings_tell_discs_from_squares(shared_data):
    def images(folder: str) -> list[np.ndarray]:
        files = sorted((shared_data / "mvtec" / "dummy_class" / folder).glob("*.png"))
        return [np.array(PIL.Image.open(path).convert("RGB")) for path in files]

    method = DifferNet()
    events = list(method.fit(images("train/good"), seed=0, device="cpu"))
    assert [event.number for event in events if isinstance(event, Epoch)] == list(range(1, 25))
    good, anomalous = ([score.image for score in method.score(images(f"test/{kind}"))] for kind in ("good", "anomaly"))
    assert len(good) == len(anomalous) == 8
    assert max(good) < min(anomalous)  # an image AUROC of 1
