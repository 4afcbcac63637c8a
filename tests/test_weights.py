"""Weights of the backbones: found, fetched, checked."""

import hashlib
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from torchvision.models import get_model_weights  # up here: its LLVM must be loaded before a test loads TensorFlow's

from methods import MethodError
from methods._backbones import BACKBONES, NAMES, files, networks, weights
from methods._backbones.arrays import Arrays, Weights

LAYERS = [f"features.{number}" for number in (0, 3, 6, 8, 10)]
"""AlexNet's convolutions."""


class Hostile:
    """A pickle that writes a file when it is read carelessly."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return random_arrays("alexnet")


def random_arrays(name: str) -> Arrays:
    generator = np.random.default_rng(0)
    return {key: generator.normal(size=shape).astype(np.float32) for key, shape in networks.shapes(name).items()}


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Caches in an empty folder, and no variable set."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(weights, "cache_file", lambda name: tmp_path / "cache" / f"{name}-features.safetensors")
    for name in NAMES:
        monkeypatch.delenv(weights.environment(name), raising=False)


def stored(arrays: Arrays, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path)
    return path


def as_torchvision(arrays: Arrays, folder: Path) -> Path:
    """A file like torchvision's: features and a classifier, its name ending in the beginning of its hash."""
    import torch

    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    data = io.BytesIO()
    torch.save(state | {"classifier.1.bias": torch.zeros(4)}, data)
    path = folder / f"alexnet-test-{hashlib.sha256(data.getvalue()).hexdigest()[:8]}.pth"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.getvalue())
    return path


def same(ours: Arrays, expected: Arrays) -> bool:
    return ours.keys() == expected.keys() and all(np.array_equal(ours[name], expected[name]) for name in ours)


def test_the_first_kernel_is_that_of_imagenet():
    arrays = weights.find("alexnet").arrays
    np.testing.assert_allclose(arrays["features.0.weight"][0, 0, 0, :3], (0.1186, 0.0941, 0.0954), atol=5e-5)
    assert sum(array.size for array in arrays.values()) == 2_469_696


def test_a_given_file_comes_before_the_variable(arrays, homes, tmp_path, monkeypatch):
    ours, other = stored(arrays, tmp_path / "ours.safetensors"), as_torchvision(arrays, tmp_path)
    monkeypatch.setenv("BENCHMARKS_ALEXNET", str(other))
    assert weights.find("alexnet", str(ours)).source == str(ours)
    assert weights.find("alexnet").source == str(other)
    assert same(weights.find("alexnet").arrays, arrays)


def test_torchvisions_cache_comes_before_ours(arrays, homes, tmp_path, monkeypatch):
    stored(arrays, weights.cache_file("alexnet"))
    theirs = as_torchvision(arrays, tmp_path / "torch" / "hub" / "checkpoints")
    monkeypatch.setitem(BACKBONES, "alexnet", BACKBONES["alexnet"]._replace(torchvision=theirs.name))
    assert weights.find("alexnet").source == f"torchvision's {theirs.name}"
    monkeypatch.setitem(BACKBONES, "alexnet", BACKBONES["alexnet"]._replace(torchvision="absent-00000000.pth"))
    with pytest.raises(MethodError, match="alexnet-features"):  # ours, and not what was put there
        weights.find("alexnet")


@pytest.mark.parametrize("name", [name for name in NAMES if BACKBONES[name].torchvision])
def test_torchvision_still_offers_the_file_that_is_looked_for(name):
    assert get_model_weights(name).IMAGENET1K_V1.url.endswith(f"/{BACKBONES[name].torchvision}")


def test_what_is_kept_is_read_again(arrays, tmp_path):
    path = tmp_path / "new" / "kept.safetensors"
    weights.write_cache(path, arrays)
    content = Weights(arrays, "").digest
    assert same(weights.read_cache("alexnet", path, content=content).arrays, arrays)
    assert list(path.parent.iterdir()) == [path]


def test_a_damaged_cache_is_refused(arrays, tmp_path):
    path = stored(arrays, tmp_path / "kept.safetensors")
    content = Weights(arrays, "").digest
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(MethodError, match=r"kept\.safetensors is damaged: delete it"):
        weights.read_cache("alexnet", path, content=content)
    path.write_bytes(data[:1000])
    with pytest.raises(MethodError, match=r"kept\.safetensors cannot be read"):
        weights.read_cache("alexnet", path, content=content)


def test_a_file_of_another_network_is_refused(arrays, tmp_path):
    lacking = stored({name: array for name, array in arrays.items() if "10" not in name}, tmp_path / "a.safetensors")
    with pytest.raises(MethodError, match=r"there is no features\.10\.weight"):
        files.read("alexnet", lacking)
    other = stored(arrays | {"features.0.bias": np.zeros(5, np.float32)}, tmp_path / "b.safetensors")
    with pytest.raises(MethodError, match=r"features\.0\.bias has shape \(5,\), expected \(64,\)"):
        files.read("alexnet", other)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MethodError, match=r"nothing\.pth: no such file"):
        weights.find("alexnet", str(tmp_path / "nothing.pth"))


def test_a_hostile_torch_file_is_refused(tmp_path):
    import torch

    torch.save({"features.0.weight": Hostile(tmp_path / "touched")}, tmp_path / "hostile.pth")
    with pytest.raises(MethodError, match=r"hostile\.pth cannot be read"):
        files.read("alexnet", tmp_path / "hostile.pth")
    assert not (tmp_path / "touched").exists()


def test_torchvisions_file_with_another_hash_is_refused(arrays, tmp_path):
    path = as_torchvision(arrays, tmp_path)
    path = path.rename(path.with_name("alexnet-test-00000000.pth"))
    with pytest.raises(MethodError, match="expected 00000000; delete it"):
        weights.read_torchvision("alexnet", path)


def test_no_way_to_the_weights_is_one_sentence_naming_all_five(homes, tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(MethodError) as caught:
        weights.find("vgg16")
    message = str(caught.value)
    assert "\n" not in message
    for way in ("setting `weights`", "torchvision's cache", "torchvision's download", "package index", "`backbone`"):
        assert way in message


def test_lpips_kernels_are_turned_to_torchs_order(arrays):
    convolutions = {
        f"Conv_{number}": {
            "kernel": arrays[f"{layer}.weight"].transpose(2, 3, 1, 0),
            "bias": arrays[f"{layer}.bias"],
        }
        for number, layer in enumerate(LAYERS)
    }
    data = pickle.dumps({"AlexNet_0": convolutions, "NetLinLayer_0": {"kernel": np.zeros(3)}})
    assert same(files.of_lpips(data, networks.shapes("alexnet")), arrays)


def test_a_hostile_pickle_is_refused(tmp_path):
    with pytest.raises(MethodError, match="refused, only numpy arrays"):
        files.of_lpips(pickle.dumps({"AlexNet_0": Hostile(tmp_path / "touched")}), {})
    assert not (tmp_path / "touched").exists()


def test_a_backbone_without_weights_names_those_that_are_here(homes, tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    stored(random_arrays("mobilenet_v2"), weights.cache_file("mobilenet_v2"))
    with pytest.raises(MethodError) as caught:
        weights.find("wide_resnet50_2")
    message = str(caught.value)
    assert "the weights of mobilenet_v2 are here; those of vgg16, efficientnet_lite0, alexnet come from" in message
    assert "pip" not in message
    assert "BENCHMARKS_WIDE_RESNET50_2" in str(caught.value)


TIMM = {
    "mobilenet_v2": {
        "conv_stem.weight": "features.0.0.weight",
        "blocks.0.0.conv_dw.weight": "features.1.conv.0.0.weight",
        "blocks.0.0.bn2.running_var": "features.1.conv.2.running_var",
        "blocks.2.1.conv_pwl.weight": "features.5.conv.2.weight",
        "blocks.6.0.bn3.bias": "features.17.conv.3.bias",
        "conv_head.weight": "features.18.0.weight",
        "bn2.weight": "features.18.1.weight",
    },
    "efficientnet_lite0": {
        "bn1.bias": "features.0.2.bias",
        "blocks.1.0.conv_dw.weight": "features.2.0.layers.4.weight",
        "blocks.5.3.conv_pwl.weight": "features.6.3.layers.6.weight",
        "conv_head.weight": "features.8.0.weight",
    },
}
"""Some arrays by timm's name and by ours."""


@pytest.mark.parametrize("name", TIMM)
def test_a_file_with_the_names_of_timm_holds_the_same_network(name, tmp_path):
    arrays = random_arrays(name)
    layers = list(dict.fromkeys(key.rpartition(".")[0] for key in arrays))
    theirs = dict(zip(layers, files._timm_layers(BACKBONES[name].timm_blocks), strict=True))
    named = {f"{theirs[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": array for key, array in arrays.items()}
    for their_name, our_name in TIMM[name].items():
        np.testing.assert_array_equal(named[their_name], arrays[our_name])
    extra = {"classifier.weight": np.zeros((3, 4), np.float32)}
    assert same(files.read(name, stored(named | extra, tmp_path / "timm.safetensors")), arrays)


def test_a_residual_network_has_the_same_names_in_timm_and_needs_no_classifier(tmp_path):
    arrays = random_arrays("resnet18")
    assert same(files.read("resnet18", stored(arrays, tmp_path / "resnet18.safetensors")), arrays)


@pytest.mark.parametrize("name", [name for name in NAMES if BACKBONES[name].packaged])
def test_what_a_package_holds_is_known_by_its_hash_and_is_that_network(name):
    found = weights.find(name)
    assert found.digest == BACKBONES[name].packaged.content
    assert {key: array.shape for key, array in found.arrays.items()} == networks.shapes(name)


def test_arrays_under_other_names_are_taken_in_their_order_without_the_classifier():
    arrays = random_arrays("resnet18")
    renamed = {f"layer {number}": array for number, array in enumerate(arrays.values())}
    shapes = networks.shapes("resnet18")
    assert same(files.in_order(renamed | {"classifier": np.zeros(3, np.float32)}, shapes), arrays)
    with pytest.raises(ValueError, match="has shape"):
        files.in_order(dict(reversed(renamed.items())), shapes)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_in_bfloat16_is_read(suffix, tmp_path):
    import torch
    from safetensors.torch import save_file as save_tensors

    arrays = random_arrays("resnet18")
    halves = {key: torch.from_numpy(array).bfloat16() for key, array in arrays.items()}
    path = tmp_path / f"half{suffix}"
    save_tensors(halves, path) if suffix == ".safetensors" else torch.save(halves, path)
    expected = {key: half.float().numpy() for key, half in halves.items()}
    assert same(files.read("resnet18", path), expected)


def test_a_file_of_something_else_says_what_is_expected(arrays, tmp_path):
    import torch

    torch.save({"state_dict": {"features.0.bias": torch.zeros(64)}}, tmp_path / "wrapped.pth")
    with pytest.raises(MethodError, match="holds no weights of alexnet: expected tensors by their names"):
        files.read("alexnet", tmp_path / "wrapped.pth")
