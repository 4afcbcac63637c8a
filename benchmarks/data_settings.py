"""The settings of the data: how its files are listed, grouped and read. They are the same for every command."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from benchmarks.errors import UsageError
from benchmarks.images.reading import Reading
from benchmarks.images.tiling import Tiling
from reports.files import real

Text = Annotated[str, StringConstraints(pattern=r"[^\s,]")]
"""A text that says something."""


class DataSettings(Reading):
    """How the files of a dataset are listed, grouped and read."""

    normal: Text | None = Field(
        None,
        description="Names of the folders of normal images, separated by commas, for a dataset that can be told. "
        "Default: good.",
        json_schema_extra={"metavar": "NAMES", "expected": "names separated by commas"},
    )
    defect: Text | None = Field(
        None,
        description="Names of the folders of defective images, separated by commas, for a dataset that can be told. "
        "Default: every other folder.",
        json_schema_extra={"metavar": "NAMES", "expected": "names separated by commas"},
    )
    masks: Text | None = Field(
        None,
        description="Name of the folder of masks, or end of the names of masks beside their images, such as _GT; none: "
        "a file named as a mask is an image. For a dataset that can be told. Default: ground_truth, and masks beside "
        "images, such as NAME_GT, NAME_mask or NAME_label.",
        json_schema_extra={"metavar": "NAME", "expected": "a name, such as MASK or _GT"},
    )
    ignore: Text | None = Field(
        None,
        description="Mask whose white pixels do not count in any image, such as those of a printed label; or a folder "
        "with a mask for each image, named as it, or for each category. Default: every pixel counts, unless a "
        "manifest says otherwise.",
        json_schema_extra={"metavar": "MASK|FOLDER", "expected": "a file or a folder"},
    )
    groups: Text | None = Field(
        None,
        description=r"Regular expression over file names, such as 'film(\d+)_': images with the same match belong "
        "together and are never divided between training and threshold, nor by a drawn split. An image whose name does "
        "not match is a group of its own. Default: the groups that the dataset gives.",
        json_schema_extra={"metavar": "PATTERN", "expected": r"a regular expression, such as film(\d+)_"},
    )

    @property
    def of_layout(self) -> dict[str, str]:
        """The settings of the dataset itself that were given."""
        given = {name: getattr(self, name) for name in ("normal", "defect", "masks")}
        return {name: value for name, value in given.items() if value is not None}


UNTOLD = DataSettings()
"""Nothing was chosen."""


def asked(given: Mapping[str, Any]) -> DataSettings:
    """The settings as a user gives them: a path that is there is taken from the current folder. Raises as `read`."""
    settings = read(given)
    if settings.ignore is None or not Path(settings.ignore).exists():
        return settings  # stored paths are relative to the folder of the data
    ignore = Path(settings.ignore)
    return settings.model_copy(update={"ignore": str(real(ignore.parent) / ignore.name)})


def read(given: Mapping[str, Any]) -> DataSettings:
    """The settings from the texts of options, or as stored. Raises UsageError naming the option at fault."""
    try:
        settings = DataSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        expected = DataSettings.model_fields[name].json_schema_extra["expected"]
        raise UsageError(f"--{name.replace('_', '-')} {given[name]}: expected {expected}") from None
    _require_effect(settings)
    return settings


def _require_effect(settings: DataSettings) -> None:
    """Raise UsageError naming an option on tiles that has no effect, as there are none."""
    of_tiles = [name for name in Tiling.model_fields if name in settings.model_fields_set]
    if of_tiles and settings.tile is None:
        option = of_tiles[0].replace("_", "-")
        raise UsageError(f"--{option} counts only with --tile: say how large the tiles are, or leave it out")
