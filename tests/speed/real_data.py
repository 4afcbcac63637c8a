"""What is said of situations that users reported, and what a run reaches that obeys the sentence.

    python -m tests.speed.real_data --cases cases

Each situation is a folder of small synthetic parts with a known truth. `tests/test_cases.py` tests the same.
"""

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from datasets import DataError
from tests import cases

AUROCS = ("image_auroc", "pixel_auroc")
WORDS = {
    "image_auroc": "image AUROC",
    "pixel_auroc": "pixel AUROC",
    "false_positive_rate": "false-positive rate",
    "promised_false_alarm_share": "promised",
}
Settings = Mapping[str, str]
AS_IT_IS: Settings = {}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A situation: what the user has, and what became of it."""

    what: str
    before: str
    """What version 72f82ef did, as it was reported."""
    root: str
    """Its folder among the cases."""
    says: str
    """A part of the sentence to show."""
    dataset: str = "mvtec"
    category: str | None = None
    settings: Sequence[Settings] = (AS_IT_IS,)
    """What the sentence names: each is run."""
    instead: str = ""
    """What is reached where there is nothing to run."""
    method: str = "mean_image"
    new: str | None = None
    """New images to judge, by their folder among the cases."""
    numbers: Sequence[str] = AUROCS

    def said(self, folder: Path, results: Path) -> str:
        """The sentence: of `check`, or of `predict` where it is on new images."""
        command, found = "check", [each.split(": ", 1)[1] for each in self._checked(folder)]
        if self.new and not any(self.says in each for each in found):
            command, found = "predict", self._run(folder, results, AS_IT_IS).judge(folder / self.new).splitlines()
        sentence = next(each for each in found if self.says in each)
        return f"`{command}`: " + sentence.replace(str(folder / self.root), "DATA")

    def reached(self, folder: Path, results: Path) -> str:
        """The numbers under each of the settings."""
        return self.instead or "; ".join(self._reached(folder, results, settings) for settings in self.settings)

    def _checked(self, folder: Path) -> list[str]:
        try:
            return cases.said(folder / self.root, self.dataset)
        except DataError as error:
            return [f"error: {error}"]

    def _reached(self, folder: Path, results: Path, settings: Settings) -> str:
        reached = self._run(folder, results, settings)
        numbers = [f"{WORDS[name]} {_short(reached.row[name])}" for name in self.numbers]
        if self.new:
            numbers.append("new images: " + reached.judge(folder / self.new).splitlines()[-1].rpartition(",")[0])
        options = " ".join(f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in settings.items())
        return f"`{options}`: {', '.join(numbers)}" if options else ", ".join(numbers)

    def _run(self, folder: Path, results: Path, settings: Settings) -> cases.Reached:
        changed = cases.LIGHT_KNN if self.method == "knn" else cases.UNCHANGED
        return cases.run(
            folder / self.root,
            results,
            self.dataset,
            category=self.category,
            method=self.method,
            changed=changed,
            **settings,
        )


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


CASES = (
    Case(
        what="MVTec LOCO: a folder of masks for each test image, `validation/good`",
        before="without pixel metrics; validation not read",
        root="01-loco",
        dataset="mvtec_loco",
        says="validation",
    ),
    Case(
        what="MVTec AD 2: private images without labels",
        before="23 images unread, no word; or image AUROC n/a",
        root="02-mvtecad2",
        dataset="mvtec_ad2",
        says="no split",
    ),
    Case(
        what="flat folders OK, NG and MASK",
        before="refused, no way on",
        root="04-flat/parts",
        dataset="folder",
        says="--normal",
        settings=({"normal": "OK", "defect": "NG", "masks": "MASK"},),
    ),
    Case(
        what="masks that were resized: soft edges",
        before="pixel AUROC .77, no word",
        root="06-masks",
        category="bilinear",
        says="between 0 and their highest",
    ),
    Case(
        what="inverted masks",
        before="pixel AUROC .50, no word",
        root="06-masks",
        category="inverted",
        says="more than half",
        instead="the files must be inverted",
    ),
    Case(
        what="new images of another camera, a crop, a thumbnail",
        before="scores of 19 to 54 at a threshold of 2.6, no word",
        root="07-sizes/data",
        says="never saw their size",
        new="07-sizes/new",
        instead="the same scores, with a reason in the table",
    ),
    Case(
        what="masks of half the size",
        before="the category was refused",
        root="07-sizes/halfmasks",
        says="another size",
    ),
    Case(
        what="a background that was made transparent, and lies under alpha 0",
        before="image AUROC .66: the background came back, no word",
        root="10-alpha",
        says="transparent",
    ),
    *(
        Case(
            what=f"an image that EXIF turns, {how}, with masks drawn on the stored pixels",
            before=before,
            root="11-exif",
            category=category,
            says=says,
            settings=({"exif": "ignore"},),
        )
        for how, category, says, before in (
            ("upside down", "upside_down", "not turned themselves", "pixel AUROC .57, no word"),
            ("square and sideways", "sideways_square", "not turned themselves", "pixel AUROC .51, no word"),
            ("sideways", "sideways", "lie sideways", "refused without naming EXIF"),
        )
    ),
    Case(
        what="a TIFF of four pages, one light each; the defect on the third",
        before="image AUROC .39, no word",
        root="12-multilight",
        says="pages",
        settings=({"page": "3"}, {"page": "all"}),
    ),
    Case(
        what="RGB and near infrared; the defect in band 4",
        before="image AUROC .28, no word",
        root="13-bands/rgbn4",
        says="bands",
        settings=({"bands": "4"},),
    ),
    Case(
        what="one band of float32 from 0 to 1",
        before="refused, no way on",
        root="13-bands/float32",
        says="--range",
        settings=({"range": "0:1"},),
    ),
    Case(
        what="overlapping crops of four films, split at random; new films",
        before="test AUROC 1.00, false-positive rate .00; of 15 good images of new films 12 defective; no word",
        root="20-patches/data",
        says="test images are near-duplicates",
        method="knn",
        new="20-patches/new",
        settings=(AS_IT_IS, {"groups": r"f(\d+)_"}),
        numbers=("image_auroc", "false_positive_rate"),
    ),
    Case(
        what="`NAME_GT.png` beside `NAME.png`",
        before="masks counted as images: image AUROC 1.00 on 12 defects, of which 6 are real",
        root="21-ksdd",
        says="read as masks",
    ),
    Case(
        what="each training image four times",
        before="false-positive rate 1.00 where .20 was promised, no word",
        root="25-copies",
        says="pictures",
        numbers=("false_positive_rate", "promised_false_alarm_share"),
    ),
)


def line(case: Case, folder: Path) -> list[str]:
    """The line of a case in the table."""
    with tempfile.TemporaryDirectory() as results:
        return [case.what, case.before, case.said(folder, Path(results)), case.reached(folder, Path(results))]


def main(
    cases: Annotated[Path, typer.Option(help="Folder that holds a folder for each case, such as 01-loco.")],
) -> None:
    """Print a line for each case: before, what is said now, and what is reached with the setting that was named."""
    lines = [line(case, cases.resolve()) for case in CASES]
    heads = ["what there is", "before", "what is said now", "what is reached so"]
    for cells in (heads, ["---"] * len(heads), *lines):
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    typer.run(main)
