"""The names by which a folder of results is known, wherever it lies."""

from pathlib import Path

JOBS = "jobs"
PLAN = "plan.json"
"""What runs planned in a results folder."""
DIGESTS = "digests.json"
"""Digests of the files that were planned."""
LOCK = ".lock"
"""Held by the run that is at work."""


def is_results(folder: Path) -> bool:
    """Whether a folder is one of results, or holds some, as `results` holds `results/DATASET`."""
    try:
        return any(map(_is_one, [folder, *folder.glob("*/")]))
    except OSError:
        return False  # what cannot be listed is told where it is read


def _is_one(folder: Path) -> bool:
    """The folder of jobs is there from the begin of the first run, with one of the files."""
    return (folder / JOBS).is_dir() and any((folder / name).is_file() for name in (PLAN, DIGESTS, LOCK))


def other_than_results(results: Path) -> str | None:
    """What a folder holds that has neither jobs nor a plan; None for a results folder, or an empty one."""
    names = sorted(file.name for file in results.iterdir() if not file.name.startswith("."))
    return None if {JOBS, PLAN} & {*names} else next((name for name in names if name != DIGESTS), None)
