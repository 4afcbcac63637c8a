"""SimpleNet: a discriminator that was trained to tell features of normal patches from the same with noise."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from methods import Epoch, Image, MethodError, Pace, Preparing, Score, Work, settings
from methods._precision import Precision, supported
from methods.simplenet.hyperparameters import SimpleNetSettings

STATE = "networks.safetensors"


@settings
class SimpleNet(SimpleNetSettings):
    """A discriminator learns to tell adapted features of normal patches from the same features with noise added.

    Features of patches come from a frozen backbone, as in PatchCore. A linear layer, the adaptor, is trained together
    with the discriminator. What the discriminator takes for noisy is anomalous.

    Departures from the published program (github.com/DonaldRR/SimpleNet):

    - the model is that of the last meta epoch. The program keeps that of the meta epoch with the highest image AUROC on
      the test set; here no test image is used;
    - the backbone sees the whole image (`image_size`);
    - its maps are computed once, pooled and kept in memory; the program, which varies no image either, computes them
      again in each of 160 passes. They are kept in float16 where no value is beyond its range (`kept_layers.py`);
    - the noise goes through the discriminator's first layer by itself and is added there: equal but for rounding, and
      fewer multiplications;
    - matrix products of the training are in bfloat16 on devices where that is faster (`training_precision`).
    """

    paper: ClassVar = (
        "Liu, Zhou, Xu, Wang: SimpleNet: A Simple Network for Image Anomaly Detection and Localization, CVPR 2023, "
        "arXiv 2303.15140"
    )
    pace: ClassVar[Pace] = "hours"
    quick: ClassVar = {
        "backbone": "mobilenet_v2",
        "pooling": "mean",
        "image_size": 128,
        "hidden_width": 64,
        "noise_deviation": 0.1,
        "discriminator_learning_rate": 2e-3,
        "batch_size": 2,
        "meta_epochs": 2,
        "sub_epochs": 5,
    }

    _networks = _trained_in = None

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Keep all images' pooled maps, then train on their patches. Each Epoch is a meta epoch with its mean loss."""
        import torch

        from methods.simplenet import training
        from methods.simplenet.kept_layers import KeptLayers

        if not len(images):
            raise MethodError("SimpleNet needs at least 1 training image, got 0")
        self._open(device)
        kept = KeptLayers(len(images))
        for number, image in enumerate(images):
            kept.put(number, self._patches.pooled(self._patches.maps([image])))
            yield Preparing(f"training images through {self.backbone}", number + 1, len(images))
        generator = torch.Generator().manual_seed(seed)
        self._networks = training.build(self._shape, generator=generator).to(device)
        self._trained_in = supported(self.training_precision, device)
        trainer = training.Trainer(self._networks, self._recipe(self._trained_in), generator=generator)
        for number in range(1, self.meta_epochs + 1):
            losses = [trainer.train(self._batches(kept, generator)) for _ in range(self.sub_epochs)]
            yield Epoch(number, self.meta_epochs, float(torch.cat(losses).mean()))

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The highest -D of an image's patches, and the map of all of them."""
        self._require_networks()
        return map(self._score, images)

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """The image scores, without the cost of maps."""
        self._require_networks()
        return (float(self._anomaly(image).max()) for image in images)

    def score_rule(self) -> str:
        """The maximum of -D."""
        return "maximum of -D over the patches, D being the discriminator"

    def save_state(self, folder: Path) -> None:
        """Write both networks, and the digest of the backbone's weights."""
        if self._networks is None:
            raise MethodError("SimpleNet has learned nothing yet: train it before saving")
        self._save_tensors(self._networks.state_dict(), folder / STATE, trained_in=self._trained_in)

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read both networks. Raises MethodError also if they were trained on another backbone's features."""
        from methods.simplenet import training

        state, notes = self._load_tensors(folder / STATE, device)
        self._trained_in = notes.get("trained_in", "")
        try:
            self._networks = training.restore(state, self._shape)
        except ValueError as error:
            raise MethodError(f"{folder / STATE} does not fit the settings.json beside it: {error}") from None

    def parameter_count(self, fit_images: int) -> int:
        """Parameters of both networks, with the two running moments of batch normalisation: 3,939,840 as published."""
        adaptor = (self._dims + 1) * self._dims
        return adaptor + (self._dims + 1 + 4 + 1) * self.hidden_width

    def model_bytes(self, fit_images: int) -> int:
        """The parameters, in float32."""
        return 4 * self.parameter_count(fit_images)

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """From an image through the backbone, a step of training with one image, and the map of an image."""
        from methods.simplenet import speed

        self._open(device)
        seconds = speed.seconds_an_image(
            self._patches,
            self._map,
            shape=self._shape,
            recipe=self._recipe(supported(self.training_precision, device)),
            batch_size=self.batch_size,
        )
        passes = self.meta_epochs * self.sub_epochs
        return [
            work.fit_images * (seconds.look + passes * seconds.training) + work.scored_images * seconds.score
            for work in works
        ]

    def remarks(self) -> tuple[str, ...]:
        """Which backbone was used, and the precision of each part."""
        trained = f"the networks trained in {self._trained_in} and scored in float32"
        return (*super().remarks(), trained) if self._trained_in else super().remarks()

    @property
    def _shape(self):
        from methods.simplenet.training import Shape

        return Shape(self._dims, self.hidden_width, self.leaky_slope)

    def _recipe(self, precision: Precision):
        from methods.simplenet.training import Recipe

        return Recipe(
            noise_deviation=self.noise_deviation,
            margin=self.margin,
            adaptor={"lr": self.adaptor_learning_rate, "weight_decay": self.adaptor_weight_decay},
            discriminator={"lr": self.discriminator_learning_rate, "weight_decay": self.discriminator_weight_decay},
            precision=precision,
        )

    def _batches(self, kept, generator) -> Iterator:
        """Patches (n, dims) of all images, shuffled image by image, a batch at a time."""
        return (self._patches.on_grid(layers).flatten(0, 2) for layers in kept.batches(self.batch_size, generator))

    def _require_networks(self) -> None:
        if self._networks is None:
            raise MethodError("SimpleNet has learned nothing yet: train it or load it before scoring")

    def _anomaly(self, image: Image):
        """(rows, columns): the anomaly scores of an image's patches."""
        return self._networks.anomaly(self._patches.of(image))

    def _score(self, image: Image) -> Score:
        anomaly = self._anomaly(image)
        return Score(float(anomaly.max()), self._map(anomaly, image))
