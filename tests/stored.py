"""Stored results made by hand: each field has some value, and a test names those that it is about."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.jobs import layout
from reports.results import Cell, Cost, ImageScore, PixelScores, Result, write


def made_cell(method: str = "knn", category: str = "bolt", seed: int = 0, **fields: Any) -> Cell:
    defaults = {"settings": {"views": 1}, "changed": {}, "dataset": "folder", "shots": None, "calibration": 0.1}
    return Cell(method=method, category=category, seed=seed, **defaults | fields)


def made_cost(**fields: Any) -> Cost:
    defaults = {
        "fit_seconds": 2.5,
        "score_seconds": 0.5,
        "images_per_second": 22.0,
        "peak_memory_mb": 300.0,
        "parameters": 2_500_000,
        "device": "cpu",
        "threads": 2,
        "finished": "2025-01-01T00:00:00+00:00",
    }
    return Cost(**defaults | fields)


def made_images(scores: Iterable[tuple[str, str | None, float]]) -> list[ImageScore]:
    """Scores of images called 0.png, 1.png, ..., from (part, defect, score)."""
    return [
        ImageScore(path=f"{index}.png", part=part, defect=defect, score=score)
        for index, (part, defect, score) in enumerate(scores)
    ]


def made_result(**fields: Any) -> Result:
    defaults = {
        "key": "a1",
        "code": "b2",
        "cell": made_cell(),
        "data": "/data",
        "made": False,
        "trained_on": 20,
        "images": [],
        "pixels": PixelScores(auroc=0.9, average_precision=0.4, aupro=0.7, images=8, code="c3"),
        "tracked": False,
        "epochs": [],
        "remarks": [],
        "versions": {"numpy": "2.1"},
        "machine": "a laptop",
        "cost": made_cost(),
    }
    return Result(**defaults | fields)


def store(results: Path, result: Result) -> Path:
    """Write a result where that of its cell belongs. Returns the job's folder."""
    folder = layout.of_cell(results, result.cell)
    write(folder / layout.RESULT, result)
    return folder
