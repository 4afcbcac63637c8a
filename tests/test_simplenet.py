"""SimpleNet's networks and training, against an independent computation of the published step."""

import copy

import pytest
import torch
from torch import nn

from methods.simplenet import kept_maps, training

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


def maps(images: int, scale: float = 1.0) -> list[list[torch.Tensor]]:
    """Two layers an image; all values of an image are its number times `scale`."""
    return [[torch.full((1, 3, 4, 5), number * scale), torch.ones(1, 2, 2, 2)] for number in range(images)]


def kept(of_images: list[list[torch.Tensor]]) -> kept_maps.KeptMaps:
    keeps = kept_maps.KeptMaps()
    for of_image in of_images:
        keeps.add(of_image)
    return keeps


def test_a_pass_sees_every_image_once_and_the_next_in_another_order():
    generator, keeps = seeded(), kept(maps(11))
    passes = [list(keeps.batches(4, generator)) for _ in range(2)]
    assert [len(batch[0]) for batch in passes[0]] == [4, 4, 3]
    first, second = ([value for batch in batches for value in batch[0][:, 0, 0, 0].tolist()] for batches in passes)
    assert sorted(first) == sorted(second) == list(range(11)) and first != second


def test_a_map_beyond_the_range_of_float16_is_kept_in_float32():
    keeps = kept(maps(3, scale=60000.0))
    assert [of_image[0].dtype for of_image in keeps.images] == [torch.float16, torch.float16, torch.float32]
    (batch,) = keeps.batches(3, seeded())
    assert batch[0].dtype == torch.float32 and batch[0].max() == 120000
