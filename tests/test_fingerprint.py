import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import fingerprint
from benchmarks.fingerprint import Digests, of_code, of_data
from datasets import Sample


@pytest.fixture
def code(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    fingerprint._files.cache_clear()
    folder = tmp_path / "methods"
    folder.mkdir()
    (folder / "__init__.py").write_text("contract = 1\n")
    (folder / "_shared.py").write_text("import numpy\nvalue = 1\n")
    (folder / "_unused.py").write_text("value = 1\n")
    (folder / "knn.py").write_text("from methods import _shared\n\ndef score():\n    return _shared.value\n")
    yield folder
    fingerprint._files.cache_clear()


def changes(file: Path, text: str, module: str = "methods.knn") -> bool:
    before = of_code([module])
    file.write_text(text)
    return of_code([module]) != before


def test_comments_docstrings_and_layout_do_not_count(code):
    new = (
        '"""Module."""\nfrom methods import _shared\n# why\ndef score():\n    """What."""\n    return  _shared.value\n'
    )
    assert not changes(code / "knn.py", new)


def test_a_changed_statement_counts(code):
    assert changes(code / "knn.py", "from methods import _shared\n\ndef score():\n    return -_shared.value\n")


def test_shared_code_counts_where_it_is_used(code):
    assert changes(code / "_shared.py", "import numpy\nvalue = 2\n")
    assert not changes(code / "_unused.py", "value = 2\n")


def test_the_contract_counts(code):
    assert changes(code / "__init__.py", "contract = 2\n")


def test_every_file_of_a_plugin_that_is_a_folder_counts(code):
    (code / "knn.py").unlink()
    (code / "knn").mkdir()
    (code / "knn/__init__.py").write_text("")
    (code / "knn/bank.py").write_text("size = 1\n")
    assert changes(code / "knn/bank.py", "size = 2\n")


def test_what_the_package_offers_does_not_count_for_what_measures(code):
    folder = code.parent / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").write_text("def predict():\n    from benchmarks import verdicts\n")
    (folder / "pixels.py").write_text("from benchmarks import metrics\n")
    (folder / "metrics.py").write_text("limit = 1\n")
    (folder / "verdicts.py").write_text("kind = 1\n")
    assert not changes(folder / "verdicts.py", "kind = 2\n", "benchmarks.pixels")
    assert changes(folder / "metrics.py", "limit = 2\n", "benchmarks.pixels")


def test_a_module_that_is_not_there_is_not_digested_as_nothing(code):
    with pytest.raises(AssertionError, match=r"no module methods\.gone"):
        of_code(["methods.gone"])


def test_of_a_folder_that_is_no_plugin_only_what_is_imported_counts(code):
    folder = code.parent / "benchmarks/evaluation"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("digits = 3\n")
    (folder / "pixel_metrics.py").write_text("from benchmarks.evaluation import metrics\n")
    (folder / "metrics.py").write_text("limit = 1\n")
    (folder / "significance.py").write_text("level = 0.05\n")
    measuring = "benchmarks.evaluation.pixel_metrics"
    assert not changes(folder / "significance.py", "level = 0.01\n", measuring)
    assert changes(folder / "metrics.py", "limit = 2\n", measuring)
    assert changes(folder / "__init__.py", "digits = 4\n", measuring)


def test_of_a_shared_folder_of_methods_only_what_is_imported_counts(code):
    (code / "_backbones").mkdir()
    for name in ("__init__", "alexnet", "resnet"):
        (code / f"_backbones/{name}.py").write_text("depth = 1\n")
    (code / "knn.py").write_text("from methods._backbones.alexnet import depth\n")
    assert changes(code / "_backbones/alexnet.py", "depth = 2\n")
    assert changes(code / "_backbones/__init__.py", "depth = 2\n")
    assert not changes(code / "_backbones/resnet.py", "depth = 2\n")


@pytest.fixture
def samples(tmp_path) -> list[Sample]:
    files = [tmp_path / f"{index}.png" for index in range(3)]
    for index, file in enumerate(files):
        file.write_bytes(bytes([index]) * 10)
    return [Sample(file, "nut", "train") for file in files]


def digest(samples: list[Sample], root: Path) -> str:
    return of_data(samples, root, Digests(root / "digests.json"))


def test_data_that_moved_are_the_same_data(samples, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    copies = [replace(sample, image=moved / sample.image.name) for sample in samples]
    for sample, copy in zip(samples, copies, strict=True):
        copy.image.write_bytes(sample.image.read_bytes())
    assert digest(samples, tmp_path) == digest(copies, moved)


def test_changed_contents_labels_or_splits_are_other_data(samples, tmp_path):
    before = digest(samples, tmp_path)
    assert digest([replace(samples[0], defect="crack"), *samples[1:]], tmp_path) != before
    assert digest([replace(samples[0], split="test"), *samples[1:]], tmp_path) != before
    samples[0].image.write_bytes(b"others")
    assert digest(samples, tmp_path) != before


def test_contents_are_read_once(samples, tmp_path):
    file, store = samples[0].image, tmp_path / "digests.json"
    digests = Digests(store)
    digests.of_files([file])
    digests.save()
    known = json.loads(store.read_text())
    known[str(file)][-1] = "what was stored"
    store.write_text(json.dumps(known))
    assert Digests(store).of_files([file]) == {file: "what was stored"}


def test_a_file_changed_at_the_same_size_and_time_is_read_again(samples, tmp_path):
    file, store = samples[0].image, tmp_path / "digests.json"
    digests = Digests(store)
    before = digests.of_files([file])
    digests.save()
    state = file.stat()
    file.write_bytes(b"x" * state.st_size)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert Digests(store).of_files([file]) != before


def test_a_damaged_store_of_digests_is_made_again(samples, tmp_path):
    before = digest(samples, tmp_path)
    (tmp_path / "digests.json").write_text("{")
    assert digest(samples, tmp_path) == before


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no such device")
def test_a_device_is_refused_and_not_read_for_ever(tmp_path):
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    with pytest.raises(OSError, match=r"no regular file.*zero\.png"):
        Digests(tmp_path / "digests.json").of_files([tmp_path / "zero.png"])
