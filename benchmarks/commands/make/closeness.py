"""How close pictures are to the representative ones of their category, as a frozen network sees them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import plugins
from benchmarks.errors import UsageError
from benchmarks.images import Images
from benchmarks.naming import counted
from datasets import Sample
from datasets.making.pictures import with_names
from methods import Method

VIEWS = 4
"""The quarter turns of a picture: an object is the same object in each."""


def representatives(given: Iterable[Path], categories: Sequence[str]) -> dict[str, list[Path]]:
    """The representative pictures of each category that has some.

    A file is of the category that it is named after, or of the only one; in a folder, also what lies in the folder of a
    category. Raises UsageError.
    """
    found: dict[str, list[Path]] = {}
    for path in given:
        if not path.exists():
            raise UsageError(f"--representative {path}: there is no such file or folder")
        for picture, category in with_names(path):
            if category not in categories and len(categories) == 1:
                category = categories[0]
            if category not in categories:
                raise UsageError(
                    f"--representative {picture}: name it after its category; there are {counted([*categories])}"
                )
            found.setdefault(category, []).append(picture)
    return found


def fitted(
    pictures: Mapping[str, Sequence[Path]], backbone: str, weights: str | None, device: str
) -> dict[str, Method]:
    """For each category the method `knn`, fitted on its representative pictures. Raises UsageError and MethodError."""
    return {
        category: plugins.choose(
            "knn",
            {
                "backbone": backbone,
                "weights": weights,
                "image_size": 224,
                "n_scales": 1,
                "bank_size": VIEWS * len(files),
                "test_views": VIEWS,
            },
        ).method.train(_images(files), device=device)
        for category, files in pictures.items()
    }


def distances(method: Method, pictures: Sequence[Path]) -> list[float]:
    """The distance of each picture to the nearest of the representative ones."""
    return list(method.image_scores(_images(pictures)))


def _images(files: Sequence[Path]) -> Images:
    return Images([Sample(file, "", "train") for file in files])
