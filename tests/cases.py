"""Small synthetic parts with a known truth: what `check` says of them, and what a run on them reaches, in one process.

Used by the tests and by the script that prints the table of the documentation.
"""

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import data_settings, plugins
from benchmarks.checking import findings
from benchmarks.commands import predict
from benchmarks.evaluation import result_rows
from benchmarks.jobs import plan, protocol, storage
from benchmarks.prediction.outputs import Outputs
from benchmarks.source import Source
from benchmarks.trained import Trained
from reports.rows import Row

LIGHT_KNN: Mapping[str, Any] = {"image_size": 128, "n_scales": 2, "bank_size": 141, "test_views": 1}
"""Settings of `knn` with which two hundred small images take seconds."""
UNCHANGED: Mapping[str, Any] = {}


class Reached(NamedTuple):
    """A finished job and its numbers."""

    trained: Trained
    row: Row
    """What the report says of it: the name of each column -> its value."""
    defects: Sequence[Row]
    """The same for each defect type."""

    @property
    def aurocs(self) -> tuple[float | None, float | None]:
        """Image and pixel AUROC, rounded as the report shows them."""
        both = (self.row["image_auroc"], self.row["pixel_auroc"])
        return tuple(None if value is None else round(value, 3) for value in both)

    def judge(self, images: Path) -> str:
        """What the command `predict` prints on new images."""
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            predict.run(self.trained, [images], Outputs(None, None, None), device="cpu")
        return printed.getvalue()


def said(root: Path, dataset: str = "mvtec", **settings: str) -> list[str]:
    """The findings of `check` on a folder: `level category: sentence`. Settings of the data are texts of options."""
    source = Source.named(dataset, root, data_settings.read(settings))
    return [f"{each.level} {each.category}: {each.message}" for each in findings.find(source)]


def run(
    root: Path,
    results: Path,
    dataset: str = "mvtec",
    *,
    category: str | None = None,
    method: str = "mean_image",
    changed: Mapping[str, Any] = UNCHANGED,
    **settings: str,
) -> Reached:
    """Do one job on the data in `root`, with settings of the data as texts of options, and store it in `results`.

    Without a category, there must be only one. `changed` are settings of the method.
    """
    request = plan.Request(
        choices=[plugins.choose(method, changed)],
        dataset=dataset,
        root=root,
        results=results,
        data_settings=data_settings.read(settings),
        categories=[category] if category else [],
        device="cpu",
    )
    (job,) = plan.plan(request)
    storage.write_job(job)
    result = protocol.run(job, tell=lambda progress: None)
    storage.store(result, job)
    tables = result_rows.tables([result_rows.measure(result)])
    return Reached(Trained(job, result), tables.rows[0], tables.defects)
