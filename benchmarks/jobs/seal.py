"""The seal of a model: which result it belongs to, and the digest of each of its files.

A model that was copied from another job, or of which a bit has flipped, gives scores that fit no threshold. So the seal
is looked at before a model is used.
"""

import json
from pathlib import Path

from benchmarks import fingerprint
from benchmarks.jobs.layout import KEY
from reports.files import write_text


def put(model: Path, key: str) -> None:
    """Seal a model, which is complete, as that of the result with this key."""
    write_text(model / KEY, json.dumps({"result": key, "files": _digests(model)}, indent=1) + "\n")


def is_of(model: Path, key: str) -> bool:
    """Whether a folder holds a model that was sealed for the result with this key. Its files are not read."""
    return _read(model).get("result") == key


def broken(model: Path) -> list[str]:
    """The files of a sealed model that are not as they were stored, are gone, or were added; sorted."""
    sealed = _read(model).get("files")
    return sorted({name for name, _ in {*sealed.items()} ^ {*_digests(model).items()}})


def _digests(model: Path) -> dict[str, str]:
    files = sorted(file for file in model.rglob("*") if file.is_file() and file != model / KEY)
    return {file.relative_to(model).as_posix(): fingerprint.of_file(file) for file in files}


def _read(model: Path) -> dict:
    """The seal; empty where there is none that can be read, or one of an older version without digests."""
    try:
        found = json.loads((model / KEY).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    is_seal = isinstance(found, dict) and isinstance(found.get("files"), dict)
    return found if is_seal and all(isinstance(each, str) for each in found["files"].values()) else {}
