"""The autoencoder's learning rates and its patches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods import Epoch, MethodError, Preparing
from methods.cae import ConvolutionalAutoencoder, engine, patches, rates
from methods.cae.history import History, Losses, Trial

NAN = float("nan")


@pytest.fixture(scope="module", autouse=True)
def keras():
    engine.start()


def surface(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 156, (64, 64, 3), np.uint8)


# learning rates


def rate(schedule: str, step: int, losses: tuple = (), **settings) -> float:
    method = ConvolutionalAutoencoder(learning_rate_schedule=schedule, **settings)
    return rates.rate(method, highest=0.1, step=step, steps=100, losses=losses)


def test_decay_divides_by_the_steps():
    assert rate("decay", 0) == pytest.approx(0.1)
    assert rate("decay", 300, learning_rate_decay=0.01) == pytest.approx(0.1 / 4)


def test_a_cycle_rises_from_a_tenth_falls_as_long_and_ends_in_a_thousandth():
    found = [rate("one_cycle", step) for step in range(101)]
    assert [found[step] for step in (0, 45, 90, 100)] == pytest.approx([0.01, 0.1, 0.01, 0.0001])
    assert np.argmax(found) == 45 and all(np.diff(found[:46]) > 0) and all(np.diff(found[45:]) < 0)


@pytest.mark.parametrize(
    "losses, reductions",
    [((), 0), ((3, 2, 1), 0), ((1, 1, 1), 1), ((1, 2, 2, 2, 2), 2), ((1, 2, 0.5, 2), 0), ((NAN, NAN, 1, 2), 1)],
)
def test_a_plateau_reduces_the_rate_and_begins_anew(losses, reductions):
    found = rate("plateau", 7, losses, plateau_patience=2, plateau_factor=0.5)
    assert found == pytest.approx(0.1 * 0.5**reductions)


def test_a_smoothed_constant_stays_what_it_is():
    assert rates.smoothed([3.0] * 5, 0.9) == pytest.approx([3.0] * 5)
    assert rates.smoothed([1.0, 0.0], 0.5) == pytest.approx([1, 1 / 3])


def test_the_rate_suggested_is_where_most_of_the_way_down_is_done():
    losses = [1.0, 1.2, 0.8, 0.3, 0.29, 0.2, 5.0]
    trials = [Trial(10.0**-power, loss) for power, loss in zip(range(7, 0, -1), losses, strict=True)]
    assert rates.suggested(trials, 0.85) == 1e-4
    assert rates.suggested(trials, 0.5) == 1e-4
    assert rates.suggested(trials, 0.2) == 1e-5


def test_without_any_trial_no_rate_is_suggested():
    with pytest.raises(MethodError, match="no learning rate tried lowered the loss"):
        rates.suggested((), 0.85)


def test_where_no_rate_lowers_the_loss_none_is_suggested():
    with pytest.raises(MethodError, match=r"set cae\.learning_rate"):
        rates.suggested([Trial(1e-5, 1.0), Trial(1e-4, 2.0)], 0.85)


@pytest.fixture(scope="module")
def found():
    method = ConvolutionalAutoencoder(loss="mse", epochs=1, latent_size=4, batch_size=1, find_learning_rate=True)
    dark = [surface(0) // 4, surface(1) // 4]
    return method, list(method.fit(dark, seed=0, device="cpu"))


def test_the_finder_tells_of_its_steps_and_is_remarked_on(found):
    method, events = found
    assert any(isinstance(event, Preparing) and "learning rate" in event.what for event in events)
    assert isinstance(events[-1], Epoch) and "found in" in method.remarks()[-1]


def test_the_finder_leaves_the_weights_as_they_were_and_its_trials_are_saved(found, tmp_path):
    from methods.cae.training import with_found_rate

    method, _ = found
    method._history.save(tmp_path / "history.json")
    loaded = History.load(tmp_path / "history.json")
    assert loaded.trials == method._history.trials and 1e-5 < loaded.found_rate < 1
    before = method._network.get_weights()
    stream = iter([np.full((1, 256, 256, 1), 0.5, np.float32)])
    finding = with_found_rate(method._history, method._network, stream, method)
    next(finding)
    finding.close()
    assert all((one == other).all() for one, other in zip(method._network.get_weights(), before, strict=True))


def test_a_history_written_before_there_was_a_finder_is_read(tmp_path):
    (tmp_path / "history.json").write_text(
        '{"engine": "torch", "held_out": 1, "images": 2, "planned": 3, "epochs": [[1.0, 2.0]]}'
    )
    assert History.load(tmp_path / "history.json") == History("torch", 1, 2, 3, [Losses(1, 2)])


def test_the_finder_s_trial_is_a_curve_with_the_rate_that_was_taken(found):
    method, events = found
    (curve,) = method.curves()
    assert len(curve.points) > 10 and curve.chosen in [rate for rate, _ in curve.points]
    assert events[-1].held_out_loss == method._history.epochs[-1].validation


def test_a_cycle_is_not_ended_early():
    from methods.cae.training import ended_early

    history = History("tensorflow", 1, 2, 200, [Losses(1, 1)] + [Losses(1, 2)] * 12)
    assert ended_early(history, ConvolutionalAutoencoder())
    assert not ended_early(history, ConvolutionalAutoencoder(learning_rate_schedule="one_cycle"))


# patches


sides = st.integers(5, 16)


@given(sides, sides, st.integers(2, 5), st.integers(1, 5), st.integers(1, 2))
def test_what_is_cut_up_and_blended_is_the_image(height, width, patch, stride, channels):
    images = np.random.default_rng(0).random((2, height, width, channels), np.float32)
    pieces = patches.cut(images, patch, min(stride, patch))
    np.testing.assert_allclose(patches.blended(pieces, images.shape, min(stride, patch)), images, rtol=1e-5)


def test_256_pixels_have_36_patches_of_128_at_the_paper_s_stride():
    stride_px = ConvolutionalAutoencoder(patches=True).patch_stride_px
    assert patches.corners(256, 128, stride_px) == [0, 30, 60, 90, 120, 128]
    assert patches.corners(256, 128, 100) == [0, 100, 128]
    assert patches.cut(np.zeros((2, 256, 256, 1)), 128, stride_px).shape == (2 * 36, 128, 128, 1)


def test_overlapping_patches_are_averaged():
    pieces = np.stack([np.zeros((2, 2, 1)), np.ones((2, 2, 1))]).astype(np.float32)
    assert patches.blended(pieces, (1, 2, 3, 1), 1)[0, 0, :, 0].tolist() == [0, 0.5, 1]


def test_patches_are_drawn_from_all_over_each_image():
    images = np.arange(6 * 6, dtype=np.float32).reshape(1, 6, 6, 1).repeat(300, axis=0)
    drawn = next(patches.drawn(iter([images]), 4, np.random.SeedSequence(0)))
    assert drawn.shape == (300, 4, 4, 1)
    assert set(drawn[:, 0, 0, 0].astype(int)) == {6 * row + column for row in range(3) for column in range(3)}


@pytest.fixture(scope="module")
def patched():
    method = ConvolutionalAutoencoder(patches=True, patch_stride_px=64, epochs=2, latent_size=4, batch_size=2)
    list(method.fit([surface(0), surface(1), surface(2)], seed=0, device="cpu"))
    return method


def test_a_map_of_patches_covers_the_whole_image_and_is_found_again_after_loading(patched, tmp_path):
    (score,) = patched.score([surface(9)])
    assert score.map.shape == (256, 256) and patched._network.input_shape == (None, 128, 128, 1)
    patched.save(tmp_path)
    loaded = ConvolutionalAutoencoder.load(tmp_path, device="cpu")
    assert next(loaded.score([surface(9)])).image == score.image


class Darkening:
    """Stands in for a network: it sees 128x128 pixels and returns them darker towards the right."""

    input_shape = (None, 128, 128, 1)

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        return images * np.linspace(1, 0.5, 128, dtype=np.float32)[:, None]


def averaged(average: str, **settings) -> tuple[np.ndarray, np.ndarray, ConvolutionalAutoencoder]:
    """An image, its anomaly map, and the settings of both."""
    from methods.cae.reconstruction import anomaly_maps

    method = ConvolutionalAutoencoder(patches=True, patch_average=average, **settings)
    image = np.random.default_rng(0).random((1, 256, 256, 1), np.float32)
    return image, anomaly_maps(Darkening(), image, method)[0], method


def slow_mean_over_patches(values_of, image: np.ndarray, stride_px: int) -> np.ndarray:
    """Patch after patch, what a function makes of it, added up and divided by the number of patches at each pixel."""
    sums, counts = np.zeros((256, 256)), np.zeros((256, 256))
    for top in (*range(0, 128, stride_px), 128):
        for left in (*range(0, 128, stride_px), 128):
            window = np.s_[top : top + 128, left : left + 128]
            sums[window] += values_of(image[:, *window])
            counts[window] += 1
    return sums / counts


@pytest.mark.parametrize("settings", [{}, {"loss": "ssim"}, {"patch_stride_px": 128}])
def test_by_default_the_map_is_the_mean_of_the_maps_of_the_patches(settings):
    from methods.cae.differences import maps

    image, found, method = averaged("maps", **settings)

    def map_of(patch):
        return maps(patch, Darkening().predict_on_batch(patch), method)[0]

    assert ConvolutionalAutoencoder().patch_average == "maps"
    np.testing.assert_allclose(found, slow_mean_over_patches(map_of, image, method.patch_stride_px), atol=1e-5)


def test_the_map_can_be_that_of_the_mean_of_the_reconstructions():
    image, found, method = averaged("reconstructions")
    mean = slow_mean_over_patches(
        lambda patch: Darkening().predict_on_batch(patch)[0, ..., 0], image, method.patch_stride_px
    )
    np.testing.assert_allclose(found, (image[0, ..., 0] - mean) ** 2, atol=1e-6)
    assert np.abs(found - averaged("maps")[1]).max() > 1e-3


@pytest.mark.parametrize("average", ["maps", "reconstructions"])
def test_the_report_says_what_overlapping_patches_average(average):
    assert f"the {average} of overlapping patches" in averaged(average)[2].score_rule()
    assert "patches" not in ConvolutionalAutoencoder().score_rule()


def test_patches_of_an_image_do_not_depend_on_its_company(patched):
    together = [score.image for score in patched.score([surface(8), surface(9)])]
    assert together[1] == pytest.approx(next(patched.score([surface(9)])).image, rel=1e-5)


def test_held_out_images_are_cut_up_without_overlap():
    from methods.cae.training import divided

    pixels = np.random.default_rng(0).integers(0, 256, (3, 256, 256, 1), np.uint8)
    data = divided(pixels, 128, ConvolutionalAutoencoder(patches=True, batch_size=2), np.random.SeedSequence(0))
    assert data.held_out.shape == (4, 128, 128, 1) and next(data.training).shape == (2, 128, 128, 1)
    assert (next(data.training) != next(data.trying)).any()


# the mean image, which a network should do better than


@pytest.mark.parametrize("side_px", [256, 128])
def test_the_mean_image_is_that_of_the_images_trained_on(side_px):
    from methods.cae.training import divided

    levels = np.array([10, 20, 90])
    pixels = np.broadcast_to(levels[:, None, None, None], (3, 256, 256, 1)).astype(np.uint8)
    data = divided(pixels, side_px, ConvolutionalAutoencoder(), np.random.SeedSequence(0))
    trained = levels[levels != data.held_out[0, 0, 0, 0]]
    assert data.mean.shape == (side_px, side_px, 1) and data.mean == pytest.approx(trained.mean() / 255)


def test_the_loss_of_an_image_that_stands_in_is_its_mean_over_all():
    from methods.cae.reconstruction import loss_of_standing_in

    pixels = np.random.default_rng(0).integers(0, 256, (11, 16, 16, 1), np.uint8)
    image = np.random.default_rng(1).random((16, 16, 1), np.float32)
    found = loss_of_standing_in(image, pixels, ConvolutionalAutoencoder(loss="mse"))
    assert found == pytest.approx(np.mean((pixels / 255 - image) ** 2), rel=1e-5)


def test_the_mean_image_s_loss_is_known_after_a_fit(found):
    method, _ = found
    held_out, fitted = surface(0) // 4, surface(1) // 4
    assert 0 < method._history.mean_image_loss < np.mean((held_out / 255 - fitted / 255) ** 2)
