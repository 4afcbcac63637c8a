"""What a method is. Every file (or folder) beside this one whose name has no leading underscore is a method."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args

import numpy as np
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

Image = np.ndarray
"""(height, width, 3) uint8, RGB; sizes may differ within a category."""

settings = dataclass(config=ConfigDict(extra="forbid", validate_default=True, allow_inf_nan=False), kw_only=True)
"""Class decorator of every method: its annotated fields become its validated settings."""


class MethodError(ValueError):
    """A method cannot do what was asked; the message is one sentence for the user."""


class Score(NamedTuple):
    """What a method says of one image."""

    image: float
    """How unlike the normal images; higher is stranger, any range."""
    map: np.ndarray | None
    """(h, w) float32 over the whole image at the method's own resolution; None: cannot localise."""

    @property
    def is_finite(self) -> bool:
        """Whether the score, and with a map all of that, is neither infinite nor NaN."""
        return math.isfinite(self.image) and (self.map is None or bool(np.isfinite(self.map).all()))


class Preparing(NamedTuple):
    """Work of a fit before its first epoch, such as feature extraction."""

    what: str
    done: int
    of: int


class Epoch(NamedTuple):
    """The end of one epoch of a fit (of DifferNet: of one meta epoch)."""

    number: int
    """Counts from 1."""
    of: int
    loss: float
    held_out_loss: float | None = None
    """The loss on images that were held out of the fit; None: there are none."""
    kept: int | None = None
    """Number of the epoch whose weights would be kept if the fit ended here; None: of this one."""

    def require_convergence(self) -> None:
        """Raises MethodError where a loss is no number."""
        for loss, of in ((self.loss, "loss"), (self.held_out_loss or 0.0, "held-out loss")):
            if not math.isfinite(loss):
                raise MethodError(f"training diverged: the {of} of epoch {self.number} is {loss}")


class Curve(NamedTuple):
    """What a fit measured besides the losses of its epochs, for a figure."""

    title: str
    x: str
    y: str
    """The label of the y axis; `x` is that of the x axis."""
    points: Sequence[tuple[float, float]]
    """(x, y), in the order of x."""
    chosen: float | None = None
    """The x that was chosen."""


Pace = Literal["seconds", "minutes", "hours"]
PACES: tuple[Pace, ...] = get_args(Pace)
"""From the fastest to the slowest."""


class Work(NamedTuple):
    """What a job has to do."""

    fit_images: int
    scored_images: int


def preset_field(presets: Mapping[str, Mapping[str, Any]]) -> Any:
    """The field `preset` of a method with these presets; its description lists what each gives."""
    given = (f"{name}: {listed(values)}" for name, values in presets.items() if values)
    return Field("paper", description="; ".join(["where the settings not given come from", *given]))


def listed(values: Mapping[str, Any]) -> str:
    """Settings in a phrase: `bank_views=32, hidden_width=512`."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


@settings
class Method(ABC):
    """A way to find anomalies after seeing normal images only.

    A subclass is decorated with `@settings`; its fields are its settings and carry the paper's values.
    Its module imports no heavy library (torch, tensorflow, keras) until a function needs it.

    Laws, each held by a test of the same words over every method:

    - images are left untouched, and scored in order, each independent of its company;
    - training is a fit that is driven to its end;
    - scoring twice is equal; the same seed gives the same scores; the global random generators are left alone;
    - image scores and anomaly maps asked for alone are those of `score`;
    - a saved and loaded method gives equal scores;
    - a map is finite float32 and covers the whole image;
    - a file of a saved method that is missing or damaged is one sentence;
    - an image that is already resized to `seen_px` has the same score;
    - scoring is lazy: the first score is there before the last image is read;
    - a leave-one-out score is not lower than the score of the same image;
    - what was learned from an image does not count in its own leave-one-out score;
    - a setting that is a number has a lower limit: what is out of it is refused before a job begins;
    - a preset gives its values, and a setting given beside it wins.
    """

    paper: ClassVar[str]
    """Authors, title, year and arXiv id."""
    pace: ClassVar[Pace] = "minutes"
    """What a job of some hundred images takes on two CPU cores: a run does the jobs of the fastest methods first."""
    quick: ClassVar[Mapping[str, Any]] = {}
    """Settings with which the contract tests run it in seconds."""
    weaknesses: ClassVar[Mapping[str, str]] = {}
    """Contract tests it is known to fail, each with the reason: they become strict expected failures."""
    leaves_one_out: ClassVar[bool] = False
    """Whether it has `leave_one_out`, which must cost little more than `score`."""
    learns_by_place: ClassVar[bool] = False
    """Whether it compares each place with the same place of other images, as a mean image does.

    Where images are seen in tiles, each place then has an instance of its own.
    """
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """The settings that each preset gives where they are not given themselves; empty: the method has no presets.

    In order, from the fullest schedule to the lightest. The first is `paper`, which gives nothing. One named `light` is
    for a first look at `demo`. The method chooses by a field,
    `preset: Literal["paper", "light"] = preset_field(presets)`.
    """

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_in(cls, given: ArgsKwargs) -> ArgsKwargs:
        named = given.kwargs or {}
        return ArgsKwargs(given.args, {**cls.presets.get(str(named.get("preset")), {}), **named})

    @model_validator(mode="after")
    def _preset_counts(self) -> Self:
        values = self.preset_values
        if values and all(getattr(self, name) != value for name, value in values.items()):
            raise ValueError(f"preset counts only with one of {listed(values)}: set that, or leave it out")
        return self

    @property
    def is_shortened(self) -> bool:
        """Whether the chosen preset is another than `paper`."""
        return bool(self.preset_values)

    @property
    def preset_values(self) -> Mapping[str, Any]:
        """The settings that the chosen preset gives."""
        return self.presets.get(getattr(self, "preset", ""), {})

    @property
    def seen_px(self) -> int | None:
        """Side of the square to which an image is resized before anything is learned or scored, pixels; None: of none.

        `check` names defects that are too small there.
        """
        return None

    @abstractmethod
    def fit(self, images: Sequence[Image], *, seed: int, device: str) -> Iterator[Preparing | Epoch]:
        """Learn from normal images, decoded on access and free to be read again.

        A generator, which does nothing until it is driven: who drives it shows progress, scores between epochs, or
        stops. `train` drives it to its end. `device` is an answer of `find_device`. Raises MethodError where it cannot
        learn from them.
        """

    def train(self, images: Sequence[Image], *, seed: int = 0, device: str = "auto") -> Self:
        """Drive `fit` to its end and return the method itself, as in `method.train(images).score(images)`.

        Raises MethodError for anything but images, where the device is not there, where it cannot learn from the
        images, and where its loss is no longer a number.
        """
        require_images(images)
        for event in self.fit(images, seed=seed, device=self.find_device(device)):
            if isinstance(event, Epoch):
                event.require_convergence()
        return self

    @abstractmethod
    def score(self, images: Sequence[Image]) -> Iterator[Score]:
        """One score an image, in order. Raises MethodError before `fit` or `load`."""

    def image_scores(self, images: Sequence[Image]) -> Iterator[float]:
        """The image scores alone. Override where that is cheaper than also making maps."""
        return (score.image for score in self.score(images))

    def anomaly_maps(self, images: Sequence[Image]) -> Iterator[np.ndarray | None]:
        """The maps alone. Override where that is cheaper than also making image scores."""
        return (score.map for score in self.score(images))

    def leave_one_out(self, images: Sequence[Image]) -> Iterator[Score]:
        """The score of each image of the fit, in the order of `fit`, judged without what was learned from it.

        Lazy, as `score` is; after `load` the same images give the same scores. An image may be altered, as by a
        synthetic defect: its place says which image of the fit it is judged without. What is common to all images, such
        as a standardisation, is learned too: where it stays that of the whole fit, new images score higher than these,
        with few images much higher. Raises MethodError before `fit` or `load`, for another number of images than that
        of the fit, and where there is no other image.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot leave one image out")

    def why_not_leave_one_out(self) -> str | None:
        """Why a method that `leaves_one_out` cannot with these settings, in a phrase; None: it can."""
        return None

    @abstractmethod
    def score_rule(self) -> str:
        """How the score of an image is computed, in a phrase, known from the settings alone."""

    @abstractmethod
    def save_state(self, folder: Path) -> None:
        """Write what was learned into an existing folder: safetensors or .keras, never a pickle."""

    @abstractmethod
    def load_state(self, folder: Path, *, device: str) -> None:
        """Read what `save_state` wrote. Raises MethodError naming the file that is missing, damaged or another's."""

    @abstractmethod
    def parameter_count(self, fit_images: int) -> int:
        """Number of learned parameters, known from the settings and the number of training images."""

    @abstractmethod
    def model_bytes(self, fit_images: int) -> int:
        """Bytes on disk that `save` takes, known from the settings and the number of training images.

        Within a factor of two, and 64 KiB more or less: names and headers weigh in a model of a few numbers.
        """

    def expected_seconds(self, works: Sequence[Work], *, device: str) -> list[float]:
        """How long each job would take here with these settings, from about a second of the method's own work.

        Nothing is learned. Override where a job takes minutes: a run then says beforehand how long it takes.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how long it takes")

    @abstractmethod
    def find_device(self, wanted: str) -> str:
        """The device used when `auto`, `cpu`, `cuda` or `cuda:N` is wanted.

        Raises MethodError where a named device is not there; only `auto` may choose.
        """

    def reconstruct(self, images: Sequence[Image]) -> Iterator[Image | None]:
        """How each image would look if it were normal, (h, w, 3) uint8; None: the method cannot say."""
        return (None for _ in images)

    def depends_on(self) -> Mapping[str, str]:
        """What scores depend on besides settings, data and code, such as the contents of a file that a setting names.

        Called before anything is trained; imports no heavy library. Raises MethodError where such a file is missing.
        """
        return {}

    def curves(self) -> tuple[Curve, ...]:
        """What a fitted method measured besides the losses of its epochs; each becomes a figure."""
        return ()

    def remarks(self) -> tuple[str, ...]:
        """What a reader of a fitted method's results must know, such as which weights were used."""
        return ()

    def why_no_seconds(self) -> str | None:
        """Why the measured seconds are not the cost of fit and scores, in a phrase; None: they are."""
        return None

    def save(self, folder: Path) -> None:
        """Write settings and state into `folder`, made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        self.save_state(folder)

    @classmethod
    def load(cls, folder: Path, *, device: str) -> Self:
        """A fitted method from what `save` wrote; scores are equal to those before.

        Raises MethodError naming the file that is missing, damaged or another's.
        """
        method = cls.load_settings(folder)
        method.load_state(folder, device=device)
        return method

    @classmethod
    def load_settings(cls, folder: Path) -> Self:
        """A method that is not fitted, from the settings that `save` wrote. Raises MethodError naming their file."""
        path = folder / "settings.json"
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "settings"
            raise MethodError(f"{path} does not hold settings of this method: {place}: {first['msg']}") from None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise MethodError(f"{path} cannot be read as settings: {first_sentence(error)}") from None


def require_images(images: Sequence[Image]) -> None:
    """Raises MethodError where the first of some images is none."""
    first = images[0] if len(images) else None
    if first is None:
        return  # a method says how many it needs
    shape, kind = getattr(first, "shape", ()), getattr(first, "dtype", type(first).__name__)
    if kind != np.uint8 or len(shape) != 3 or shape[-1] != 3 or not all(shape):
        found = f"{tuple(shape)} {kind}" if len(shape) else f"{kind}"
        raise MethodError(f"expected images as (height, width, 3) uint8 RGB arrays, got {found}")


def first_sentence(error: Exception) -> str:
    """What an error of a library says, in its first sentence: the others advise programmers."""
    text = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return text.splitlines()[0].partition(". ")[0]
