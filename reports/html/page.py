"""The page as text: sections in their order, one style sheet, one script, and the policy that lets only these run."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

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
from reports.html.counts import number
from reports.html.jobs import Job, Pictures
from reports.html.labels import Labels
from reports.results import Failure
from reports.rows import Tables, failed_row
from reports.tables import frame, names, places

HERE = Path(__file__).parent
SCRIPTS = ("base", "table", "charts", "strip", "explorer", "gallery", "main")
"""The parts of the script, in order."""


class Contents(NamedTuple):
    """All that the page is made from."""

    tables: Tables
    failures: list[Failure]
    definitions: Mapping[str, str]
    jobs: list[Job]
    pictures: Pictures


def write(folder: Path, contents: Contents) -> Path:
    """Write report.html into a folder, whole or not at all."""
    write_text(file := folder / "report.html", text(contents))
    return file


def text(contents: Contents) -> str:
    """The page. Raises ValueError without any row or failure."""
    rows = [*contents.tables.rows, *map(failed_row, contents.failures)]
    if not rows:
        raise ValueError("expected at least one result or failure to show")
    table = frame(rows)
    labels = Labels(table)
    style, script = _style(), _script()
    page = _environment().get_template("page.html")
    return page.render(
        title=_title(table),
        summary=_summary(table),
        made=[place for place in places(table) if _is_made(table, place)],
        labels=labels,
        sections=_sections(table, labels, contents),
        data=_json(explorer.data(labels, contents.jobs, contents.pictures)),
        pictures=_json(explorer.pictures(contents.pictures)),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def _sections(table: pd.DataFrame, labels: Labels, contents: Contents) -> dict[str, Any]:
    """What each template shows, in the order of the page."""
    tables = contents.tables
    return {
        "verdicts": verdicts.shown(table, labels, tables, contents.failures),
        "leaderboard": leaderboard.shown(table, labels),
        "costs": costs.shown(table, labels),
        "explorer": explorer.shown(contents.jobs, labels),
        "gallery": explorer.shown(contents.jobs, labels),
        "defects": defects.shown(tables.defects, labels),
        "suspicions": suspicions.shown(tables, labels),
        "trainings": trainings.shown(table, labels, contents.jobs),
        "methods": methods.shown(table, labels),
        "glossary": glossary.shown(contents.definitions),
        "provenance": provenance.shown(table, labels, contents.jobs),
    }


def _title(table: pd.DataFrame) -> str:
    return f"Anomaly detection on {', '.join(table['dataset'].unique())}"


def _summary(table: pd.DataFrame) -> list[str]:
    seeds = sorted(table["seed"].unique())
    done = int(table["failure"].isna().sum())
    return [
        _count(len(names(table)), "method"),
        _count(len(places(table)), "category", "categories"),
        f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}",
        f"{done} of {_count(len(table), 'job')} done",
    ]


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _is_made(table: pd.DataFrame, place: str) -> bool:
    return "made" in table and bool(table.loc[table["place"] == place, "made"].eq(True).any())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "code": _with_code}
    return environment


def _with_code(text: str) -> Markup:
    """A text whose parts in backticks are code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


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
