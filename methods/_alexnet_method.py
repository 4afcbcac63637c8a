"""The common part of methods that use AlexNet's features: settings, weights and saved state."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from methods import Method, MethodError, _weights, first_sentence, settings
from methods._files import file_digest
from methods._precision import AutoPrecision, Precision, supported
from methods._refusals import Use, idle
from methods._weights import IMAGENET_DEVIATION, IMAGENET_MEAN

SMALLEST_SIDE = 63
"""Shortest side in pixels of an image that AlexNet can process."""
ROTATED = Use(lambda own: own.rotation_degrees > 0, "rotation_degrees above 0")
VIEWS_ROTATED = ROTATED._replace(counts=lambda own: own.rotation_degrees > 0 or own.test_views == 1)

Share = Annotated[float, Field(ge=0, le=1)]
Deviation = Annotated[float, Field(gt=0)]


@settings
class AlexNetMethod(Method):
    """A method that sees an image as the AlexNet features of its rotated views."""

    weights: str | None = Field(None, description="file of AlexNet weights (.pth or .safetensors); none: find them")
    image_size: int = Field(448, ge=SMALLEST_SIDE, description="side of the resized image, pixels")
    n_scales: int = Field(3, ge=1, description="scales of the features; each has half the side of the one before")
    # DifferNet's published code uses float32. With bfloat16, the image AUROC of five small categories was within 0.022
    # of that (mean of three seeds, flow of width 512), and knn's was equal, in half the time. A feature changes by
    # 1.6 % of its standard deviation.
    features_precision: AutoPrecision = Field(
        "auto", description="precision of AlexNet; auto: bfloat16 where that is faster"
    )
    border_crop: float = Field(
        0.0, ge=0, le=0.4, description="share of the height and width cut off at each side (zerobox: 0.1)"
    )
    rotation_degrees: float = Field(180.0, ge=0, le=180, description="views are rotated by up to this, either way")
    rotation_interpolation: Literal["nearest", "bilinear"] = Field(
        "nearest", description="interpolation of rotated views"
    )
    rotation_fill: Literal["black", "mean"] = Field(
        "black", description="corners that a rotation leaves empty: black, or the image's mean colour"
    )
    test_views: int = Field(64, ge=1, description="evenly spaced rotations; a score is the mean over them")
    input_mean: tuple[Share, Share, Share] = Field(
        IMAGENET_MEAN, description="mean of each colour (0 to 1), subtracted from AlexNet's input; default: ImageNet's"
    )
    input_deviation: tuple[Deviation, Deviation, Deviation] = Field(
        IMAGENET_DEVIATION,
        description="standard deviation of each colour, by which AlexNet's input is divided; default: ImageNet's",
    )

    uses: ClassVar[Mapping[str, Use]] = {
        "rotation_interpolation": ROTATED,
        "rotation_fill": ROTATED,
        "test_views": VIEWS_ROTATED,
    }
    """The settings that have an effect only with certain values of others."""

    _features = _weights = None

    @model_validator(mode="after")
    def _coarsest_scale_is_seen(self) -> Self:
        if self.image_size >> (self.n_scales - 1) < SMALLEST_SIDE:
            raise ValueError(f"the coarsest of {self.n_scales} scales must keep a side of {SMALLEST_SIDE} pixels")
        return self

    @model_validator(mode="after")
    def _every_setting_counts(self) -> Self:
        if sentence := idle(self, self.uses):
            raise ValueError(sentence)
        return self

    def find_device(self, wanted: str) -> str:
        """A CUDA device, if there is one, for `auto`; else the named device."""
        from methods._alexnet import find_device

        return find_device(wanted)

    def depends_on(self) -> dict[str, str]:
        """The digest of a weights file that the user names. Raises MethodError where there is no such file."""
        path = _weights.named_file(self.weights)
        return {"weights": file_digest(path)} if path else {}

    def remarks(self) -> tuple[str, ...]:
        """Which AlexNet weights were used, and their precision."""
        if self._features is None:
            return ()
        return (f"AlexNet weights: {self._weights.source}; its features in {self._features.precision}",)

    def why_no_seconds(self) -> str | None:
        """A phrase where features were read from disk."""
        read = self._features is not None and self._features.were_read
        return "AlexNet's features were kept from before" if read else None

    def _seconds_a_view(self, device: str) -> float:
        """Seconds of a view through AlexNet, measured."""
        from methods import _alexnet

        self._open(device)
        return _alexnet.seconds_a_view(self._features)

    @property
    def _dims(self) -> int:
        return 256 * self.n_scales

    @property
    def _what_scores_are_over(self) -> str:
        return f"{self.test_views} views" if self.rotation_degrees and self.test_views > 1 else "1 view"

    def _test_views(self) -> list:
        from methods._alexnet import fixed_views

        return fixed_views(self.test_views, self.rotation_degrees)

    def _open(self, device: str) -> None:
        """Prepare to compute features of images."""
        self._weights = _weights.find(self.weights)
        self._look_in(supported(self.features_precision, device), device)

    def _look_in(self, precision: Precision, device: str) -> None:
        from methods import _alexnet, _kept_features

        self._features = _kept_features.opened(
            self._weights,
            image_size=self.image_size,
            n_scales=self.n_scales,
            precision=precision,
            device=device,
            rendering=_alexnet.Rendering(
                self.rotation_interpolation, self.rotation_fill, self.border_crop, self.input_mean, self.input_deviation
            ),
        )

    def _save_tensors(self, tensors: Mapping[str, Any], path: Path, **notes: str) -> None:
        """Write tensors as safetensors, with notes and the digest of AlexNet's weights."""
        from safetensors.torch import save_file

        seen = {"alexnet": self._weights.digest, "features_in": self._features.precision}
        save_file(dict(tensors), path, metadata=seen | notes)

    def _load_tensors(self, path: Path, device: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The tensors and notes that were saved; features will be computed as they were then.

        A weights file that no longer exists may be replaced by any other with the same contents. Raises MethodError
        also where the tensors were made with other AlexNet weights than those found now.
        """
        tensors, notes = _read(path, device)
        moved = self.weights and not Path(self.weights).is_file()
        self._weights = _weights.find(None if moved else self.weights)
        if notes.get("alexnet") != self._weights.digest:
            raise MethodError(
                f"{path} was made with other AlexNet weights than those of {self._weights.source}: "
                "give the file it was made with in the setting `weights` of settings.json"
            )
        if (precision := notes.get("features_in")) not in get_args(Precision):
            raise MethodError(f"{path} does not say whether its features are in {' or '.join(get_args(Precision))}")
        self._look_in(precision, device)
        return tensors, notes


def _read(path: Path, device: str) -> tuple[dict[str, Any], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt", device=device) as file:
            # Copied, as they lie in the file at addresses from which a product of one row is summed in another order.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise MethodError(f"{path} cannot be read: {first_sentence(error)}") from None
