"""Files are there whole or not at all, and nothing else is left beside them."""

import errno
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.jobs import failures
from reports import overlay, plots
from reports.files import replacing, write_text

IMAGE = np.zeros((4, 4, 3), np.uint8)


def fails(*_, **__):
    raise OSError("disk full")


def test_what_is_written_takes_the_place_of_the_old_file_in_folders_that_are_made(tmp_path):
    file = tmp_path / "a/b/file.txt"
    for text in ("old", "new"):
        write_text(file, text)
        assert file.read_text() == text
    assert [*file.parent.iterdir()] == [file]


def test_until_the_end_the_old_file_stands_beside_a_hidden_one(tmp_path):
    (tmp_path / "file").write_text("old")
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
        assert temporary.name.startswith(".") and temporary.parent == tmp_path
        assert (tmp_path / "file").read_text() == "old"


def test_an_error_leaves_neither_the_file_nor_a_temporary_one(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "file") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_untouched_and_alone(tmp_path, error):
    (tmp_path / "file").write_text("old")
    with pytest.raises(error), replacing(tmp_path / "file") as temporary:
        temporary.write_text("half")
        raise error
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_an_error_before_anything_is_written_is_that_error(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "file"):
        raise ZeroDivisionError
    assert [*tmp_path.iterdir()] == []


def test_an_error_of_the_system_names_the_file_that_was_to_be_written(tmp_path):
    """A full disk, and NumPy that wrote less than it should, name none; the name of the hidden file helps nobody."""
    for raised in (OSError(errno.ENOSPC, "No space left on device"), OSError("9 requested and 0 written")):
        with pytest.raises(OSError) as error, replacing(tmp_path / "file"):
            raise raised
        assert failures.refused_here(error.value).startswith(f"{tmp_path / 'file'} cannot be read or written: ")
    with pytest.raises(OSError) as error, replacing(tmp_path / "file") as temporary:
        temporary.mkdir()
        open(temporary, "w")
    assert error.value.filename == str(tmp_path / "file")


def test_two_processes_never_share_a_temporary_file(tmp_path):
    code = "import pathlib, sys; from reports.files import replacing; file = replacing(pathlib.Path(sys.argv[1]))\n"
    code += "with file as temporary: temporary.write_text('theirs'); print(temporary.name)"
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("ours")
        run = [sys.executable, "-c", code, str(tmp_path / "file")]
        theirs = subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
        assert (tmp_path / "file").read_text() == "theirs" and theirs != temporary.name
    assert (tmp_path / "file").read_text() == "ours"


WRITERS = {
    "a text": ("os.fsync", lambda folder: write_text(folder / "file.txt", "text")),
    "an outlined image": ("os.replace", lambda folder: overlay.save(folder / "image.png", IMAGE)),
    "a figure": ("os.replace", lambda folder: plots.save(Figure(), folder, "figure")),
}


@pytest.mark.parametrize(("broken", "write"), WRITERS.values(), ids=WRITERS)
def test_where_the_disk_fails_nothing_is_left(tmp_path, monkeypatch, broken, write):
    monkeypatch.setattr(broken, fails)
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path)
    assert [*tmp_path.iterdir()] == []
