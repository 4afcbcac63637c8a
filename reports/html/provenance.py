"""Section 11: where the numbers come from, and the commands that repeat them."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.html.jobs import Job
from reports.html.labels import Labels
from reports.html.shared import remarks, shared
from reports.results import Cell
from reports.rows import natural

HASH = "SHA-256"
"""A remark that has it says which weights were used."""


def shown(table: pd.DataFrame, labels: Labels, jobs: Sequence[Job], differences: Sequence[str]) -> dict[str, Any]:
    """What the template shows."""
    done = table[table["failure"].isna()]
    columns = {"Data": "data", "Versions": "versions", "Machine": "machine", "Device": "device", "Code": "code"}
    weights = [remark for remark in remarks(table, labels) if HASH in remark.text]
    found = {title: shared(done, column, labels) for title, column in columns.items() if column in done}
    keys = [
        {"label": labels.of(row), "seed": row["seed"], "key": row["key"], "finished": row["finished"]}
        for row in (done.to_dict("records") if "key" in done else ())
    ]
    found = ({"Weights": weights} if weights else {}) | found
    return {"shared": found, "commands": _commands(jobs), "keys": keys, "differences": differences}


def _commands(jobs: Sequence[Job]) -> list[str]:
    """The commands that do these jobs again; methods share one where they had the same categories and seeds."""
    done: dict[str, list[Job]] = {}
    for job in jobs:
        done.setdefault(
            job.cell.model_copy(update={"category": "", "seed": 0}).model_dump_json() + job.data, []
        ).append(job)
    together: dict[tuple, list[Cell]] = {}
    for own in done.values():
        cell = own[0].cell
        categories = tuple(sorted({job.cell.category for job in own}, key=natural))
        seeds = tuple(sorted({job.cell.seed for job in own}))
        protocol = json.dumps([cell.shots, cell.calibration, cell.data_settings])
        turn = 0  # a command names a method once
        while any(
            each.method == cell.method for each in together.get((own[0].data, categories, seeds, protocol, turn), ())
        ):
            turn += 1
        together.setdefault((own[0].data, categories, seeds, protocol, turn), []).append(cell)
    return [_command(data, categories, seeds, cells) for (data, categories, seeds, *_), cells in together.items()]


def _command(data: str, categories: tuple[str, ...], seeds: tuple[int, ...], cells: list[Cell]) -> str:
    cell = cells[0]
    words = ["python", "-m", "benchmarks", "run", "--methods", ",".join(each.method for each in cells)]
    words += ["--dataset", cell.dataset, "--data", data]
    words += [word for category in categories for word in ("--categories", category)]
    words += ["--seeds", ",".join(map(str, seeds))]
    words += ["--shots", str(cell.shots)] if cell.shots is not None else []
    words += ["--calibration", str(cell.calibration)]
    for name, value in cell.data_settings.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    changed = [(each.method, field, value) for each in cells for field, value in each.changed.items()]
    words += [word for method, field, value in changed for word in ("--set", f"{method}.{field}={_value(value)}")]
    return shlex.join(words)


def _value(value: Any) -> str:
    """A setting as the option reads it: JSON, or a text that is none."""
    return value if isinstance(value, str) and not value[:1].isdigit() else json.dumps(value)
