"""The command `submit`: make and check the files that a benchmark server takes."""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from benchmarks import images
from benchmarks.console import err, out, say
from benchmarks.errors import UsageError
from benchmarks.submission import check, files, making
from benchmarks.submission.making import Task

PIXEL_BYTES = 2  # of a float16 value


def run(tasks: Sequence[Task], to: Path, *, overwrite: bool, device: str) -> int:
    """Make what is missing, then check everything. Return 1 if the server would refuse the files, else 0."""
    left = [(task, task.left(overwrite=overwrite)) for task in tasks]
    _require_room(to, sum(_map_bytes(task, targets) for task, targets in left))
    with Progress(console=err, transient=True) as bars:
        for task, targets in left:
            say(f"{task.category}: {len(task.targets)} images, {len(targets)} maps to make")
            if targets:
                _make(task, targets, device, bars)
        problems = _check(tasks[0], to, bars)
    for problem in problems:
        say(f"problem: {problem}", on=out)
    say(_outcome(to, len(problems)), on=out)
    return 1 if problems else 0


def _make(task: Task, targets: Sequence[files.Target], device: str, bars: Progress) -> None:
    bar = bars.add_task(task.category, total=len(targets))
    clipped = making.make(task, targets, device=device, advance=lambda done, of: bars.update(bar, completed=done))
    if clipped:
        say(f"{task.category}: {clipped} pixels lie outside the range of float16 and got its limit, {files.LARGEST:g}")


def _check(task: Task, to: Path, bars: Progress) -> list[str]:
    bar = bars.add_task("checking", total=None)

    def advance(done: int, of: int) -> None:
        bars.update(bar, completed=done, total=of)

    return list(check.problems(to, task.source, binary=task.rule != "none", advance=advance))


def _map_bytes(task: Task, targets: Sequence[files.Target]) -> int:
    sizes = (images.image_size(target.image, task.source.reading) for target in targets)
    return PIXEL_BYTES * sum(height * width for height, width in sizes)


def _require_room(to: Path, needed: int) -> None:
    """Raise UsageError if the disk has no room for the maps. The PNG files are small beside them."""
    existing = next(folder for folder in (to, *to.parents) if folder.exists())
    if (free := shutil.disk_usage(existing).free) < needed:
        raise UsageError(
            f"--to {to}: the maps take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free: name a folder with room"
        )


def _outcome(to: Path, problems: int) -> str:
    if problems:
        return f"{problems} problems: the server would refuse the files in {to}"
    packed = f"tar -czf {shlex.quote(to.name)}.tar.gz -C {shlex.quote(str(to.parent))} {shlex.quote(to.name)}"
    return f"nothing wrong found in {to}; pack it for the upload with: {packed}"
