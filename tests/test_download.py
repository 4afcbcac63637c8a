"""Downloads: checked by their digest, told of while they run, and each with an end."""

import hashlib
import logging
import time

import pytest

from methods import _download
from methods._download import Expected, Patience, UnreachableError, download, within
from tests.file_server import OfFolder, Silent, Trickling, serving

SHORT = Patience(answer_seconds=0.3, slow_seconds=0.3, slowest_pace=5_000, longest_seconds=5, tell_seconds=0.05)


@pytest.fixture
def served(tmp_path):
    """A folder and the address at which a local server offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    with serving(OfFolder, folder) as address:
        yield folder, address


def test_a_download_is_kept_and_its_speed_is_told(served, tmp_path, caplog):
    folder, address = served
    (folder / "data.bin").write_bytes(b"payload" * 10_000)
    digest = hashlib.sha256(b"payload" * 10_000).hexdigest()
    with caplog.at_level(logging.INFO, logger="methods.download"):
        download(f"{address}/data.bin", tmp_path / "new" / "data.bin", Expected(digest[:8]))
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"payload" * 10_000]
    assert caplog.messages[-1].startswith("fetching data.bin: 0.1 of 0.1 MB, ") and caplog.messages[-1].endswith("B/s")


def test_a_download_that_is_another_file_is_refused_and_leaves_nothing(served, tmp_path):
    folder, address = served
    (folder / "data.bin").write_bytes(b"something else")
    for expected in (Expected("0" * 64), Expected("0" * 32, "md5")):
        with pytest.raises(UnreachableError, match=r"data\.bin is not the file it should be: its \w+ begins"):
            download(f"{address}/data.bin", tmp_path / "kept" / "data.bin", expected)
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_is_not_to_be_had_is_said_in_the_words_of_the_system(served, tmp_path):
    folder, address = served
    with pytest.raises(UnreachableError, match=r"^404 File not found$"):
        download(f"{address}/absent.bin", tmp_path / "x.bin", Expected(""))
    with pytest.raises(UnreachableError, match=r"^Connection refused$"):
        download("http://127.0.0.1:9/x.bin", tmp_path / "x.bin", Expected(""))
    (folder / "x.bin").touch()
    (tmp_path / "file").touch()
    with pytest.raises(UnreachableError, match=r"^(Not a directory|File exists)$"):
        download(f"{address}/x.bin", tmp_path / "file" / "x.bin", Expected(""))


@pytest.mark.parametrize(
    ("server", "patience", "why"),
    [
        (Silent, SHORT, "no answer within 0.3 s"),
        (Trickling, SHORT, r"given up after 0 s at 0\.0 of 1\.0 MB, .* kB/s"),
        (type("Stalling", (Trickling,), {"body": b""}), SHORT, "given up after 0 s"),
        (Trickling, SHORT._replace(slowest_pace=0, longest_seconds=0.5), "given up after 1 s"),
    ],
    ids=["no answer", "a byte now and then", "nothing after the answer", "too long"],
)
def test_every_wait_has_an_end(tmp_path, server, patience, why):
    begun = time.monotonic()
    with serving(server) as address, pytest.raises(UnreachableError, match=why):
        download(f"{address}/x.bin", tmp_path / "kept" / "x.bin", Expected(""), patience=patience)
    assert time.monotonic() - begun < 5 and list((tmp_path / "kept").iterdir()) == []


def test_a_function_that_takes_too_long_is_not_waited_for():
    with pytest.raises(UnreachableError, match=r"no answer within 0\.1 s"):
        within(0.1, lambda: time.sleep(5))
    assert within(5, lambda: 3) == 3


def test_the_reason_of_an_error_is_the_innermost_one():
    try:
        try:
            raise OSError(111, "Connection refused")
        except OSError as error:
            raise RuntimeError("wrapped many times, at <object at 0x7f>") from error
    except RuntimeError as error:
        assert _download.words(error) == "Connection refused"
