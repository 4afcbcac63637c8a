"""Names of a job's files, and of its folder in a results folder: `jobs/METHOD/CATEGORY/seed-N-VARIANT`."""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from benchmarks import fingerprint
from reports.results import Cell

JOBS = "jobs"
DIGESTS = "digests.json"
"""Digests of image files, so that unchanged ones are not read again."""
PLAN = "plan.json"
"""What runs planned in a results folder."""

JOB = "job.json"
"""The description of the job that its process reads."""
LOG = "log.txt"
"""Standard error of the job's process."""
RESULT, FAILURE = "result.json", "failure.json"
ASIDE = "result.json.damaged"
"""New name of a damaged result, given before its job is done again."""
CURVES = "curves"
"""Name of the figure of the training, without extension."""
MODEL, FRESH_MODEL = "model", "model.new"
"""Folders of the model of the result, and of a model whose result is not stored yet."""
POINT, MAPS, TUNED = "operating_point.json", "maps", "finetune"
"""Files and folders made from a trained model. They are deleted with it."""
KEY = "key"
"""File in a folder of a model or of maps; it holds the key of the result that they belong to."""
WORKING = ".worker-"
"""Start of the name of the folder that a worker of a cluster makes inside a job's folder, if it can see that."""
FIGURES = (f"{CURVES}.png", f"{TUNED}/6_rates_by_minimum_area.png", f"{TUNED}/8_sample_of_images.png")
"""The figures of a job that its report links to."""
MERGED = "merged"
"""Folder in a results folder for the report of several."""

LONGEST_NAME = 200
"""Most characters of a folder's name. File systems allow 255 bytes, and some programs append to a name."""


def of_cell(results: Path, cell: Cell) -> Path:
    """The folder of a cell's files. It is always inside `results`, whatever the name of the category."""
    told = [cell.data_settings] if cell.data_settings else []
    variant = fingerprint.of_json([cell.dataset, cell.settings, cell.shots, cell.calibration, *told])[:8]
    return of_category(results, cell.method, cell.category) / f"seed-{cell.seed}-{variant}"


def of_category(results: Path, method: str, category: str) -> Path:
    """The folder of all jobs of a method on a category."""
    return results / JOBS / method / _quoted(category)


def all_in(results: Path) -> list[Path]:
    """The folders of all jobs, in a stable order."""
    return sorted((results / JOBS).glob("*/*/*/"))


def other_than_results(results: Path) -> str | None:
    """What a folder holds that has neither jobs nor a plan; None for a results folder, or an empty one."""
    names = sorted(file.name for file in results.iterdir() if not file.name.startswith("."))
    return None if {JOBS, PLAN} & {*names} else next((name for name in names if name != DIGESTS), None)


def figures(folder: Path) -> list[Path]:
    """The figures of a job that a report links to."""
    return [folder / name for name in FIGURES if (folder / name).is_file()]


def methods(results: Path) -> list[str]:
    """The methods that have folders of jobs."""
    return [folder.name for folder in (results / JOBS).glob("*")]


def categories(results: Path, method: str) -> list[str]:
    """The categories for which a method has folders of jobs. Raises FileNotFoundError if it has none at all."""
    return [unquote(folder.name) for folder in (results / JOBS / method).iterdir()]


def results_of(folder: Path) -> Path:
    """The results folder that contains a job's folder."""
    return folder.parents[3]


def category(folder: Path) -> str:
    """The category of a job's folder. A long name is cut and ends with its digest."""
    return unquote(folder.parent.name)


def seed(folder: Path) -> int | None:
    """The seed of a job's folder; None if its name is not that of a job's folder."""
    name = _name(folder)
    return name and int(name["seed"])


def of_same_variant(folder: Path) -> list[Path]:
    """The folders with the same method and variant as a job's folder, of any category and seed.

    Empty if the name of `folder` is not that of a job's folder.
    """
    name = _name(folder)
    return sorted(folder.parents[1].glob(f"*/seed-*-{name['variant']}")) if name else []


def _name(folder: Path) -> re.Match | None:
    return re.fullmatch(r"seed-(?P<seed>\d+)-(?P<variant>[0-9a-f]+)", folder.name)


def _quoted(category: str) -> str:
    """The name of a category's folder, in characters that every file system allows. A long one ends with a digest."""
    name = quote(category, safe=" ").replace(".", "%2E")
    if len(name) <= LONGEST_NAME:
        return name
    whole = re.sub("%.?$", "", name[:LONGEST_NAME])  # do not end within a quoted byte
    return f"{whole}-{fingerprint.of_json(category)[:8]}"
