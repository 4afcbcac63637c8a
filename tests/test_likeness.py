"""Near-duplicates and sequences, on pictures whose truth is known because the test makes them."""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.likeness import duplicates
from benchmarks.likeness.duplicates import near_duplicates
from benchmarks.likeness.overlap import correlations, correlations_of_pairs
from benchmarks.likeness.sequence import is_sequence
from benchmarks.likeness.thumbnail import SIDE, residuals, thumbnail

SIDE_PX = 96


def surface(seed: int, width: int = SIDE_PX) -> np.ndarray:
    """A picture of a rough surface, (SIDE_PX, width, 3) uint8."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(SIDE_PX, width)), 3)
    gray = np.clip(128 + 30 * noise / noise.std(), 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


def part(seed: int) -> np.ndarray:
    """A picture of an aligned part: a disc that is always the same, on it the surface of this one part."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] - SIDE_PX / 2
    disc = (rows**2 + columns**2 < 40**2)[..., None]
    return np.where(disc, 100 + (surface(seed) // 3), 30).astype(np.uint8)


def pairs(*pictures: np.ndarray) -> list[tuple[int, int]]:
    return near_duplicates([thumbnail(np.ascontiguousarray(picture)) for picture in pictures]).pairs


def encoded(picture: np.ndarray, side_px: int) -> np.ndarray:
    """The picture at another size, as it comes back from JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).resize((side_px, side_px)).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("kind", [surface, part])
def test_pictures_of_different_parts_are_no_near_duplicates(kind):
    assert pairs(*(kind(seed) for seed in range(20))) == []


@pytest.mark.parametrize(("kind", "side_px"), [(surface, SIDE_PX), (surface, SIDE_PX // 2), (part, SIDE_PX)])
def test_a_copy_that_was_encoded_again_is_a_near_duplicate(kind, side_px):
    pictures = [kind(seed) for seed in range(12)]
    assert pairs(*pictures, encoded(pictures[3], side_px)) == [(3, 12)]


def test_a_brighter_copy_is_a_near_duplicate():
    pictures = [part(seed) for seed in range(12)]
    assert pairs(*pictures, (pictures[5] * 1.05).astype(np.uint8)) == [(5, 12)]


def test_crops_that_share_half_of_a_picture_are_near_duplicates_and_crops_that_share_less_are_not():
    film = surface(100, width=2 * SIDE_PX)
    others = [surface(seed) for seed in range(12)]
    crop = film[:, :SIDE_PX]
    assert pairs(*others, crop, film[:, SIDE_PX // 2 : SIDE_PX // 2 + SIDE_PX]) == [(12, 13)]
    assert pairs(*others, crop, film[:, SIDE_PX * 3 // 4 : SIDE_PX * 3 // 4 + SIDE_PX]) == []


def test_pictures_without_content_are_no_near_duplicates():
    assert pairs(*(np.full((20, 24, 3), level, np.uint8) for level in range(10))) == []


def test_among_three_pictures_no_pair_can_be_told():
    assert pairs(surface(0), surface(0), surface(1)) == []


def test_of_many_images_some_are_compared_and_their_number_is_told(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST", 20)
    shown = [surface(seed) for seed in range(25)]
    found, compared = near_duplicates([thumbnail(each) for each in shown * 2])
    assert compared == 20 and found
    assert all(other - one == 25 for one, other in found)


def test_the_correlation_of_shifted_pictures_is_that_of_their_overlap():
    wide = np.random.default_rng(0).normal(size=(1, 8, 10)).astype(np.float32)
    shifted = np.concatenate([wide[:, :, :8], wide[:, :, 2:]])
    assert correlations(shifted)[0, 1] == pytest.approx(1, abs=1e-5)


def test_pairs_have_the_correlations_that_they_have_among_all():
    apart = residuals([thumbnail(surface(seed)) for seed in range(6)])
    among_all = correlations(apart)
    assert correlations_of_pairs(apart[:5], apart[1:]) == pytest.approx(np.diag(among_all, 1), abs=1e-5)
    assert among_all == pytest.approx(among_all.T)


def film(frames: int, step: int = 12) -> list[bytes]:
    """The thumbnails of the frames of a camera that moves over a surface."""
    whole = surface(7, width=SIDE_PX + step * frames)
    return [thumbnail(np.ascontiguousarray(whole[:, at * step : at * step + SIDE_PX])) for at in range(frames)]


@pytest.mark.parametrize("frames", [12, 20, 150])
def test_the_frames_of_a_moving_camera_are_a_sequence_and_in_another_order_they_are_none(frames):
    thumbnails = film(frames)
    shuffled = [thumbnails[index] for index in np.random.default_rng(0).permutation(frames)]
    assert is_sequence(thumbnails) and not is_sequence(shuffled)


def test_too_few_frames_to_tell_are_no_sequence():
    assert not is_sequence(film(11))


@pytest.mark.parametrize("kind", [surface, part])
def test_images_of_different_parts_are_no_sequence(kind):
    assert not is_sequence([thumbnail(kind(seed)) for seed in range(60)])


def test_a_thumbnail_keeps_the_mean_gray_level_of_a_large_image():
    picture = np.full((700, 900, 3), 100, np.uint8)
    picture[:350] = 200
    stored = np.frombuffer(thumbnail(picture), "<u2")
    assert stored.size == SIDE * SIDE and stored.mean() / 256 == pytest.approx(150, abs=0.5)
