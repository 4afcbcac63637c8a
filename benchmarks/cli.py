"""The commands: run, report, finetune, predict, submit, check, list; and the group make."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from benchmarks import caches, downloads, making_cli, options, plugin_faults
from benchmarks.data_settings import DataSettings
from benchmarks.errors import STOPPED, USER_ERRORS, UsageError
from benchmarks.given import Command
from benchmarks.jobs.determinism import WINDOWLESS
from benchmarks.jobs.failures import refused_here
from benchmarks.options import (
    CalibrationOption,
    CategoriesOption,
    CategoryOption,
    DaskOption,
    DataOption,
    DeviceOption,
    FoundDataOption,
    JobsOption,
    JobTimeoutOption,
    MethodOption,
    PresetOption,
    ResultsOption,
    SeedOption,
    SettingsOption,
    ThresholdOption,
    VariantOption,
)
from reports.printable import printable


class Commands(TyperGroup):
    """The group of commands. A `run` that is stopped before its jobs begin, or a `make`, says how to go on.
    What the code of a plugin raises is a sentence that names its file, except in a job, whose log keeps the traceback.
    """

    def invoke(self, context: typer.Context) -> Any:
        try:
            return super().invoke(context)
        except (*USER_ERRORS, OSError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            if context.invoked_subcommand == "job" or refused_here(error) or not (fault := plugin_faults.blamed(error)):
                raise
            raise fault from error
        except KeyboardInterrupt:
            if context.invoked_subcommand in ("run", "make"):
                print(STOPPED, file=sys.stderr)
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Compare visual anomaly detection methods on the same images.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(making_cli.app, name="make")


@app.command(cls=Command)
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
    *,
    data_settings: DataSettings,
) -> None:
    """Train and test methods on every category, then write report.md and report.csv.

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
    minutes = options.minutes(job_timeout)
    command = agenda.command(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # batch systems and containers stop a run as Ctrl-C does
    raise typer.Exit(run.run(wanted, at_once=jobs, force=force, minutes=minutes, scheduler=dask, command=command))


@app.command(cls=Command)
def report(
    results: Annotated[
        list[Path],
        typer.Option(help="Folder with the results of a run, such as results/demo. Repeat it to merge several."),
    ],
    format_: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMS", help="Forms to write, separated by commas: md, csv, tex, html. Default: all."
        ),
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for the report. Default: the results folder, or its subfolder merged in the first of several.",
        ),
    ] = None,
) -> None:
    """Write the report again from the results in a folder: report.md, report.csv, defects.csv, verdicts.csv,
    scores.csv and report.tex.

    Several folders are merged into one report. It says what differs between them. A job that two of them have with
    other numbers is refused.

    Exit status: 0 all forms are written, 1 some could not be written (the others are), 2 wrong use.

    Example: python -m benchmarks report --results results/demo --format md,csv
    """
    from benchmarks.commands import report

    folders = [folder.resolve() for folder in results]
    raise typer.Exit(report.run(folders, to=to and to.resolve(), wanted=options.forms(format_)))


@app.command(cls=Command)
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
    folder, wish = results.resolve(), finetune.Wish(figures, apply, force)
    found = trained.of_all_seeds(folder, **place) if all_seeds else [trained.find(folder, **place, seed=seed)]
    raise typer.Exit(finetune.run_all(found, request, wish, data=data and data.resolve()))


@app.command(cls=Command)
def predict(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGES", help="Image files, or folders with images at any depth.")
    ],
    results: ResultsOption,
    method: MethodOption,
    category: CategoryOption,
    seed: SeedOption = None,
    variant: VariantOption = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file for the verdicts at full precision. Default: none.")
    ] = None,
    overlays: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for PNG images: image, heat map and outlines side by side, with the verdict, and the truth "
            "where it is known; and for contact sheets of all. Default: none.",
        ),
    ] = None,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for anomaly maps at the size of each image: float32 TIFF, and the same in colours as PNG. "
            "Default: none.",
        ),
    ] = None,
    threshold: ThresholdOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Judge new images with a finished job. Print path, score, threshold and verdict of each image on one line.

    After `finetune --apply`, an image is defective if its anomaly map has a region above the threshold of at least the
    minimum defect area. The line then also gives the number of such regions and the largest area. The score is the
    highest level at which such a region exists. It is -inf if the whole image is smaller than that area.

    Without an applied point, an image is defective if the method's image score exceeds the threshold. Held-out normal
    images set that threshold or, after run --calibration loo, the training images, each judged by the others.

    A size, aspect ratio, colour mode or brightness that training never saw is named at the end, and in the column
    `reason` of the table: such a score may mean nothing.

    The table grows line by line. A file that was not written by this program is never overwritten.

    Exit status: 0 all images were judged, 1 some images could not be read, or files not written (the others are
    judged and written), 2 wrong use.

    Example: python -m benchmarks predict --results results/demo --method cae --category brick new/*.png --csv new.csv
    """
    from benchmarks import trained
    from benchmarks.commands import predict
    from benchmarks.prediction.outputs import Outputs

    device, given = options.device(device), options.threshold(threshold)
    outputs = Outputs(csv, overlays, maps)
    found = trained.find(results.resolve(), method=method, category=category, seed=seed, variant=variant)
    raise typer.Exit(predict.run(found, images, outputs, device=device, threshold=given))


@app.command(cls=Command)
def submit(
    results: ResultsOption,
    method: MethodOption,
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the files of the submission. It holds nothing else.")
    ],
    seed: SeedOption = None,
    variant: VariantOption = None,
    data: FoundDataOption = None,
    png: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="Which pixels are 255 in the PNG files. point: those of regions that the applied operating point "
            "calls defective. baseline: those above the mean and 3 standard deviations of the pixels of held-out "
            "normal images. none: no PNG files.",
        ),
    ] = "point",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make existing files again. Default: off.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Make the files that the benchmark server of MVTec AD 2 takes, and check them.

    For every image without a label, of each category that has a finished job, the anomaly map is written as a float16
    TIFF, and a thresholded map as PNG beside it. The same command makes only what is missing, then checks everything.

    Exit status: 0 nothing wrong was found, 1 the server would refuse the files, 2 wrong use.

    Example: python -m benchmarks submit --results results/mvtec_ad2 --method patchcore --to submission
    """
    from benchmarks.commands import submit
    from benchmarks.submission import making

    found = making.finished(results.resolve(), method=method, seed=seed, variant=variant)
    place = to.resolve()
    tasks = making.tasks(found, place, rule=options.png(png), data=data and data.resolve())
    raise typer.Exit(submit.run(tasks, place, overwrite=overwrite, device=options.device(device)))


@app.command(cls=Command)
@options.takes_data_settings
def check(
    dataset: Annotated[str, typer.Option(help="Dataset to check; it defines the layout of the folder.")],
    data: DataOption = None,
    categories: CategoriesOption = None,
    write_manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV file for a line on each image: split, label, masks, group and category. Read it with --dataset "
            "manifest. Default: none.",
        ),
    ] = None,
    *,
    data_settings: DataSettings,
) -> None:
    """Check the data before training: counts, unreadable files, masks, image sizes, duplicates.

    Exit status: 0 a run would go through (warnings may still make its numbers wrong), 1 a run would fail or be wrong,
    2 wrong use.

    Example: python -m benchmarks check --dataset visa --data /data/VisA
    """
    from benchmarks.commands import check
    from benchmarks.jobs import plan
    from benchmarks.source import Source

    source = Source.named(dataset, (data or plan.default_data(dataset)).resolve(), data_settings)
    raise typer.Exit(check.run(source, options.categories(categories), write_manifest and write_manifest.resolve()))


@app.command("list", cls=Command)
def list_(
    name: Annotated[str, typer.Argument(help="Method or dataset to show in full. Default: all, in brief.")] = "",
) -> None:
    """List the methods and the datasets. With a name, explain one: a method with its settings, a dataset's layout.

    Exit status: 0 all can be loaded, 1 some cannot (they are named), 2 wrong use.

    Example: python -m benchmarks list differnet
    """
    from benchmarks.commands import list_

    raise typer.Exit(list_.run(name))


@app.command(hidden=True)
def job(spec: Path, leash: Annotated[bool, typer.Option("--leash")] = False) -> None:
    """Do the job that a job.json describes. With --leash, end when standard input ends."""
    from benchmarks.jobs import runner

    status = runner.work(spec, leash=leash)
    if leash:  # the result is stored: nothing that a library left behind, such as a thread, delays or spoils the end
        sys.stdout.flush()
        sys.stderr.flush()
        caches.remove()
        os._exit(status)
    raise typer.Exit(status)


@app.command(hidden=True)
def probe(method: str, device: str) -> None:
    """End with an error if a method cannot run on a device."""
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
    """Run a command. An error that the user can mend becomes one sentence and exit status 2."""
    _require_utf8()
    if sys.flags.optimize > 1:
        sys.exit(_refuse("help and lists are docstrings, which PYTHONOPTIMIZE=2 or -OO takes away: leave it out"))
    _require_our_packages()
    os.environ.update(WINDOWLESS)
    downloads.show(downloads.Said())
    caches.provide()
    try:
        app(prog_name="python -m benchmarks")
    except USER_ERRORS as error:
        sys.exit(_refuse(str(error)))
    except Exception as error:
        if not (sentence := refused_here(error)):
            raise
        sys.exit(_refuse(sentence))


def _require_utf8() -> None:
    """Start again in UTF-8 mode where file names are read otherwise, as PYTHONUTF8=0 with LC_ALL=C asks for.

    Results store names as UTF-8: a name that was decoded otherwise is damaged, or taken for no text at all.
    """
    if sys.getfilesystemencoding() == "utf-8":
        return
    if os.environ.get("PYTHONUTF8") == "1":  # it was started with -X utf8=0
        sys.exit(_refuse(f"file names are read as {sys.getfilesystemencoding()}, expected UTF-8: leave out -X utf8=0"))
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _require_our_packages() -> None:
    """Refuse to run if another package is imported in place of `datasets`, `methods` or `reports`.

    These names are generic, so an installed package may have the same one.
    """
    from importlib.util import find_spec

    here = Path(__file__).resolve().parent.parent
    for name in ("datasets", "methods", "reports"):
        spec = find_spec(name)
        if not (spec and spec.origin and Path(spec.origin).resolve().parent == here / name):
            found = spec.origin if spec else "nothing"
            sys.exit(_refuse(f"expected the package {name!r} in {here / name}, found {found}: run this in {here}"))


def _refuse(sentence: str) -> int:
    """Print a sentence and return the exit status of wrong use.

    Nothing more is loaded for that, as memory may have run out.
    """
    print(f"benchmarks: {printable(sentence)}", file=sys.stderr)
    return 2
