"""Drive the fit of a job's method to its end: progress, epochs, and looks at the test set where asked for."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks import images, judging, split
from benchmarks.evaluation import metrics
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from datasets import Sample
from methods import Method, Preparing
from reports.results import StoredEpoch

Tell = Callable[[Progress], None]


class Seen:
    """A method, and images as it sees them."""

    def __init__(self, method: Method, reading: images.Reading):
        self.method = method
        self.judge = judging.judge(method, reading)
        self.reading = reading

    def decoded(self, samples: Sequence[Sample]) -> images.Images:
        """The images of samples, decoded on access."""
        return images.Images(samples, self.reading)


class Fit(NamedTuple):
    """A finished training; the seconds leave out those spent looking at the test set."""

    device: str
    epochs: list[StoredEpoch]
    seconds: float


def fit(seen: Seen, parts: split.Parts, job: Job, tell: Tell) -> Fit:
    """Drive a fit to its end."""
    device = seen.method.find_device(job.device)
    epochs: list[StoredEpoch] = []
    looking = 0.0
    begun = time.perf_counter()
    for event in seen.judge.fit(seen.decoded(parts.fit), seed=job.cell.seed, device=device):
        if isinstance(event, Preparing):
            tell(Progress(event.what, event.done, event.of))
            continue
        event.require_convergence()
        tell(Progress("epoch", event.number, event.of, loss=event.loss, held_out_loss=event.held_out_loss))
        paused = time.perf_counter()
        epochs.append(
            StoredEpoch(
                number=event.number,
                loss=event.loss,
                held_out_loss=event.held_out_loss,
                kept=event.kept,
                image_auroc=_look(seen, parts.test) if job.track_epochs else None,
                seconds=paused - begun - looking,
            )
        )
        looking += time.perf_counter() - paused
    return Fit(device, epochs, time.perf_counter() - begun - looking)


def _look(seen: Seen, test: list[Sample]) -> float | None:
    """The image AUROC of the test set, None with one class only."""
    scores = list(seen.judge.image_scores(seen.decoded(test)))
    labels = [sample.defect is not None for sample in test]
    return metrics.auroc(scores, labels) if len(set(labels)) == 2 else None
