"""What casts doubt on a result, as flat rows: who set its threshold, whether the promise held, odd training images."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.evaluation import decision, promise
from benchmarks.evaluation.promise import Tested
from benchmarks.evaluation.significance import Scored
from reports.results import OperatingPoint, Result
from reports.rows import Row, identity

CONTRADICTED = (
    "more normal test images are called defective than the calibration images promise: calibration images are not like "
    "the test images"
)
"""The remark on a result whose promise is contradicted."""


class Doubts(NamedTuple):
    """What casts doubt on one result."""

    setter: Row | None
    """The image that set the threshold, and the threshold without it; None: no image set one."""
    promise: Tested | None
    """None: nothing was promised, or no normal image tests it."""
    unlike: list[Row]
    """A row for each training image that looks unlike the others."""
    job: Row

    @property
    def contradiction(self) -> Row:
        """The row of a promise that is contradicted."""
        return self.job | self.promise._asdict()


def doubts(result: Result, point: OperatingPoint | None, *, rule: Row, normal: Scored, defective: Scored) -> Doubts:
    """The doubts about a result. `rule` has the columns of its threshold; the test images are those judged by it."""
    job = identity(result.cell)
    setter = _setter(result, point)
    if setter:
        setter |= decision.counts(normal.scores, defective.scores, setter["threshold_of_rest"], suffix="_of_rest")
    return Doubts(setter and job | setter, _promise(rule, normal), [job | row for row in _unlike(result)], job)


def _setter(result: Result, point: OperatingPoint | None) -> Row | None:
    if point:
        found = point.set_by and (point.set_by, point.threshold, point.threshold_of_rest)
    elif images := decision.calibration_images(result.images):
        index, of_rest = decision.setter([image.score for image in images])
        found = images[index].path, images[index].score, of_rest
    else:
        found = None
    return dict(zip(("set_by", "threshold", "threshold_of_rest"), found, strict=True)) if found else None


def _promise(rule: Row, normal: Scored) -> Tested | None:
    promised, calibration = rule["promised_false_alarm_share"], rule["calibration_images"]
    if promised is None or not normal.scores.size:
        return None
    alarms = int((normal.scores > rule["threshold"]).sum())
    return promise.tested(alarms, normal=normal.scores.size, calibration=calibration, promised=promised)


def _unlike(result: Result) -> Iterator[Row]:
    ranking = result.ranking
    for image in ranking.images if ranking else ():
        yield {"judged": ranking.judged, "ranked": ranking.ranked, **image.model_dump()}
