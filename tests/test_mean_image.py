"""The mean image: its map and score against numbers worked out by hand."""

import numpy as np
import pytest

from methods import Epoch, MethodError, mean_image
from methods.mean_image import MeanImage


def gray(level: int, size: tuple[int, int] = (256, 256)) -> np.ndarray:
    return np.full((*size, 3), level, np.uint8)


def fitted(*images: np.ndarray, **settings) -> MeanImage:
    method = MeanImage(**settings)
    assert not any(isinstance(event, Epoch) for event in method.fit(images, seed=0, device="cpu"))
    return method


def test_a_difference_is_in_standard_deviations_of_its_pixel():
    method = fitted(gray(90), gray(100), gray(110))  # mean 100, deviation 10
    (score,) = method.score([gray(125)])
    assert np.all(score.map == 2.5) and score.image == 2.5


def test_without_deviations_a_difference_is_in_gray_levels():
    (score,) = fitted(gray(90), gray(100), gray(110), divide_by_deviation=False).score([gray(125)])
    assert np.all(score.map == 25)


def test_pixels_that_never_vary_count_in_gray_levels():
    (score,) = fitted(gray(100), gray(100)).score([gray(107)])
    assert np.all(score.map == 7)


def test_the_deviation_is_numpys():
    images = np.random.default_rng(0).integers(0, 256, (5, *mean_image.SHAPE), dtype=np.uint8)
    expected = np.maximum(images.std(axis=0, ddof=1), 1)
    np.testing.assert_allclose(fitted(*images)._state["deviation"], expected, rtol=1e-6)


def test_a_pixel_differs_as_its_most_different_colour():
    image = gray(100)
    image[..., 1], image[..., 2] = 103, 91
    (score,) = fitted(gray(100), divide_by_deviation=False).score([image])
    assert np.all(score.map == 9)


def test_the_score_is_the_mean_of_the_highest_hundredth():
    image = gray(0)
    image[..., 0] = np.arange(256)
    (score,) = fitted(gray(0), divide_by_deviation=False).score([image])
    assert score.image == pytest.approx((256 * (255 + 254) + 143 * 253) / 655)


def test_a_single_pixel_hardly_moves_the_score():
    image = gray(100)
    image[7, 9] = 255
    (score,) = fitted(gray(100), gray(100)).score([image])
    assert score.map.max() == 155 and score.image == pytest.approx(155 / 655)


def test_the_reconstruction_is_the_mean_image_for_every_image():
    method = fitted(gray(90), gray(110))
    assert [np.unique(image).tolist() for image in method.reconstruct([gray(0), gray(255)])] == [[100], [100]]


def test_a_deviation_needs_two_images_and_a_mean_one():
    with pytest.raises(MethodError, match="at least 2 training images, got 1"):
        fitted(gray(1))
    assert fitted(gray(1), divide_by_deviation=False).parameter_count(1) == 3 * 256 * 256


def test_a_damaged_model_is_named(tmp_path):
    fitted(gray(90), gray(110)).save(tmp_path)
    state = tmp_path / mean_image.STATE
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(MethodError, match=r"mean\.safetensors cannot be read"):
        MeanImage.load(tmp_path, device="cpu")


def test_a_model_of_other_settings_is_refused(tmp_path):
    fitted(gray(90), gray(110)).save(tmp_path)
    with pytest.raises(MethodError, match=r"mean\.safetensors does not fit the settings"):
        MeanImage(divide_by_deviation=False).load_state(tmp_path, device="cpu")
