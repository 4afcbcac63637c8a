"""The common part of methods that look through a frozen network: settings, weights and saved state."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import Field, model_validator

from methods import Method, MethodError, first_sentence, settings
from methods._backbones import BACKBONES, Backbone, Name, weights
from methods._files import file_digest
from methods._precision import AutoPrecision, Precision, supported
from methods._refusals import Use, idle

Share = Annotated[float, Field(ge=0, le=1)]
Deviation = Annotated[float, Field(ge=1e-3)]


@settings
class BackboneMethod(Method):
    """A method that sees an image as features of a network trained on ImageNet."""

    backbone: Name = Field(description="network whose features are looked at")
    weights: str | None = Field(
        None, description="file of the backbone's weights (.pth or .safetensors); none: find them"
    )
    features_precision: AutoPrecision = Field(
        "auto", description="precision of the backbone; auto: bfloat16 where that is faster"
    )
    input_mean: tuple[Share, Share, Share] | None = Field(
        None, description="mean of each colour (0 to 1), subtracted from the backbone's input; none: the backbone's own"
    )
    input_deviation: tuple[Deviation, Deviation, Deviation] | None = Field(
        None,
        description="standard deviation of each colour, by which the backbone's input is divided; none: its own",
    )

    uses: ClassVar[Mapping[str, Use]] = {}
    """The settings that have an effect only with certain values of others."""

    _weights = _sees_in = None

    @model_validator(mode="after")
    def _every_setting_counts(self) -> Self:
        if sentence := idle(self, self.uses):
            raise ValueError(sentence)
        return self

    def find_device(self, wanted: str) -> str:
        """A CUDA device, if there is one, for `auto`; else the named device."""
        from methods._devices import find_device

        return find_device(wanted)

    def depends_on(self) -> dict[str, str]:
        """The digest of a weights file that the user names. Raises MethodError where there is no such file."""
        path = weights.named_file(self.backbone, self.weights)
        return {"weights": file_digest(path)} if path else {}

    def remarks(self) -> tuple[str, ...]:
        """Which weights the backbone has, and its precision."""
        if self._weights is None:
            return ()
        digest = self._weights.digest[:12]
        return (f"{self.backbone} weights: {self._weights.source} (SHA-256 {digest}); its features in {self._sees_in}",)

    @property
    def _network(self) -> Backbone:
        return BACKBONES[self.backbone]

    @property
    def _normalisation(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each colour of the input."""
        return self.input_mean or self._network.mean, self.input_deviation or self._network.deviation

    def _open(self, device: str) -> None:
        """Prepare to compute features of images."""
        self._weights = weights.find(self.backbone, self.weights)
        self._look(supported(self.features_precision, device), device)

    def _look(self, precision: Precision, device: str) -> None:
        """Build the frozen network. A subclass keeps what it needs to look through it."""
        self._sees_in = precision

    def _save_tensors(self, tensors: Mapping[str, Any], path: Path, **notes: str) -> None:
        """Write tensors as safetensors, with notes and the digest of the backbone's weights."""
        from safetensors.torch import save_file

        seen = {"backbone": self._weights.digest, "features_in": self._sees_in}
        save_file(dict(tensors), path, metadata=seen | notes)

    def _load_tensors(self, path: Path, device: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The tensors and notes that were saved; features will be computed as they were then.

        A weights file that no longer exists may be replaced by any other with the same contents. Raises MethodError
        also where the tensors were made with other weights than those found now.
        """
        tensors, notes = _read(path, device)
        moved = self.weights and not Path(self.weights).is_file()
        self._weights = weights.find(self.backbone, None if moved else self.weights)
        if notes.get("backbone") != self._weights.digest:
            raise MethodError(
                f"{path} was made with other {self.backbone} weights than those of {self._weights.source}: "
                "give the file it was made with in the setting `weights` of settings.json"
            )
        if (precision := notes.get("features_in")) not in get_args(Precision):
            raise MethodError(f"{path} does not say whether its features are in {' or '.join(get_args(Precision))}")
        self._look(precision, device)
        return tensors, notes


def _read(path: Path, device: str) -> tuple[dict[str, Any], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt", device=device) as file:
            # Copied, as they lie in the file at addresses from which a product of one row is summed in another order.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise MethodError(f"{path} cannot be read: {first_sentence(error)}") from None
