"""Processor time of one training step of DifferNet's flow, by how Adam is called: torch's optimizers after the whole
backward pass, and ours, which steps each parameter as soon as its gradient is there.

    python -m tests.speed.differnet_adam

Two rounds of all, one after the other; the first warms up.
"""

import time
from collections.abc import Callable
from typing import Annotated

import torch
import typer
from tabulate import tabulate
from torch import Tensor

from benchmarks import plugins
from methods._precision import supported
from methods.differnet import DifferNet, flow
from tests.speed.differnet_heading import heading

WAYS = {"a tensor at a time": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
OURS = "ours"


def torch_step(network: torch.nn.Module, method: DifferNet, precision: str, **way: bool) -> Callable[[Tensor], None]:
    """A step of torch's own Adam."""
    adam = torch.optim.Adam(
        network.parameters(),
        lr=method.learning_rate,
        betas=method.betas,
        eps=method.adam_epsilon,
        weight_decay=method.weight_decay,
        **way,
    )

    def step(batch: Tensor) -> None:
        adam.zero_grad()
        with flow.precise(batch.device, precision):
            z, log_det = network(batch)
        flow.negative_log_likelihood(z, log_det).backward()
        adam.step()

    return step


def seconds(step: Callable[[Tensor], object], batches: list[Tensor]) -> float:
    """Processor time of a step, the mean over the batches."""
    begun = time.process_time()
    for batch in batches:
        step(batch)
    return (time.process_time() - begun) / len(batches)


def main(
    steps: int = 8, set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None
) -> None:
    """Print the seconds of a step, and the ratio to ours."""
    settings = plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]
    method = plugins.choose("differnet", settings).method
    precision = supported(method.training_precision, "cpu")
    dims = 256 * method.n_scales
    batches = list(torch.randn(steps, method.batch_size * method.views_per_image, dims))
    found: dict[str, float] = {}
    for _ in range(2):
        for name, way in WAYS.items():
            network = flow.build(method._shape, seed=0)
            found[name] = seconds(torch_step(network, method, precision, **way), batches)
        network = flow.build(method._shape, seed=0)
        with flow.Trainer(network, precision=precision, **method._adam) as trainer:
            found[OURS] = seconds(lambda batch, trainer=trainer: trainer.epoch([batch]), batches)
    lines = [[name, each, each / found[OURS]] for name, each in found.items()]
    print(heading())
    print(f"Width {method.hidden_width}, {len(batches[0])} views a step, {precision}.\n")
    print(tabulate(lines, ["Adam", "seconds a step", "times ours"], "pipe", floatfmt=("", ".3f", ".2f")))


if __name__ == "__main__":
    typer.run(main)
