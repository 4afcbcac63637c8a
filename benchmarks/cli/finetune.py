"""The options of `finetune`."""

from typing import Annotated

import typer

from benchmarks import options
from benchmarks.errors import UsageError
from benchmarks.options import (
    CategoryOption,
    FoundDataOption,
    MethodOption,
    ResultsOption,
    SeedOption,
    ThresholdOption,
    VariantOption,
)
from reports.files import real


def finetune(
    results: ResultsOption,
    method: MethodOption,
    category: CategoryOption,
    seed: SeedOption = None,
    variant: VariantOption = None,
    areas: Annotated[
        str,
        typer.Option(
            metavar="START:STOP:STEP",
            help="Areas to try, in pixels; STOP is included. Default: from 1 pixel to 5 % of the image.",
        ),
    ] = "",
    false_alarms: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.99,
            help="Highest false-positive rate wanted, as a share. 0: the lowest that so many images allow.",
        ),
    ] = 0.05,
    area: Annotated[
        int | None, typer.Option(min=1, help="Use this minimum defect area, in pixels. Default: it is chosen.")
    ] = None,
    threshold: ThresholdOption = None,
    tune_on_test: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.9, help="Share of the test images to choose the area on. They leave the test set. 0: none."
        ),
    ] = 0.0,
    data: FoundDataOption = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw what other areas and thresholds would do.")
    ] = True,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Let report and predict judge by the chosen area and threshold. Default: off."),
    ] = False,
    all_seeds: Annotated[
        bool,
        typer.Option("--all-seeds", help="Do it for every seed, so that all are judged by one rule. Default: off."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Apply also a point that is no better than chance. Default: off."),
    ] = False,
) -> None:
    """Choose the minimum defect area and the threshold for the anomaly maps of a finished job.

    Nothing is trained. The area is chosen on a labelled validation split. Without one, it is chosen on synthetic
    defects blended into normal images. Test images choose it only with --tune-on-test. Held-out normal images set the
    threshold or, after run --calibration loo, the training images, each judged by the others. Figures show what other
    choices would do. With --area and --threshold you give both yourself, and no false-positive rate is promised.

    Exit status: 0 done, 1 a point was not applied, as it is no better than chance, 2 wrong use.

    Example: python -m benchmarks finetune --results results/demo --method cae --category brick --apply
    """
    from benchmarks import trained
    from benchmarks.commands import finetune
    from benchmarks.finetune.evidence import TuningRequest

    if area is not None and tune_on_test:
        raise UsageError("--area and --tune-on-test exclude each other: a given area is not chosen")
    if threshold is not None and area is None:
        raise UsageError("--threshold needs --area: a threshold of your own holds for regions of one minimum area")
    given = options.threshold(threshold)
    request = TuningRequest(options.areas(areas), false_alarms, area, tune_on_test, given)
    if all_seeds and seed is not None:
        raise UsageError("--all-seeds and --seed exclude each other: one seed, or all")
    if force and not apply:
        raise UsageError("--force counts only with --apply: without it nothing is applied")
    place = {"method": method, "category": category, "variant": variant}
    folder, wish = real(results), finetune.Wish(figures, apply, force)
    found = trained.of_all_seeds(folder, **place) if all_seeds else [trained.find(folder, **place, seed=seed)]
    raise typer.Exit(finetune.run_all(found, request, wish, data=data and real(data)))
