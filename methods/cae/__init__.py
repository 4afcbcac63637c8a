"""The convolutional autoencoder: it learns to reproduce normal images, and fails to reproduce anomalies."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from methods import Curve, Epoch, Image, MethodError, Preparing, Score, Work, settings
from methods._files import file_digest
from methods._resizing import CHANNELS
from methods.cae import architectures, engine, preprocessing, scores
from methods.cae.architectures.inception_resnet_v2 import named_file
from methods.cae.history import History
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.refusals import contradiction


@settings
class ConvolutionalAutoencoder(AutoencoderSettings):
    """Autoencoder trained on normal images. The anomaly map is the difference of an image and its reconstruction.

    Two papers describe it. Bergmann, Löwe, Fauser, Sattlegger and Steger (VISAPP 2019, arXiv:1807.02011) introduced
    the network and its SSIM loss. Bergmann, Fauser, Sattlegger and Steger (CVPR 2019, "MVTec AD") used it on objects
    and textures; where the settings say "paper" of patches, colours or mirroring, they mean this one, and its values
    stand in the reports. The augmentation, the schedules, the limit of training instances and the other architectures
    are those of the Keras project "MVTec-Anomaly-Detection" (2020).

    Images are resized to 256x256 (inception_resnet_v2: 299x299), whatever their aspect ratio. With `patches`, the
    network sees patches of 128x128 pixels: drawn at random places in training, in scoring one every 30 pixels. A
    pixel's value in the map is then the mean over the patches that contain it.

    Departures, and why.

    In the model and its scores:

    - The loss is the squared error, and the image score is the mean of the map: reasons beside these settings.
    - Textures too are seen whole unless `patches` is set: nothing here knows a texture from an object.
    - Images are gray for every loss. The CVPR paper says so of the SSIM autoencoder alone, so we take it that its L2
      autoencoder saw colours: set `color_mode=rgb`.
    - The `ssim` loss is 1 - mean SSIM; the Keras project halves it. Adam takes the same steps with either.
    - The `ssim` loss leaves out windows that cross the image's edge, as published. So the outer 5 pixels of an ssim map
      repeat the nearest value, and an l1 or l2 map after that loss shows untrained edges.
    - Differences have no sign, as a defect may also be darker than its surroundings. 1 - SSIM is not cut off at 1.
    - Regions that touch the image's edge count. The Keras project removes them, but textures have defects there.
    - Published architectures with a fault are corrected, except `mvtec_seed`. Their docstrings name the fault.

    In training:

    - Batches have 8 images, not 128: a category here may have 20 images and needs the steps.
    - Training sees at most 10,000 images (`instances`), as in the Keras project. The paper sees 10,000 patches in each
      of 200 epochs. Training stops early by the loss on held-out images, and keeps the best weights.
    - The paper's weight decay of 1e-5 is a decay of the learning rate, as in the Keras project.
    - The last batch of an epoch is filled with images of the next one: for a smaller batch the engine would build a
      training step of its own.
    - Objects are not mirrored unless `mirror` is set: nothing here knows which object permits it.
    - Brightness is multiplied and clipped at white. No image is stretched to the full range.
    - Images are shrunk by averaging. The Keras project takes the nearest pixels, and thin scratches vanish.
    - The held-out images are drawn by the seed. The Keras project takes the first tenth of the files.
    - The one-cycle policy leaves Adam's momentum as it is, because Keras builds it into the compiled step.
    - The learning-rate finder takes 100 steps from 1e-5 to 1, not 10 epochs: these are few steps in a small category.

    The image score by minimum defect area is not one of `image_score`: `finetune` computes it from the maps.
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

    @property
    def seen_px(self) -> int:
        """The side to which whole images are resized, also where they are then seen in patches."""
        return architectures.image_px(self)

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Train on augmented images; each epoch reports its training loss. Raises MethodError under 2 images."""
        if len(images) < 2:
            raise MethodError(
                f"cae needs at least 2 normal images, one of them held out for early stopping, got {len(images)}"
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
            yield Epoch(len(event.epochs), event.planned, *event.epochs[-1], kept=event.best)

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The anomaly map of each image, and the image score made of it as `image_score` says."""
        if self._network is None:
            raise MethodError("cae has learned nothing yet: train it or load it before scoring")
        from methods.cae import reconstruction

        return engine.within(self._device, reconstruction.scores(self._network, images, self))

    def score_rule(self) -> str:
        """The image score and the map, in words for the report."""
        return scores.rule(self)

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image]:
        """The reconstruction of each image, at the network's resolution."""
        if self._network is None:
            raise MethodError("cae has learned nothing yet: train it or load it before reconstructing")
        from methods.cae import reconstruction

        return engine.within(self._device, reconstruction.pictures(self._network, images, self))

    def depends_on(self) -> dict[str, str]:
        """The engine of Keras, and the file named by `encoder_weights`. Raises MethodError if one is missing."""
        found = {"engine": engine.chosen(os.environ.get("KERAS_BACKEND"))}
        if not self.encoder_weights:
            return found
        return found | {"encoder_weights": file_digest(named_file(self.encoder_weights))}

    def save_state(self, folder: Path) -> None:
        """Write model.keras, without the optimizer, and history.json."""
        if self._history is None:
            raise MethodError("cae has learned nothing yet: train it before saving")
        self._network.save(folder / "model.keras")
        self._history.save(folder / "history.json")

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read model.keras, which may hold only Keras's own layers, and history.json."""
        engine.start()
        with engine.on(device):
            network = engine.load(folder / "model.keras")
        if not self._fits(network):
            raise MethodError(f"{folder / 'model.keras'} does not fit the settings.json beside it")
        self._keep(network, device)
        self._history = History.load(folder / "history.json")

    def parameter_count(self, fit_images: int) -> int:
        """Number of weights, biases and moving statistics."""
        return architectures.parameter_count(self._plan)

    def model_bytes(self, fit_images: int) -> int:
        """Four bytes a parameter, and the description of the layers."""
        return architectures.model_bytes(self._plan)

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """With all planned epochs; early stopping may end a job sooner."""
        engine.start()
        from methods.cae import speed
        from methods.cae.architectures import building

        with engine.on(device):
            network = building.build(self._plan, seed=0, precision=self.precision)
            return speed.expected_seconds(network, works, self)

    def find_device(self, wanted: str) -> str:
        """`cpu` or `cuda:N`, as the engine of Keras counts the devices."""
        return engine.find_device(wanted)

    def curves(self) -> tuple[Curve, ...]:
        """The trial of learning rates, if `find_learning_rate` is set."""
        return self._history.curves() if self._history else ()

    def remarks(self) -> tuple[str, ...]:
        """The engine, when training stopped, and whether the network has learned little."""
        return self._history.remarks() if self._history else ()

    def _keep(self, network: Any, device: str) -> None:
        network.jit_compile = self.jit_compile
        self._network, self._device, self._history = network, device, None

    def _fits(self, network: Any) -> bool:
        """Whether a loaded network has the shapes and parameters that the settings say."""
        shape = (None, *self._plan.shape)
        ends = [getattr(network, name, None) for name in ("input_shape", "output_shape")]
        return ends == [shape, shape] and network.count_params() == architectures.parameter_count(self._plan)

    @property
    def _plan(self) -> architectures.Layer:
        return architectures.plan(self, channels=CHANNELS[self.color_mode])
