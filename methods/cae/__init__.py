"""The convolutional autoencoder that learns to reproduce normal images: what it cannot reproduce is anomalous."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from methods import Epoch, Image, Method, MethodError, Preparing, Score, settings
from methods.cae import architectures, engine, preprocessing
from methods.cae.history import History


@settings
class ConvolutionalAutoencoder(Method):
    """Autoencoder trained on normal images; the anomaly map is the difference of an image and its reconstruction.

    Bergmann, Löwe, Fauser, Sattlegger and Steger, 2019, arXiv:1807.02011, with the augmentation and the schedule of
    the Keras project "MVTec-Anomaly-Detection" (2020), from which the limit of training instances comes. The image
    score is the map's maximum; in colour, a pixel of the map is the maximum over its three differences. Images are
    resized to 256x256, whatever their aspect ratio.

    Departures, and why:

    - textures are seen whole at 256x256, like objects, not in patches of 128x128, which are still to be built;
    - the latent size is 100 for both, the paper's for textures; its 500 for objects can be set;
    - batches of 8, not 128: a category here may have 20 images, and needs the steps;
    - training stops early, by images held out, and keeps the best weights: the paper trains 200 epochs;
    - the `ssim` loss is 1 - mean SSIM, not halved: Adam's steps are the same, and the number reads as what it is;
    - the loss leaves out windows that cross the image's edge, as published, so that an SSIM map has no values of its
      own in the outer 5 pixels: it repeats the nearest. An l1 or l2 map after that loss shows untrained edges;
    - an epoch's last batch is filled up with the next epoch's images: steps of one size are built once;
    - brightness is multiplied and cut off at white; no image is stretched to the full range.
    """

    paper: ClassVar[str] = (
        "Bergmann, Löwe, Fauser, Sattlegger, Steger: Improving Unsupervised Defect Segmentation by Applying "
        "Structural Similarity to Autoencoders, VISAPP 2019, arXiv:1807.02011"
    )
    quick: ClassVar[dict[str, Any]] = {"loss": "mse", "epochs": 3, "latent_size": 8}

    architecture: Literal["mvtec"] = Field("mvtec", description="layers: mvtec, the paper's table at 256x256")
    latent_size: int = Field(100, ge=1, le=10_000, description="numbers in the latent code (paper: 500 for objects)")
    color_mode: Literal["grayscale", "rgb"] = Field(
        "grayscale", description="colours seen: grayscale (ITU-R 601 weights) or rgb"
    )
    loss: Literal["ssim", "mse"] = Field(
        "ssim", description="ssim: 1 - mean SSIM (published project: halved); mse: mean squared error over all pixels"
    )
    map: Literal["auto", "l1", "l2", "ssim"] = Field(
        "auto", description="anomaly map: l1 absolute, l2 squared, ssim 1 - SSIM, auto the loss's own (mse: l2)"
    )
    batch_size: int = Field(8, ge=1, le=1024, description="images a step (paper: 128; small categories need the steps)")
    learning_rate: float = Field(2e-4, gt=0, le=1, description="of Adam, at the first step")
    learning_rate_decay: float = Field(1e-5, ge=0, le=1, description="step n has learning_rate / (1 + decay * n)")
    epochs: int = Field(200, ge=1, le=100_000, description="at most this many epochs")
    instances: int = Field(10_000, ge=1, description="at most this many augmented training images in all epochs")
    patience: int = Field(
        12, ge=1, description="epochs without a lower held-out loss before training stops (paper: never)"
    )
    validation_share: float = Field(
        0.1, gt=0, lt=1, description="share of the images held out for early stopping, at least one"
    )
    rotation_degrees: float = Field(10, ge=0, le=180, description="training images are turned by up to this, both ways")
    shift_share: float = Field(
        0.05, ge=0, lt=1, description="training images are shifted by up to this share of a side, both ways"
    )
    brightness_change: float = Field(
        0.05, ge=0, lt=1, description="training images are multiplied by a factor within 1 +- this"
    )
    fill: Literal["nearest", "reflect", "constant"] = Field(
        "nearest", description="what turning and shifting bring in: nearest pixel, mirror image, or black"
    )
    jit_compile: bool = Field(
        False, description="compile with XLA (on 2 CPU cores 55 ms an image a step; without, oneDNN takes 30)"
    )

    _network = None
    _device = "cpu"
    _history = None

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Train on augmented images; an epoch's loss is that of training. Raises MethodError under 2 images."""
        if len(images) < 2:
            raise MethodError(
                f"cae learns from 2 normal images or more, one of them to stop by: there are {len(images)}"
            )
        engine.start()
        from methods.cae import training

        pixels = yield from preprocessing.prepare_all(images, size=architectures.SIZE, color_mode=self.color_mode)
        with engine.on(device):
            network = architectures.build(self._layers, self._channels, seed=seed)
        self._keep(network, device)
        for history in engine.within(device, training.train(network, pixels, self, seed=seed)):
            self._history = history
            yield Epoch(len(history.epochs), history.planned, history.epochs[-1].training)

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The map of each image, and its maximum."""
        if self._network is None:
            raise MethodError("cae cannot score before it is fitted or loaded")
        from methods.cae import reconstruction
        from methods.cae.differences import OF_LOSS

        difference = OF_LOSS[self.loss] if self.map == "auto" else self.map
        scores = reconstruction.scores(self._network, images, color_mode=self.color_mode, difference=difference)
        return engine.within(self._device, scores)

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image]:
        """The network's output, at its resolution."""
        if self._network is None:
            raise MethodError("cae cannot reconstruct before it is fitted or loaded")
        from methods.cae import reconstruction

        pictures = reconstruction.pictures(self._network, images, color_mode=self.color_mode)
        return engine.within(self._device, pictures)

    def depends_on(self) -> dict[str, str]:
        """The engine under Keras. Raises MethodError where there is none."""
        return {"engine": engine.chosen(os.environ.get("KERAS_BACKEND"))}

    def save_state(self, folder: Path) -> None:
        """model.keras, without the optimizer, and history.json."""
        if self._network is None:
            raise MethodError("cae has learned nothing yet: fit it before saving")
        self._network.save(folder / "model.keras")
        self._history.save(folder / "history.json")

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read both; nothing but layers of Keras itself is accepted in the model."""
        engine.start()
        with engine.on(device):
            network = engine.load(folder / "model.keras")
        if not self._fits(network):
            raise MethodError(f"{folder / 'model.keras'} does not fit the settings.json beside it")
        self._keep(network, device)
        self._history = History.load(folder / "history.json")

    def parameter_count(self) -> int:
        """All weights and biases."""
        return architectures.parameter_count(self._layers, self._channels)

    def model_bytes(self) -> int:
        """Four bytes a parameter, and what describes them."""
        return 4 * self.parameter_count() + 60_000

    def find_device(self, wanted: str) -> str:
        """`cpu` or `cuda:N`, as the engine of Keras sees them."""
        return engine.find_device(wanted)

    def remarks(self) -> tuple[str, ...]:
        """The engine, and when training stopped."""
        return self._history.remarks() if self._history else ()

    def _keep(self, network: Any, device: str) -> None:
        network.jit_compile = self.jit_compile
        self._network, self._device = network, device

    def _fits(self, network: Any) -> bool:
        """Whether a network from a file is of the shape that the settings say."""
        shape = (None, architectures.SIZE, architectures.SIZE, self._channels)
        ends = [getattr(network, name, None) for name in ("input_shape", "output_shape")]
        return ends == [shape, shape] and network.count_params() == self.parameter_count()

    @property
    def _channels(self) -> int:
        return preprocessing.CHANNELS[self.color_mode]

    @property
    def _layers(self) -> list[architectures.Layer]:
        return architectures.TABLES[self.architecture](self._channels, self.latent_size)
