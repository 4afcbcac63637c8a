"""The command line. Each command has its options in a file of its name; what it needs is imported when it runs."""

import os
import sys

import typer

from benchmarks import caches, downloads
from benchmarks.cli import make
from benchmarks.cli.check import check
from benchmarks.cli.finetune import finetune
from benchmarks.cli.group import Commands
from benchmarks.cli.hidden import forecast, job, probe
from benchmarks.cli.list_ import list_
from benchmarks.cli.predict import predict
from benchmarks.cli.report import report
from benchmarks.cli.run import run
from benchmarks.cli.start import refuse, require_our_packages, require_utf8, written_out
from benchmarks.cli.submit import submit
from benchmarks.errors import USER_ERRORS
from benchmarks.given import Command
from benchmarks.jobs.determinism import WINDOWLESS
from benchmarks.jobs.failures import refused_here

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Compare visual anomaly detection methods on the same images.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (run, report, finetune, predict, submit, check):
    app.command(cls=Command)(command)
app.command("list", cls=Command)(list_)
for command in (job, probe, forecast):
    app.command(hidden=True)(command)
app.add_typer(make.app, name="make")


def main() -> None:
    """Run a command. An error that the user can mend becomes one sentence and exit status 2."""
    require_utf8()
    if sys.flags.optimize > 1:
        sys.exit(refuse("help and lists are docstrings, which PYTHONOPTIMIZE=2 or -OO takes away: leave it out"))
    require_our_packages()
    os.environ.update(WINDOWLESS)
    downloads.show(downloads.Said())
    caches.provide()
    try:
        with written_out():
            app(prog_name="python -m benchmarks")
    except USER_ERRORS as error:
        sys.exit(refuse(str(error)))
    except Exception as error:
        if not (sentence := refused_here(error)):
            raise
        sys.exit(refuse(sentence))
