"""The common part of methods that see the rotated views of an image: their settings."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from methods import settings
from methods._backbone_method import BackboneMethod
from methods._backbones import Name
from methods._precision import AutoPrecision, Precision
from methods._refusals import Use

ROTATED = Use(lambda own: own.rotation_degrees > 0, "rotation_degrees above 0")
VIEWS_ROTATED = ROTATED._replace(counts=lambda own: own.rotation_degrees > 0 or own.test_views == 1)


@settings
class ViewMethod(BackboneMethod):
    """A method that sees an image as the features of its rotated views: the means of the backbone's last map."""

    backbone: Name = Field("alexnet", description="network whose features are looked at")
    image_size: int = Field(448, ge=32, description="side of the resized image, pixels")
    n_scales: int = Field(3, ge=1, description="scales of the features; each has half the side of the one before")
    # DifferNet's published code uses float32. With bfloat16, the image AUROC of five small categories was within 0.022
    # of that (mean of three seeds, flow of width 512), and knn's was equal, in half the time. A feature changes by
    # 1.6 % of its standard deviation. All of AlexNet.
    features_precision: AutoPrecision = Field(
        "auto", description="precision of the backbone; auto: bfloat16 where that is faster"
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

    uses: ClassVar = {
        "rotation_interpolation": ROTATED,
        "rotation_fill": ROTATED,
        "test_views": VIEWS_ROTATED,
    }

    _features = None

    @model_validator(mode="after")
    def _coarsest_scale_is_seen(self) -> Self:
        least = self._network.smallest_side
        if self.image_size >> (self.n_scales - 1) < least:
            raise ValueError(
                f"the coarsest of {self.n_scales} scales must keep a side of {least} pixels, as {self.backbone} needs"
            )
        return self

    @property
    def seen_px(self) -> int:
        """The side of the square of which views are made."""
        return self.image_size

    def remarks(self) -> tuple[str, ...]:
        """Also where features on disk were not as they were stored."""
        again = self._features.made_again if self._features is not None else 0
        told = f"kept features of {again} images were damaged, or not stored under their name, and were made again"
        return (*super().remarks(), *([told] if again else []))

    def why_no_seconds(self) -> str | None:
        """A phrase where features were read from disk."""
        read = self._features is not None and self._features.were_read
        return f"the features of {self.backbone} were kept from before" if read else None

    def _seconds_a_view(self, device: str) -> float:
        """Seconds of a view through the backbone, measured."""
        from methods._view_features import seconds_a_view

        self._open(device)
        return seconds_a_view(self._features)

    @property
    def _dims(self) -> int:
        return self._network.layers[self._network.last].channels * self.n_scales

    @property
    def _what_scores_are_over(self) -> str:
        return f"{self.test_views} views" if self.rotation_degrees and self.test_views > 1 else "1 view"

    def _test_views(self) -> list:
        from methods._views import fixed_views

        return fixed_views(self.test_views, self.rotation_degrees)

    def _look(self, precision: Precision, device: str) -> None:
        from methods import _kept_features, _view_features, _views

        super()._look(precision, device)
        look = _view_features.Look(
            self.backbone,
            self.image_size,
            self.n_scales,
            precision,
            *self._normalisation,
            _views.Rendering(self.rotation_interpolation, self.rotation_fill, self.border_crop),
        )
        self._features = _kept_features.opened(self._weights, look, device=device)
