"""From training images to the patches of the memory."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from methods import Image, Preparing
from methods._patch_features import Patches
from methods.patchcore import coreset

KEPT_BYTES = {"cpu": 1 << 30, "cuda": 16 << 30}
"""Projected features of all training patches are also kept whole if they need no more, and no more than half of what is
free on a GPU. Else those of the memory are computed again."""


class Choice(NamedTuple):
    """How the patches of the memory are chosen."""

    share: float
    projection_dims: int
    start_points: int

    def projects(self, dims: int) -> bool:
        """Whether patches of so many dimensions are projected: not those that have so few, or fewer, already."""
        return self.share < 1 and dims > self.projection_dims

    def keeps(self, patches: int, dims: int, device: torch.device) -> bool:
        """Whether the whole features of so many training patches are kept."""
        return not self.projects(dims) or 4 * patches * dims <= _room(device)


def _room(device: torch.device) -> int:
    room = KEPT_BYTES[device.type]
    return min(room, torch.cuda.mem_get_info(device)[0] // 2) if device.type == "cuda" else room


class Chosen(NamedTuple):
    """The patches of the memory, in the order of the images."""

    rows: Tensor
    """(m, dims) float32."""
    ends: list[int]
    """Where the rows of each image end."""


def choose(
    patches: Patches, choice: Choice, images: Sequence[Image], *, generator: torch.Generator
) -> Iterator[Preparing]:
    """Tell what is done, and return `Chosen`: the training patches, or a coreset of them."""
    training = _Training(patches, choice, len(images), generator)
    for number, image in enumerate(images):
        training.see(number, patches.of(image).flatten(0, 1))
        yield Preparing(f"patches through {patches.look.backbone}", number + 1, len(images))
    picked = yield from training.picks(generator)
    firsts = torch.arange(1, len(images) + 1, device=picked.device) * training.patches_an_image
    ends = torch.searchsorted(picked, firsts).tolist()
    if training.kept is not None:
        return Chosen(training.kept[picked], ends)
    return Chosen((yield from _seen_again(patches, images, picked % training.patches_an_image, ends)), ends)


class _Training:
    """The training patches as far as they must be in memory: projected, and whole if there is room."""

    def __init__(self, patches: Patches, choice: Choice, images: int, generator: torch.Generator):
        self.choice, self.images, self.device, dims = choice, images, patches.device, patches.look.dims
        self.kept = self.projected = self.projection = None
        if choice.projects(dims):
            self.projection = coreset.projection(dims, choice.projection_dims, generator).to(self.device)

    def see(self, number: int, features: Tensor) -> None:
        """The (patches, dims) features of an image."""
        if number == 0:
            self._make_room(*features.shape)
        rows = slice(number * self.patches_an_image, (number + 1) * self.patches_an_image)
        if self.kept is not None:
            self.kept[rows] = features
        if self.projection is not None:
            self.projected[rows] = features @ self.projection.T

    def picks(self, generator: torch.Generator) -> Iterator[Preparing]:
        """Tell what is done, and return the indices of the memory's patches, ascending."""
        total = self.images * self.patches_an_image
        if self.choice.share == 1:
            return torch.arange(total, device=self.device)
        count = max(1, int(total * self.choice.share))
        starts = torch.randperm(total, generator=generator)[: self.choice.start_points].to(self.device)
        found, done = [], 0
        for some in coreset.picks(self._points(), count=count, starts=starts):
            found.append(some)
            done += len(some)
            yield Preparing("picks of the coreset", done, count)
        return torch.cat(found).sort().values

    def _points(self) -> Tensor:
        """The patches to pick from. Projected ones are handed over: nothing else needs their room."""
        if self.projected is None:
            return self.kept
        points, self.projected = self.projected, None
        return points

    def _make_room(self, patches_an_image: int, dims: int) -> None:
        self.patches_an_image, total = patches_an_image, self.images * patches_an_image
        if self.choice.keeps(total, dims, self.device):
            self.kept = torch.empty(total, dims, device=self.device)
        if self.projection is not None:
            self.projected = torch.empty(total, len(self.projection), device=self.device)


def _seen_again(patches: Patches, images: Sequence[Image], places: Tensor, ends: Sequence[int]) -> Iterator[Preparing]:
    """Tell what is done, and return the features (m, dims) at these places (m,) of the images."""
    # Made in one piece: many small ones between the features of whole images would keep the room of these from reuse.
    rows, begins = torch.empty(len(places), patches.look.dims, device=patches.device), [0, *ends[:-1]]
    for number, own in enumerate(map(slice, begins, ends)):
        rows[own] = patches.of(images[number]).flatten(0, 1)[places[own]]
        yield Preparing("patches of the memory again", number + 1, len(images))
    return rows
