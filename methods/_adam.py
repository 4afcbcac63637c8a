"""Adam over parameters that may be updated one by one."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


class Moments(NamedTuple):
    """Adam's running means of a parameter's gradients."""

    mean: Tensor
    mean_of_squares: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> Self:
        """The moments before the first step."""
        return cls(torch.zeros_like(weight), torch.zeros_like(weight))


class Adam:
    """Adam's state over parameters; `settings` are those of `torch.optim.adam.adam`.

    Adam is called as a function, because torch's optimizer classes load its compiler: that takes 2.5 s, and crashes the
    process where TensorFlow was loaded before.
    """

    def __init__(self, weights: Iterable[nn.Parameter], **settings):
        self.settings = settings
        self.moments = {weight: Moments.of(weight) for weight in weights}
        self.steps = {weight: torch.zeros((), device=weight.device) for weight in self.moments}

    @property
    def weights(self) -> list[nn.Parameter]:
        """The parameters, in their order."""
        return list(self.moments)

    @torch.no_grad()
    def step(self, weights: Sequence[nn.Parameter]) -> None:
        """Update some of the parameters by their gradients, which are then gone."""
        adam(
            params=weights,
            grads=[weight.grad for weight in weights],
            exp_avgs=[self.moments[weight].mean for weight in weights],
            exp_avg_sqs=[self.moments[weight].mean_of_squares for weight in weights],
            max_exp_avg_sqs=[],
            state_steps=[self.steps[weight] for weight in weights],
            fused=True,
            amsgrad=False,
            maximize=False,
            **self.settings,
        )
        for weight in weights:
            weight.grad = None
