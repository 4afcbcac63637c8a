"""The settings of the data: how its files are listed, grouped and read. They are the same for every command."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from benchmarks.errors import UsageError
from benchmarks.images.reading import Reading


class DataSettings(Reading):
    """How the files of a dataset are listed, grouped and read."""

    normal: str | None = Field(
        None,
        description="Names of the folders of normal images, separated by commas, for a dataset that can be told. "
        "Default: good.",
        json_schema_extra={"metavar": "NAMES"},
    )
    defect: str | None = Field(
        None,
        description="Names of the folders of defective images, separated by commas, for a dataset that can be told. "
        "Default: every other folder.",
        json_schema_extra={"metavar": "NAMES"},
    )
    masks: str | None = Field(
        None,
        description="Name of the folder of masks, or end of the names of masks beside their images, such as _GT; none: "
        "a file named as a mask is an image. For a dataset that can be told. Default: ground_truth, and masks beside "
        "images, such as NAME_GT, NAME_mask or NAME_label.",
        json_schema_extra={"metavar": "NAME"},
    )
    groups: str | None = Field(
        None,
        description=r"Regular expression over file names, such as 'film(\d+)_': images with the same match belong "
        "together and are never divided between training and threshold, nor by a drawn split. An image whose name does "
        "not match is a group of its own. Default: the groups that the dataset gives.",
        json_schema_extra={"metavar": "PATTERN"},
    )

    @property
    def of_layout(self) -> dict[str, str]:
        """The settings of the dataset itself that were given."""
        given = {name: getattr(self, name) for name in ("normal", "defect", "masks")}
        return {name: value for name, value in given.items() if value is not None}


UNTOLD = DataSettings()
"""Nothing was chosen."""


def read(given: Mapping[str, Any]) -> DataSettings:
    """The settings from the texts of options, or as stored. Raises UsageError naming the option at fault."""
    try:
        return DataSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        expected = str(first.get("ctx", {}).get("error") or first["msg"])
        raise UsageError(f"{option} {given[first['loc'][0]]}: {expected}") from None
