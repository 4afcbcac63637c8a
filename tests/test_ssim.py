"""Structural similarity on each Keras engine, against scikit-image, and the losses and maps made of differences."""

import os
import subprocess
import sys

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from methods.cae import ConvolutionalAutoencoder, engine, scores

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


def scikit_image(first: np.ndarray, second: np.ndarray, data_range: float = 1) -> tuple[float, np.ndarray]:
    return structural_similarity(
        first.astype(float),
        second.astype(float),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=data_range,
        channel_axis=-1,
        full=True,
    )


@pytest.mark.parametrize("first, second", pairs())
def test_the_map_is_that_of_scikit_image_in_every_whole_window(ssim, first, second):
    _, expected = scikit_image(first, second)
    found = np.asarray(ssim.ssim_map(first[None], second[None], data_range=1))[0]
    # float32 subtracts squares of nearly equal size
    np.testing.assert_allclose(found, expected[BORDER:-BORDER, BORDER:-BORDER], atol=5e-4)


@pytest.mark.parametrize("first, second", pairs())
def test_the_mean_is_that_of_scikit_image(ssim, first, second):
    expected, _ = scikit_image(first, second)
    assert np.array(ssim.ssim_map(first[None], second[None], data_range=1)).mean() == pytest.approx(expected, abs=1e-5)


def test_an_image_is_entirely_similar_to_itself(ssim):
    image = pairs()[0][0][None]
    np.testing.assert_allclose(ssim.ssim_map(image, image, data_range=1), 1, atol=1e-6)


def test_a_changed_pixel_is_least_similar_where_it_is(ssim):
    image = np.full((1, 64, 48, 1), 0.5, np.float32)
    changed = image.copy()
    changed[0, 20, 31] = 0.9
    similarity = np.asarray(ssim.ssim_map(image, changed, data_range=1))[0, ..., 0]
    assert np.unravel_index(similarity.argmin(), similarity.shape) == (20 - BORDER, 31 - BORDER)


@pytest.mark.parametrize("data_range", [0.05, 0.5, 2])
def test_the_data_range_is_that_of_scikit_image(ssim, data_range):
    first, second = pairs()[2]
    expected, _ = scikit_image(first, second, data_range)
    found = np.array(ssim.ssim_map(first[None], second[None], data_range=data_range)).mean()
    assert found == pytest.approx(expected, abs=1e-5)


def scenes() -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches (2, 180, 209, 3): halved, their sides become odd."""
    generator = np.random.default_rng(0)
    noise, other = generator.random((2, 2, 180, 209, 3), np.float32)
    waves = np.sin(np.arange(209, dtype=np.float32) / 9)[:, None] * np.ones((2, 180, 209, 3), np.float32) / 2 + 0.5
    return [(noise, 0.5 * noise + 0.5 * other), (waves, 0.8 * waves + 0.2 * noise), (waves, np.clip(waves, 0.3, 0.7))]


@pytest.mark.parametrize("first, second", scenes())
@pytest.mark.parametrize("data_range", [1, 2])
def test_ms_ssim_is_that_of_tensorflow(ssim, first, second, data_range):
    import tensorflow as tf

    expected = tf.image.ssim_multiscale(first, second, data_range).numpy()
    np.testing.assert_allclose(ssim.ms_ssim(first, second, data_range=data_range), expected, atol=2e-4)


@pytest.mark.parametrize("first, second", [(0, 0), (1, 1), (0.5, 0.5), (0, 1)])
@pytest.mark.parametrize("loss", ["mse", "mae", "l2", "ssim", "ms_ssim"])
def test_the_gradient_of_a_loss_on_constant_images_is_finite(differences, loss, first, second):
    gradient = gradient_of(
        differences, loss, *(np.full((1, 176, 176, 1), value, np.float32) for value in (first, second))
    )
    assert np.isfinite(gradient).all()


def test_the_gradient_of_ms_ssim_on_inverted_images_is_finite(differences):
    noise = np.random.default_rng(0).random((1, 176, 176, 1), np.float32)
    assert np.isfinite(gradient_of(differences, "ms_ssim", noise, 1 - noise)).all()


def gradient_of(differences, loss: str, images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """On the engine of this process."""
    if engine.start() == "torch":
        import torch

        variable = torch.tensor(reconstructions, requires_grad=True)
        differences.losses(torch.tensor(images), variable, loss=loss, data_range=1).mean().backward()
        return variable.grad.numpy()

    import tensorflow as tf

    variable = tf.Variable(reconstructions)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(differences.losses(images, variable, loss=loss, data_range=1))
    return tape.gradient(value, variable).numpy()


@pytest.mark.parametrize("loss", ["mse", "mae", "l2", "ssim", "ms_ssim"])
def test_the_gradient_of_a_loss_is_its_slope(differences, loss):
    """On the way away from the image, each pixel at its own pace."""
    images, noise, pace = np.random.default_rng(0).random((3, 1, 176, 176, 1), np.float32)
    reconstructions = (images + noise) / 2
    direction = pace * (reconstructions - images)
    ahead, behind = (
        float(differences.losses(images, reconstructions + step * direction, loss=loss, data_range=1)[0])
        for step in (0.01, -0.01)
    )
    slope = (gradient_of(differences, loss, images, reconstructions) * direction).sum()
    assert slope == pytest.approx((ahead - behind) / 0.02, rel=0.01)


def test_losses_and_their_gradients_hold_on_torch():
    """The tests of this file that say loss, gradient or formula."""
    wanted = "(gradient or formula or loss) and not torch"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", wanted, __file__]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "torch"})
    assert done.returncode == 0, done.stdout


def test_each_row_of_the_blur_is_a_mean(ssim):
    np.testing.assert_allclose(ssim.gaussian_matrix(64).sum(axis=1), 1, atol=1e-6)


FORMULAS = {
    "mse": lambda first, second: ((first - second) ** 2).mean((1, 2, 3)),
    "mae": lambda first, second: np.abs(first - second).mean((1, 2, 3)),
    "l2": lambda first, second: ((first - second) ** 2).sum((1, 2, 3)),
    "ssim": lambda first, second: [1 - scikit_image(*pair)[0] for pair in zip(first, second, strict=True)],
}


@pytest.mark.parametrize("loss", FORMULAS)
def test_a_loss_is_that_of_its_formula_for_each_image(differences, loss):
    first, second = np.random.default_rng(0).random((2, 3, 16, 16, 3), np.float32)
    found = differences.losses(first, second, loss=loss, data_range=1)
    np.testing.assert_allclose(found, FORMULAS[loss](first, second), rtol=1e-4)


def test_the_ssim_loss_is_0_for_equal_images_and_above_for_others(differences):
    first, second = np.random.default_rng(0).random((2, 1, 32, 32, 1), np.float32)
    assert float(differences.losses(first, first, loss="ssim", data_range=1)[0]) == pytest.approx(0, abs=1e-6)
    assert float(differences.losses(first, second, loss="ssim", data_range=1)[0]) > 0.5


def planted(place: tuple[int, int], change: float) -> tuple[np.ndarray, np.ndarray]:
    """A gray image with one pixel changed in one colour, and without."""
    without = np.full((1, 48, 64, 3), 0.5, np.float32)
    image = without.copy()
    image[(0, *place, 1)] += change
    return image, without


@pytest.mark.parametrize("difference, place", [("l1", (0, 63)), ("l2", (47, 0)), ("ssim", (20, 40)), ("ssim", (5, 58))])
@pytest.mark.parametrize("change", [-0.4, 0.4])
@pytest.mark.parametrize("color", ["maximum", "gray"])
def test_a_dark_or_bright_pixel_holds_the_maximum_of_the_map(differences, difference, place, change, color):
    settings = ConvolutionalAutoencoder(map=difference, color_mode="rgb", map_color=color)
    (found,) = differences.maps(*planted(place, change), settings)
    assert found.dtype == np.float32 and found.shape == (48, 64) and found.min() >= -1e-6
    assert found[place] == found.max() > 0.05


def test_the_outer_pixels_of_an_ssim_map_have_the_nearest_whole_window(differences):
    (found,) = differences.maps(*planted((3, 40), 0.4), ConvolutionalAutoencoder(map="ssim"))
    np.testing.assert_array_equal(found[:5], np.broadcast_to(found[5], (5, 64)))
    assert found[3, 40] > 0.05


def test_in_gray_a_colour_counts_by_its_weight(differences):
    found = [
        differences.maps(*planted((20, 40), 0.4), ConvolutionalAutoencoder(map="l1", color_mode="rgb", map_color=color))
        for color in ("maximum", "gray")
    ]
    assert [values.max() for values in found] == pytest.approx([0.4, 0.587 * 0.4], rel=1e-5)


@pytest.mark.parametrize(
    "loss, map", [("mse", "l2"), ("mae", "l1"), ("l2", "l2"), ("ssim", "ssim"), ("ms_ssim", "ssim")]
)
def test_a_map_of_its_own_accord_is_of_what_the_loss_lowers(differences, loss, map):
    pair = planted((20, 40), 0.4)
    own, named = (
        differences.maps(*pair, settings)
        for settings in (ConvolutionalAutoencoder(loss=loss), ConvolutionalAutoencoder(map=map))
    )
    np.testing.assert_array_equal(own, named)


def test_loss_and_map_have_one_data_range(differences):
    """Means of what a wider range makes less different."""
    first, second = (values[None] for values in pairs()[2])
    settings = ConvolutionalAutoencoder(loss="ssim", data_range=2)
    loss = differences.losses(first, second, loss="ssim", data_range=settings.data_range)
    inner = differences.maps(first[..., :1], second[..., :1], settings)[:, BORDER:-BORDER, BORDER:-BORDER]
    gray = differences.losses(first[..., :1], second[..., :1], loss="ssim", data_range=settings.data_range)
    assert inner.mean() == pytest.approx(float(gray[0]), rel=1e-5)
    assert float(loss[0]) < 0.7 * float(differences.losses(first, second, loss="ssim", data_range=1)[0])


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"image_score": "max"}, 99),
        ({"image_score": "mean"}, 49.5),
        ({"image_score": "top_mean", "top_share": 0.1}, 94.5),
        ({"image_score": "top_mean", "top_share": 0.001}, 99),
    ],
)
def test_the_image_score_is_of_the_highest_pixels(settings, expected):
    map = np.random.default_rng(0).permutation(np.arange(100, dtype=np.float32)).reshape(5, 20)
    assert scores.image_score(map, ConvolutionalAutoencoder(**settings)) == expected
