"""PatchCore: distances of an image's patches to a memory of normal patches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from methods import Image, MethodError, Preparing, Score, Work, settings
from methods.patchcore.hyperparameters import PatchCoreSettings

STATE = "memory.safetensors"


@settings
class PatchCore(PatchCoreSettings):
    """Distance of each patch of an image to the nearest of a chosen tenth of the training patches; nothing is trained.

    Departures from the published system (github.com/amazon-science/patchcore-inspection):

    - an image is seen whole (`crop_size`), so that no defect at the border is missed;
    - the presets other than `paper` look through a smaller network, whose weights every machine can have, and take the
      mean of each channel (`pooling`), where the authors' pooling would stretch its few channels to 1,024;
    - patches are pooled before they are brought to one grid: equal but for rounding;
    - the memory's patches are chosen exactly, without the rounding of the published loop (see `coreset`), and nearest
      ones found exactly (see `memory`);
    - scores are not scaled by those of the test set, which changes no order;
    - training features that are projected and need more room than `KEPT_BYTES` are not kept: those of the memory are
      computed again;
    - features of fewer than 128 dimensions are not projected to 128.

    A leave-one-out score leaves out the image's own patches of the memory, which is not chosen again. Where they had
    stood for patches of others, the memory is sparser without them: the scores are somewhat too high. That does not
    hold for `image_score=reweighted`, with which no image is left out.
    """

    paper: ClassVar = (
        "Roth, Pemula, Zepeda, Schölkopf, Brox, Gehler: Towards Total Recall in Industrial Anomaly Detection, CVPR "
        "2022, arXiv 2106.08265"
    )
    leaves_one_out: ClassVar = True
    quick: ClassVar = {"backbone": "mobilenet_v2", "pooling": "mean", "image_size": 128}

    _memory = _ends = None

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing]:
        """Fill the memory; there is no epoch. Raises MethodError for no image."""
        import torch

        from methods.patchcore import training

        if not len(images):
            raise MethodError("PatchCore needs at least 1 training image, got 0")
        if (kept := self.parameter_count(len(images)) // self._dims) < self._searched:
            raise MethodError(f"PatchCore needs a memory of {self._searched} patches, and these images give {kept}")
        self._open(device)
        generator = torch.Generator().manual_seed(seed)
        self._keep(*(yield from training.choose(self._patches, self._choice, images, generator=generator)))

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The highest patch score of each image, and the map of all its patches."""
        self._require_memory("scoring")
        return (self._score(image, without=range(0)) for image in images)

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        """The scores of the training images against the memory's patches of the others."""
        self._require_memory("leaving one image out")
        if reason := self.why_not_leave_one_out():
            raise MethodError(f"PatchCore {reason}")
        count = len(self._ends)
        if len(images) != count:
            raise MethodError(f"PatchCore was fitted on {count} images and can leave out these, got {len(images)}")
        begins = [0, *self._ends[:-1]]
        largest = max(end - begin for begin, end in zip(begins, self._ends, strict=True))
        if self._ends[-1] - largest < self._searched:
            raise MethodError(
                f"PatchCore needs {self._searched} memory patches of other images to leave one image out, and "
                f"{self._ends[-1] - largest} are there: fit it on more images"
            )
        own = map(range, begins, self._ends)
        return (self._score(image, without=rows) for image, rows in zip(images, own, strict=True))

    def why_not_leave_one_out(self) -> str | None:
        """The weights of `reweighted` come from the whole memory."""
        return "leaves an image out with image_score=max only" if self.image_score == "reweighted" else None

    def score_rule(self) -> str:
        """The highest patch score."""
        if self.image_score == "reweighted":
            return "highest distance of a patch to the nearest of the memory, weighted by the memory around that"
        nearest = "nearest" if self.neighbours == 1 else f"{self.neighbours} nearest"
        return f"highest squared distance of a patch to the {nearest} of the memory"

    def save_state(self, folder: Path) -> None:
        """Write the memory, where each image's part of it ends, and the digest of the backbone's weights."""
        import torch

        self._require_memory("saving")
        ends = torch.tensor(self._ends, dtype=torch.int64)
        self._save_tensors({"memory": self._memory.rows, "ends": ends}, folder / STATE)

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read the memory. Raises MethodError also if the backbone had other weights than those found now."""
        import torch

        tensors, _ = self._load_tensors(folder / STATE, device)
        rows, ends = (tensors.get(name, torch.empty(0)) for name in ("memory", "ends"))
        fits = rows.dtype == torch.float32 and rows.shape[1:] == (self._dims,) and len(rows) >= self._searched
        if not fits or not _are_ends(ends, len(rows)):
            raise MethodError(f"{folder / STATE} does not fit the settings.json beside it")
        self._keep(rows, ends.tolist())

    def parameter_count(self, fit_images: int) -> int:
        """Numbers in the memory; they are stored, not trained."""
        return max(1, int(fit_images * self._patches_an_image * self.coreset_share)) * self._dims

    def model_bytes(self, fit_images: int) -> int:
        """The memory, in float32."""
        return 4 * self.parameter_count(fit_images)

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """From an image through the backbone, picks of a coreset and a search in a memory."""
        from methods.patchcore import speed

        self._open(device)
        measured, an_image = speed.measured(self._patches), (self._patches_an_image, self._dims)
        return [speed.job_seconds(measured, work, self._choice, an_image=an_image) for work in works]

    @property
    def _choice(self):
        from methods.patchcore.training import Choice

        return Choice(self.coreset_share, self.projection_dims, self.start_points)

    @property
    def _patches_an_image(self) -> int:
        return self._network.places(self._layers[0], self.crop_size or self.image_size) ** 2

    @property
    def _searched(self) -> int:
        """How many nearest patches a score needs."""
        return max(self.neighbours, self.reweighting_neighbours if self.image_score == "reweighted" else 1)

    def _require_memory(self, before: str) -> None:
        if self._memory is None:
            raise MethodError(f"PatchCore has learned nothing yet: train it or load it before {before}")

    def _keep(self, rows, ends: Sequence[int]) -> None:
        from methods.patchcore.memory import Memory

        self._memory, self._ends = Memory(rows), list(ends)

    def _score(self, image: Image, without: range) -> Score:
        from methods.patchcore.scores import reweighted

        patches = self._patches.of(image)
        flat, shape = patches.flatten(0, 1), patches.shape[:2]
        squares = self._memory.nearest(flat, self.neighbours, without=without)[0].mean(dim=1)
        map = self._map(squares.view(shape), image)
        if self.image_score == "max":
            return Score(float(squares.max()), map)
        around, highest = self.reweighting_neighbours, flat[squares.argmax()]
        return Score(reweighted(highest, self._memory, around=around, without=without), map)


def _are_ends(ends: Any, rows: int) -> bool:
    """Whether these say where each image's part of so many rows ends."""
    return ends.ndim == 1 and len(ends) > 0 and int(ends[-1]) == rows and bool((ends.diff() >= 0).all())
