"""The common part of methods that judge the patches of an image: their settings."""

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from methods import Image, settings
from methods._backbone_method import BackboneMethod
from methods._backbones import Name
from methods._precision import AutoPrecision, Precision
from methods._refusals import Use

POOLED_TO = Use(lambda own: own.pooling == "adaptive", "pooling=adaptive")


@settings
class PatchMethod(BackboneMethod):
    """A method that sees an image as neighbourhoods in the maps of the backbone's layers."""

    backbone: Name = Field("wide_resnet50_2", description="network whose features are looked at")
    features_precision: AutoPrecision = Field(
        "float32", description="precision of the backbone; auto: bfloat16 where that is faster"
    )
    layers: tuple[str, ...] = Field(
        (), description="layers of the backbone to look at, by torchvision's names, finest first; none: two of its own"
    )
    # The published programs scale the shorter side to 256 and cut out the central 224 x 224 (crop_size=224): a defect
    # at the border is then not seen. Here the whole image is seen unless a crop is asked for.
    image_size: int = Field(256, ge=32, description="side of the resized image, or with crop_size its shorter side, px")
    crop_size: int = Field(
        0, ge=0, description="side of the central square that is seen; 0: the whole image, its aspect ratio not kept"
    )
    patch_size: int = Field(3, ge=1, le=9, description="side of a neighbourhood in a layer's map, odd")
    pooling: Literal["adaptive", "mean"] = Field(
        "adaptive",
        description="how a neighbourhood becomes a vector: adaptive, as the authors' program; mean: of each channel",
    )
    pretrain_dims: int = Field(1024, ge=1, description="dimensions to which adaptive pooling brings each layer")
    dims: int = Field(1024, ge=1, description="dimensions to which adaptive pooling brings the layers together")
    map_blur: float = Field(
        4.0, ge=0, le=50, description="standard deviation of the Gaussian that smooths a map, pixels of the seen image"
    )

    uses: ClassVar = {"pretrain_dims": POOLED_TO, "dims": POOLED_TO}

    _patches = None

    @model_validator(mode="after")
    def _layers_are_the_backbones(self) -> Self:
        known = list(self._network.layers)
        for layer in self.layers:
            if layer not in known:
                raise ValueError(f"layers: {self.backbone} has no {layer}, but {', '.join(known)}")
        if list(self.layers) != sorted(set(self.layers), key=known.index):
            raise ValueError(f"layers: expected each once and the finest first, got {', '.join(self.layers)}")
        return self

    @model_validator(mode="after")
    def _something_is_seen(self) -> Self:
        least, side = self._network.smallest_side, self.crop_size or self.image_size
        if side < least:
            raise ValueError(f"{self.backbone} needs an image of at least {least} pixels a side, got {side}")
        if self.crop_size > self.image_size:
            raise ValueError(f"crop_size {self.crop_size} is larger than image_size {self.image_size}")
        if self.patch_size % 2 == 0:
            raise ValueError(f"patch_size: expected an odd number, got {self.patch_size}")
        return self

    @property
    def seen_px(self) -> int:
        """The side of the square; with a crop, to which the shorter side is resized, the aspect ratio kept."""
        return self.image_size

    @property
    def _layers(self) -> tuple[str, ...]:
        return self.layers or self._network.patch_layers

    @property
    def _dims(self) -> int:
        """Dimensions of a patch."""
        if self.pooling == "adaptive":
            return self.dims
        return sum(self._network.layers[layer].channels for layer in self._layers)

    def _look(self, precision: Precision, device: str) -> None:
        from methods import _patch_features

        super()._look(precision, device)
        look = _patch_features.Look(
            self.backbone,
            self._layers,
            precision,
            *self._normalisation,
            self.image_size,
            self.crop_size,
            self.patch_size,
            self.pooling,
            self.pretrain_dims,
            self._dims,
        )
        self._patches = _patch_features.Patches(self._weights, look, device=device)

    def _map(self, scores, image: Image) -> np.ndarray:
        """The anomaly map of an image from the (rows, columns) scores of its patches."""
        return self._patches.anomaly_map(scores, image, blur=self.map_blur)

    def remarks(self) -> tuple[str, ...]:
        """Which weights the backbone has; with a crop, that the border is not judged."""
        if not self.crop_size or self._patches is None:
            return super().remarks()
        unseen = f"only the central {self.crop_size} x {self.crop_size} pixels of each image were seen"
        return (*super().remarks(), f"{unseen} (shorter side {self.image_size}); its maps have no defect beyond")
