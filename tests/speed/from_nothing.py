"""A data set from nothing: ten small categories through `make masks` and `make defects`, then a run with every method.

    python -m tests.speed.from_nothing --to made

Each category has 14 normal pictures; `tests/small_categories.py` says of what. Defects are painted by the suite's
generator, those of an eleventh category by a server that speaks the API of the web UI. Methods have settings
with which all of it takes minutes on two cores, so the numbers say that it works, not how good a method is.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import app
from tests.small_categories import BY_SERVER, CATEGORIES, write
from tests.webui_server import serving

METHODS = "mean_image,knn,patchcore,simplenet,differnet,cae"
SETTINGS = (
    *("knn.image_size=128", "knn.n_scales=2", "knn.bank_size=64", "knn.test_views=1"),
    *("patchcore.backbone=efficientnet_lite0", "patchcore.image_size=96"),
    *("simplenet.backbone=efficientnet_lite0", "simplenet.image_size=96", "simplenet.meta_epochs=4"),
    "simplenet.noise_deviation=0.5",  # fits the features of this backbone
    *("differnet.preset=light", "differnet.image_size=128", "differnet.n_scales=2", "differnet.meta_epochs=4"),
    *("cae.preset=light", "cae.epochs=20"),
)


def make(folder: Path, names: Sequence[str]) -> Path:
    """Make the data set of these categories in a folder. Return its own folder; `check` has found no error in it."""
    textures = write(folder, names)
    pictures, masks = folder / "pictures", folder / "masks"
    objects = ["--objects", folder / "objects"] if len(textures) < len(names) else []
    surfaces = ["--textures", ",".join(textures)] if textures else []
    _run("make", "masks", pictures, "--to", masks, *objects, *surfaces)
    by_blend = ",".join(name for name in names if name != BY_SERVER)
    _run("make", "defects", pictures, "--masks", masks, "--to", folder / "made", "--categories", by_blend)
    made = folder / "made/synthetic_tidy_v2"
    if BY_SERVER in names and not (made / BY_SERVER).exists():
        _paint_by_server(folder)
        shutil.copytree(folder / "painted" / made.name / BY_SERVER, made / BY_SERVER)
    _run("check", "--dataset", "dsaii", "--data", made)
    return made


def _paint_by_server(folder: Path) -> None:
    """Paint the defects of one category by a server, and send its normal images through the same encoder."""
    with serving() as server:
        backend = ["--backend", "webui", "--url", server.url, "--size", 128, "--same-codec"]
        words = ["--masks", folder / "masks", "--to", folder / "painted", "--categories", BY_SERVER, *backend]
        _run("make", "defects", folder / "pictures", *words)


def run(made: Path, results: Path, methods: str, settings: tuple[str, ...] = ()) -> None:
    """Run methods on the data set."""
    changed = [word for setting in settings for word in ("--set", setting)]
    _run("run", "--dataset", "dsaii", "--data", made, "--methods", methods, "--results", results, *changed)


def _run(*words: object) -> None:
    """Run a command of the program, which must succeed."""
    if status := app([*map(str, words)], standalone_mode=False):
        raise SystemExit(status)


def main(
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder for pictures, data set and results.")],
    methods: Annotated[str, typer.Option(metavar="NAMES", help="Methods to run.")] = METHODS,
) -> None:
    """Make the ten categories, check them, and run every method on them."""
    chosen = [setting for setting in SETTINGS if setting.partition(".")[0] in methods.split(",")]
    run(make(to, [*CATEGORIES]), to / "results", methods, tuple(chosen))


if __name__ == "__main__":
    typer.run(main)
