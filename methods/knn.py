"""Nearest neighbours: how far an image's features lie from those of normal images."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from methods import Image, MethodError, Preparing, Score, Work, settings
from methods._view_method import ViewMethod

STATE = "bank.safetensors"
LEAST_SHARE = 0.1
"""The standard deviation of a dimension counts as at least this share of the mean over all dimensions."""


@settings
class NearestNeighbours(ViewMethod):
    """Distance of an image's features to the nearest features of normal images; nothing is trained.

    A baseline beside DifferNet, with the features of the same kind of rotated views. It stores them in a bank, where
    DifferNet's flow learns their density, so the two together show what the flow is worth. The idea is that of Bergman,
    Cohen and Hoshen. It stores no patches, as PatchCore does, and so makes no map. The score of a view is the mean
    distance to its nearest features in the bank; the image score is the mean over the views.

    Departures, and why:

    - features are AlexNet's at three scales, not a ResNet's at one, unless `backbone` and `n_scales` say so: they are
      DifferNet's, so that the two methods differ only in how they learn from them;
    - a view is the whole image, rotated, not its upright centre: again as in DifferNet;
    - distances are between standardised features: each dimension is divided by its standard deviation over the bank
      (its mean cancels out). Otherwise the largest few of 768 dimensions would decide. A standard deviation counts as
      at least a tenth of their mean: otherwise a channel that is zero in nearly all of the bank would decide;
    - the bank has a fixed size, whatever the number of images, so that its cost is known: see `bank_size`.

    A leave-one-out score is a distance to the features of the other training images, standardised by these alone. With
    the whole bank's standard deviations ten images called 29 % of new normal images defective, not 1 in 11: in hundreds
    of dimensions, a few images lie within their own standard deviation, and a new one does not.
    """

    paper: ClassVar = "Bergman, Cohen, Hoshen: Deep Nearest Neighbor Anomaly Detection, 2020, arXiv 2002.10445"
    quick: ClassVar = {"image_size": 128, "n_scales": 2, "bank_size": 30}
    leaves_one_out: ClassVar = True

    # 16 views of each of 256 images, or the four quarter turns of 1,024. As many passes through AlexNet as DifferNet
    # takes for 64 images: some minutes on a CPU. 12.6 MB.
    bank_size: int = Field(4096, ge=1, description="training features stored, divided evenly between the images")
    # The quarter turns of an image lose no corner and need no interpolation, and the bank has them too. DifferNet's 64
    # views would cost 16 times as much.
    test_views: int = Field(4, ge=1, description="evenly spaced rotations; a score is the mean over them")
    # The views of one image lie near each other, so more neighbours would not mean more images.
    neighbours: int = Field(1, ge=1, description="nearest training features; a view's distance is the mean over them")

    _bank = _deviation = _standardised = _fit_images = None

    @model_validator(mode="after")
    def _bank_has_the_neighbours(self) -> Self:
        if self.neighbours > self.bank_size:
            raise ValueError(f"{self.neighbours} neighbours cannot be found in a bank of {self.bank_size} features")
        return self

    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing]:
        """Fill the bank; there is no epoch. Raises MethodError for no image, or for more than the bank can hold."""
        import torch

        if not 0 < len(images) <= self.bank_size:
            raise MethodError(
                f"knn needs at least 1 training image, and a `bank_size` ({self.bank_size}) of at least their number, "
                f"got {len(images)}"
            )
        self._open(device)
        generator = torch.Generator().manual_seed(seed)
        features = []
        for number, views in enumerate(shares(self.bank_size, len(images))):
            features.append(self._features.extract(images[number], self._bank_views(views, generator)))
            yield Preparing(f"training views through {self.backbone}", number + 1, len(images))
        self._keep(torch.cat(features), len(images))

    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """The mean over views of the distance to the nearest training features; no map."""
        if self._bank is None:
            raise MethodError("knn has learned nothing yet: train it or load it before scoring")
        return (Score(self._score(image, self._standardised, self._deviation), None) for image in images)

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        """The mean over views of the distance to the nearest features of the other training images; no map."""
        if self._bank is None:
            raise MethodError("knn has learned nothing yet: train it or load it before leaving one image out")
        if len(images) != self._fit_images:
            raise MethodError(f"knn was fitted on {self._fit_images} images and can leave out these, got {len(images)}")
        own = shares(self.bank_size, self._fit_images)
        if self.bank_size - own[0] < self.neighbours:
            raise MethodError(
                f"knn needs {self.neighbours} training features of other images to leave one image out, and "
                f"{self.bank_size - own[0]} are there: fit it on more images"
            )
        banks = map(standardised, without_each(self._bank, own))
        return (Score(self._score(image, *others), None) for image, others in zip(images, banks, strict=True))

    def score_rule(self) -> str:
        """The mean distance over views."""
        nearest = "nearest" if self.neighbours == 1 else f"{self.neighbours} nearest"
        return f"mean over {self._what_scores_are_over} of the distance to the {nearest} training features"

    def save_state(self, folder: Path) -> None:
        """Write the bank, the number of its images, and the digest of the backbone's weights."""
        if self._bank is None:
            raise MethodError("knn has learned nothing yet: train it before saving")
        self._save_tensors({"bank": self._bank}, folder / STATE, fit_images=str(self._fit_images))

    def load_state(self, folder: Path, *, device: str) -> None:
        """Read the bank. Raises MethodError also if the backbone had other weights than those found now."""
        import torch

        tensors, notes = self._load_tensors(folder / STATE, device)
        bank, fit_images = tensors.get("bank", torch.empty(0)), notes.get("fit_images", "")
        if (bank.shape, bank.dtype) != ((self.bank_size, self._dims), torch.float32):
            raise MethodError(f"{folder / STATE} does not fit the settings.json beside it")
        if not (fit_images.isdecimal() and len(fit_images) < 10 and 0 < int(fit_images) <= self.bank_size):
            raise MethodError(f"{folder / STATE} does not say of how many images its features are")
        self._keep(bank, int(fit_images))

    def parameter_count(self, fit_images: int) -> int:
        """Numbers in the bank; they are stored, not trained."""
        return self.bank_size * self._dims

    def model_bytes(self, fit_images: int) -> int:
        """The bank, in float32."""
        return 4 * self.parameter_count(fit_images)

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """From views through the backbone; the search in the bank takes next to nothing beside them."""
        view = self._seconds_a_view(device)
        return [(self.bank_size + work.scored_images * len(self._test_views())) * view for work in works]

    def _bank_views(self, count: int, generator) -> list:
        """The rotations of the test views, then random ones: views at equal angles are nearest to each other.

        Where an image has fewer places, they are drawn from the test views: together the images have all of them.
        """
        import torch

        from methods._views import View, random_views

        fixed = self._test_views()
        if count < len(fixed):
            return [fixed[place] for place in torch.randperm(len(fixed), generator=generator)[:count]]
        return fixed + random_views(
            count - len(fixed), spread=View(self.rotation_degrees, 0, 0, 0), generator=generator
        )

    def _keep(self, bank, fit_images: int) -> None:
        self._bank, self._fit_images = bank, fit_images
        self._standardised, self._deviation = standardised(bank)

    def _score(self, image: Image, bank, deviation) -> float:
        views = self._features.extract(image, self._test_views())
        distances = mean_distances(views / deviation, bank, neighbours=self.neighbours)
        return float(distances.mean())


def shares(total: int, parts: int) -> list[int]:
    """A total divided as evenly as whole numbers allow, the larger shares first."""
    share, left = divmod(total, parts)
    return [share + (part < left) for part in range(parts)]


def without_each(bank, counts: Sequence[int]) -> Iterator[Any]:
    """A bank (n, dims) without the rows of one image after the other, given how many rows each image has."""
    import torch

    end = 0
    for count in counts:
        begin, end = end, end + count
        yield torch.cat([bank[:begin], bank[end:]])


def standardised(bank) -> tuple[Any, Any]:
    """A bank (n, dims) divided by the standard deviation of each dimension, and these (dims,)."""
    deviation = deviations(bank)
    return bank / deviation, deviation


def deviations(bank) -> Any:
    """(dims,) the standard deviation of each dimension of a bank (n, dims), none far below their mean."""
    deviation = bank.std(dim=0, correction=0)
    least = LEAST_SHARE * deviation.mean()
    return deviation.clamp(min=least if least > 0 else 1.0)  # a bank of equal features: distances as they are


def mean_distances(views, bank, *, neighbours: int) -> Any:
    """(n,) the mean Euclidean distance of each view (n, dims) to its nearest features in a bank (m, dims)."""
    import torch

    # By differences: a matrix product in float32 loses small distances, and a view would not be at 0 from itself.
    distances = torch.cdist(views, bank, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.topk(neighbours, largest=False).values.mean(dim=1)
