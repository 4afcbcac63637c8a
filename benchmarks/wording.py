"""Sentences for users of Python: they name parameters and functions where the command line has options and commands."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from benchmarks.errors import USER_ERRORS

RENAMED = {"set": "settings"}
"""Parameters that have another name than their option."""
FLAGS = ("force", "track-epochs")
"""Options without a value."""
VALUE = r"(?:all|none|loo|kept|ignore|paper|fast|light|auto|cpu|cuda(?::\d+)?|\d[\w.:]*|[A-Z]+(?::[A-Z]+)?)(?![\w-])"
"""What follows an option as its value, and not as the next word of the sentence."""
OPTION = rf"--[a-z][\w-]*(?: {VALUE})?"
Answer = TypeVar("Answer")


def in_python(sentence: str) -> str:
    """A sentence with parameters in place of options, and calls in place of commands.

    >>> in_python("no model was kept; train it again with: run --keep-models all --force")
    'no model was kept; train it again with: benchmarks.run(keep_models=all, force=True)'
    >>> in_python("--results kept: choose one with --seed or --variant")
    'results=kept: choose one with seed or variant'
    """
    sentence = re.sub(r"python -m benchmarks (\w+)", r"benchmarks.\1(...)", sentence)
    sentence = re.sub(rf"\brun((?: {OPTION})+)", _call, sentence)
    sentence = re.sub(r"^--([a-z][\w-]*) (.*?): ", lambda found: f"{_name(found[1])}={found[2]}: ", sentence)
    return re.sub(OPTION, _parameter, sentence)


@contextmanager
def speaking_python() -> Iterator[None]:
    """Errors that a user can mend name parameters, not options."""
    try:
        yield
    except USER_ERRORS as error:
        raise type(error)(in_python(str(error))) from None


class SpeakingPython(Iterator, Generic[Answer]):
    """The answers of an iterator. Its errors name parameters, and it goes on after one if the iterator does."""

    def __init__(self, answers: Iterator[Answer]):
        self.answers = answers

    def __next__(self) -> Answer:
        with speaking_python():
            return next(self.answers)


def _name(option: str) -> str:
    return RENAMED.get(option, option.replace("-", "_"))


def _parameter(found: re.Match) -> str:
    """`page=all`, `force=True` or, without a value, `page`."""
    option, value = re.fullmatch(r"--([\w-]+)(?: (.+))?", found[0]).groups()
    if option in FLAGS:
        return f"{_name(option)}=True{f' {value}' if value else ''}"
    return f"{_name(option)}={value}" if value else _name(option)


def _call(found: re.Match) -> str:
    parameters = (_parameter(option) for option in re.finditer(OPTION, found[1]))
    return f"benchmarks.run({', '.join(each if '=' in each else f'{each}=...' for each in parameters)})"
