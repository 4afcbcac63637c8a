"""The group of all commands: what it says where one is stopped, or where a plugin fails."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from benchmarks import plugin_faults
from benchmarks.errors import STOPPED, USER_ERRORS
from benchmarks.jobs.failures import refused_here


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
