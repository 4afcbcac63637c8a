"""The laws of `methods.Method`, over every method there is."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

import methods
from benchmarks import plugins
from benchmarks.images import Reading
from benchmarks.judging import judge
from benchmarks.regions.over_regions import OverRegions
from methods import Epoch, Method, MethodError, Score
from methods._resizing import resized
from tests.regions import Masked, altered, corner

HEAVY = ("torch", "tensorflow", "keras")
HEADERS_BYTES = 64 << 10
STAIN = (slice(36, 60), slice(24, 48))


def texture(seed: int, height: int = 96, width: int = 96) -> methods.Image:
    """A mid-grey surface with a little smooth noise."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    return np.clip(128 + 24 * gaussian_filter(noise, (1.5, 1.5, 0)), 0, 255).astype(np.uint8)


def normal_images() -> list[methods.Image]:
    return [texture(seed) for seed in range(6)]


def unseen_images() -> list[methods.Image]:
    return [texture(100 + seed) for seed in range(4)]


def stained() -> methods.Image:
    image = texture(200)
    image[STAIN] = (20, 16, 12)
    return image


def drive(method: Method, images: Sequence[methods.Image], seed: int = 0) -> list:
    return list(method.fit(images, seed=seed, device="cpu"))


def image_scores(method: Method, images: Sequence[methods.Image]) -> list[float]:
    return [score.image for score in method.score(images)]


class Fitted(NamedTuple):
    method: Method
    images: list[methods.Image]
    events: list


@pytest.fixture(scope="module", params=plugins.names(methods))
def cls(request) -> type[Method]:
    return plugins.method(request.param)


@pytest.fixture(scope="module")
def fitted(cls) -> Fitted:
    method, images = cls(**cls.quick), normal_images()
    return Fitted(method, images, drive(method, images))


@pytest.fixture(autouse=True)
def declared_weakness(request):
    """A weakness that a method declares makes its test a strict expected failure."""
    if "cls" in request.fixturenames:
        reason = request.getfixturevalue("cls").weaknesses.get(request.node.originalname)
        if reason:
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def test_importing_it_imports_no_heavy_library(cls):
    code = f"import sys, {cls.__module__}; print(*({set(HEAVY)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_it_names_its_paper_and_describes_itself_and_every_setting(cls):
    assert cls.paper and cls.__doc__
    assert [name for name, field in cls.__pydantic_fields__.items() if not field.description] == []


def test_an_image_that_is_already_resized_to_what_it_sees_has_the_same_score(fitted):
    side = fitted.method.seen_px
    if side is None:
        pytest.skip("it names no size to which it resizes an image")
    image = texture(300, height=2 * side, width=3 * side)
    small = resized(image, side_px=side, color_mode="rgb")
    whole, already = image_scores(fitted.method, [image, small])
    assert already == pytest.approx(whole, rel=0.01)


def test_a_declared_weakness_names_a_test_here(cls):
    assert set(cls.weaknesses) <= set(globals())


def test_settings_serialise(cls):
    method = cls(**cls.quick)
    assert cls(**json.loads(json.dumps(asdict(method)))) == method


def test_a_setting_that_is_a_number_has_a_lower_limit(cls):
    numbers = {name: info for name, info in cls.__pydantic_fields__.items() if info.annotation in (int, float)}
    limited = {
        name
        for name, info in numbers.items()
        if any(hasattr(each, "ge") or hasattr(each, "gt") for each in info.metadata)
    }
    assert not numbers.keys() - limited


def test_a_preset_gives_its_values_and_paper_gives_none(cls):
    for name, values in cls.presets.items():
        assert values.items() <= asdict(cls(preset=name)).items()
    if cls.presets:
        assert not cls.presets["paper"] and cls(preset="paper") == cls()


def test_a_setting_given_beside_a_preset_wins(cls):
    ordinary = asdict(cls())
    for name, values in cls.presets.items():
        for field in values if len(values) > 1 else ():
            assert getattr(cls(preset=name, **{field: ordinary[field]}), field) == ordinary[field]


def test_an_unknown_preset_is_refused_with_the_names_of_the_others(cls):
    with pytest.raises(ValidationError) as caught:
        cls(preset="no_such_preset")
    assert all(f"'{name}'" in str(caught.value) for name in cls.presets)


def test_an_unknown_setting_is_refused(cls):
    with pytest.raises(ValidationError, match="no_such_setting"):
        cls(no_such_setting=1)


def test_a_device_that_is_not_there_is_refused(cls):
    method = cls(**cls.quick)
    assert method.find_device("cpu") == "cpu"
    with pytest.raises(MethodError, match="cuda:99"):
        method.find_device("cuda:99")


def test_scoring_unfitted_is_one_sentence(cls):
    with pytest.raises(MethodError) as caught:
        next(iter(cls(**cls.quick).score(unseen_images())))
    assert "\n" not in str(caught.value)


def test_fitting_on_nothing_is_one_sentence(cls):
    with pytest.raises(MethodError) as caught:
        drive(cls(**cls.quick), [])
    assert "\n" not in str(caught.value)


def test_training_is_a_fit_that_is_driven_to_its_end(cls, fitted):
    trained = cls(**cls.quick)
    assert trained.train(normal_images(), device="cpu") is trained
    assert image_scores(trained, unseen_images()) == image_scores(fitted.method, unseen_images())


@pytest.mark.parametrize(
    ("images", "found"),
    [(["a.png"], "str"), ([texture(0)[..., 0]], r"\(96, 96\) uint8"), ([texture(0) / 255], r"\(96, 96, 3\) float64")],
)
def test_training_on_anything_but_images_is_one_sentence(cls, images, found):
    with pytest.raises(MethodError, match=f"uint8 RGB arrays, got {found}$"):
        cls(**cls.quick).train(images)


def test_a_fit_that_is_not_driven_is_named_when_it_is_to_score(cls):
    method = cls(**cls.quick)
    method.fit(normal_images(), seed=0, device="cpu")
    with pytest.raises(MethodError, match="train it"):
        next(iter(method.score(unseen_images())))


def test_epochs_are_numbered_in_order(fitted):
    epochs = [event for event in fitted.events if isinstance(event, Epoch)]
    assert [epoch.number for epoch in epochs] == list(range(1, len(epochs) + 1))
    assert all(epoch.number <= epoch.of and np.isfinite(epoch.loss) for epoch in epochs)


def test_images_are_left_untouched(fitted):
    images = unseen_images()
    image_scores(fitted.method, images)
    for ours, before in zip(fitted.images + images, normal_images() + unseen_images(), strict=True):
        np.testing.assert_array_equal(ours, before)


def test_order_and_company_do_not_matter(fitted):
    images = unseen_images()
    together = image_scores(fitted.method, images)
    backwards = image_scores(fitted.method, images[::-1])[::-1]
    alone = [image_scores(fitted.method, [image])[0] for image in images]
    assert together == pytest.approx(backwards, rel=1e-5)
    assert together == pytest.approx(alone, rel=1e-5)


def test_scoring_twice_is_equal(fitted):
    assert image_scores(fitted.method, unseen_images()) == image_scores(fitted.method, unseen_images())


def test_the_same_seed_gives_the_same_scores_whatever_the_global_generators(cls, fitted):
    shake_global_generators()
    again = cls(**cls.quick)
    drive(again, normal_images())
    assert image_scores(again, unseen_images()) == image_scores(fitted.method, unseen_images())


def test_global_generators_are_left_alone(cls):
    shake_global_generators()
    before = global_generators()
    method = cls(**cls.quick)
    drive(method, normal_images()[:4])
    image_scores(method, unseen_images()[:1])
    assert global_generators() == before


def shake_global_generators() -> None:
    random.seed(99)
    np.random.seed(99)
    torch.manual_seed(99)


def global_generators() -> tuple:
    return random.getstate(), repr(np.random.get_state(legacy=False)), torch.get_rng_state().numpy().tobytes()


def test_scoring_between_epochs_changes_nothing(cls, fitted):
    method = cls(**cls.quick)
    for event in method.fit(normal_images(), seed=0, device="cpu"):
        if isinstance(event, Epoch):
            image_scores(method, unseen_images()[:1])
    assert image_scores(method, unseen_images()) == image_scores(fitted.method, unseen_images())


def test_saved_and_loaded_scores_are_equal(cls, fitted, tmp_path):
    fitted.method.save(tmp_path)
    loaded = cls.load(tmp_path, device="cpu")
    assert loaded == fitted.method
    assert image_scores(loaded, unseen_images()) == image_scores(fitted.method, unseen_images())
    assert loaded.remarks() == fitted.method.remarks()


@pytest.mark.parametrize("damage", ["missing", "empty", "torn", "other"])
def test_a_file_of_a_saved_method_that_is_missing_or_damaged_is_one_sentence(cls, fitted, tmp_path, damage):
    for name in saved_files(fitted.method, tmp_path / "names"):
        fitted.method.save(folder := tmp_path / name)
        hurt(folder / name, damage)
        with pytest.raises(MethodError, match=re.escape(name)) as caught:
            cls.load(folder, device="cpu")
        assert "\n" not in str(caught.value)


def saved_files(method: Method, folder: Path) -> list[str]:
    method.save(folder)
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def hurt(path: Path, damage: str) -> None:
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "torn": content[: len(content) // 2], "other": b"\x80 none of ours"}[damage])


def test_no_pickle_is_saved_and_its_size_was_known(fitted, tmp_path):
    fitted.method.save(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".keras"}
    assert size_was_known(fitted, files)


def size_was_known(fitted: Fitted, files: Sequence[Path]) -> bool:
    known, taken = fitted.method.model_bytes(len(fitted.images)), sum(path.stat().st_size for path in files)
    return known / 2 - HEADERS_BYTES <= taken <= 2 * known + HEADERS_BYTES


class Numbers(NamedTuple):
    """Stands for a method that knows the size of its model."""

    count: int

    def model_bytes(self, fit_images: int) -> int:
        return 4 * self.count * fit_images


def test_the_size_of_a_model_is_known_also_where_headers_outweigh_it(tmp_path):
    from safetensors.numpy import save_file

    def known(count: int, written: int) -> bool:
        save_file({"numbers": np.zeros(written, np.float32)}, file := tmp_path / str(written))
        return size_was_known(Fitted(Numbers(count // 2), normal_images()[:2], []), [file])

    assert known(2, written=2) and known(10**6, written=10**6)
    assert not known(10**6, written=10**5) and not known(10**5, written=10**6)


def test_the_parameter_count_is_that_of_what_is_saved(fitted, tmp_path):
    fitted.method.save(tmp_path)
    counts = [saved_parameters(path) for path in tmp_path.rglob("*") if path.suffix != ".json"]
    assert fitted.method.parameter_count(len(fitted.images)) == sum(counts)


def saved_parameters(path: Path) -> int:
    if path.suffix == ".keras":
        import keras

        return keras.saving.load_model(path, compile=False).count_params()
    from safetensors.numpy import load_file

    return sum(array.size for array in load_file(path).values() if array.dtype.kind == "f")


def test_maps_are_finite_float32_and_scores_finite(fitted):
    for score in fitted.method.score(unseen_images()):
        assert score.is_finite
        if score.map is not None:
            assert score.map.dtype == np.float32 and score.map.ndim == 2


def test_image_scores_alone_are_those_of_score(fitted):
    assert list(fitted.method.image_scores(unseen_images())) == image_scores(fitted.method, unseen_images())


def test_anomaly_maps_alone_are_those_of_score(fitted):
    both = zip(fitted.method.anomaly_maps(unseen_images()), fitted.method.score(unseen_images()), strict=True)
    assert all(np.array_equal(map, score.map) for map, score in both)


def test_one_tile_as_large_as_the_image_gives_what_no_tiling_gives_to_the_last_bit(cls, fitted):
    tiled = judge(cls(**cls.quick), Reading(tile=96))
    events = list(tiled.fit(normal_images(), seed=0, device="cpu"))
    assert events == fitted.events
    for ours, whole in zip(tiled.score(unseen_images()), fitted.method.score(unseen_images()), strict=True):
        assert ours.image == whole.image and np.array_equal(ours.map, whole.map)
    assert list(tiled.image_scores(unseen_images())) == list(fitted.method.image_scores(unseen_images()))


@pytest.fixture(scope="module")
def over_regions(cls) -> OverRegions:
    """The method fitted on images in which nothing is ignored, though masks say so."""
    judging = judge(cls(**cls.quick), Reading())
    list(judging.fit(Masked(normal_images(), corner((96, 96), 0, 0)), seed=0, device="cpu"))
    return judging


def test_masks_that_ignore_nothing_give_what_no_mask_gives_to_the_last_bit(over_regions, fitted):
    masked = Masked(unseen_images(), corner((96, 96), 0, 0))
    for ours, whole in zip(over_regions.score(masked), fitted.method.score(unseen_images()), strict=True):
        assert ours.image == whole.image and np.array_equal(ours.map, whole.map)
    assert list(over_regions.image_scores(masked)) == list(fitted.method.image_scores(unseen_images()))


def test_whatever_stands_in_an_ignored_region_scores_and_maps_are_the_same(over_regions):
    ignored = corner((96, 96), 40, 60)
    images = [*unseen_images()[:2], stained()]
    others = [altered(image, ignored, seed) for seed, image in enumerate(images)]
    assert all((image != other).any() for image, other in zip(images, others, strict=True))
    both = (list(over_regions.score(Masked(each, ignored))) for each in (images, others))
    for one, other in zip(*both, strict=True):
        assert one.image == other.image and np.array_equal(one.map, other.map)
        assert one.map is None or np.array_equal(np.isneginf(one.map), ignored)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_is_finite_where_it_is_a_number_and_so_is_all_of_its_map(bad):
    map = np.zeros((2, 3), np.float32)
    spoiled = map.copy()
    spoiled[1, 2] = bad
    assert Score(1.0, None).is_finite and Score(1.0, map).is_finite
    assert not any(score.is_finite for score in (Score(bad, None), Score(bad, map), Score(1.0, spoiled)))


def test_scoring_is_lazy(fitted):
    images = Reads(unseen_images() * 10)
    next(iter(fitted.method.score(images)))
    assert 0 in images.read and len(images) - 1 not in images.read


class Reads(Sequence):
    """Images that remember which of them were read."""

    def __init__(self, images: Sequence[methods.Image]):
        self.images, self.read = images, set()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> methods.Image:
        image = self.images[index]
        self.read.add(index)
        return image


@pytest.fixture
def leaver(cls) -> type[Method]:
    if not cls.leaves_one_out:
        pytest.skip("it cannot leave one image out")
    return cls


@pytest.fixture
def leaving(leaver, fitted) -> Fitted:
    return fitted


def left_out_scores(method: Method, images: Sequence[methods.Image]) -> list[float]:
    return [score.image for score in method.leave_one_out(images)]


def test_it_says_whether_it_leaves_one_image_out(cls):
    assert cls.leaves_one_out == (cls.leave_one_out is not Method.leave_one_out)


def test_a_leave_one_out_score_is_not_lower_than_the_score_of_the_same_image(leaving):
    left_out = left_out_scores(leaving.method, leaving.images)
    pairs = zip(left_out, image_scores(leaving.method, leaving.images), strict=True)
    assert all(alone >= known for alone, known in pairs)


def test_what_was_learned_from_an_image_does_not_count_in_its_own_leave_one_out_score(cls, leaving):
    images = [stained(), *leaving.images]
    method = cls(**cls.quick)
    drive(method, images)
    odd, *others = left_out_scores(method, images)
    assert odd > max(others)
    *_, odd_elsewhere = left_out_scores(
        method, [*images[:-1], stained()]
    )  # judged with its own features in another place
    assert odd_elsewhere < odd


def test_leave_one_out_scores_and_maps_are_finite_and_equal_when_asked_again(leaving):
    first, again = (list(leaving.method.leave_one_out(leaving.images)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert one.is_finite and one.image == other.image and np.array_equal(one.map, other.map)
        assert one.map is None or (one.map.dtype == np.float32 and one.map.ndim == 2)


def test_saved_and_loaded_leave_one_out_scores_are_equal(cls, leaving, tmp_path):
    leaving.method.save(tmp_path)
    loaded = cls.load(tmp_path, device="cpu")
    assert left_out_scores(loaded, leaving.images) == left_out_scores(leaving.method, leaving.images)


def test_leaving_one_out_changes_no_score(leaving):
    before = image_scores(leaving.method, unseen_images())
    left_out_scores(leaving.method, leaving.images)
    assert image_scores(leaving.method, unseen_images()) == before


def test_leaving_one_out_is_lazy(leaving):
    images = Reads(leaving.images)
    next(iter(leaving.method.leave_one_out(images)))
    assert 0 in images.read and len(images) - 1 not in images.read


def test_leaving_one_of_another_number_of_images_out_is_one_sentence(leaving):
    with pytest.raises(MethodError) as caught:
        left_out_scores(leaving.method, leaving.images[:-1])
    assert "\n" not in str(caught.value)


def test_leaving_one_out_unfitted_is_one_sentence(leaver):
    with pytest.raises(MethodError) as caught:
        left_out_scores(leaver(**leaver.quick), normal_images())
    assert "\n" not in str(caught.value)


def test_where_there_is_no_other_image_leaving_one_out_is_one_sentence(leaver):
    method = leaver(**leaver.quick)
    drive(method, normal_images()[:1])
    with pytest.raises(MethodError) as caught:
        left_out_scores(method, normal_images()[:1])
    assert "\n" not in str(caught.value)


def test_a_stain_raises_the_score(fitted):
    (stain,) = image_scores(fitted.method, [stained()])
    assert stain > max(image_scores(fitted.method, unseen_images()))


def test_a_stain_holds_the_maximum_of_the_map(fitted):
    (score,) = fitted.method.score([stained()])
    if score.map is None:
        pytest.skip("it has no maps")
    row, column = np.unravel_index(score.map.argmax(), score.map.shape)
    (rows, columns), (height, width) = STAIN, score.map.shape
    assert rows.start - 4 <= row * 96 / height <= rows.stop + 4
    assert columns.start - 4 <= column * 96 / width <= columns.stop + 4


def test_mixed_and_non_square_sizes_work(cls):
    method = cls(**cls.quick)
    drive(method, [texture(0), texture(1, 64, 120), texture(2, 130, 70), texture(3, 33, 47)])
    assert np.isfinite(image_scores(method, [texture(4, 50, 90), texture(5, 200, 30)])).all()
