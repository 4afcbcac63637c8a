"""Verdicts on new images: the rule, the sources, and models that cannot be trusted."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.measure import label

from benchmarks import plugins
from benchmarks.answers import Checked
from benchmarks.images import ImageError, resize_map
from benchmarks.prediction import verdicts
from benchmarks.prediction.verdicts import Rule
from methods import Method, MethodError
from tests.checkout.toy import Toy

BY_SCORE = Rule(threshold=50.0, area_px=None)
BY_AREA = Rule(threshold=50.0, area_px=4)


def toy(mean: float = 0.0) -> Toy:
    """A toy method whose anomaly map is the image at half its size."""
    method = Toy()
    method.mean = np.full(3, mean)
    return method


def gray(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


def spot(side: int, value: int = 200, shape: tuple[int, int] = (24, 32)) -> np.ndarray:
    pixels = np.zeros(shape, np.uint8)
    pixels[4 : 4 + side, 6 : 6 + side] = value
    return gray(pixels)


def verdict(image: np.ndarray, rule: Rule) -> verdicts.Verdict:
    (answer,) = verdicts.inspect(toy(), rule, [image])
    return answer.verdict


def few_levels(shape: tuple[int, int]) -> st.SearchStrategy:
    return arrays(np.uint8, shape, elements=st.sampled_from([0, 40, 41, 90, 255]))


@settings(deadline=None)
@given(
    pixels=st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(few_levels),
    area_px=st.integers(1, 90),
    threshold=st.floats(-1, 256),
)
def test_an_image_is_defective_exactly_if_it_has_regions(pixels, area_px, threshold):
    found = verdict(gray(pixels), Rule(threshold, area_px))
    assert found.defective == bool(found.regions)
    assert all(region.area_px >= area_px and region.peak > threshold for region in found.regions)


@settings(deadline=None)
@given(pixels=few_levels((6, 7)), area_px=st.integers(1, 42), side=st.sampled_from([-np.inf, np.inf]))
def test_an_image_is_defective_exactly_if_it_has_regions_at_thresholds_next_to_a_level(pixels, area_px, side):
    level = verdict(gray(pixels), Rule(0.0, area_px)).score
    beside = verdict(gray(pixels), Rule(float(np.nextafter(level, side)), area_px))
    assert beside.defective == bool(beside.regions) == (side < 0)


@pytest.mark.parametrize(("rule", "asked"), [(BY_SCORE, "image_scores"), (BY_AREA, "anomaly_maps")])
def test_maps_or_scores_that_a_rule_does_not_need_are_not_computed(rule, asked, monkeypatch):
    method, image = toy(), spot(8)
    judged_by = list(getattr(method, asked)([image]))
    for name in ("score", "image_scores", "anomaly_maps"):
        monkeypatch.setattr(method, name, None)
    monkeypatch.setattr(method, asked, lambda images: iter(judged_by))
    (answer,) = verdicts.inspect(method, rule, [image])
    assert answer.verdict == verdict(image, rule)


def test_the_score_is_the_highest_level_that_has_a_region_of_the_minimum_area():
    image = np.maximum(spot(2), spot(8, value=50))
    map = resize_map(next(toy().score([image])).map, image.shape[:2])
    assert verdict(image, Rule(0.0, 16)).score == max(
        level for level in np.unique(map) if largest_px(map >= level) >= 16
    )


def largest_px(above: np.ndarray) -> int:
    return max(np.bincount(label(above, connectivity=2).ravel())[1:], default=0)


def test_a_spot_smaller_than_the_minimum_area_is_no_region():
    assert not verdict(spot(2), Rule(50.0, 100)).defective
    (region,) = verdict(spot(14), Rule(50.0, 100)).regions
    assert region.area_px >= 100 and region.peak == 200


def test_an_image_smaller_than_the_minimum_area_is_normal_at_minus_infinity():
    tiny = verdict(spot(3, shape=(8, 9)), Rule(50.0, 73))
    assert (tiny.score, tiny.defective, tiny.regions) == (-np.inf, False, [])


def test_without_an_operating_point_the_image_score_decides_and_there_are_no_regions():
    found = verdict(spot(2), BY_SCORE)
    assert (found.score, found.defective, found.regions, found.largest_area_px) == (200, True, None, None)
    assert not verdict(spot(2, value=50), BY_SCORE).defective  # not strictly above


@pytest.mark.parametrize("rule", [BY_SCORE, BY_AREA])
def test_order_and_other_images_do_not_matter(rule):
    images = [spot(side) for side in (0, 3, 8)]
    together = [answer.verdict for answer in verdicts.inspect(toy(), rule, images)]
    assert together == [verdict(image, rule) for image in images]


def test_images_are_asked_for_one_at_a_time():
    asked = []
    images = (asked.append(side) or spot(side) for side in (2, 4, 6))
    next(verdicts.inspect(toy(), BY_AREA, images))
    assert asked == [2]


def test_an_unreadable_image_keeps_its_place_and_the_others_are_judged(tmp_path):
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    sources = [spot(2), tmp_path / "torn.png", tmp_path / "nowhere.png", spot(9)]
    kinds = [isinstance(answer, ImageError) for answer in verdicts.inspect(toy(), BY_AREA, sources)]
    assert kinds == [False, True, True, False]


@pytest.mark.parametrize(
    "image", [spot(2)[..., 0], spot(2).astype(float), spot(2)[..., :2], np.zeros((0, 4, 3), np.uint8)]
)
def test_an_array_that_is_no_rgb_image_is_refused(image):
    (answer,) = verdicts.inspect(toy(), BY_AREA, [image])
    assert isinstance(answer, ImageError) and "expected a (height, width, 3) uint8 RGB array" in str(answer)


def test_a_score_that_is_no_number_is_no_verdict(tmp_path):
    Image.fromarray(spot(2)).save(tmp_path / "spot.png")
    with pytest.raises(MethodError, match=r"not finite for .*spot\.png"):
        list(verdicts.inspect(Checked(toy(mean=np.nan)), BY_SCORE, [tmp_path / "spot.png"]))


def test_a_folder_stands_for_the_images_in_it_and_below_sorted_without_hidden_ones(make_tree):
    names = ["b.png", "a.JPG", "deep/er/c.png", ".hidden/d.png", ".e.png"]
    root = make_tree(dict.fromkeys(names, "image") | {"notes.txt": "none"})
    found = [path.relative_to(root).as_posix() for path in verdicts.sources([root])]
    assert found == ["a.JPG", "b.png", "deep/er/c.png"]


def test_a_file_whose_name_is_not_an_images_is_taken_as_it_is_given(tmp_path):
    assert list(verdicts.sources([tmp_path / "scan.dat", str(tmp_path / "b")])) == [
        tmp_path / "scan.dat",
        tmp_path / "b",
    ]


def test_a_single_path_given_as_text_is_one_path():
    assert list(verdicts.sources("parts/a.png")) == [Path("parts/a.png")]


def test_a_folder_without_images_cannot_be_read(tmp_path):
    (answer,) = verdicts.inspect(toy(), BY_AREA, verdicts.sources([tmp_path]))
    assert f"{tmp_path} is a folder in which no image was found" in str(answer)


# models that cannot be trusted


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A function that returns a fresh copy of the saved model of a method."""
    kept: dict[str, dict[str, bytes]] = {}

    def copy(name: str, folder: Path) -> tuple[type[Method], Path]:
        cls = plugins.method(name)
        if name not in kept:
            kept[name] = contents(cls, tmp_path_factory.mktemp(name))
        for file, content in kept[name].items():
            (folder / file).write_bytes(content)
        return cls, folder

    return copy


def contents(cls: type[Method], folder: Path) -> dict[str, bytes]:
    method = cls(**cls.quick)
    images = [np.random.default_rng(seed).integers(90, 160, (64, 64, 3), np.uint8) for seed in range(3)]
    list(method.fit(images, seed=0, device="cpu"))
    method.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


SETTINGS = {
    "missing": (None, "No such file"),
    "torn": (b'{"epochs": 2', "cannot be read as settings"),
    "not text": (b"\xff\xfe\x00", "cannot be read as settings"),
    "no settings": (b"[1, 2]", "cannot be read as settings"),
    "a well": (b"[" * 200_000, "cannot be read as settings"),
    "unknown": (b'{"epoch": 2}', "epoch: Unexpected keyword argument"),
    "out of bounds": (b'{"epochs": -2}', "epochs: Input should be greater than 0"),
}


@pytest.mark.parametrize(("content", "reason"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_are_not_those_of_the_method_are_one_sentence(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "settings.json").write_bytes(content)
    refuses(Toy, tmp_path, r"settings\.json .*" + reason)


def refuses(cls: type[Method], folder: Path, match: str) -> None:
    with pytest.raises(MethodError, match=match) as caught:
        cls.load(folder, device="cpu")
    assert "\n" not in str(caught.value)


def change_settings(folder: Path, **settings) -> None:
    path = folder / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.mark.parametrize(("name", "setting"), [("cae", "latent_size"), ("differnet", "hidden_width")])
def test_a_model_of_other_settings_is_refused(saved, tmp_path, name, setting):
    cls, folder = saved(name, tmp_path)
    change_settings(folder, **{setting: cls.quick[setting] + 1})
    refuses(cls, folder, r"does not fit the settings\.json beside it")


def test_a_keras_model_with_code_in_it_is_refused_in_one_sentence(saved, tmp_path):
    cls, folder = saved("cae", tmp_path)
    import keras

    keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda values: values)]).save(folder / "model.keras")
    refuses(cls, folder, r"model\.keras is refused as a model of Keras: .*Lambda")


def test_a_keras_model_that_names_a_function_of_the_system_is_refused(saved, tmp_path):
    cls, folder = saved("cae", tmp_path)
    call = {"module": "os", "class_name": "system", "config": {"command": "true"}, "registered_name": None}
    rewrite(folder / "model.keras", "config.json", json.dumps(call))
    refuses(cls, folder, r"model\.keras is refused as a model of Keras")


def rewrite(archive: Path, member: str, text: str) -> None:
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in members.items():
            file.writestr(name, text if name == member else content)


def test_another_keras_model_is_refused(saved, tmp_path):
    cls, folder = saved("cae", tmp_path)
    import keras

    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(folder / "model.keras")
    refuses(cls, folder, r"does not fit the settings\.json beside it")


FLOWS = {
    "another order": lambda name, array: array[::-1] if name.endswith("order") else array,
    "an order out of bounds": lambda name, array: array + 10**6 if name.endswith("order") else array,
    "another precision": lambda name, array: array.astype(np.float16) if array.dtype.kind == "f" else array,
}


@pytest.mark.parametrize("change", FLOWS.values(), ids=FLOWS)
def test_a_flow_that_is_not_as_saved_is_refused(saved, tmp_path, change):
    from safetensors import safe_open
    from safetensors.numpy import save_file

    cls, folder = saved("differnet", tmp_path)
    with safe_open(folder / "flow.safetensors", "np") as file:
        changed = {name: np.array(change(name, file.get_tensor(name))) for name in file.keys()}
        save_file(changed, tmp_path / "new", metadata=file.metadata())
    (tmp_path / "new").replace(folder / "flow.safetensors")
    refuses(cls, folder, r"does not fit the settings\.json beside it")


def test_a_flow_that_names_no_weights_is_refused(saved, tmp_path):
    from safetensors.numpy import load_file, save_file

    cls, folder = saved("differnet", tmp_path)
    save_file(load_file(folder / "flow.safetensors"), folder / "flow.safetensors")
    refuses(cls, folder, "other alexnet weights")


@pytest.mark.parametrize("notes", [{}, {"features_in": "float8"}], ids=["none", "unknown"])
def test_a_flow_that_does_not_say_how_it_sees_is_refused(saved, tmp_path, notes):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    cls, folder = saved("differnet", tmp_path)
    file = folder / "flow.safetensors"
    with safe_open(file, "np") as opened:
        weights = opened.metadata()["backbone"]
    save_file(load_file(file), file, metadata={"backbone": weights} | notes)
    refuses(cls, folder, "does not say whether its features are in float32 or bfloat16")
