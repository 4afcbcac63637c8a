"""report.html of stored results made by hand, and what is in it."""

import json
import re
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path

from benchmarks.evaluation import result_rows
from benchmarks.illustration import jobs
from benchmarks.illustration.pictures import pictures
from reports import report
from reports.html import page
from reports.html.jobs import Shown
from reports.results import Failure, OperatingPoint, Result
from tests.stored import made_cell, made_images, made_result

NOWHERE = Path("no such folder")
Stored = Result | tuple[Result, OperatingPoint]


def made_jobs() -> list[Result]:
    """Two methods on two categories."""
    return [
        made_result(
            cell=made_cell(method=method, category=category), images=made_images(scores), key=f"{method} {category}"
        )
        for method, lift in (("knn", 2.0), ("cae", 0.5))
        for category in ("bolt", "nut")
        for scores in [
            [("calibration", None, value / 20) for value in range(12)]
            + [("test", None, value / 20 + 0.1) for value in range(14)]
            + [("test", ("bent", "cut")[value % 2], lift * value / 10) for value in range(12)]
        ]
    ]


def page_of(
    stored: Iterable[Stored],
    failures: Iterable[Failure] = (),
    folder: Path = NOWHERE,
    differences: Sequence[str] = (),
) -> str:
    """The page of results, each with the operating point applied to it, if any. No maps are kept."""
    both = [each if isinstance(each, tuple) else (each, None) for each in stored]
    shown = [jobs.job(folder, *each) for each in both]
    tables = result_rows.tables(result_rows.measure(*each) for each in both)
    found = pictures([folder] * len(shown), shown)
    return page.text(
        report.made(
            tables, list(failures), result_rows.DEFINITIONS, images=Shown(shown, found), differences=differences
        )
    )


class Parsed(HTMLParser):
    """The tags of a page with their attributes, and its texts."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        self.words.append(text)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def embedded(text: str, name: str = "data") -> dict:
    """The data that the page holds for its script."""
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)[1])
