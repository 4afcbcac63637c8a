"""Options that several commands which make data share."""

from pathlib import Path
from typing import Annotated

import typer

ToOption = Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder for the data set.")]
LicenceOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Licence of the sources, kept in the record. Default: not said.")
]
MadeSeedOption = Annotated[int, typer.Option(min=0, help="Seed of all that is drawn.")]
NormalImages = Annotated[
    Path, typer.Argument(metavar="IMAGES", help="Folder of normal images, in CATEGORY/normal or in CATEGORY.")
]
