"""The sections on what casts doubt on numbers: broken promises, odd training images, who set each threshold."""

from collections.abc import Iterable, Sequence

import pandas as pd

from reports.tables import escape, markdown, significant

OPEN_LINES = 20
"""A longer table is folded up."""
JOB = ("category", "method", "seed")


def contradictions(table: pd.DataFrame) -> str:
    """The jobs whose false alarms contradict the false-positive rate that their calibration images promise."""
    if table.empty:
        return ""
    text = (
        "In these jobs more normal test images are called defective than the calibration images promise. If both were "
        "of one kind, so many would be as rare as p says (an exact test, by which nothing is chosen). So **calibration "
        "images are not like the test images**: other parts, light or camera, or calibration images that are nearly "
        "copies of training images. New images may be called defective as often. Hold out images that are like those "
        "to be judged."
    )
    lines = [
        [
            *_job(row),
            f"{row['promised']:.3f}",
            f"{row['alarms']} of {row['normal']}",
            str(row["calibration_images"]),
            f"{row['p_value']:.1g}",
        ]
        for row in table.to_dict("records")
    ]
    headers = [*JOB, "promised at most", "normal test images called defective", "calibration images", "p"]
    return "\n\n".join(["## Promises that did not hold", text, markdown(headers, lines, text_columns=2)])


def unlike(table: pd.DataFrame) -> str:
    """The training images that look unlike the others, most unlike first."""
    if table.empty:
        return ""
    text = (
        "Each of these training images scores far above the others of its job, all judged without having been learned "
        "from. Look at them: a defective image among the training images hides the defects that are like it. "
        "Deviations are robust standard deviations above the median, of the logarithm where all scores are above zero."
    )
    lines = [
        [
            *_job(row),
            escape(row["path"]),
            f"{row['judged']}, {row['ranked']} images",
            significant(row["score"]),
            f"{row['deviations']:.1f}",
        ]
        for row in table.to_dict("records")
    ]
    headers = [*JOB, "training image", "judged", "score", "deviations"]
    return "\n\n".join(["## Training images unlike the others", text, _folded(headers, lines)])


def setters(table: pd.DataFrame) -> str:
    """The image that set each threshold, and the threshold that the others would set."""
    if table.empty:
        return ""
    text = (
        "Each threshold is the score of one calibration image. If that image is not normal, the threshold is too high "
        "and defects are missed. *Without it*: the threshold that the other calibration images would set."
    )
    lines = [
        [*_job(row), escape(row["set_by"]), significant(row["threshold"]), significant(row["threshold_of_rest"])]
        for row in table.to_dict("records")
    ]
    headers = [*JOB, "set by", "threshold", "without it"]
    return "\n\n".join(["## Images that set the threshold", text, _folded(headers, lines)])


def _job(row: dict) -> tuple[str, str, str]:
    return escape(row["place"]), escape(row["name"]), str(row["seed"])


def _folded(headers: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table with four text columns; a long one is shown when it is clicked."""
    lines = list(lines)
    table = markdown(headers, lines, text_columns=4)
    if len(lines) <= OPEN_LINES:
        return table
    return f"<details><summary>{len(lines)} lines</summary>\n\n{table}\n\n</details>"
