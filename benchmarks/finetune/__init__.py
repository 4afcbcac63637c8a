"""From the maps of a finished job to an operating point: the minimum defect area, the threshold, and their plots."""

from pathlib import Path

from rich.progress import Progress

from benchmarks import console
from benchmarks.finetune.evidence import Evidence, Wanted
from benchmarks.finetune.output import by_area, draw, record, store, store_point
from benchmarks.finetune.show import point
from benchmarks.finetune.tuned import tune
from benchmarks.trained import Trained


def run(trained: Trained, wanted: Wanted, *, data: Path | None, figures: bool, apply: bool) -> None:
    """Choose an operating point, write and print it, and with `apply` let the report judge by it."""
    with Progress(console=console.err, transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def advance(stage: str, done: int, of: int) -> None:
            bars.update(task, description=stage, completed=done, total=of)

        tuned = tune(Evidence(trained, wanted, data=data, advance=advance))
        chosen, areas = record(tuned, trained), by_area(tuned)
        folder = store(trained, chosen, areas)
        if apply:
            store_point(tuned, trained)
        if figures:
            bars.update(task, description="drawing", completed=0, total=1)
            draw(tuned, folder)
    point(chosen, areas, folder, standing=trained.operating_point(), applied=apply)
