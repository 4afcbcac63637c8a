"""The convolutional autoencoder: what the contract tests cannot know of it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from methods import Epoch, MethodError
from methods._resizing import resized
from methods.cae import ConvolutionalAutoencoder, engine
from methods.cae.history import History, Losses

SIZE = 256


@pytest.fixture(scope="module", autouse=True)
def keras():
    engine.start()
    import keras

    return keras


def surface(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 156, (64, 64, 3), np.uint8)


def fitted(count: int = 2, seed: int = 0, **settings) -> ConvolutionalAutoencoder:
    method = ConvolutionalAutoencoder(**{"epochs": 1, "latent_size": 4, "batch_size": 2} | settings)
    list(method.fit([surface(number) for number in range(count)], seed=seed, device="cpu"))
    return method


def network(seed: int = 0):
    from methods.cae.architectures.building import build
    from methods.cae.architectures.layers import image
    from methods.cae.architectures.mvtec import mvtec

    return build(mvtec(image(SIZE, 1), latent_size=4), seed=seed)


@pytest.fixture(scope="module")
def gray() -> ConvolutionalAutoencoder:
    return fitted()


@pytest.fixture(scope="module")
def rgb() -> ConvolutionalAutoencoder:
    return fitted(seed=1, color_mode="rgb", map="l1")


# images


def test_gray_has_the_weights_of_itu_r_601():
    colours = 200 * np.eye(3, dtype=np.uint8).reshape(3, 1, 1, 3)
    gray = [resized(colour, side_px=1, color_mode="grayscale").item() for colour in colours]
    assert gray == pytest.approx([0.299 * 200, 0.587 * 200, 0.114 * 200], abs=1)


def test_shrinking_averages():
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[::2] = 200
    shrunk = resized(stripes, side_px=256, color_mode="grayscale")
    assert np.abs(shrunk[1:-1].astype(int) - 100).max() <= 2


# augmentation


def augment(images: np.ndarray, **settings) -> np.ndarray:
    from methods.cae.augmentation import augmented

    return augmented(images, ConvolutionalAutoencoder(**settings), np.random.default_rng(0))


STILL = {"rotation_degrees": 0, "shift_share": 0, "brightness_change": 0}


def test_without_augmentation_images_stay_as_they_are():
    images = np.random.default_rng(1).random((2, 32, 48, 3), np.float32)
    np.testing.assert_allclose(augment(images, **STILL), images, atol=1e-6)


def test_brightness_multiplies_and_cuts_off():
    images = np.full((64, 4, 4, 1), 0.5, np.float32)
    brightness = augment(images, **STILL | {"brightness_change": 0.05})[:, 0, 0, 0] / 0.5
    assert 0.95 <= brightness.min() < 0.96 and 1.04 < brightness.max() <= 1.05
    assert augment(images + 0.49, **STILL | {"brightness_change": 0.05}).max() == 1


def test_a_turn_is_about_the_centre_within_the_limit():
    bar = np.zeros((64, 65, 65, 1), np.float32)
    bar[:, 32] = 1
    turned = augment(bar, **STILL | {"rotation_degrees": 10})[..., 0]
    np.testing.assert_allclose(turned[:, 32, 32], 1, atol=1e-4)
    angles = np.rad2deg(np.arctan2(turned[:, :, 64].argmax(axis=1) - 32, 32))
    assert 8 < np.abs(angles).max() < 11 and angles.min() < 0 < angles.max()


def test_a_shift_fills_with_the_nearest_pixel():
    ramp = np.linspace(0, 1, 100, dtype=np.float32)[None, None, :, None].repeat(100, axis=1).repeat(32, axis=0)
    shifted = augment(ramp, **STILL | {"shift_share": 0.05})
    assert np.abs(shifted - ramp).max() == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("fill, brought_in", [("nearest", [3, 3]), ("reflect", [3, 2]), ("constant", [0, 0])])
def test_a_fill_brings_in_what_it_is_called(fill, brought_in, monkeypatch):
    from methods.cae import augmentation

    two_to_the_right = np.float32([[[1, 0, 2], [0, 1, 0], [0, 0, 1]]])
    monkeypatch.setattr(augmentation, "transforms", lambda *_: two_to_the_right)
    ramp = np.tile(np.float32([0, 1, 2, 3]) / 3, (1, 4, 1))[..., None]
    moved = augment(ramp, brightness_change=0, fill=fill)[0, 0, :, 0] * 3
    np.testing.assert_allclose(moved, [2, 3, *brought_in], atol=1e-5)


@pytest.mark.parametrize(
    "mirror, expected",
    [
        ("none", {"0123"}),
        ("horizontal", {"0123", "1032"}),
        ("vertical", {"0123", "2301"}),
        ("both", {"0123", "1032", "2301", "3210"}),
    ],
)
def test_images_are_mirrored_at_random_where_that_is_set(mirror, expected):
    images = np.float32([[0, 1], [2, 3]])[None, :, :, None].repeat(64, axis=0) / 3
    found = np.rint(augment(images, **STILL, mirror=mirror) * 3).astype(int).reshape(64, 4)
    assert {"".join(map(str, pixels)) for pixels in found} == expected


@pytest.mark.parametrize("mirror, mean", [("horizontal", 1 / 2), ("both", 1 / 4)])
def test_each_mirroring_has_a_chance_of_one_half(mirror, mean):
    images = np.float32([[1, 0], [0, 0]])[None, :, :, None].repeat(2_000, axis=0)
    assert augment(images, **STILL, mirror=mirror)[:, 0, 0, 0].mean() == pytest.approx(mean, abs=0.05)


def test_mirroring_leaves_the_other_changes_as_they_were():
    images = np.random.default_rng(1).random((8, 16, 16, 1), np.float32)
    plain, mirrored = augment(images), augment(images, mirror="horizontal")
    kept = [
        np.array_equal(*pair) or np.array_equal(pair[0], pair[1][:, ::-1]) for pair in zip(plain, mirrored, strict=True)
    ]
    assert all(kept) and not np.array_equal(plain, mirrored)


def test_every_image_is_drawn_once_before_any_is_again():
    from methods.cae.augmentation import shuffled

    stream = shuffled(5, 4, np.random.default_rng(0))
    drawn = np.concatenate([next(stream) for _ in range(5)])
    assert np.sort(drawn.reshape(4, 5)).tolist() == [[0, 1, 2, 3, 4]] * 4


@pytest.mark.parametrize("method", ["gray", "rgb"])
def test_the_score_is_the_mean_of_a_map_of_256_by_256(method, request):
    (score,) = request.getfixturevalue(method).score([surface(9)])
    assert score.map.shape == (SIZE, SIZE) and score.image == pytest.approx(score.map.mean())


# training


def test_the_schedule_of_few_and_of_many_images():
    from methods.cae.training import schedule

    settings = ConvolutionalAutoencoder()
    assert schedule(2, settings) == (1, 1, 200)
    assert schedule(14, settings) == (1, 2, 200)
    assert schedule(209, settings) == (21, 24, 52)
    assert schedule(100_000, settings).epochs == 1


def test_one_image_is_not_enough():
    with pytest.raises(MethodError, match=r"needs at least 2 normal images, .* got 1"):
        fitted(count=1)


def test_steps_on_a_constant_image_lower_the_loss_and_leave_finite_weights():
    from methods.cae.training import Trainer

    trained = network()
    trainer = Trainer(trained, ConvolutionalAutoencoder(loss="ssim"))
    losses = [trainer.step(np.full((1, SIZE, SIZE, 1), 0.25, np.float32), 2e-3) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    assert all(np.isfinite(weights).all() for weights in trained.get_weights())


def test_training_stops_early_with_the_best_weights():
    """A learning rate far too high makes later epochs worse than the first ones."""
    from methods.cae.reconstruction import mean_loss
    from methods.cae.training import train

    settings = ConvolutionalAutoencoder(loss="mse", latent_size=4, batch_size=2, patience=2, learning_rate=0.5)
    pixels = np.stack([resized(surface(0), side_px=SIZE, color_mode="grayscale")] * 2)
    *_, history = train(trained := network(), pixels, settings, seed=0, engine="any")
    assert len(history.epochs) == history.best + 2 < 200
    lowest = min(losses.validation for losses in history.epochs)
    assert mean_loss(trained, pixels[:1], settings) == pytest.approx(lowest, rel=1e-6)


def test_a_closed_fit_leaves_a_method_that_scores():
    method = ConvolutionalAutoencoder(**ConvolutionalAutoencoder.quick)
    events = method.fit([surface(0), surface(1)], seed=0, device="cpu")
    next(event for event in events if isinstance(event, Epoch))
    events.close()
    assert np.isfinite(next(method.score([surface(2)])).image)


def test_another_seed_gives_other_initial_weights_and_another_batch():
    from methods.cae.augmentation import batches

    kernels = [network(seed).get_weights()[0] for seed in (0, 1)]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), np.uint8)
    drawn = [next(batches(pixels, ConvolutionalAutoencoder(), np.random.SeedSequence(seed))) for seed in (0, 1)]
    assert (kernels[0] != kernels[1]).all() and (drawn[0] != drawn[1]).any()


# precision


@pytest.fixture(scope="module")
def mixed() -> tuple[ConvolutionalAutoencoder, list]:
    method = ConvolutionalAutoencoder(epochs=2, latent_size=4, batch_size=2, precision="mixed_bfloat16")
    return method, list(method.fit([surface(0), surface(1)], seed=0, device="cpu"))


def test_mixed_precision_computes_in_bfloat16_between_float32_weights_and_a_float32_output(mixed, keras):
    layers = mixed[0]._network.layers[1:]
    assert {layer.compute_dtype for layer in layers[:-1]} == {"bfloat16"} and layers[-1].compute_dtype == "float32"
    assert {weights.dtype for weights in mixed[0]._network.weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_mixed_precision_trains_and_has_the_same_parameters(mixed):
    method, events = mixed
    assert all(np.isfinite(event[2:]).all() for event in events if isinstance(event, Epoch))
    assert method._network.count_params() == method.parameter_count(2)


def test_mixed_precision_scores_alike_after_loading(mixed, tmp_path):
    method, _ = mixed
    method.save(tmp_path)
    loaded = ConvolutionalAutoencoder.load(tmp_path, device="cpu")
    (expected,), (found,) = (each.score([surface(9)]) for each in (method, loaded))
    assert found.map.dtype == np.float32 and loaded._network.layers[1].compute_dtype == "bfloat16"
    np.testing.assert_array_equal(found.map, expected.map)


# settings, saving, engines


def test_the_best_epoch_is_the_one_of_the_lowest_held_out_loss():
    epochs = [Losses(3, 3), Losses(2, 1), Losses(1, 1), Losses(0, float("nan"))]
    history = History("tensorflow", 1, 14, 200, epochs)
    assert (history.best, history.stale) == (2, 2)
    assert "4 of at most 200 epochs and kept the weights of epoch 2" in history.remarks()[1]


@pytest.mark.parametrize(
    "mean_image_loss, told", [(None, False), (0.0, True), (0.9, True), (1.1, True), (1.2, False), (5.0, False)]
)
def test_what_has_learned_no_more_than_the_mean_image_is_remarked_on(mean_image_loss, told):
    history = History("tensorflow", 1, 14, 200, [Losses(3, 3), Losses(1, 1)], mean_image_loss=mean_image_loss)
    assert told == any("has learned little" in remark for remark in history.remarks())


@pytest.mark.parametrize("setting", [{"loss": "l3"}, {"architecture": "unet"}, {"map": "signed"}, {"batch_size": 0}])
def test_a_setting_out_of_bounds_is_refused(setting):
    with pytest.raises(ValidationError, match=next(iter(setting))):
        ConvolutionalAutoencoder(**setting)


def test_a_fit_that_ends_before_its_first_epoch_leaves_nothing_to_save(tmp_path):
    method = ConvolutionalAutoencoder(loss="mse", latent_size=4, batch_size=1, find_learning_rate=True)
    events = method.fit([surface(0), surface(1)], seed=0, device="cpu")
    next(event for event in events if event.what == "finding the learning rate")
    events.close()
    with pytest.raises(MethodError, match="train it before saving"):
        method.save(tmp_path)


def test_no_optimizer_is_saved(tmp_path, keras, gray):
    gray.save(tmp_path)
    assert not getattr(keras.saving.load_model(tmp_path / "model.keras"), "optimizer", None)


def test_a_model_with_code_in_it_is_refused(tmp_path, keras, gray):
    gray.save(tmp_path)
    keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda values: values)]).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        ConvolutionalAutoencoder.load(tmp_path, device="cpu")


def test_the_processor_is_found_without_an_engine():
    code = "import sys; from methods.cae.engine import find_device; print(find_device('cpu'), 'keras' in sys.modules)"
    assert python(code) == "cpu False"


@pytest.mark.parametrize("wanted", ["cuda:99", "tpu", "cuda:", "cuda:x"])
def test_a_device_that_is_not_there_or_unknown_is_refused(wanted):
    with pytest.raises(MethodError, match=wanted):
        engine.find_device(wanted)


def test_an_unknown_engine_is_refused():
    with pytest.raises(MethodError, match="tensorflow or torch, but KERAS_BACKEND is jax"):
        engine.chosen("jax")


def test_torch_is_the_engine_where_only_that_is_installed_and_neither_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert engine.chosen(None) == "torch"
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MethodError, match="neither is installed"):
        engine.chosen(None)


FIT = """
import numpy as np
from methods.cae import ConvolutionalAutoencoder
images = [np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8) for seed in range(3)]
method = ConvolutionalAutoencoder(epochs=2, latent_size=4, batch_size=2)
list(method.fit(images, seed=0, device="cpu"))
print(*[score.image for score in method.score(images)], method.remarks()[0])
"""


@pytest.fixture(scope="module")
def tensorflow_run() -> subprocess.CompletedProcess:
    return run(FIT, PYTHONHASHSEED="1")


def test_tensorflow_is_the_engine_where_none_is_named_and_is_quiet(tensorflow_run):
    assert tensorflow_run.stdout.strip().endswith("Keras ran on tensorflow in float32")
    assert tensorflow_run.stderr == ""


def test_another_process_gives_equal_scores(tensorflow_run):
    assert run(FIT, PYTHONHASHSEED="2").stdout == tensorflow_run.stdout


COMPUTE = """
import json, sys
import numpy as np
from methods.cae import ConvolutionalAutoencoder, engine
engine.start()
from methods.cae.architectures.building import build
from methods.cae.reconstruction import reconstruct
from methods.cae.training import Trainer
settings = ConvolutionalAutoencoder(latent_size=4, loss="ssim")
network = build(settings._plan, seed=0)
numbers = np.random.default_rng(0)
network.set_weights([numbers.normal(0, 0.05, weights.shape).astype(np.float32) for weights in network.get_weights()])
images = numbers.random((2, 256, 256, 1), np.float32)
before = reconstruct(network, images)
losses = [Trainer(network, settings).step(images, 1e-3)]
np.savez(sys.argv[1], before=before, after=reconstruct(network, images), losses=losses)
"""


def test_torch_computes_what_tensorflow_computes_from_the_same_weights(tmp_path):
    found = {}
    for name in engine.ENGINES:
        python(COMPUTE, str(tmp_path / f"{name}.npz"), KERAS_BACKEND=name)
        found[name] = np.load(tmp_path / f"{name}.npz")
    for part in ("before", "after", "losses"):
        np.testing.assert_allclose(found["torch"][part], found["tensorflow"][part], atol=1e-5)
    assert np.abs(found["torch"]["after"] - found["torch"]["before"]).max() > 1e-3


def test_torch_is_named_in_the_remarks():
    assert python(FIT, KERAS_BACKEND="torch").endswith("Keras ran on torch in float32")


@pytest.mark.slow
def test_compiled_training_repeats_where_deterministic_operations_are_off():
    compiled = FIT.replace("batch_size=2", "batch_size=2, jit_compile=True")
    first, second = (python(compiled, TF_DETERMINISTIC_OPS="0") for _ in range(2))
    assert first == second


def python(code: str, *arguments: str, **environment: str) -> str:
    done = run(code, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=kept | environment)
