"""One job: split, fit, score, measure the maps -> Result."""

import math
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from benchmarks import arithmetic, check, images, metrics, pixels, plugins, split
from benchmarks.plan import Job
from benchmarks.progress import Progress
from benchmarks.trained import MAPS, POINT, TUNED
from datasets import Sample
from methods import Epoch, Method, MethodError, Preparing
from reports.results import Cost, Curve, ImageScore, Result, TrackedEpoch, write

LIBRARIES = ("numpy", "pillow", "torch", "torchvision", "FrEIA", "tensorflow", "keras")

FRESH_MODEL = "model.new"
CURVES, FEWEST_EPOCHS = "curves", 3
"""Name of the figure of a training beside its result; fewer epochs make no curve."""

Tell = Callable[[Progress], None]


def run(job: Job, tell: Tell) -> Result:
    """Do a job, telling its progress; a model to be kept waits in the job's folder for `store`.

    Raises one of `errors.USER_ERRORS` where the data, the settings or the machine do not allow it.
    """
    dataset = plugins.dataset(job.cell.dataset)
    samples = list(dataset.samples(job.root, job.cell.category))
    parts = split.divide(samples, seed=job.cell.seed, shots=job.cell.shots, calibration=job.cell.calibration)
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, dataset.mask_above)

    method = plugins.choose(job.cell.method, job.cell.settings).method
    device = method.find_device(job.device)
    epochs, fit_seconds = _fit(method, parts, job, device, tell)
    if job.keep_model:
        method.save(job.folder / FRESH_MODEL)
    scoring = _Scoring(method, tell)
    held = {"calibration": parts.calibration, "validation": parts.validation}
    scores = [score for part, members in held.items() for score in scoring.of(part, members, job.root)]
    maps: list[np.ndarray | None] = []
    scores += scoring.of("test", parts.test, job.root, keep=maps.append)
    tell(Progress("measuring maps", 0, 1))
    why_no_pixels = pixels.why_none(parts.test, maps)
    measured, remarks = (None, []) if why_no_pixels else pixels.measure(parts.test, maps, dataset.mask_above)
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        made=dataset.made,
        trained_on=len(parts.fit),
        images=scores,
        pixels=measured,
        why_no_pixels=why_no_pixels,
        tracked=job.track_epochs,
        epochs=epochs,
        curves=[Curve(**curve._asdict()) for curve in method.curves()],
        remarks=[
            *dataset.remarks,
            *check.remarks(samples, examined, job.root),
            f"image score: {method.score_rule()}",
            *method.remarks(),
            *remarks,
        ],
        versions=versions(),
        machine=machine(),
        cost=_cost(method, device, fit_seconds, scoring.seconds, len(scores)),
    )


def _cost(method: Method, device: str, fit_seconds: float, score_seconds: float, scored: int) -> Cost:
    """What a job that ends now took."""
    return Cost(
        fit_seconds=fit_seconds,
        score_seconds=score_seconds,
        images_per_second=scored / score_seconds if scored else None,
        peak_memory_mb=peak_memory_mb(),
        parameters=method.parameter_count(),
        device=device,
        threads=int(os.environ.get("OMP_NUM_THREADS") or arithmetic.cores()),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _fit(method: Method, parts: split.Parts, job: Job, device: str, tell: Tell) -> tuple[list[TrackedEpoch], float]:
    """Drive a fit to its end; the seconds leave out those spent looking at the test set."""
    epochs: list[TrackedEpoch] = []
    looking = 0.0
    begun = time.perf_counter()
    for event in method.fit(images.Images(parts.fit), seed=job.cell.seed, device=device):
        if isinstance(event, Preparing):
            tell(Progress(event.what, event.done, event.of))
            continue
        _require_convergence(event)
        tell(Progress("epoch", event.number, event.of, loss=event.loss))
        paused = time.perf_counter()
        epochs.append(
            TrackedEpoch(
                number=event.number,
                loss=event.loss,
                held_out_loss=event.held_out_loss,
                image_auroc=_look(method, parts.test) if job.track_epochs else None,
                seconds=paused - begun - looking,
            )
        )
        looking += time.perf_counter() - paused
    return epochs, time.perf_counter() - begun - looking


def _require_convergence(epoch: Epoch) -> None:
    for loss, of in ((epoch.loss, "loss"), (epoch.held_out_loss or 0.0, "held-out loss")):
        if not math.isfinite(loss):
            raise MethodError(f"training diverged: the {of} of epoch {epoch.number} is {loss}")


def _look(method: Method, test: list[Sample]) -> float | None:
    """The image AUROC of the test set, None with one class only."""
    scores = [score.image for score in method.score(images.Images(test))]
    labels = [sample.defect is not None for sample in test]
    return metrics.auroc(scores, labels) if len(set(labels)) == 2 else None


class _Scoring:
    """Scores samples and adds up the seconds that took, decoding included."""

    def __init__(self, method: Method, tell: Tell):
        self.method = method
        self.tell = tell
        self.seconds = 0.0

    def of(
        self, part: str, samples: list[Sample], root: Path, keep: Callable[[np.ndarray | None], None] = lambda map: None
    ) -> Iterator[ImageScore]:
        """The image scores in order; each anomaly map is handed to `keep`."""
        scores = self.method.score(images.Images(samples))
        for number, sample in enumerate(samples, start=1):
            begun = time.perf_counter()
            score = next(scores)
            self.seconds += time.perf_counter() - begun
            _require_finite(score.image, score.map, sample, self.method)
            keep(score.map)
            self.tell(Progress(f"scoring {part}", number, len(samples)))
            yield ImageScore(
                path=sample.image.relative_to(root).as_posix(),
                part=part,
                defect=sample.defect,
                score=float(score.image),
            )


def _require_finite(score: float, map: np.ndarray | None, sample: Sample, method: Method) -> None:
    if not math.isfinite(score) or not (map is None or np.isfinite(map).all()):
        raise MethodError(f"{type(method).__name__} gave a score that is not finite for {sample.image}")


def store(result: Result, job: Job) -> None:
    """Put a finished job's model and result in the place of what was there; `key` says whose model it is.

    What was made of the model before goes with it: a model trained again, even under the same key, is another. The
    result goes first and comes last: a job that is killed in between has none.
    """
    _draw_curves(result, job.folder)
    fresh, place = job.folder / FRESH_MODEL, job.folder / "model"
    for old in ("result.json", POINT):
        (job.folder / old).unlink(missing_ok=True)
    for old in (place, job.folder / MAPS, job.folder / TUNED):
        shutil.rmtree(old, ignore_errors=True)
    if job.keep_model:
        (fresh / "key").write_text(job.key, encoding="utf-8")
        fresh.rename(place)
    write(job.folder / "result.json", result)
    (job.folder / "failure.json").unlink(missing_ok=True)


def _draw_curves(result: Result, folder: Path) -> None:
    for old in folder.glob(f"{CURVES}.*"):
        old.unlink()
    if len(result.epochs) >= FEWEST_EPOCHS:
        from reports import curves_plot, plots

        plots.save(curves_plot.training(result), folder, CURVES)


def versions() -> dict[str, str]:
    """Versions of the libraries a result depends on, without importing them."""
    installed = {
        distribution.metadata["Name"].lower(): distribution.version for distribution in metadata.distributions()
    }
    return {name: installed[name.lower()] for name in LIBRARIES if name.lower() in installed}


def machine() -> str:
    """Operating system, processor, cores and Python, for the foot of the report."""
    processor = platform.processor() or platform.machine()
    if sys.platform == "linux":
        _, _, rest = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("model name")
        processor = rest.partition("\n")[0].strip(" \t:") or processor
    return f"{platform.system()}, {processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def peak_memory_mb() -> float:
    """The most memory this process has held.

    Linux carries the peak in `getrusage` over from the process that started this one, so it is read where it is not.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS
