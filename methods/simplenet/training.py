"""SimpleNet's adaptor and discriminator of patch features, and their training."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from methods._adam import Adam


class Shape(NamedTuple):
    """The size of the two networks."""

    dims: int
    hidden_width: int
    leaky_slope: float


class Networks(nn.Module):
    """The adaptor, a linear layer, and the discriminator, which says how normal an adapted feature is."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.adaptor = nn.Linear(shape.dims, shape.dims)
        self.hidden = nn.Linear(shape.dims, shape.hidden_width)
        self.normalisation = nn.BatchNorm1d(shape.hidden_width)
        self.output = nn.Linear(shape.hidden_width, 1, bias=False)
        self.leaky_slope = shape.leaky_slope

    def forward(self, patches: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """D of adapted patches (n, dims), and of the same with noise (n, dims) added: (n,) each.

        Both halves go through batch normalisation together. The discriminator's first layer is linear, so that of the
        second half is that of the first and of the noise: the backward pass needs one product less. In bfloat16 the
        noise is rounded by itself; in a sum with features that are 100 times as large, much of it would be rounded off.
        """
        normal = self.hidden(self.adaptor(patches))
        noisy = functional.linear(noise, self.hidden.weight).add_(normal)
        normal, noisy = self._normality(torch.cat([normal, noisy])).to(patches.dtype).chunk(2)
        return normal, noisy

    @torch.no_grad()
    def anomaly(self, patches: Tensor) -> Tensor:
        """-D of patches (..., dims): the anomaly score of each, (...). Not to be called in training mode."""
        assert not self.training
        rows = patches.reshape(-1, patches.shape[-1])
        return -self._normality(self.hidden(self.adaptor(rows))).reshape(patches.shape[:-1])

    def _normality(self, hidden: Tensor) -> Tensor:
        """(n,) from the first layer's (n, hidden_width)."""
        return self.output(functional.leaky_relu(self.normalisation(hidden), self.leaky_slope, inplace=True)).squeeze(1)

    def discriminator_parameters(self) -> list[nn.Parameter]:
        """The parameters that are not the adaptor's."""
        return [*self.hidden.parameters(), *self.normalisation.parameters(), *self.output.parameters()]


def build(shape: Shape, *, generator: torch.Generator) -> Networks:
    """Networks with initial weights drawn as published: Xavier normal, biases as PyTorch's layers draw them."""
    networks = _empty(shape).to_empty(device="cpu")
    networks.normalisation.reset_parameters()
    for layer in (networks.adaptor, networks.hidden, networks.output):
        nn.init.xavier_normal_(layer.weight, generator=generator)
        if layer.bias is not None:
            reach = layer.in_features**-0.5
            nn.init.uniform_(layer.bias, -reach, reach, generator=generator)
    return networks.eval()


def restore(state: Mapping[str, Tensor], shape: Shape) -> Networks:
    """The networks whose `state_dict` was saved, on the device of its tensors. Raises ValueError for another shape."""
    networks = _empty(shape)
    if _layout(state) != _layout(networks.state_dict()):
        raise ValueError("its tensors are not those of networks with these settings")
    networks.load_state_dict(state, assign=True)
    return networks.eval()


def _empty(shape: Shape) -> Networks:
    """Networks without memory; on the meta device no generator is used."""
    with torch.device("meta"):
        return Networks(shape)


def _layout(state: Mapping[str, Tensor]) -> dict[str, tuple]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}


def hinge_loss(normal: Tensor, noisy: Tensor, margin: float) -> Tensor:
    """Mean max(0, th - D(normal)) plus mean max(0, th + D(noisy)), th being the margin: a truncated l1 loss."""
    return (margin - normal).clamp(min=0).mean() + (margin + noisy).clamp(min=0).mean()


class Recipe(NamedTuple):
    """How the networks are trained."""

    noise_deviation: float
    margin: float
    adaptor: Mapping[str, Any]
    """`lr` and `weight_decay` of AdamW, whose decay is apart from the gradient."""
    discriminator: Mapping[str, Any]
    """`lr` and `weight_decay` of Adam, whose decay is added to the gradient."""
    precision: str
    """Of the matrix products; parameters, their moments and the loss are float32."""


ORDINARY = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
"""PyTorch's defaults of both optimisers, which the published program leaves as they are."""


class Trainer:
    """Trains the networks on their device; noise is drawn there too, from a seed that `generator` draws."""

    def __init__(self, networks: Networks, recipe: Recipe, *, generator: torch.Generator):
        self.networks, self.recipe = networks, recipe
        self.device = networks.adaptor.weight.device
        self.noise = torch.Generator(self.device).manual_seed(int(torch.randint(2**62, (), generator=generator)))
        self.optimisers = (
            Adam(networks.adaptor.parameters(), decoupled_weight_decay=True, **ORDINARY, **recipe.adaptor),
            Adam(networks.discriminator_parameters(), **ORDINARY, **recipe.discriminator),
        )

    def train(self, batches: Iterable[Tensor]) -> Tensor:
        """A step a batch of patches (n, dims); the losses, one a batch, on the device."""
        self.networks.train()
        losses = [self._step(batch) for batch in batches]
        self.networks.eval()
        return torch.stack(losses)

    def _step(self, patches: Tensor) -> Tensor:
        noise = torch.empty_like(patches).normal_(0, self.recipe.noise_deviation, generator=self.noise)
        precision = getattr(torch, self.recipe.precision)
        with torch.autocast(self.device.type, precision, enabled=precision is not torch.float32):
            normal, noisy = self.networks(patches, noise)
        loss = hinge_loss(normal, noisy, self.recipe.margin)
        loss.backward()
        for optimiser in self.optimisers:
            optimiser.step(optimiser.weights)
        return loss.detach()
