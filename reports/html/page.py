"""The page as text: sections in their order, one style sheet, one script, and the policy that lets only these run."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports.files import write_text
from reports.html import (
    costs,
    defects,
    explorer,
    glossary,
    leaderboard,
    methods,
    provenance,
    suspicions,
    trainings,
    verdicts,
)
from reports.html.counts import counted, number
from reports.html.labels import Labels
from reports.marks import MADE_BY
from reports.printable import printable_lines
from reports.report import Report
from reports.tables import names, places, synthetic

HERE = Path(__file__).parent
SCRIPTS = ("base", "table", "charts", "strip", "explorer", "gallery", "main")
"""The parts of the script, in order."""


def write(folder: Path, report: Report) -> None:
    """Write report.html into a folder, whole or not at all."""
    write_text(folder / "report.html", printable_lines(text(report)))


def text(report: Report) -> str:
    """The page."""
    table, labels = report.jobs, Labels(report.jobs)
    style, script = _style(), _script()
    page = _environment().get_template("page.html")
    return page.render(
        title=_title(table),
        made_by=MADE_BY,
        summary=_summary(table),
        made=synthetic(table),
        unfinished=report.unfinished,
        differences=report.differences,
        sections=_sections(report, labels),
        data=_json(explorer.data(labels, *report.images)),
        pictures=_json(explorer.pictures(report.images.pictures)),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def _sections(report: Report, labels: Labels) -> dict[str, Any]:
    """What each template shows, in the order of the page."""
    table, jobs = report.jobs, report.images.jobs
    return {
        "verdicts": verdicts.shown(report, labels),
        "leaderboard": leaderboard.shown(table, labels),
        "costs": costs.shown(table, labels),
        "explorer": {"jobs": len(jobs)},
        "gallery": {"jobs": len(jobs), "hatched": any(each.hatched for each in report.images.pictures.photos.values())},
        "defects": defects.shown(report.tables.defects, labels),
        "suspicions": suspicions.shown(report.tables, labels),
        "trainings": trainings.shown(table, labels, jobs),
        "methods": methods.shown(table, labels),
        "glossary": glossary.shown(report.definitions),
        "provenance": provenance.shown(table, labels, jobs, report.differences),
    }


def _title(table: pd.DataFrame) -> str:
    return f"Anomaly detection on {', '.join(table['dataset'].unique())}"


def _summary(table: pd.DataFrame) -> list[str]:
    seeds = sorted(table["seed"].unique())
    done = int(table["failure"].isna().sum())
    return [
        counted(len(names(table)), "method"),
        counted(len(places(table)), "category", "categories"),
        f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}",
        f"{done} of {counted(len(table), 'job')} done",
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "code": _with_code, "json": _parts}
    return environment


def _with_code(text: str) -> Markup:
    """A text whose parts in backticks are code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _parts(numbers: Mapping[str, Any]) -> str:
    """Numbers with six digits, or texts, as JSON for an attribute."""
    return json.dumps({name: float(f"{v:.6g}") if isinstance(v, float) else v for name, v in numbers.items()})


def _json(data: Any) -> Markup:
    """JSON that nothing in it can end: it holds no character with which markup begins."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _style() -> str:
    return (HERE / "assets" / "style.css").read_text(encoding="utf-8")


def _script() -> str:
    parts = [(HERE / "assets" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style, this script, pictures that are part of the page, and nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
