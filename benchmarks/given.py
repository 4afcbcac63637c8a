"""What a user gives a command: no text is empty, and of an option that is given twice it is said what counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from benchmarks.console import say
from benchmarks.errors import UsageError

Parameter = TyperOption | TyperArgument


class Command(TyperCommand):
    """A command that refuses empty texts: a path of none is the working directory, a scheduler of none is no cluster.

    An empty text is mostly a shell variable that is not set.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in dict.fromkeys(order):
            _require_text(parameter, given.get(parameter.name))
        _say_repeated(given, order)
        return super().parse_args(ctx, args)


def _require_text(parameter: Parameter, value: Any) -> None:
    values = value if isinstance(value, list | tuple) else [value]
    if "" in values:
        name = parameter.opts[0] if isinstance(parameter, TyperOption) else parameter.metavar or parameter.name
        raise UsageError(f"{name}: expected a value, got an empty text; is a variable of the shell not set?")


def _say_repeated(given: Mapping[str, Any], order: Sequence[Parameter]) -> None:
    for parameter in dict.fromkeys(order):
        alone = isinstance(parameter, TyperOption) and not parameter.multiple and not parameter.is_flag
        if alone and (times := order.count(parameter)) > 1:
            counts = given[parameter.name]
            say(f"{parameter.opts[0]}: given {times} times, the last one counts: {counts}", style="yellow")
