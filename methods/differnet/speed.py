"""How long DifferNet's training and scoring take, from a few steps on noise."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from methods._timing import noise, seconds_a_call
from methods._view_features import Features
from methods.differnet import flow
from methods.differnet.localisation import EVIDENCE, anomaly_map


class Sizes(NamedTuple):
    """What the seconds of a flow depend on."""

    shape: flow.Shape
    batch_rows: int
    """Views in a training step."""
    test_views: int


class FlowSeconds(NamedTuple):
    """Seconds of a training step and of the views of one image through the flow."""

    step: float
    image: float


def flow_seconds(sizes: Sizes, *, device: str, precisions: tuple[str, str], adam: Mapping[str, Any]) -> FlowSeconds:
    """Measured on a flow of one block, times the number of blocks; `precisions` are those of training and scoring."""
    one = flow.build(sizes.shape._replace(blocks=1), seed=0).to(device)
    training, scoring = precisions
    rows, views = (
        torch.randn(count, sizes.shape.dims, device=device) for count in (sizes.batch_rows, sizes.test_views)
    )
    with flow.Trainer(one, precision=training, **adam) as trainer:
        step = seconds_a_call(lambda: trainer.epoch([rows]).tolist())
    image = seconds_a_call(lambda: flow.latent(one, views, precision=scoring)[0].sum().item())
    return FlowSeconds(sizes.shape.blocks * step, sizes.shape.blocks * image)


def seconds_a_map_rotation(features: Features, shape: flow.Shape, *, device: str) -> float:
    """Measured on a map of one rotation, through a flow of one block: most of it is spent in AlexNet."""
    one = flow.build(shape._replace(blocks=1), seed=0).to(device)
    how = {"rotations": 1, "degrees": 0.0, "blur": 0.0, "evidence": EVIDENCE["gradient"]}
    return seconds_a_call(lambda: anomaly_map(noise(), features, one, **how))
