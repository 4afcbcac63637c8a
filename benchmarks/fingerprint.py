"""Digests of what a result depends on: code without comments, and the contents of image files."""

import ast
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from datasets import Sample, relative_name
from reports.files import write_text

ROOT = Path(__file__).resolve().parent.parent
PLUGIN_PACKAGES = ("methods", "datasets")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_json(value: Any) -> str:
    """Digest of a value that JSON can hold. The order of keys does not matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def of_code(modules: Iterable[str]) -> str:
    """Digest of modules and of what they import from their own package.

    Comments, docstrings and layout do not count, so improving a sentence does not cause hours of retraining.
    """
    files = sorted(set().union(*(_files(module) for module in modules)))
    return of_json({file.relative_to(ROOT).as_posix(): _parsed(_text(file)).bare for file in files})


@cache
def _files(module: str) -> frozenset[Path]:
    """The files of a module, and of all modules of the same package that it imports, directly or indirectly."""
    assert _module_files(module), f"there is no module {module} to digest: it was renamed"
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        for file in _module_files(name) - found:
            found.add(file)
            waiting += [other for other in _parsed(_text(file)).imports if other.split(".")[0] == name.split(".")[0]]
    return frozenset(found)


def _module_files(name: str) -> set[Path]:
    """The files of a module: its own file; for a plugin's folder all files in it; for other packages `__init__.py`.

    The package `benchmarks` itself counts as empty: no number depends on the function that it offers to Python.
    """
    place = ROOT.joinpath(*name.split("."))
    if name == __package__:
        return set()
    if place.is_dir():
        return set(place.rglob("*.py")) if _is_of_a_plugin(name) else {place / "__init__.py"}
    return {place.with_suffix(".py")} if place.with_suffix(".py").is_file() else set()


def _is_of_a_plugin(name: str) -> bool:
    package, _, rest = name.partition(".")
    return package in PLUGIN_PACKAGES and bool(rest) and not rest.startswith("_")


class Parsed(NamedTuple):
    """What a file of code says."""

    imports: list[str]
    """All modules that it may import, and the packages that contain them, which Python runs first."""
    bare: str
    """Its code without comments, docstrings and layout."""


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@cache
def _parsed(text: str) -> Parsed:
    """Methods share most of their files, so each text is parsed once; a file that was edited has another text."""
    tree = ast.parse(text)
    return Parsed(_imports(tree), _bare(tree))


def _imports(tree: ast.Module) -> list[str]:
    """`from a.b import c` may import the module a.b or the module a.b.c, so both are listed."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted({place for name in names for place in accumulate(name.split("."), "{}.{}".format)})


def _bare(tree: ast.Module) -> str:
    """The code of a tree, which loses its docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def of_file(file: Path) -> str:
    """SHA-256 of a file's contents. Most processors have instructions for it: it is faster than BLAKE2."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Digests:
    """Digests of file contents, kept in a store. A file of the same path, size and times is not read again."""

    def __init__(self, store: Path):
        self.store = store
        self.known: dict[str, list] = _read_store(store)
        self.seen: set[str] = set()

    def of_files(self, files: Iterable[Path]) -> dict[Path, str]:
        """The digest of every file. Raises OSError naming a file that cannot be read."""
        files = list(files)
        with ThreadPoolExecutor(8) as pool:
            return dict(zip(files, pool.map(self._of_file, files), strict=True))

    def save(self) -> None:
        """Store the digests for the next run, without files that are gone, unless they were digested here."""
        kept = {file: entry for file, entry in self.known.items() if file in self.seen or os.path.exists(file)}
        write_text(self.store, json.dumps(kept))

    def _of_file(self, file: Path) -> str:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device might never end
            raise OSError(errno.EINVAL, "it is no regular file", str(file))
        # ctime, too: unlike mtime it cannot be set, so no tool that preserves times can hide a change.
        state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        self.seen.add(str(file))
        known = self.known.get(str(file), [])
        if known[:-1] == state:
            return known[-1]
        digest = of_file(file)
        self.known[str(file)] = [*state, digest]
        return digest


def _read_store(store: Path) -> dict[str, list]:
    """The stored digests. A missing or damaged store gives none, so the files are digested again."""
    try:
        known = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) and all(map(_is_digested, known.values())) else {}


def _is_digested(entry: Any) -> bool:
    """Whether an entry of the store is well-formed: the state of a file, then its digest."""
    return isinstance(entry, list) and bool(entry) and isinstance(entry[-1], str)


def of_data(samples: Iterable[Sample], base: Path, digests: Digests) -> str:
    """Digest of a category: the contents and the role of each file.

    The place of the folder `base`, which names are relative to, does not matter.
    """
    samples = list(samples)
    contents = digests.of_files({file for sample in samples for file in sample.files})
    return of_json(
        [
            (
                relative_name(sample.image, base),
                contents[sample.image],
                sample.split,
                sample.defect,
                [contents[mask] for mask in sample.masks],
                sample.group,
                sample.kinds,
                *([contents[sample.ignored]] if sample.ignored else []),
            )
            for sample in samples
        ]
    )


def of_ignored(samples: Iterable[Sample], base: Path, digests: Digests) -> str:
    """Digest of the regions that do not count: the contents of the mask of each image that has one.

    Where no image has one, it is the same of all categories.
    """
    masks = {relative_name(sample.image, base): sample.ignored for sample in samples if sample.ignored}
    contents = digests.of_files(set(masks.values()))
    return of_json([(image, contents[mask]) for image, mask in masks.items()])
