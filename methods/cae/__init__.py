"""The convolutional autoencoder that learns to reproduce normal images: what it cannot reproduce is anomalous."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from methods import Curve, Epoch, Image, MethodError, Preparing, Score, settings
from methods._files import file_digest
from methods._resizing import CHANNELS
from methods.cae import architectures, engine, preprocessing, scores
from methods.cae.architectures.inception_resnet_v2 import named_file
from methods.cae.history import History
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.refusals import contradiction


@settings
class ConvolutionalAutoencoder(AutoencoderSettings):
    """Autoencoder trained on normal images; the anomaly map is the difference of an image and its reconstruction.

    Two papers describe it. Bergmann, Löwe, Fauser, Sattlegger and Steger (VISAPP 2019, arXiv:1807.02011) introduced
    the network and its SSIM loss. Bergmann, Fauser, Sattlegger and Steger (CVPR 2019, "MVTec AD") used it on objects
    and textures: its procedure is what the settings below call the paper's, and its values stand in the reports.
    The augmentation, the schedules, the limit of training instances and the other architectures are those of the Keras
    project "MVTec-Anomaly-Detection" (2020).

    Images are resized to 256x256 (inception_resnet_v2: 299x299), whatever their aspect ratio. With
    `patches`, the network sees patches of 128x128 pixels: drawn at random places in training, in scoring one every 30
    pixels. A pixel's value in the map is then the mean over the patches that contain it.

    Departures, and why:

    - the loss is the squared error, and an image's score the mean of its map: see beside these settings;
    - textures too are seen whole where `patches` is not set: nothing here knows a texture from an object;
    - images are gray for every loss. The CVPR paper says so of the SSIM autoencoder alone, so that its L2 one saw
      colours, as we read it: `color_mode=rgb`;
    - objects are not mirrored in training unless `mirror` is set: nothing here knows which object permits it;
    - batches of 8, not 128: a category here may have 20 images, and needs the steps;
    - training sees 10,000 images at most (`instances`), the Keras project's number, where the paper sees 10,000 patches
      in each of 200 epochs. It stops early, by images held out, and keeps the best weights;
    - the paper's weight decay of 1e-5 is a decay of the learning rate, as the Keras project has it;
    - the `ssim` loss is 1 - mean SSIM, not halved: Adam's steps are the same, and the number reads as what it is;
    - the loss leaves out windows that cross the image's edge, as published, so that an SSIM map has no values of its
      own in the outer 5 pixels: it repeats the nearest. An l1 or l2 map after that loss shows untrained edges;
    - an epoch's last batch is filled up with the next epoch's images: steps of one size are built once;
    - brightness is multiplied and cut off at white; no image is stretched to the full range;
    - images are shrunk by averaging, where the Keras project takes the nearest pixels, and a thin scratch vanishes;
    - a residual has no sign, as a defect may be darker than its surroundings too, and 1 - SSIM is not cut off at 1;
    - the held-out images are drawn by the seed, where the Keras project takes the first tenth of the files;
    - regions that touch the image's edge count, where the Keras project clears them: textures have defects there;
    - the one-cycle policy leaves Adam's momentum alone: Keras builds it into the compiled step;
    - the learning-rate finder takes 100 steps from 1e-5 to 1, not 10 epochs: a small category has few steps in those;
    - architectures published with a fault are put right, but for `mvtec_seed`: their docstrings say where.

    The image score by minimum defect area is not among `image_score`: `finetune` takes it from the maps.
    """

    paper: ClassVar[str] = (
        "Bergmann, Löwe, Fauser, Sattlegger, Steger: Improving Unsupervised Defect Segmentation by Applying "
        "Structural Similarity to Autoencoders, VISAPP 2019, arXiv:1807.02011; Bergmann, Fauser, Sattlegger, Steger: "
        "MVTec AD - A Comprehensive Real-World Dataset for Unsupervised Anomaly Detection, CVPR 2019"
    )
    quick: ClassVar[dict[str, Any]] = {"loss": "mse", "epochs": 3, "latent_size": 8}

    _network = None
    _device = "cpu"
    _history = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if sentence := contradiction(self):
            raise ValueError(sentence)
        return self

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Train on augmented images; an epoch's loss is that of training. Raises MethodError under 2 images."""
        if len(images) < 2:
            raise MethodError(
                f"cae learns from 2 normal images or more, one of them to stop by: there are {len(images)}"
            )
        engine.start()
        from methods.cae import training
        from methods.cae.architectures import building

        side_px = architectures.image_px(self)
        pixels = yield from preprocessing.resize_all(images, side_px=side_px, color_mode=self.color_mode)
        with engine.on(device):
            network = building.build(self._plan, seed=seed, precision=self.precision)
        self._keep(network, device)
        ran_on = engine.description(self.precision)
        for event in engine.within(device, training.train(network, pixels, self, seed=seed, engine=ran_on)):
            if isinstance(event, Preparing):
                yield event
                continue
            self._history = event
            yield Epoch(len(event.epochs), event.planned, *event.epochs[-1])

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The map of each image, and what `image_score` makes of it."""
        if self._network is None:
            raise MethodError("cae cannot score before it is fitted or loaded")
        from methods.cae import reconstruction

        return engine.within(self._device, reconstruction.scores(self._network, images, self))

    def score_rule(self) -> str:
        """What `image_score` makes of the map, and what the map is."""
        return scores.rule(self)

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image]:
        """The network's output, at its resolution."""
        if self._network is None:
            raise MethodError("cae cannot reconstruct before it is fitted or loaded")
        from methods.cae import reconstruction

        return engine.within(self._device, reconstruction.pictures(self._network, images, self))

    def depends_on(self) -> dict[str, str]:
        """The engine under Keras, and a file of weights that is named. Raises MethodError where one is not there."""
        found = {"engine": engine.chosen(os.environ.get("KERAS_BACKEND"))}
        if not self.encoder_weights:
            return found
        return found | {"encoder_weights": file_digest(named_file(self.encoder_weights))}

    def save_state(self, folder: Path) -> None:
        """model.keras, without the optimizer, and history.json."""
        if self._history is None:
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
        """All weights, biases and moving statistics."""
        return architectures.parameter_count(self._plan)

    def model_bytes(self) -> int:
        """Four bytes a parameter, and what describes the layers."""
        return architectures.model_bytes(self._plan)

    def find_device(self, wanted: str) -> str:
        """`cpu` or `cuda:N`, as the engine of Keras sees them."""
        return engine.find_device(wanted)

    def curves(self) -> tuple[Curve, ...]:
        """The trial of learning rates, where it was asked."""
        return self._history.curves() if self._history else ()

    def remarks(self) -> tuple[str, ...]:
        """The engine, and when training stopped."""
        return self._history.remarks() if self._history else ()

    def _keep(self, network: Any, device: str) -> None:
        network.jit_compile = self.jit_compile
        self._network, self._device, self._history = network, device, None

    def _fits(self, network: Any) -> bool:
        """Whether a network from a file is of the shape that the settings say."""
        shape = (None, *self._plan.shape)
        ends = [getattr(network, name, None) for name in ("input_shape", "output_shape")]
        return ends == [shape, shape] and network.count_params() == self.parameter_count()

    @property
    def _plan(self) -> architectures.Layer:
        return architectures.plan(self, channels=CHANNELS[self.color_mode])
