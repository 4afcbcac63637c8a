"""How well one representative picture finds the others of its kind, as `make images` ranks them.

    python -m tests.speed.closeness

The pictures of ten small categories are mixed. Each of the first ones of a category in turn represents it. Counted is
the share of its kind among as many pictures as there are of it, those ranked first.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.make import closeness
from tests.small_categories import BY_SERVER, CATEGORIES, write


def share_found(folder: Path, category: str, number: int, *, backbone: str) -> float:
    """The share of a category among the pictures ranked first, without the representative one itself."""
    every = sorted(folder.glob("pictures/*/normal/*.png"))
    representative = folder / f"pictures/{category}/normal/{number:03}.png"
    others = [file for file in every if file != representative]
    (method,) = closeness.fitted({category: [representative]}, backbone, None, "cpu").values()
    ranked = [file for _, file in sorted(zip(closeness.distances(method, others), others, strict=True))]
    alike = sum(file.parts[-3] == category for file in others)
    return sum(file.parts[-3] == category for file in ranked[:alike]) / alike


def main(
    backbone: Annotated[str, typer.Option(help="Network by whose features pictures are compared.")] = "alexnet",
    representatives: Annotated[int, typer.Option(min=1, max=14, help="Pictures that represent each category.")] = 2,
) -> None:
    """Print a table of the shares that are found."""
    names = [name for name in CATEGORIES if name != BY_SERVER]
    with tempfile.TemporaryDirectory() as place:
        write(folder := Path(place), names)
        for name in names:
            found = [share_found(folder, name, number, backbone=backbone) for number in range(representatives)]
            print(f"| {name} | {', '.join(f'{share:.2f}' for share in found)} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
