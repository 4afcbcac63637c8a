"""Structural similarity on a Keras engine, against scikit-image, and the losses and maps made of differences."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from methods.cae import engine

BORDER = 5


@pytest.fixture(scope="module")
def ssim():
    engine.start()
    from methods.cae import ssim

    return ssim


@pytest.fixture(scope="module")
def differences():
    engine.start()
    from methods.cae import differences

    return differences


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Two images (40, 56, 3) from 0 to 1 each: unrelated, alike, of low contrast, inverted."""
    generator = np.random.default_rng(0)
    noise, other = generator.random((2, 40, 56, 3), np.float32)
    gray = np.full_like(noise, 0.5)
    return [
        (noise, other),
        (noise, 0.9 * noise + 0.1 * other),
        (gray + noise / 50, gray + other / 50),
        (noise, 1 - noise),
    ]


def scikit_image(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray]:
    return structural_similarity(
        first.astype(float),
        second.astype(float),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        channel_axis=-1,
        full=True,
    )


@pytest.mark.parametrize("first, second", pairs())
def test_the_map_is_that_of_scikit_image_in_every_whole_window(ssim, first, second):
    _, expected = scikit_image(first, second)
    found = np.asarray(ssim.ssim_map(first[None], second[None]))[0]
    # float32 subtracts squares of nearly equal size
    np.testing.assert_allclose(found, expected[BORDER:-BORDER, BORDER:-BORDER], atol=5e-4)


@pytest.mark.parametrize("first, second", pairs())
def test_the_mean_is_that_of_scikit_image(ssim, first, second):
    expected, _ = scikit_image(first, second)
    assert np.mean(ssim.ssim_map(first[None], second[None])) == pytest.approx(expected, abs=1e-5)


def test_an_image_is_entirely_similar_to_itself(ssim):
    image = pairs()[0][0][None]
    np.testing.assert_allclose(ssim.ssim_map(image, image), 1, atol=1e-6)


def test_a_changed_pixel_is_least_similar_where_it_is(ssim):
    image = np.full((1, 64, 48, 1), 0.5, np.float32)
    changed = image.copy()
    changed[0, 20, 31] = 0.9
    similarity = np.asarray(ssim.ssim_map(image, changed))[0, ..., 0]
    assert np.unravel_index(similarity.argmin(), similarity.shape) == (20 - BORDER, 31 - BORDER)


@pytest.mark.parametrize("first, second", [(0, 0), (1, 1), (0.5, 0.5), (0, 1)])
def test_the_gradient_on_constant_images_is_finite(ssim, first, second):
    import tensorflow as tf

    shape = (1, 24, 24, 1)
    variable = tf.Variable(np.full(shape, second, np.float32))
    with tf.GradientTape() as tape:
        mean = tf.reduce_mean(ssim.ssim_map(np.full(shape, first, np.float32), variable))
    assert np.isfinite(tape.gradient(mean, variable)).all()


def test_each_row_of_the_blur_is_a_mean(ssim):
    np.testing.assert_allclose(ssim.gaussian_matrix(64).sum(axis=1), 1, atol=1e-6)


def test_mse_is_the_mean_over_all_pixels(differences):
    first, second = np.random.default_rng(0).random((2, 3, 16, 16, 3), np.float32)
    np.testing.assert_allclose(
        differences.losses(first, second, loss="mse"), ((first - second) ** 2).mean((1, 2, 3)), rtol=1e-5
    )


def test_the_ssim_loss_is_0_for_equal_images_and_above_for_others(differences):
    first, second = np.random.default_rng(0).random((2, 1, 32, 32, 1), np.float32)
    assert float(differences.losses(first, first, loss="ssim")[0]) == pytest.approx(0, abs=1e-6)
    assert float(differences.losses(first, second, loss="ssim")[0]) > 0.5


def planted(place: tuple[int, int], change: float) -> tuple[np.ndarray, np.ndarray]:
    """A gray image with one pixel changed in one colour, and without."""
    without = np.full((1, 48, 64, 3), 0.5, np.float32)
    image = without.copy()
    image[(0, *place, 1)] += change
    return image, without


@pytest.mark.parametrize("difference, place", [("l1", (0, 63)), ("l2", (47, 0)), ("ssim", (20, 40)), ("ssim", (5, 58))])
@pytest.mark.parametrize("change", [-0.4, 0.4])
def test_a_dark_or_bright_pixel_holds_the_maximum_of_the_map(differences, difference, place, change):
    (found,) = differences.maps(*planted(place, change), difference=difference)
    assert found.dtype == np.float32 and found.shape == (48, 64) and found.min() >= -1e-6
    assert found[place] == found.max() > 0.1


def test_the_outer_pixels_of_an_ssim_map_have_the_nearest_whole_window(differences):
    (found,) = differences.maps(*planted((3, 40), 0.4), difference="ssim")
    np.testing.assert_array_equal(found[:5], np.broadcast_to(found[5], (5, 64)))
    assert found[3, 40] > 0.05
