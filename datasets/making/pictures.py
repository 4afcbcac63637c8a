"""The normal images that masks and defects are made for, by category, and the links they came from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from datasets import DataError
from datasets._tree import category_folders, image_files, subfolders

LINKS = "img_url.json"
"""In the folder of a category: a list of `{"img_path": ..., "url": ...}`, as DSAII publishes it."""
CREDITS = "SOURCES.csv"
"""Beside the categories: titles, creators and licences of the images, where `make images` found them."""


def by_category(root: Path) -> dict[str, list[Path]]:
    """The images in CATEGORY/normal, or else directly in CATEGORY. Folders without any are passed over.

    Raises DataError where no category has an image.
    """
    found = {
        folder.name: image_files(folder / "normal") or image_files(folder)
        for folder in ([] if not root.is_dir() else category_folders(root))
    }
    if not (pictures := {name: images for name, images in found.items() if images}):
        raise DataError(f"{root} holds no image in CATEGORY/normal or in CATEGORY: give the folder of the categories")
    return pictures


def with_names(path: Path) -> list[tuple[Path, str]]:
    """A picture with its name, or each picture of a folder with its own, below the folder with that of its folder."""
    if path.is_file():
        return [(path, path.stem)]
    below = [(picture, folder.name) for folder in subfolders(path) for picture in image_files(folder)]
    return [*((picture, picture.stem) for picture in image_files(path)), *below]


def links(folder: Path) -> dict[str, str]:
    """The link of each image of a category, by file name; none where there is no list. Raises DataError."""
    file = folder / LINKS
    if not file.is_file():
        return {}
    try:
        return {Path(entry["img_path"]).name: entry["url"] for entry in json.loads(file.read_text(encoding="utf-8"))}
    except (ValueError, TypeError, KeyError):
        raise DataError(f'{file} is no list of {{"img_path": ..., "url": ...}}: mend or remove it') from None


def links_text(category: str, names: Iterable[tuple[str, Path]], known: Mapping[str, str]) -> str:
    """The list of the links of a category, given the new and the old name of each image."""
    entries = [{"img_path": f"./{category}/{new}", "url": known[old.name]} for new, old in names if old.name in known]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def require_names_of_their_own(images: Sequence[Path]) -> None:
    """Raise DataError where two images of a category differ in their extension only: masks are found by name."""
    seen: dict[str, Path] = {}
    for image in images:
        if image.stem in seen:
            raise DataError(f"{image} and {seen[image.stem].name} differ in their extension only: rename one")
        seen[image.stem] = image
