"""Weights out of the package index: found by pip's settings, checked by hashes, nothing built or executed."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from methods import MethodError
from methods._backbones import BACKBONES, Packaged, package_index, pip_settings, weights
from methods._backbones.pip_settings import PipSettings
from methods._download import PATIENCE, UnreachableError
from tests.file_server import OfFolder, Trickling, serving

NAME = "tiny-1.0.tar.gz"
HOSTILE = "import pathlib; pathlib.Path({touched!r}).touch()\n"


@pytest.fixture
def tiny(tmp_path) -> tuple[Path, Packaged]:
    """A source archive in a folder, whose setup.py and build backend leave a trace; and what is known of it."""
    trap = HOSTILE.format(touched=str(tmp_path / "touched"))
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": trap,
        "setup.py": trap,
        "data.bin": "payload",
    }
    archive = tmp_path / "links" / NAME
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    sha256, payload = (hashlib.sha256(data).hexdigest() for data in (archive.read_bytes(), b"payload"))
    return archive, Packaged("tiny==1.0", NAME, sha256, "tiny-1.0/data.bin", payload, "")


def as_folder(archive: Path, index: Path) -> str:
    (index / "tiny").mkdir(parents=True)
    (index / "tiny" / "index.html").write_text(f'<a href="../../links/{NAME}#sha256=0">{NAME}</a>')
    return index.as_uri()


class Json(OfFolder):
    """An index that answers in JSON: the project page of every project, and the files of a folder."""

    def send_head(self) -> BinaryIO | None:
        if not self.path.endswith("/tiny/"):
            return super().send_head()
        page = {"meta": {"api-version": "1.0"}, "name": "tiny"}
        page["files"] = [{"filename": NAME, "url": f"/links/{NAME}", "hashes": {}}]
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.end_headers()
        return io.BytesIO(json.dumps(page).encode())


def fetched(tmp_path: Path, packaged: Packaged, settings: PipSettings) -> bytes:
    (tmp_path / "fetched").mkdir(exist_ok=True)
    archive = package_index.get(packaged, tmp_path / "fetched", settings)
    return package_index.read_member(archive, packaged.member, packaged.member_sha256)


def test_one_file_comes_from_where_pip_looks_and_nothing_of_the_archive_runs(tiny, tmp_path):
    archive, packaged = tiny
    folder = as_folder(archive, tmp_path / "simple")
    assert fetched(tmp_path, packaged, PipSettings(links=(str(archive.parent),), indexes=())) == b"payload"
    assert fetched(tmp_path, packaged, PipSettings(links=(archive.parent.as_uri(),), indexes=())) == b"payload"
    assert fetched(tmp_path, packaged, PipSettings(links=("/nowhere",), indexes=(folder,))) == b"payload"
    for server in (OfFolder, Json):
        with serving(server, tmp_path) as address:
            closed = f"{address}/absent"
            found = fetched(tmp_path, packaged, PipSettings(links=(), indexes=(closed, f"{address}/simple/")))
            assert found == b"payload"
    assert not (tmp_path / "touched").exists()


def test_an_archive_with_another_hash_is_refused_and_said_to_be_that(tiny, tmp_path):
    archive, packaged = tiny
    begins = packaged.sha256[:12]
    with serving(OfFolder, tmp_path) as address:
        indexes = (f"{address.replace('//', '//user:secret@')}/simple", as_folder(archive, tmp_path / "simple"))
        with pytest.raises(UnreachableError) as caught:
            fetched(tmp_path, packaged._replace(sha256="0" * 64), PipSettings((), indexes))
    first, second = str(caught.value).split("; ")
    for sentence in (first, second):
        assert f"is not the file it should be: its sha256 begins with {begins}, expected 000000000000" in sentence
    assert first.startswith(f"{address}/simple: {NAME} is not") and "secret" not in first


def test_an_index_says_what_it_lacks(tiny, tmp_path):
    archive, packaged = tiny
    with serving(OfFolder, tmp_path) as address:
        as_folder(archive, tmp_path / "simple")
        (tmp_path / "none" / "tiny").mkdir(parents=True)
        (tmp_path / "none" / "tiny" / "index.html").write_text("<a href='tiny-2.0.tar.gz'>tiny-2.0.tar.gz</a>")
        for index, why in {
            f"{address}/nothing": "it has no tiny",
            f"{address}/none": f"it has tiny, but no {NAME}",
            "http://127.0.0.1:9/simple": "Connection refused",
            (tmp_path / "nothing").as_uri(): "it has no tiny",
        }.items():
            with pytest.raises(UnreachableError, match=f"^{index}: {why}$"):
                fetched(tmp_path, packaged, PipSettings((), (index,)))
    with pytest.raises(UnreachableError, match=f"^pip is set to no index, and its folders have no {NAME}$"):
        fetched(tmp_path, packaged, PipSettings((), ()))


def test_an_index_that_sends_a_byte_now_and_then_is_given_up(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(package_index, "PATIENCE", PATIENCE._replace(slow_seconds=0.3))
    with serving(Trickling) as address, pytest.raises(UnreachableError, match=r"no answer within 0\.3 s"):
        fetched(tmp_path, tiny[1], PipSettings((), (address,)))


def test_pips_own_files_and_variables_are_asked(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://one/simple\nproxy = http://proxy:1\n[download]\nextra-index-url =\n  file:///a\n  http://b\n"
    )
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_FIND_LINKS", "/links /more")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "two")
    monkeypatch.setenv("PIP_CERT", "/certificates.pem")
    found = pip_settings.read()
    assert found.indexes == ("http://one/simple", "file:///a", "http://b") and found.links == ("/links", "/more")
    reached = found.session().merge_environment_settings
    assert reached("https://one/x", {}, False, None, None)["verify"] == "/certificates.pem"
    assert reached("https://two/x", {}, False, None, None)["verify"] is False
    assert reached("https://two/x", {}, False, None, None)["proxies"]["https"] == "http://proxy:1"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert pip_settings.read().indexes == ()


def test_without_pip_one_sentence_says_so(monkeypatch):
    gone = subprocess.CompletedProcess([], 1, "", f"{sys.executable}: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: gone)
    with pytest.raises(UnreachableError, match=r"^pip, whose settings name the index, .*: No module named pip$"):
        pip_settings.read()


def test_a_wheel_is_read_without_being_unpacked(tmp_path):
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/data.bin", "payload")
    assert package_index.read_member(wheel, "tiny/data.bin", hashlib.sha256(b"payload").hexdigest()) == b"payload"
    with pytest.raises(MethodError, match=r"data\.bin is not the file it should be"):
        package_index.read_member(wheel, "tiny/data.bin", "0" * 64)


def test_the_reason_reaches_the_user(tiny, tmp_path, monkeypatch):
    archive, packaged = tiny
    monkeypatch.setitem(BACKBONES, "alexnet", BACKBONES["alexnet"]._replace(packaged=packaged, torchvision=None))
    monkeypatch.setattr(weights, "cache_file", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("BENCHMARKS_ALEXNET", raising=False)
    settings = PipSettings((), (as_folder(archive, tmp_path / "simple"),))
    archive.write_bytes(b"another archive")
    monkeypatch.setattr(pip_settings, "read", lambda: settings)
    with pytest.raises(MethodError, match=f"package index .*{NAME} is not the file it should be: its sha256 begins"):
        weights.find("alexnet")
