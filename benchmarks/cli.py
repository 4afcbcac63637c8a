"""The commands: run, report, finetune, predict, check, list."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from benchmarks import options
from benchmarks.errors import STOPPED, USER_ERRORS, UsageError
from benchmarks.jobs.failures import refused_here
from benchmarks.options import (
    CalibrationOption,
    CategoriesOption,
    CategoryOption,
    DaskOption,
    DataOption,
    DeviceOption,
    JobsOption,
    JobTimeoutOption,
    MethodOption,
    PresetOption,
    ResultsOption,
    SeedOption,
    SettingsOption,
    VariantOption,
)


class Commands(TyperGroup):
    """The commands; `run` says how to go on when it is stopped before its jobs begin."""

    def invoke(self, context: typer.Context) -> Any:
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            if context.invoked_subcommand == "run":
                print(STOPPED, file=sys.stderr)
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Anomaly detection methods side by side on the same images, in tables that can be trusted.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def run(
    methods: Annotated[str, typer.Option(help="Methods to compare, separated by commas.")] = "differnet,cae",
    dataset: Annotated[str, typer.Option(help="Dataset to compare them on.")] = "demo",
    data: DataOption = None,
    results: Annotated[Path | None, typer.Option(help="Folder to keep results in. Default: results/DATASET.")] = None,
    categories: CategoriesOption = "",
    seeds: Annotated[str, typer.Option(help="Repeat every job with these seeds, such as 0,1,2.")] = "0",
    shots: Annotated[int | None, typer.Option(min=2, help="Train on this many seeded normal images only.")] = None,
    calibration: CalibrationOption = 0.1,
    preset: PresetOption = None,
    set_: SettingsOption = None,
    device: DeviceOption = "auto",
    jobs: JobsOption = 1,
    job_timeout: JobTimeoutOption = None,
    dask: DaskOption = None,
    track_epochs: Annotated[
        bool, typer.Option("--track-epochs", help="Score the test set after each epoch, for the oracle table.")
    ] = False,
    keep_models: Annotated[str, typer.Option(help="all or none of the trained models.")] = "all",
    force: Annotated[bool, typer.Option("--force", help="Do finished jobs again.")] = False,
) -> None:
    """Train and test methods on every category, then write report.md and report.csv.

    Run the same command again to go on after a stop: only what is missing is done.

    Exit status: 0 all done, 1 some jobs failed, 2 wrong use, 130 stopped with Ctrl-C.

    Example: python -m benchmarks run --methods differnet,cae --dataset visa --data /data/VisA --seeds 0,1,2
    """
    from benchmarks import plugins
    from benchmarks.commands import run
    from benchmarks.jobs import plan

    names = options.names(methods, "--methods")
    given = plugins.parse_assignments(set_ or [], names)
    if preset:
        plugins.require_preset(preset, names)
    settings = plugins.with_preset(given, preset or plugins.dataset(dataset).preset)
    request = plan.Request(
        choices=[plugins.choose(name, settings[name]) for name in names],
        dataset=dataset,
        root=(data or plan.default_data(dataset)).resolve(),
        results=(results or Path("results") / dataset).resolve(),
        categories=options.names(categories, "--categories") if categories else [],
        seeds=options.seeds(seeds),
        shots=shots,
        calibration=calibration,
        device=options.device(device),
        track_epochs=track_epochs,
        keep_models=options.keep_models(keep_models),
    )
    minutes = options.minutes(job_timeout)
    raise typer.Exit(run.run(request, at_once=jobs, force=force, minutes=minutes, scheduler=dask))


@app.command()
def report(results: ResultsOption) -> None:
    """Write report.md and report.csv again from what is stored in a results folder."""
    from benchmarks.commands import report

    report.run(results.resolve())


@app.command()
def finetune(
    results: ResultsOption,
    method: MethodOption,
    category: CategoryOption,
    seed: SeedOption = None,
    variant: VariantOption = None,
    areas: Annotated[
        str, typer.Option(metavar="START:STOP:STEP", help="Areas to try, pixels, STOP included. Default: 1 px to 5 %.")
    ] = "",
    false_alarms: Annotated[
        float, typer.Option(min=0.0, max=0.99, help="Share of false alarms wanted; 0: as few as can be promised.")
    ] = 0.05,
    area: Annotated[int | None, typer.Option(min=1, help="Give the minimum defect area, pixels; choose none.")] = None,
    tune_on_test: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Choose on this share of the test images, which leave the test set.")
    ] = 0.0,
    data: Annotated[Path | None, typer.Option(help="Folder of the dataset, where it was moved since the run.")] = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw what other choices would do.")] = True,
    apply: Annotated[bool, typer.Option("--apply", help="Let report and predict judge by the chosen point.")] = False,
) -> None:
    """Choose the minimum defect area and the threshold of the anomaly maps of a finished job, and plot what they do.

    Nothing is trained, and no test image chooses unless --tune-on-test asks for it: defects blended into normal images
    do, or a labelled validation split. Held-out normal images set the threshold.

    Example: python -m benchmarks finetune --results results/demo --method cae --category brick --apply
    """
    from benchmarks import trained
    from benchmarks.commands import finetune
    from benchmarks.finetune.evidence import TuningRequest

    if area is not None and tune_on_test:
        raise UsageError("--area and --tune-on-test exclude each other: a given area is not chosen")
    request = TuningRequest(options.areas(areas), false_alarms, area, tune_on_test)
    found = trained.find(results.resolve(), method=method, category=category, seed=seed, variant=variant)
    finetune.run(found, request, data=data and data.resolve(), figures=figures, apply=apply)


@app.command()
def predict(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGES", help="Image files, or folders: all images in and below them.")
    ],
    results: ResultsOption,
    method: MethodOption,
    category: CategoryOption,
    seed: SeedOption = None,
    variant: VariantOption = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts, at full precision, into this table.")
    ] = None,
    overlays: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each image with its defective regions outlined, as PNG.")
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Judge new images by a finished job: a line each, with path, score, threshold, and defective or normal.

    After `finetune --apply`, an image is defective where its anomaly map has, above the threshold, a region of at least
    the minimum defect area; the line then tells the number of regions and the largest area. The score is the highest
    level at which there is such a region, -inf where the whole image is smaller. Without it the method's image score
    decides, at the threshold that held-out normal images set.

    Exit status: 0 whatever the verdicts, 1 some images could not be read (the others are judged), 2 wrong use.

    Example: python -m benchmarks predict --results results/demo --method cae --category brick new/*.png --csv new.csv
    """
    from benchmarks import trained
    from benchmarks.commands import predict

    device = options.device(device)
    found = trained.find(results.resolve(), method=method, category=category, seed=seed, variant=variant)
    raise typer.Exit(predict.run(found, images, table=csv, overlays=overlays, device=device))


@app.command()
def check(
    dataset: Annotated[str, typer.Option(help="Dataset whose layout the folder has.")],
    data: DataOption = None,
    categories: CategoriesOption = "",
) -> None:
    """Say all that can be known of the data before training.

    Exit status: 0 a run would go through, though warnings may still make its numbers wrong, 1 a run would be wrong or
    fail, 2 wrong use.
    """
    from benchmarks.commands import check
    from benchmarks.jobs import plan

    root = (data or plan.default_data(dataset)).resolve()
    raise typer.Exit(check.run(dataset, root, options.names(categories, "--categories") if categories else None))


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help="A method or dataset to show in full. Default: a line for each.")] = "",
) -> None:
    """Show the methods with their settings, and the datasets."""
    from benchmarks.commands import list_

    list_.run(name)


@app.command(hidden=True)
def job(spec: Path, leash: Annotated[bool, typer.Option("--leash")] = False) -> None:
    """Do the one job that a job.json holds; with --leash, end when standard input ends."""
    from benchmarks.jobs import runner

    raise typer.Exit(runner.work(spec, leash=leash))


@app.command(hidden=True)
def probe(method: str, device: str) -> None:
    """Say whether a method can run on a device."""
    from benchmarks import plugins

    plugins.choose(method, {}).method.find_device(device)


@app.command(hidden=True)
def forecast(method: str, device: str) -> None:
    """Print how long jobs of a method take under each of its presets, as JSON.

    Standard input has its changed settings and the numbers of images to fit and to score of each job, as JSON.
    """
    from benchmarks.jobs import forecast
    from methods import Work

    changed, works = json.load(sys.stdin)
    print(json.dumps(forecast.measure(method, changed, [Work(*work) for work in works], device)))


def main() -> None:
    """Run a command; what a user can mend is one sentence and exit status 2."""
    _require_our_packages()
    try:
        app(prog_name="python -m benchmarks")
    except USER_ERRORS as error:
        sys.exit(_refuse(str(error)))
    except Exception as error:
        if not (sentence := refused_here(error)):
            raise
        sys.exit(_refuse(sentence))


def _require_our_packages() -> None:
    """The folder names are generic: another installed package of the same name must not stand in for ours."""
    from importlib.util import find_spec

    here = Path(__file__).resolve().parent.parent
    for name in ("datasets", "methods", "reports"):
        spec = find_spec(name)
        if not (spec and spec.origin and Path(spec.origin).resolve().parent == here / name):
            found = spec.origin if spec else "nothing"
            sys.exit(_refuse(f"the package {name!r} is {found} and not {here / name}: run this from {here}"))


def _refuse(sentence: str) -> int:
    """Say it with nothing more loaded, as memory may have run out; the exit status of wrong use."""
    print(f"benchmarks: {sentence}", file=sys.stderr)
    return 2
