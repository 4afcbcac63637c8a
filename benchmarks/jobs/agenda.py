"""What runs planned in a results folder: which jobs, and the command that goes on with them."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.console import say
from benchmarks.jobs.plan import Job
from benchmarks.marks import PLAN
from reports.files import write_text
from reports.rows import Unfinished

REPEATING = "--force"
"""An option that does finished jobs again, so that it is left out of the command that goes on."""


class Run(BaseModel):
    """The jobs that one command planned and no later one has planned again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    """Empty: not known, as a program planned them."""
    jobs: dict[str, str]
    """Key of each job, by its folder inside the results folder, with forward slashes."""


class Agenda(BaseModel):
    """All that was planned in a results folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: list[Run] = []


def command(arguments: Sequence[str]) -> str:
    """The command line that goes on with a run, from `sys.argv[1:]`; empty if these are of no run."""
    if arguments[:1] != ["run"]:
        return ""
    return shlex.join(["python", "-m", "benchmarks", *(word for word in arguments if word != REPEATING)])


def add(results: Path, jobs: Iterable[Job], command: str) -> None:
    """Store what a run plans, beside what earlier ones planned and this one does not."""
    planned = {job.folder.relative_to(results).as_posix(): job.key for job in jobs}
    earlier = [
        Run(command=run.command, jobs={folder: key for folder, key in run.jobs.items() if folder not in planned})
        for run in read(results).runs
    ]
    agenda = Agenda(runs=[*(run for run in earlier if run.jobs), Run(command=command, jobs=planned)])
    write_text(results / PLAN, agenda.model_dump_json(indent=1) + "\n")


def read(results: Path) -> Agenda:
    """The stored plan; empty if there is none. A damaged one is named and counts as none."""
    try:
        return Agenda.model_validate_json((results / PLAN).read_bytes())
    except FileNotFoundError:
        return Agenda()
    except (OSError, ValidationError) as error:
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else "is damaged"
        say(f"left out: {results / PLAN} {why}: planned jobs are not counted; run again to write it anew")
        return Agenda()


def unfinished(results: Path, ended: Mapping[str, str]) -> list[Unfinished]:
    """What was planned and has neither result nor failure, by command. `ended`: key of each that has, by folder.

    A result of another key, of other data or code, does not count. A failure without a key does.
    """
    left = [
        Unfinished(run.command, [folder for folder, key in run.jobs.items() if ended.get(folder) not in (key, "")])
        for run in read(results).runs
    ]
    return [each for each in left if each.jobs]
