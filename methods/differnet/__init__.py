"""DifferNet: the likelihood of multi-scale features of a frozen network under a normalising flow."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from methods import Epoch, Image, MethodError, Pace, Preparing, Score, Work, settings
from methods._precision import Precision, supported
from methods.differnet.hyperparameters import BANK_ON_CPU, PHRASES, DifferNetSettings

STATE = "flow.safetensors"


@settings
class DifferNet(DifferNetSettings):
    """A normalising flow learns the density of features of normal images; an unlikely image is anomalous.

    The features are AlexNet's, as published, unless `backbone` names another network.

    Departures from the published system (github.com/marco-rudolph/differnet):

    - test views are evenly spaced rotations, not random ones, so that scores repeat. Brightness, contrast and
      saturation vary in training only, if at all, and always in this order;
    - the backbone and the training of the flow use bfloat16 on devices where that is faster than float32
      (`features_precision`, `training_precision`): about half the time. With a flow of width 512, features in bfloat16
      changed the image AUROC of five categories by .022 at most; training in bfloat16 changed that of four by .017;
    - in float32 on a CPU, the convolutions of stride 1 are computed by Winograd's method: fewer multiplications, equal
      but for rounding;
    - on a CPU, training draws its views, with replacement, from a bank of views that are extracted beforehand
      (`bank_views`). The layers below the flow are frozen, and to compute new views in every epoch is most of the
      published time. With hundreds of images the flow overfits a small bank: see beside that setting;
    - a tenth of the training images is held out of the flow (`validation_share`), so that it is seen when it overfits;
    - z and the log-determinant come from one pass; in training nothing is differentiated through AlexNet;
    - no test image is used to choose the model: it is that of the last epoch, or has the lowest held-out loss (`keep`);
    - anomaly maps show the gradient of the logarithm of the score, not of the loss. They are the mean over 8 rotations
      (`map_rotations`), not 64. They are rotated back bilinearly, not by cubic splines;
    - maps are not stretched image by image, which would make every image equally bright. They are blurred after the
      signs are removed, not before;
    - the subnets' batch normalisation, which is created and never used, is left out.
    """

    paper: ClassVar = (
        "Rudolph, Wandt, Rosenhahn: Same Same But DifferNet: Semi-Supervised Defect Detection with Normalizing Flows, "
        "WACV 2021, arXiv 2008.12577"
    )
    pace: ClassVar[Pace] = "hours"
    quick: ClassVar = {
        "image_size": 128,
        "n_scales": 2,
        "bank_views": 4,
        "test_views": 4,
        "coupling_blocks": 2,
        "hidden_width": 64,
        "meta_epochs": 2,
        "sub_epochs": 6,
        "map_rotations": 4,
    }

    _store = _flow = _trained_in = _scales = _history = None
    _trained_on = ""

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Prepare the views, then train the flow on them. Each Epoch is a meta epoch with its mean loss."""
        import torch

        from methods.differnet import flow, held_out

        if len(images) < 2:
            raise MethodError(f"DifferNet needs at least 2 training images, got {len(images)}")
        self._open(device)
        generator = torch.Generator().manual_seed(seed)
        fitted, watched = held_out.divided(images, self.validation_share, generator)
        seen = []
        for number, image in enumerate(watched):
            seen.append(self._features.extract(image, self._test_views()[:: -(-self.test_views // held_out.VIEWS)]))
            yield Preparing(f"held-out images through {self.backbone}", number + 1, len(watched))
        views = self._training_views(fitted, generator, device)
        yield from views.filled()
        flow_seed = int(torch.randint(2**62, (), generator=generator))
        self._flow = flow.build(self._shape, seed=flow_seed).to(device)
        self._trained_in, self._trained_on = supported(self.training_precision, device), views.phrase
        watch = held_out.Watch(seen, keeps_best=self.keep == "held_out", precision=self.scoring_precision)
        with flow.Trainer(self._flow, precision=self._trained_in, **self._adam) as trainer:
            for number in range(1, self.meta_epochs + 1):
                if number > 1:
                    yield from views.renewed()
                losses = [trainer.epoch(self._batches(views)) for _ in range(self.sub_epochs)]
                watch.look(self._flow, float(torch.cat(losses).mean()))
                self._history = watch.history
                yield self._history.epoch(number, of=self.meta_epochs)
        watch.restore(self._flow)
        self._store.clear()  # scores after the fit are timed in full, also of images seen during it

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The image score by the rule `image_score`, with a map where `map_rotations` is above 0."""
        self._require_flow()
        return (Score(self._score(image), self._map(image)) for image in self._features.ahead(images))

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """The image scores, without the cost of maps."""
        self._require_flow()
        return map(self._score, self._features.ahead(images))

    def anomaly_maps(self, images: Sequence[Image]) -> Iterator[np.ndarray | None]:
        """The maps, without the cost of image scores."""
        self._require_flow()
        return map(self._map, self._features.ahead(images))

    def score_rule(self) -> str:
        """What the image score is the mean over."""
        phrase = PHRASES[self.image_score]
        return phrase.format(views=self._what_scores_are_over, dims=self._dims, scales=self.n_scales)

    def save_state(self, folder: Path) -> None:
        """Write the flow, and the digest of the backbone's weights."""
        if self._flow is None:
            raise MethodError("DifferNet has learned nothing yet: train it before saving")
        notes = {"trained_in": self._trained_in, "trained_on": self._trained_on, "history": self._history.json()}
        self._save_tensors(self._flow.state_dict(), folder / STATE, **notes)

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read the flow. Raises MethodError also if the backbone had other weights than those found now."""
        from methods.differnet import flow
        from methods.differnet.held_out import History

        state, notes = self._load_tensors(folder / STATE, device)
        self._trained_in, self._trained_on = notes.get("trained_in", ""), notes.get("trained_on", "")
        try:
            self._flow = flow.restore(state, self._shape)
            self._history = History.parsed(notes["history"]) if "history" in notes else History()
        except ValueError as error:
            raise MethodError(f"{folder / STATE} does not fit the settings.json beside it: {error}") from None

    def parameter_count(self, fit_images: int) -> int:
        """Parameters of the flow: 172,077,056 as published."""
        half, width = self._dims // 2, self.hidden_width
        subnet = (half + 1) * width + 2 * (width + 1) * width + (width + 1) * self._dims
        return 2 * self.coupling_blocks * subnet

    def model_bytes(self, fit_images: int) -> int:
        """The float32 parameters, and each block's permutation with its inverse."""
        return 4 * self.parameter_count(fit_images) + 2 * 8 * self._dims * self.coupling_blocks

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """From views through the backbone, and steps and views of one block of the flow."""
        from methods.differnet import speed

        view = self._seconds_a_view(device)
        of_flow = speed.flow_seconds(
            speed.Sizes(self._shape, self.batch_size * self._different(self.views_per_image), self.test_views),
            device=device,
            precisions=(supported(self.training_precision, device), self.scoring_precision),
            adam=self._adam,
        )
        rotation = speed.seconds_a_map_rotation(self._features, self._shape, device=device) if self.map_rotations else 0
        scored = len(self._test_views()) * view + of_flow.image + self.map_rotations * rotation
        epochs, seen = self.meta_epochs * self.sub_epochs, self._views_seen(device)
        return [
            work.fit_images * seen * view
            + epochs * -(-work.fit_images // self.batch_size) * of_flow.step
            + work.scored_images * scored
            for work in works
        ]

    def remarks(self) -> tuple[str, ...]:
        """The backbone's weights, the precision of each part, the training views and what held-out images showed."""
        if not self._trained_in:
            return super().remarks()
        trained = f"the flow trained in {self._trained_in} and scored in {self.scoring_precision}"
        return (*super().remarks(), trained, f"trained on {self._trained_on}", *self._history.remarks())

    @property
    def _shape(self):
        from methods.differnet.flow import Shape

        return Shape(self._dims, self.coupling_blocks, self.hidden_width, self.clamp, self.dropout)

    @property
    def _adam(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "beta1": self.betas[0],
            "beta2": self.betas[1],
            "eps": self.adam_epsilon,
            "weight_decay": self.weight_decay,
        }

    def _look(self, precision: Precision, device: str) -> None:
        from methods._view_features import FeatureStore

        super()._look(precision, device)
        self._store = FeatureStore(self._features, self._test_views())

    def _different(self, views: int) -> int:
        """This number of random views of an image, or 1 where all views are alike."""
        return views if self.views_vary else 1

    def _bank_size(self, device: str) -> int:
        """Views of an image in the bank; 0: there is none, views are fresh."""
        if self.bank_views != "auto":
            return self._different(self.bank_views)
        return self._different(BANK_ON_CPU if device == "cpu" else 0)

    def _views_seen(self, device: str) -> float:
        """Passes of each training image through the backbone during a fit."""
        if size := self._bank_size(device):
            return size * (1 + self.bank_renewal * (self.meta_epochs - 1))
        return self.meta_epochs * self.sub_epochs * self.views_per_image

    def _training_views(self, images: Sequence[Image], generator, device: str):
        from methods._views import View
        from methods.differnet.training_views import Bank, Drawing, Fresh

        spread = View(self.rotation_degrees, self.brightness, self.contrast, self.saturation)
        drawing = Drawing(images, self._features, spread, generator)
        size = self._bank_size(device)
        return Bank(drawing, size=size, renewal=self.bank_renewal) if size else Fresh(drawing)

    def _batches(self, views) -> Iterator:
        return views.epoch(images=self.batch_size, views=self._different(self.views_per_image))

    def _require_flow(self) -> None:
        if self._flow is None:
            raise MethodError("DifferNet has learned nothing yet: train it or load it before scoring")

    def _score(self, image: Image) -> float:
        from methods.differnet import flow, scores

        if self._scales is None:
            self._scales = scores.places_of_scales(self._flow, dims=self._dims, scales=self.n_scales)
        z, log_det = flow.latent(self._flow, self._store.of(image), precision=self.scoring_precision)
        return scores.RULES[self.image_score](z, log_det, self._scales)

    def _map(self, image: Image) -> np.ndarray | None:
        if not self.map_rotations:
            return None
        from methods.differnet.localisation import EVIDENCE, anomaly_map

        return anomaly_map(
            image,
            self._features,
            self._flow,
            rotations=self.map_rotations,
            degrees=self.rotation_degrees,
            blur=self.map_blur,
            evidence=EVIDENCE[self.map_evidence],
        )
