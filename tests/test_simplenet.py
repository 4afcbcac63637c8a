"""SimpleNet's networks and training, against an independent computation of the published step."""

import copy
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from methods import Epoch, MethodError, Work
from methods.simplenet import SimpleNet, kept_layers, training

SMALL = training.Shape(dims=12, hidden_width=10, leaky_slope=0.2)
WIDE = training.Shape(dims=48, hidden_width=32, leaky_slope=0.2)
RECIPE = training.Recipe(
    noise_deviation=0.015,
    margin=0.5,
    adaptor={"lr": 1e-4, "weight_decay": 0.01},
    discriminator={"lr": 2e-4, "weight_decay": 1e-5},
    precision="float32",
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def networks(seed: int = 0, shape: training.Shape = SMALL) -> training.Networks:
    return training.build(shape, generator=seeded(seed))


def patches(count: int, *, seed: int = 0, dims: int = SMALL.dims) -> torch.Tensor:
    """Like features after a ReLU and a mean: never negative."""
    return torch.rand(count, dims, generator=seeded(seed))


class Published:
    """The published training step, with PyTorch's own modules and optimisers and both halves computed in full."""

    def __init__(self, start: training.Networks):
        own = copy.deepcopy(start)
        self.projection = own.adaptor
        self.discriminator = nn.Sequential(own.hidden, own.normalisation, nn.LeakyReLU(0.2), own.output)
        self.optimisers = (
            torch.optim.AdamW(self.projection.parameters(), lr=1e-4),
            torch.optim.Adam(self.discriminator.parameters(), lr=2e-4, weight_decay=1e-5),
        )

    def step(self, features: torch.Tensor, noise: torch.Generator) -> float:
        self.discriminator.train()
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        true = self.projection(features)
        fake = true + torch.normal(0, 0.015, true.shape, generator=noise, dtype=true.dtype)
        scores = self.discriminator(torch.cat([true, fake]))
        true_loss = torch.clip(0.5 - scores[: len(true)], min=0)
        fake_loss = torch.clip(0.5 + scores[len(true) :], min=0)
        loss = true_loss.mean() + fake_loss.mean()
        loss.backward()
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item()

    @torch.no_grad()
    def scores(self, features: torch.Tensor) -> torch.Tensor:
        self.discriminator.eval()
        return -self.discriminator(self.projection(features))[:, 0]


def twenty_steps(ours: training.Networks, published: Published) -> tuple[torch.Tensor, torch.Tensor]:
    """The losses of both on equal patches and noise."""
    dims, dtype = ours.adaptor.in_features, ours.adaptor.weight.dtype
    trainer = training.Trainer(ours, RECIPE, generator=seeded(1))
    batches = [patches(60, seed=seed, dims=dims).to(dtype) for seed in range(20)]
    noise = seeded(trainer.noise.initial_seed())
    expected = torch.tensor([published.step(batch, noise) for batch in batches], dtype=dtype)
    return trainer.train(batches), expected


def test_twenty_steps_have_the_losses_of_the_published_step():
    ours = networks(shape=WIDE)
    losses, expected = twenty_steps(ours, Published(ours))
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)
    assert expected[-1] < expected[0]


def test_twenty_steps_in_float64_lead_to_the_scores_of_the_published_step():
    """Not in float32: the gradient of the bias before batch normalisation is rounding, and Adam scales it up."""
    ours = networks(shape=WIDE).double()
    published, unseen = Published(ours), patches(30, seed=99, dims=WIDE.dims).double()
    losses, expected = twenty_steps(ours, published)
    torch.testing.assert_close(losses, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(ours.anomaly(unseen), published.scores(unseen), rtol=1e-7, atol=1e-7)


def test_the_loss_is_nothing_beyond_the_margin_and_grows_by_one_a_unit_within():
    at_margin = training.hinge_loss(torch.tensor([0.5, 3.0]), torch.tensor([-0.5, -2.0]), 0.5)
    within = training.hinge_loss(torch.tensor([-0.5, 3.0]), torch.tensor([-0.5, -2.0]), 0.5)
    assert at_margin == 0 and within == 0.5


def test_noisy_features_are_those_to_which_the_noise_was_added():
    own, batch, noise = networks(), patches(7), patches(7, seed=1)
    _, noisy = own(batch, noise)
    torch.testing.assert_close(noisy, own._normality(own.hidden(own.adaptor(batch) + noise)))


def test_noisy_features_are_told_from_normal_ones_after_training():
    own = networks()
    recipe = RECIPE._replace(
        noise_deviation=0.5, adaptor={"lr": 1e-2, "weight_decay": 0}, discriminator={"lr": 1e-2, "weight_decay": 0}
    )
    training.Trainer(own, recipe, generator=seeded()).train([patches(200, seed=seed) for seed in range(200)])
    normal, noisy = own(patches(500, seed=999), torch.randn(500, SMALL.dims, generator=seeded(9)) / 2)
    assert normal.median() > 0 > noisy.median()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_batch_of_few_patches_is_trained_on(count):
    own = networks()
    losses = training.Trainer(own, RECIPE, generator=seeded()).train([patches(count)] * 3)
    assert losses.isfinite().all() and own.anomaly(patches(count)).isfinite().all()


def test_scoring_changes_no_weight_and_a_score_does_not_depend_on_its_company():
    own = networks()
    training.Trainer(own, RECIPE, generator=seeded()).train([patches(50)] * 5)
    before, batch = copy.deepcopy(own.state_dict()), patches(2 * 3 * 4).reshape(2, 3, 4, SMALL.dims)
    together = own.anomaly(batch)
    torch.testing.assert_close(together[1, 2, 3], own.anomaly(batch[1, 2, 3][None])[0])
    assert together.shape == (2, 3, 4)
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())


def test_the_generator_alone_decides_the_weights_and_the_global_one_is_left_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, same, other = networks(3), networks(3), networks(4)
    training.Trainer(one, RECIPE, generator=seeded()).train([patches(5)])
    training.Trainer(same, RECIPE, generator=seeded()).train([patches(5)])
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.hidden.weight, same.hidden.weight)
    assert not torch.equal(one.hidden.weight, other.hidden.weight)


def test_initial_weights_are_xaviers_and_biases_pytorchs():
    own = networks(shape=training.Shape(dims=400, hidden_width=200, leaky_slope=0.2))
    assert own.hidden.weight.std().item() == pytest.approx((2 / 600) ** 0.5, rel=0.02)
    assert own.hidden.bias.abs().max().item() == pytest.approx(400**-0.5, rel=0.05)
    assert own.output.bias is None and own.normalisation.weight.unique().tolist() == [1]


def test_restored_networks_score_as_the_saved_ones_did():
    own = networks()
    training.Trainer(own, RECIPE, generator=seeded()).train([patches(50)] * 5)
    assert torch.equal(training.restore(own.state_dict(), SMALL).anomaly(patches(9)), own.anomaly(patches(9)))


def test_the_state_of_networks_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="not those of networks with these settings"):
        training.restore(networks().state_dict(), SMALL._replace(hidden_width=11))


def layers(images: int, scale: float = 1.0) -> list[list[torch.Tensor]]:
    """Two layers an image; all values of an image are its number times `scale`."""
    return [[torch.full((1, 3, 4, 5), number * scale), torch.ones(1, 2, 2, 2)] for number in range(images)]


def kept(of_images: list[list[torch.Tensor]]) -> kept_layers.KeptLayers:
    keeps = kept_layers.KeptLayers(len(of_images))
    for number, of_image in enumerate(of_images):
        keeps.put(number, of_image)
    return keeps


def test_a_pass_sees_every_image_once_and_the_next_in_another_order():
    generator, keeps = seeded(), kept(layers(11))
    passes = [list(keeps.batches(4, generator)) for _ in range(2)]
    assert [len(batch[0]) for batch in passes[0]] == [4, 4, 3]
    first, second = ([value for batch in batches for value in batch[0][:, 0, 0, 0].tolist()] for batches in passes)
    assert sorted(first) == sorted(second) == list(range(11)) and first != second


def test_a_layer_beyond_the_range_of_float16_is_kept_in_float32_from_then_on():
    keeps = kept(layers(4, scale=40000.0))
    assert [layer.dtype for layer in keeps.layers] == [torch.float32, torch.float16]
    (batch,) = keeps.batches(4, seeded())
    assert {layer.dtype for layer in batch} == {torch.float32}
    assert batch[0][:, 0, 0, 0].sort().values.tolist() == [0, 40000, 80000, 120000]


def photograph(seed: int = 0, height: int = 40, width: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def fitted() -> SimpleNet:
    method = SimpleNet(**SimpleNet.quick)
    list(method.fit([photograph(seed) for seed in range(3)], seed=0, device="cpu"))
    return method


def published_patches(maps: list[torch.Tensor], pretrain_dims: int, dims: int) -> torch.Tensor:
    """(n, height, width, dims): each of the nine offsets to the first map's grid, then pooled, then merged."""
    size, pooled = maps[0].shape[2:], []
    for map in maps:
        count, channels, height, width = map.shape
        around = functional.unfold(map, 3, padding=1).reshape(count, channels * 9, height, width)
        on_grid = functional.interpolate(around, size, mode="bilinear").permute(0, 2, 3, 1).flatten(0, 2)
        pooled.append(functional.adaptive_avg_pool1d(on_grid[:, None], pretrain_dims)[:, 0])
    merged = functional.adaptive_avg_pool1d(torch.cat(pooled, dim=1)[:, None], dims)[:, 0]
    return merged.view(len(maps[0]), *size, dims)


@pytest.mark.parametrize("dims", [60, 61])
def test_patches_are_the_published_ones_whether_or_not_the_layers_share_a_dimension(dims):
    method = SimpleNet(backbone="mobilenet_v2", image_size=64, pretrain_dims=50, dims=dims)
    method._open("cpu")
    maps = method._patches.maps([photograph(), photograph(1)])
    torch.testing.assert_close(method._patches.patches(maps), published_patches(maps, 50, dims), rtol=1e-4, atol=1e-5)


def test_an_image_score_is_that_of_its_most_anomalous_patch(fitted):
    (score,) = fitted.score([photograph(9)])
    assert score.image == fitted._networks.anomaly(fitted._patches.of(photograph(9))).max()
    assert score.map.shape == (128, 128) and score.map.max() <= score.image


def test_one_image_is_enough_and_none_is_refused():
    method = SimpleNet(**SimpleNet.quick)
    events = list(method.fit([photograph()], seed=0, device="cpu"))
    assert [event.number for event in events if isinstance(event, Epoch)] == [1, 2]
    with pytest.raises(MethodError, match="at least 1 training image, got 0"):
        next(method.fit([], seed=0, device="cpu"))


def test_networks_of_other_settings_are_refused(fitted, tmp_path):
    fitted.save(tmp_path)
    wider = SimpleNet(**SimpleNet.quick | {"hidden_width": 65})
    with pytest.raises(MethodError, match=r"networks\.safetensors does not fit the settings\.json beside it"):
        wider.load_state(tmp_path, device="cpu")


def test_training_in_bfloat16_leaves_weights_and_scores_in_float32():
    own = networks(shape=WIDE)
    losses = training.Trainer(own, RECIPE._replace(precision="bfloat16"), generator=seeded(1)).train(
        [patches(60, seed=seed, dims=WIDE.dims) for seed in range(20)]
    )
    other = networks(shape=WIDE)
    expected, _ = twenty_steps(other, Published(other))
    torch.testing.assert_close(losses, expected, rtol=0.01, atol=0)
    assert {value.dtype for value in own.parameters()} == {own.anomaly(patches(5, dims=WIDE.dims)).dtype}


def test_every_published_number_is_the_default_but_for_the_crop():
    published = {
        "backbone": "wide_resnet50_2",
        "patch_size": 3,
        "pooling": "adaptive",
        "pretrain_dims": 1536,
        "dims": 1536,
        "image_size": 288,
        "map_blur": 4,
        "hidden_width": 1024,
        "leaky_slope": 0.2,
        "noise_deviation": 0.015,
        "margin": 0.5,
        "discriminator_learning_rate": 2e-4,
        "discriminator_weight_decay": 1e-5,
        "adaptor_learning_rate": 1e-4,
        "adaptor_weight_decay": 0.01,
        "batch_size": 8,
        "meta_epochs": 40,
        "sub_epochs": 4,
    }
    assert published.items() <= asdict(SimpleNet()).items()


def test_the_published_networks_have_as_many_parameters():
    assert SimpleNet().parameter_count(100) == 1536 * 1537 + 1537 * 1024 + 4 * 1024 + 1024


def test_expected_seconds_grow_with_the_images_and_with_the_passes():
    short, long = (SimpleNet(**SimpleNet.quick | {"meta_epochs": epochs}) for epochs in (2, 200))
    few, many = short.expected_seconds([Work(4, 2), Work(400, 200)], device="cpu")
    (longer,) = long.expected_seconds([Work(4, 2)], device="cpu")
    assert 0 < few < many and few < longer
