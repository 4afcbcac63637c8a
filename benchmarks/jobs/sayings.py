"""What a plugin says of itself beside its scores, bounded. After a training, a fault there costs what it says alone."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from benchmarks import plugin_faults
from methods import Method, MethodError
from reports.results import Curve

MOST_REMARKS, LONGEST_REMARK = 100, 2_000
MOST_CURVES, MOST_POINTS = 20, 10_000
CUT = " ... (cut)"
Said = TypeVar("Said")


class AfterFit:
    """What a fitted method says of itself; `faults` says of which of it nothing is known, and why."""

    def __init__(self, method: Method):
        self.method = method
        self.faults: list[str] = []
        self.curves = self._asked("curves", lambda given: [_curve(each) for each in _few(given, MOST_CURVES)], [])
        self.why_no_seconds = self._asked("why_no_seconds", lambda given: given and bounded([given])[0], None)
        self.remarks = self._asked("remarks", bounded, [])

    def _asked(self, hook: str, read: Callable[..., Said], nothing: Said) -> Said:
        try:
            return read(getattr(self.method, hook)())
        except Exception as error:  # the code of a plugin may raise anything
            self.faults.append(f"{hook} of {type(self.method).__name__} failed: {plugin_faults.in_words(error)}")
            return nothing


def bounded(remarks: Iterable[str]) -> list[str]:
    """Remarks as they are, but for those too long or too many, which are cut: then the last remark says so.

    Raises MethodError where they are no texts.
    """
    if isinstance(remarks, str) or not isinstance(remarks, Iterable):
        raise MethodError(f"expected several remarks, got {type(remarks).__name__}")
    found = list(islice(remarks, MOST_REMARKS + 1))
    if wrong := [each for each in found if not isinstance(each, str)]:
        raise MethodError(f"expected remarks that are texts, got {type(wrong[0]).__name__}")
    kept = [each if len(each) <= LONGEST_REMARK else each[:LONGEST_REMARK] + CUT for each in found[:MOST_REMARKS]]
    return (
        kept if len(found) == len(kept) else [*kept, f"further remarks are left out: at most {MOST_REMARKS} are kept"]
    )


def score_rule(method: Method) -> str:
    """How a method computes its score, in a phrase. Raises MethodError where that is no text."""
    rule = method.score_rule()
    if not isinstance(rule, str):
        raise MethodError(f"{type(method).__name__}: expected a text as its score rule, got {type(rule).__name__}")
    return bounded([rule])[0]


def _few(given: Iterable, most: int) -> list:
    found = list(islice(given, most + 1))
    if len(found) > most:
        raise MethodError(f"expected at most {most}, got more")
    return found


def _curve(given: object) -> Curve:
    told = given._asdict()
    return Curve(**told | {"points": _few(told["points"], MOST_POINTS)})
