"""The options of `run`."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.data_settings import DataSettings
from benchmarks.options import (
    CalibrationOption,
    CategoriesOption,
    DaskOption,
    DataOption,
    DeviceOption,
    FormsOption,
    JobsOption,
    JobTimeoutOption,
    PresetOption,
    SettingsOption,
)


@options.takes_data_settings
def run(
    methods: Annotated[str, typer.Option(help="Methods to compare, separated by commas.")] = "differnet,cae",
    dataset: Annotated[str, typer.Option(help="Dataset to compare the methods on.")] = "demo",
    data: DataOption = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder for results, models and the report. Default: results/DATASET.")
    ] = None,
    categories: CategoriesOption = None,
    seeds: Annotated[str, typer.Option(help="Seeds to repeat every job with, separated by commas.")] = "0",
    shots: Annotated[
        int | None, typer.Option(min=2, help="Number of normal images to train on, drawn by the seed. Default: all.")
    ] = None,
    calibration: CalibrationOption = "0.1",
    preset: PresetOption = None,
    set_: SettingsOption = None,
    device: DeviceOption = "auto",
    jobs: JobsOption = 1,
    job_timeout: JobTimeoutOption = None,
    dask: DaskOption = None,
    track_epochs: Annotated[
        bool,
        typer.Option("--track-epochs", help="Score the test set after each epoch, for the oracle table. Default: off."),
    ] = False,
    keep_models: Annotated[str, typer.Option(help="Which trained models to keep: all or none.")] = "all",
    force: Annotated[bool, typer.Option("--force", help="Repeat finished jobs. Default: off.")] = False,
    format_: FormsOption = "",
    *,
    data_settings: DataSettings,
) -> None:
    """Train and test methods on every category, then write a report: report.html to look at, report.md, report.csv
    and report.tex.

    A run can be stopped at any time. The same command then does only what is missing.

    Exit status: 0 all jobs done, 1 some jobs, or files of the report, failed, 2 wrong use, 130 stopped with Ctrl-C or
    SIGTERM.

    Example: python -m benchmarks run --methods differnet,cae --dataset visa --data /data/VisA --seeds 0,1,2
    """
    from benchmarks import plugins
    from benchmarks.commands import run
    from benchmarks.jobs import agenda, request

    names = options.names(methods, "--methods")
    wanted = request.made(
        names,
        dataset,
        settings=plugins.parse_assignments(set_ or [], names),
        preset=preset,
        data=data,
        results=results,
        data_settings=data_settings,
        categories=options.categories(categories),
        seeds=options.seeds(seeds),
        shots=shots,
        calibration=options.calibration(calibration),
        device=options.device(device),
        track_epochs=track_epochs,
        keep_models=options.keep_models(keep_models),
    )
    minutes, forms = options.minutes(job_timeout), options.forms(format_)
    command = agenda.command(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # batch systems and containers stop a run as Ctrl-C does
    how = {"at_once": jobs, "force": force, "minutes": minutes, "scheduler": dask, "forms": forms}
    raise typer.Exit(run.run(wanted, command=command, **how))
