"""The command `finetune`: choose an operating point for a finished job, store it, plot it and print it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rich.progress import Progress
from rich.table import Table

from benchmarks.console import err, out, say
from benchmarks.finetune import levels
from benchmarks.finetune.evidence import Evidence, TuningRequest
from benchmarks.finetune.operating_point import tune
from benchmarks.finetune.output import by_area, draw, record, store, store_point
from benchmarks.jobs.layout import POINT
from benchmarks.trained import Trained
from reports.results import OperatingPoint

ALTERNATIVES = 9
"""Number of areas in the table of alternatives, besides the chosen one."""
COLUMNS = {
    "area_px": ("area, px", "{:.0f}"),
    "area_share": ("share", "{:.3%}"),
    "threshold": ("threshold", "{:.5g}"),
    "tuning_image_auroc": ("AUROC", "{:.3f}"),
    "tuning_true_positive_rate": ("TPR", "{:.3f}"),
    "tuning_true_negative_rate": ("TNR", "{:.3f}"),
    "tuning_balanced_accuracy": ("balanced", "{:.3f}"),
}
"""Heading and number format of each column of the table of alternatives."""

NO_FIGURES = "no figures: they show the maps of held-out normal images, and none was held out; see run --calibration"


class Wish(NamedTuple):
    """What is to be done with a chosen point."""

    figures: bool = True
    apply: bool = False
    """Whether `report` and `predict` are to judge by it."""
    force: bool = False
    """Whether they are to do so also where it is no better than chance."""


def run_all(several: Sequence[Trained], request: TuningRequest, wish: Wish, *, data: Path | None) -> int:
    """`run` for each of several jobs. Return 1 if a point was not applied though it was to be."""
    statuses = []
    for trained in several:
        statuses.append(run(trained, request, wish, data=data))
    return max(statuses)


def run(trained: Trained, request: TuningRequest, wish: Wish, *, data: Path | None) -> int:
    """Choose an operating point, write it and print it. With `apply`, `report` and `predict` judge by it.

    A point that is no better than chance on the tuning images is applied only with `force`; else the status is 1.
    """
    with Progress(console=err, transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def advance(stage: str, done: int, of: int) -> None:
            bars.update(task, description=stage, completed=done, total=of)

        tuned = tune(Evidence(trained, request, data=data, advance=advance))
        chosen, areas = record(tuned, trained), by_area(tuned)
        folder = store(trained, chosen, areas)
        levels.store(levels.of(tuned, trained.result.key), folder)
        why_not = tuned.why_not()
        applied = wish.apply and (wish.force or not why_not)
        if applied:
            store_point(tuned, trained)
        if wish.figures and tuned.evidence.held_out:
            bars.update(task, description="drawing", completed=0, total=1)
            draw(tuned, folder)
    if wish.figures and not tuned.evidence.held_out:
        say(NO_FIGURES)
    _show(chosen, areas, folder, standing=trained.operating_point(), applied=applied)
    if why_not:
        say(f"{'applied by force' if applied else 'do not apply this point'}: {why_not}", style="bold red")
    if why_not and wish.apply and not wish.force:
        say("not applied; choose another method or other tuning images, or apply it all the same with --force")
        return 1
    return 0


def _show(
    record: Mapping[str, Any],
    by_area: pd.DataFrame,
    folder: Path,
    *,
    standing: OperatingPoint | None,
    applied: bool,
) -> None:
    """Print the chosen point, its alternatives, its results on the test images, and the files written."""
    for line in _choice(record):
        say(line, on=out)
    out.print(_alternatives(by_area))
    for line in (*_outcome(record), _written(folder), _application(folder, standing, applied)):
        say(line, on=out)


def _written(folder: Path) -> str:
    return f"written: {', '.join(sorted(file.name for file in folder.iterdir() if file.suffix != '.pdf'))} in {folder}"


def _application(folder: Path, standing: OperatingPoint | None, applied: bool) -> str:
    if applied:
        return f"applied: report and predict judge by this point; to withdraw it, delete {folder.parent / POINT}"
    if standing:
        before = f"{standing.area_px} px, threshold {standing.threshold:.5g}"
        return f"not applied: the point applied before ({before}) stays in use"
    return "not applied: with --apply, report and predict would judge by this point"


def _choice(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"{record['method']} {record['category']} seed {record['seed']}"
    yield (
        f"minimum defect area {record['area_px']} px ({record['area_share']:.3%} of the image), "
        f"threshold {record['threshold']:.5g}"
    )
    yield f"choice of the area: {record['chosen_on']}"
    yield from _origin(record)


def _origin(record: Mapping[str, Any]) -> Iterator[str]:
    """Where the threshold comes from."""
    if record["set_by"] is None:
        yield "threshold: given, not set by normal images, so it promises no false-positive rate"
        return
    yield f"threshold set by: {record['calibration_images']} normal images, {_false_alarms(record)}"
    rest = record["threshold_of_rest"]
    others = "there is no other" if rest is None else f"without it, the others would set {rest:.5g}"
    yield f"threshold is the level of: {record['set_by']}; {others}"


def _false_alarms(record: Mapping[str, Any]) -> str:
    """What the images that set the threshold say of the false-positive rate, in a phrase."""
    wanted, promised, expected = (record[f"{name}_false_alarm_share"] for name in ("wanted", "promised", "expected"))
    if promised is None:
        short = f"; {wanted:.1%} was wanted, but so few images allow no lower rate" if expected > wanted else ""
        return f"by leave-one-out: a false-positive rate of {expected:.1%} is expected, not promised{short}"
    short = f"; {wanted:.1%} was wanted, but so few images cannot promise that" if promised > wanted else ""
    return f"which promise a false-positive rate of at most {promised:.1%}{short}"


def _alternatives(by_area: pd.DataFrame) -> Table:
    """A table of areas from the smallest to the largest tried, with their results on the tuning images.

    The chosen area is always one of them.
    """
    chosen = int(by_area["chosen"].argmax())
    shown = np.linspace(0, len(by_area) - 1, min(ALTERNATIVES, len(by_area))).round().astype(int)
    lines = by_area.iloc[sorted({chosen, *shown.tolist()})]
    columns = {name: column for name, column in COLUMNS.items() if lines[name].notna().any()}
    title = "AUROC, true positive rate, true negative rate and balanced accuracy of the tuning images"
    table = Table(*(heading for heading, _ in columns.values()), "", box=None, title=title, title_justify="left")
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    for line in lines.to_dict("records"):
        mark = "chosen" if line["chosen"] else ""
        table.add_row(*(form.format(line[name]) for name, (_, form) in columns.items()), mark)
    return table


def _outcome(record: Mapping[str, Any]) -> Iterator[str]:
    test, oracle = record["test"], record["oracle"]
    yield (
        f"result on {test['normal_images']} normal and {test['defective_images']} defective test images, on which "
        f"nothing was chosen: {_rates(test)}"
    )
    if oracle:
        yield (
            f"oracle, chosen on these test images: {_rates(oracle)}, with {oracle['area_px']} px and threshold "
            f"{oracle['threshold']:.5g}"
        )


def _rates(rates: Mapping[str, float | None]) -> str:
    names = ("true_positive_rate", "true_negative_rate", "balanced_accuracy")
    values = {name.replace("_", " "): rates[name] for name in names}
    return ", ".join(f"{name} {'n/a' if value is None else f'{value:.3f}'}" for name, value in values.items())
