"""Section 11: where the numbers come from, and the commands that repeat them."""

import json
import shlex
from typing import Any, NamedTuple

import pandas as pd

from reports.html.jobs import Job
from reports.html.labels import Labels
from reports.results import Cell
from reports.rows import identity, natural


HASH = "SHA-256"
"""A remark that has it says which weights were used."""


class Source(NamedTuple):
    """Something that jobs share."""

    text: str
    letters: list[str]
    places: list[str]
    """Empty: all categories."""


def shown(table: pd.DataFrame, labels: Labels, jobs: list[Job]) -> dict[str, Any]:
    """What the template shows."""
    done = table[table["failure"].isna()]
    columns = {"Data": "data", "Versions": "versions", "Machine": "machine", "Device": "device", "Code": "code"}
    shared = {title: _shared(done, column, labels) for title, column in columns.items() if column in done}
    keys = [
        {"label": labels.of(row), "seed": row["seed"], "key": row["key"], "finished": row["finished"]}
        for row in (done.to_dict("records") if "key" in done else ())
    ]
    shared = {"Weights": _weights(done, labels), **shared} if "remarks" in done else shared
    return {"shared": {title: found for title, found in shared.items() if found}, "commands": _commands(jobs), "keys": keys}


def _weights(table: pd.DataFrame, labels: Labels) -> list[Source]:
    """The remarks that name weights by their hash."""
    jobs = table.assign(remark=table["remarks"].str.split("\n")).explode("remark")
    return _shared(jobs[jobs["remark"].fillna("").str.contains(HASH)], "remark", labels)


def _shared(table: pd.DataFrame, column: str, labels: Labels) -> list[Source]:
    every = table["place"].nunique()
    return [
        Source(
            str(text),
            [labels.letters[name] for name in labels.names if name in set(own["name"])],
            [] if own["place"].nunique() == every else list(own["place"].unique()),
        )
        for text, own in table.groupby(column, sort=False)
    ]


def _commands(jobs: list[Job]) -> list[str]:
    """The commands that do these jobs again; methods share one where they had the same categories and seeds."""
    done: dict[str, list[Job]] = {}
    for job in jobs:
        done.setdefault(job.cell.model_copy(update={"category": "", "seed": 0}).model_dump_json() + job.data, []).append(job)
    together: dict[tuple, list[Cell]] = {}
    for own in done.values():
        cell = own[0].cell
        categories = tuple(sorted({job.cell.category for job in own}, key=natural))
        seeds = tuple(sorted({job.cell.seed for job in own}))
        protocol = json.dumps([cell.shots, cell.calibration, cell.data_settings])
        turn = 0  # a command names a method once
        while any(each.method == cell.method for each in together.get((own[0].data, categories, seeds, protocol, turn), ())):
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
