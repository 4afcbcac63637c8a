"""DifferNet's normalising flow over feature vectors, and one epoch of its training."""

import ctypes
import sys
from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
import torch
from FrEIA.framework import SequenceINN
from FrEIA.modules import GLOWCouplingBlock, InvertibleModule
from torch import Tensor, nn

from methods._adam import Adam

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of `mallopt`, from glibc's malloc.h."""

LARGEST = 1e6
"""Outputs of a block are clipped to plus or minus this, as published."""


class Shape(NamedTuple):
    """The size of a flow."""

    dims: int
    blocks: int
    hidden_width: int
    clamp: float
    dropout: float = 0.0


class Permutation(InvertibleModule):
    """A fixed order of the dimensions; block k has what numpy's legacy generator draws from seed k, as published.

    FrEIA's own `PermuteRandom` reseeds numpy's global generator and keeps its order as parameters.
    """

    def __init__(self, dims_in, dims_c=None, *, seed: int):
        super().__init__(dims_in, dims_c)
        order = torch.from_numpy(np.random.RandomState(seed).permutation(dims_in[0][0]))
        self.register_buffer("order", order)
        self.register_buffer("inverse", order.argsort())

    def forward(self, x_or_z, c=None, rev=False, jac=True):
        return (x_or_z[0][:, self.inverse if rev else self.order],), 0.0

    def output_dims(self, input_dims):
        return input_dims


class AffineCoupling(GLOWCouplingBlock):
    """Two-sided affine coupling with the paper's soft clamp, c(s) = 2 a/pi atan(s/a), 2/pi taken as 0.636.

    The second half of x scales and shifts the first; the new first half scales and shifts the second.
    """

    def __init__(self, dims_in, dims_c=(), *, shape: Shape):
        super().__init__(
            dims_in,
            dims_c,
            subnet_constructor=lambda inputs, outputs: Subnet(inputs, shape.hidden_width, outputs, shape.dropout),
            clamp=shape.clamp,
            # FrEIA multiplies by `clamp`; its own ATAN lacks the 1/a.
            clamp_activation=lambda s: 0.636 * torch.atan(s / shape.clamp),
        )

    def forward(self, x, c=(), rev=False, jac=True):
        (out,), log_det = super().forward(x, c, rev, jac)
        return (out.clamp(-LARGEST, LARGEST),), log_det


class Subnet(nn.Sequential):
    """Three hidden layers; the first half of the output is s, the second t, in the precision of the input."""

    def __init__(self, inputs: int, width: int, outputs: int, dropout: float):
        layers: list[nn.Module] = []
        for size in (inputs, width, width):
            layers += [nn.Linear(size, width), *([Dropout(dropout)] if dropout else []), nn.ReLU()]
        super().__init__(*layers, nn.Linear(width, outputs))

    def forward(self, x):
        return super().forward(x).to(x.dtype)


class Dropout(nn.Module):
    """Zeroes a share of the units in training, before their ReLU as published, and scales the others up.

    torch's own dropout would draw from the global generator. The seed of this one is drawn with the flow's weights.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share
        self.seed = int(torch.randint(2**62, (), device="cpu"))
        self.generator: torch.Generator | None = None

    def forward(self, x):
        if not self.training:
            return x
        if self.generator is None:
            self.generator = torch.Generator(x.device).manual_seed(self.seed)
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * kept / (1 - self.share)


def build(shape: Shape, *, seed: int) -> SequenceINN:
    """A flow x -> z, log|det dz/dx|, with initial weights drawn from `seed`; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        flow = SequenceINN(shape.dims)
        for block in range(shape.blocks):
            flow.append(Permutation, seed=block)
            flow.append(AffineCoupling, shape=shape)
    return flow.eval()


def restore(state: dict[str, Tensor], shape: Shape) -> SequenceINN:
    """The flow whose `state_dict` was saved, on the device of its tensors. Raises ValueError for another shape."""
    with torch.device("meta"):
        flow = build(shape, seed=0)
    expected = flow.state_dict()
    if _layout(state) != _layout(expected):
        raise ValueError("its tensors are not those of a flow with these settings")
    orders = {name: order for name, order in expected.items() if not order.is_meta}
    if not all(torch.equal(state[name].cpu(), order) for name, order in orders.items()):
        raise ValueError("its permutations are not the published ones")
    flow.load_state_dict(state, assign=True)
    return flow


def _layout(state: dict[str, Tensor]) -> dict[str, tuple]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in state.items()}


def precise(device: torch.device, precision: str) -> torch.autocast:
    """Within, matrix products are computed in this precision; parameters, sums and the couplings stay float32."""
    return torch.autocast(device.type, getattr(torch, precision), enabled=precision != "float32")


@torch.no_grad()
def latent(flow: nn.Module, features: Tensor, *, precision: str) -> tuple[Tensor, Tensor]:
    """z (n, dims) and log|det dz/dx| (n,) of features (n, dims); the subnets' products are in `precision`."""
    with precise(features.device, precision):
        return flow(features)


def negative_log_likelihood(z: Tensor, log_det: Tensor) -> Tensor:
    """Mean over the batch and the dimensions, without the constant: (|z|^2 / 2 - log|det dz/dx|) / dims, eq. 5."""
    return (0.5 * (z**2).sum(dim=1) - log_det).mean() / z.shape[1]


class Trainer:
    """Adam over a flow's parameters; on a CPU each is updated as soon as its gradient is computed.

    `precision` is that of the subnets' matrix products; parameters, their moments and the likelihood are float32.

    The result is that of one update after the whole backward pass, as no gradient depends on a parameter that was
    updated before it. But the gradients are never all in memory. On a GPU all parameters are updated `together`, in one
    call.
    """

    def __init__(self, flow: nn.Module, *, precision: str, **adam):
        self.flow, self.precision = flow, precision
        self.adam = Adam(flow.parameters(), **adam)
        self.together = next(flow.parameters()).is_cuda

    def __enter__(self) -> Self:
        keep_freed_memory()
        hooked = () if self.together else self.adam.weights
        self.hooks = [
            weight.register_post_accumulate_grad_hook(lambda weight: self.adam.step([weight])) for weight in hooked
        ]
        return self

    def __exit__(self, *_) -> None:
        for hook in self.hooks:
            hook.remove()

    def epoch(self, batches: Iterable[Tensor]) -> Tensor:
        """Train on each batch of features (n, dims) in turn; the losses, one a batch, on the flow's device."""
        losses = []
        self.flow.train()
        for batch in batches:
            with precise(batch.device, self.precision):
                z, log_det = self.flow(batch)
            loss = negative_log_likelihood(z, log_det)
            loss.backward()
            if self.together:
                self.adam.step(self.adam.weights)
            losses.append(loss.detach())
        self.flow.eval()
        return torch.stack(losses)


def keep_freed_memory() -> None:
    """Let glibc reuse freed gradients instead of requesting new pages: saves up to 67,000 page faults a step."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(M_MMAP_THRESHOLD, 32 << 20)
