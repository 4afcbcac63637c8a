"""Where a job's files lie in a results folder, `jobs/METHOD/CATEGORY/seed-N-VARIANT`, and what they are called."""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from benchmarks import fingerprint
from reports.results import Cell

JOBS = "jobs"

JOB = "job.json"
"""What its process is told to do."""
LOG = "log.txt"
RESULT, FAILURE = "result.json", "failure.json"
ASIDE = "result.json.damaged"
"""What a damaged result is renamed to before its job is done again."""
CURVES = "curves"
"""Name of the figure of its training, without the ending."""
MODEL, FRESH_MODEL = "model", "model.new"
"""The model of the result, and one whose result is not stored yet."""
POINT, MAPS, TUNED = "operating_point.json", "maps", "finetune"
"""What is made of a trained model; it goes when the model does."""
KEY = "key"
"""The file that says whose a model is, or whose maps are, in the folder of either."""
WORKING = ".worker-"
"""How the folder begins that a worker of a cluster makes in a job's folder, where it sees that."""

LONGEST_NAME = 200
"""Characters of a folder's name: file systems take 255 bytes, and some programs add to it."""


def of_cell(results: Path, cell: Cell) -> Path:
    """Where a cell's files lie: always inside `results`, whatever the category is called."""
    variant = fingerprint.of_json([cell.dataset, cell.settings, cell.shots, cell.calibration])[:8]
    return of_category(results, cell.method, cell.category) / f"seed-{cell.seed}-{variant}"


def of_category(results: Path, method: str, category: str) -> Path:
    """The folder of a category's jobs with a method."""
    return results / JOBS / method / _quoted(category)


def all_in(results: Path) -> list[Path]:
    """Every job's folder, in a stable order."""
    return sorted((results / JOBS).glob("*/*/*/"))


def methods(results: Path) -> list[str]:
    """The methods whose jobs have folders."""
    return [folder.name for folder in (results / JOBS).glob("*")]


def categories(results: Path, method: str) -> list[str]:
    """The categories whose jobs with a method have folders."""
    return [unquote(folder.name) for folder in (results / JOBS / method).iterdir()]


def results_of(folder: Path) -> Path:
    """The results folder that a job's folder lies in."""
    return folder.parents[3]


def category(folder: Path) -> str:
    """The category of a job's folder; a long one is cut and ends with its digest."""
    return unquote(folder.parent.name)


def seed(folder: Path) -> int | None:
    """The seed of a job's folder; None where it is not called as one."""
    name = _name(folder)
    return name and int(name["seed"])


def of_same_variant(folder: Path) -> list[Path]:
    """The folders of a job's method and variant, of any category and seed; none where it is not called as a job's."""
    name = _name(folder)
    return sorted(folder.parents[1].glob(f"*/seed-*-{name['variant']}")) if name else []


def _name(folder: Path) -> re.Match | None:
    return re.fullmatch(r"seed-(?P<seed>\d+)-(?P<variant>[0-9a-f]+)", folder.name)


def _quoted(category: str) -> str:
    """A name for the folder of a category, of what every file system takes; a long one ends with a digest."""
    name = quote(category, safe=" ").replace(".", "%2E")
    if len(name) <= LONGEST_NAME:
        return name
    whole = re.sub("%.?$", "", name[:LONGEST_NAME])  # no half of a quoted byte at the end
    return f"{whole}-{fingerprint.of_json(category)[:8]}"
