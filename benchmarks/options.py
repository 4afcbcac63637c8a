"""The options that several commands share, and functions that read and check the text of an option."""

import functools
import inspect
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic.fields import FieldInfo

from benchmarks import data_settings
from benchmarks.data_settings import DataSettings
from benchmarks.errors import UsageError
from benchmarks.split import Calibration

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the dataset. Default: $BENCHMARKS_DATA/DATASET or data/DATASET."),
]
FoundDataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the dataset, if it was moved. Default: where the run found it.")
]
CategoriesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--categories",
        "--classes",
        metavar="NAMES",
        help="Categories to use, separated by commas. Can be repeated: then each is one whole name, commas included. "
        "Given once, it is one whole name if there is a category of that name. Default: all.",
    ),
]

DeviceOption = Annotated[
    str, typer.Option(help="Device to compute on: auto (a GPU if there is one), cpu, cuda or cuda:N.")
]
ResultsOption = Annotated[Path, typer.Option(help="Folder with the results of a run, such as results/demo.")]
MethodOption = Annotated[str, typer.Option(help="Method of the finished job.")]
CategoryOption = Annotated[str, typer.Option("--category", "--class", help="Category of the finished job.")]
SeedOption = Annotated[
    int | None, typer.Option(help="Seed of the finished job. Needed if there are several seeds. Default: the only one.")
]
VariantOption = Annotated[
    str | None,
    typer.Option(help="Folder name of the finished job. Needed if there are several settings. Default: the only one."),
]
CalibrationOption = Annotated[
    str,
    typer.Option(
        metavar="SHARE|loo",
        help="Share of the normal training images held out to set the threshold, up to 0.9. 0: none. "
        "loo: none is held out, and all set it, each judged by the others (leave-one-out); for few images, "
        "with methods that can.",
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Schedule of the methods that have one of this name: paper, fast or light. Default: paper; demo: light.",
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="METHOD.FIELD=VALUE",
        help="Change a setting of a method. Can be repeated. Default: the values that `list METHOD` shows.",
    ),
]
JobsOption = Annotated[
    int,
    typer.Option(min=1, help="Number of jobs at once. They share cores and GPUs. With --dask, each worker does one."),
]
JobTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--job-timeout",
        metavar="MINUTES",
        help="Longest time of a job, in minutes. A longer job fails, the others go on. Default: no limit.",
    ),
]
FormsOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMS",
        help="Forms of the report, separated by commas: md, csv, tex, html. Default: all.",
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        help="Your own threshold, which an image must exceed to be called defective. Default: normal images set it."
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Scheduler of a Dask cluster whose workers do the jobs, such as tcp://HOST:8786. Default: this machine.",
    ),
]

DATA_PANEL = "How the data are listed and read"
"""Heading of the options of `DataSettings` in the help of a command."""


def takes_data_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of `DataSettings`. It gets all of them as its `data_settings`."""
    own = inspect.signature(command)
    options = [_option(name, field) for name, field in DataSettings.model_fields.items()]

    @functools.wraps(command)
    def with_settings(**given: Any) -> None:
        texts = {option.name: given.pop(option.name) for option in options}
        command(**given, data_settings=data_settings.asked(texts))

    others = [parameter for name, parameter in own.parameters.items() if name != "data_settings"]
    with_settings.__signature__ = own.replace(parameters=[*others, *options])
    with_settings.__annotations__ = {each.name: each.annotation for each in (*others, *options)}
    return with_settings


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=field.description,
        metavar=field.json_schema_extra["metavar"],
        rich_help_panel=DATA_PANEL,
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[str | None, option])


LARGEST_SHARE = 0.9  # of the training images held out: some must be left to fit on
SEEDS = 2**63  # every library takes the seeds below
DIGITS = 19  # of a whole number, checked before reading: Python refuses numbers of thousands of digits


def names(text: str, option: str) -> list[str]:
    """Read `a,b` as a list of names, each once. Raises UsageError for an empty list."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise UsageError(f"{option}: expected names separated by commas, got {text!r}")
    return list(dict.fromkeys(found))


def categories(given: list[str] | None) -> list[str]:
    """The texts of `--categories`; which names they are, the categories that there are decide. Raises UsageError."""
    for text in given or ():
        names(text, "--categories")
    return given or []


def seeds(text: str) -> list[int]:
    """Read `0,1,2` as whole numbers from 0 to 2**63 - 1, each once. Raises UsageError for anything else."""
    found = names(text, "--seeds")
    if not all(seed.isdecimal() and len(seed) <= DIGITS and int(seed) < SEEDS for seed in found):
        raise UsageError(f"--seeds: expected whole numbers from 0 to 2**63 - 1 separated by commas, got {text!r}")
    return list(dict.fromkeys(int(seed) for seed in found))


def areas(text: str) -> range | None:
    """Read `START:STOP:STEP` as areas in pixels, STOP included; None for an empty text. Raises UsageError."""
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) <= DIGITS for part in parts):
        raise UsageError(f"--areas: expected START:STOP:STEP in pixels, such as 5:1000:5, got {text!r}")
    start, stop, step = map(int, parts)
    if not (0 < start <= stop and step > 0):
        raise UsageError(f"--areas: expected 0 < START <= STOP and a STEP above 0, got {text!r}")
    return range(start, stop + 1, step)


def minutes(limit: float | None) -> float | None:
    """Return the time limit of a job in minutes; None: no limit. Raises UsageError unless above 0 and finite."""
    if limit is not None and not 0 < limit < math.inf:
        raise UsageError(f"--job-timeout: expected minutes above 0, got {limit:g}")
    return limit


def threshold(value: float | None) -> float | None:
    """Return a threshold, if one is given. Raises UsageError unless it is finite."""
    if value is not None and not math.isfinite(value):
        raise UsageError(f"--threshold: expected a finite number, got {value}")
    return value


def device(text: str) -> str:
    """Return `auto`, `cpu`, `cuda` or `cuda:N` unchanged. Raises UsageError for any other text."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise UsageError(f"--device: expected auto, cpu, cuda or cuda:N, got {text!r}")
    return text


def calibration(text: str) -> Calibration:
    """Read a share from 0 to 0.9, or `loo`. Raises UsageError for anything else."""
    if text == "loo":
        return "loo"
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= LARGEST_SHARE:
        raise UsageError(f"--calibration: expected a share from 0 to {LARGEST_SHARE}, or loo, got {text!r}")
    return share


def forms(text: str) -> list[str]:
    """Read `md,csv` as forms of a report; an empty text is all of them. Raises UsageError for an unknown one."""
    from reports.forms import FORMS

    found = names(text, "--format") if text else list(FORMS)
    if unknown := [form for form in found if form not in FORMS]:
        raise UsageError(f"--format: expected {', '.join(FORMS)}, got {unknown[0]!r}")
    return found


def png(text: str) -> Literal["point", "baseline", "none"]:
    """Return the name of a rule unchanged. Raises UsageError for any other text."""
    return one_of(text, ("point", "baseline", "none"), "--png")


def keep_models(text: str) -> bool:
    """True for `all`, False for `none`. Raises UsageError for any other text."""
    return one_of(text, ("all", "none"), "--keep-models") == "all"


def one_of(text: str, known: Sequence[str], option: str) -> str:
    """Return a text unchanged. Raises UsageError unless it is one of those known."""
    if text not in known:
        raise UsageError(f"{option}: expected {', '.join(known[:-1])} or {known[-1]}, got {text!r}")
    return text


def share(value: float, option: str, *, least: float = 0.0, most: float = 1.0) -> float:
    """Return a number unchanged. Raises UsageError unless it is from `least` to `most`."""
    if not least <= value <= most:
        raise UsageError(f"{option}: expected a number from {least:g} to {most:g}, got {value:g}")
    return value


def shares(text: str, option: str, *, count: int) -> list[float]:
    """Read `0.6,0.2,0.2` as so many shares that add up to 1. Raises UsageError for anything else."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not all(0 <= each <= 1 for each in found) or abs(sum(found) - 1) > 1e-6:
        raise UsageError(f"{option}: expected {count} shares that add up to 1, separated by commas, got {text!r}")
    return found
