import json

import pytest

from reports.results import Cell, DamagedResultError, Failure, ResultError, read, write

CELL = Cell(
    method="cae",
    settings={"loss": "mse"},
    changed={},
    dataset="demo",
    category="nut",
    seed=0,
    shots=None,
    calibration=0.1,
)
FAILURE = Failure(key="k", cell=CELL, reason="why", tail="how")


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "a/failure.json", FAILURE)
    assert read(tmp_path / "a/failure.json", Failure) == FAILURE
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["failure.json"]


def test_a_file_truncated_at_any_byte_is_named_as_damaged(tmp_path):
    file = tmp_path / "failure.json"
    write(file, FAILURE)
    whole = file.read_bytes().rstrip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DamagedResultError, match=r"failure\.json is damaged"):
            read(file, Failure)


def test_another_version_is_refused(tmp_path):
    file = tmp_path / "failure.json"
    file.write_text(json.dumps({**FAILURE.model_dump(), "format": 2}))
    with pytest.raises(ResultError, match="another version"):
        read(file, Failure)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "failure.json"
    write(file, FAILURE)
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(file, FAILURE.model_copy(update={"reason": "other"}))
    assert read(file, Failure) == FAILURE
