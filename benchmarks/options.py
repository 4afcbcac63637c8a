"""What the options of the commands are called and how their texts are read."""

import math
import re
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.errors import UsageError

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the dataset. Default: $BENCHMARKS_DATA/DATASET or data/DATASET."),
]
CategoriesOption = Annotated[
    str, typer.Option("--categories", "--classes", help="Only these, separated by commas. Default: all.")
]

DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
ResultsOption = Annotated[Path, typer.Option(help="Folder of a run's results, such as results/demo.")]
MethodOption = Annotated[str, typer.Option(help="Method of the finished job.")]
CategoryOption = Annotated[str, typer.Option("--category", "--class", help="Category of the finished job.")]
SeedOption = Annotated[int | None, typer.Option(help="Its seed, where there are several.")]
VariantOption = Annotated[str | None, typer.Option(help="The name of its folder, where its settings vary.")]
CalibrationOption = Annotated[
    float,
    typer.Option(min=0.0, max=0.9, help="Share of the normal training images kept to set the threshold; 0: none."),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Schedule of the methods that have one of this name: paper, fast or light. Default: paper; demo: light.",
    ),
]
SettingsOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="METHOD.FIELD=VALUE", help="Change a setting; repeatable.")
]
JobsOption = Annotated[
    int,
    typer.Option(min=1, help="Jobs at once; they divide the cores, and the GPUs. With --dask: one on each worker."),
]
JobTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--job-timeout", metavar="MINUTES", help="End a job that takes longer; the others go on. Default: no limit."
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Do the jobs on the workers of this Dask cluster, such as tcp://HOST:8786."
    ),
]

SEEDS = 2**63  # those that every library takes
SEED_DIGITS = 19  # Python refuses to read numbers of thousands of digits


def names(text: str, option: str) -> list[str]:
    """`a,b` as a list, each name once."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise UsageError(f"{option}: expected names separated by commas, got {text!r}")
    return list(dict.fromkeys(found))


def seeds(text: str) -> list[int]:
    """`0,1,2` as whole numbers below 2**63, each once."""
    found = names(text, "--seeds")
    if not all(seed.isdecimal() and len(seed) <= SEED_DIGITS and int(seed) < SEEDS for seed in found):
        raise UsageError(f"--seeds: expected whole numbers from 0 to 2**63 - 1 separated by commas, got {text!r}")
    return list(dict.fromkeys(int(seed) for seed in found))


def areas(text: str) -> list[int] | None:
    """`START:STOP:STEP`, STOP included, as whole numbers of pixels; None where nothing is said."""
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise UsageError(f"--areas: expected START:STOP:STEP in pixels, such as 5:1000:5, got {text!r}")
    start, stop, step = map(int, parts)
    if not (0 < start <= stop and step > 0):
        raise UsageError(f"--areas: expected 0 < START <= STOP and a STEP above 0, got {text!r}")
    return list(range(start, stop + 1, step))


def minutes(limit: float | None) -> float | None:
    """A time above 0 as it is, None: no limit."""
    if limit is not None and not 0 < limit < math.inf:
        raise UsageError(f"--job-timeout: expected minutes above 0, got {limit:g}")
    return limit


def device(text: str) -> str:
    """`auto`, `cpu`, `cuda` or `cuda:N`, as it is."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise UsageError(f"--device: expected auto, cpu, cuda or cuda:N, got {text!r}")
    return text


def keep_models(text: str) -> bool:
    """`all` or `none`."""
    if text not in ("all", "none"):
        raise UsageError(f"--keep-models: expected all or none, got {text!r}")
    return text == "all"
