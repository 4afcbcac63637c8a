"""Check a submission before it is uploaded, as uploads are few."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks import images
from benchmarks.images import Reading
from benchmarks.naming import named
from benchmarks.source import Source
from benchmarks.submission import files

THREADS = 8
Advance = Callable[[int, int], None]


def problems(to: Path, source: Source, *, binary: bool, advance: Advance) -> Iterator[str]:
    """Yield, in a sentence each, what the server would refuse. `advance` gets the number of checked files and of all.

    The thresholded maps are wanted if `binary`, or if there is a folder of them.
    """
    binary = binary or (to / files.BINARY).exists()
    dataset, root, here = source.dataset, source.root, source.categories()
    wanted = {name: files.targets(to, dataset, root, name, binary=binary) for name in here}
    for category in sorted({*dataset.counts, *here}):
        yield from _completeness(category, wanted.get(category, []), dataset.unlabelled_counts.get(category))
    expected = {file: target.image for targets in wanted.values() for target in targets for file in target.files}
    faults = _faults([pair for pair in expected.items() if pair[0].exists()], source.reading, advance)
    yield from (f"{len(faulty)} files {fault}: {_named(faulty, to)}" for fault, faulty in faults.items())
    if strays := sorted(set(files.below(to)) - expected.keys()):
        yield f"{len(strays)} files that the server does not expect: {_named(strays, to)}"


def _completeness(category: str, targets: Sequence[files.Target], published: int | None) -> Iterator[str]:
    if published and len(targets) != published:
        yield f"{category}: the server expects maps of {published} images, and {len(targets)} images are here"
    absent = [file for target in targets for file in target.files if not file.exists()]
    if absent and not any(target.map.exists() for target in targets):
        yield f"{category}: no map; make them after: run --categories {category}"
    elif absent:
        yield f"{category}: {len(absent)} files are missing ({named([file.name for file in absent])})"


def _faults(pairs: Sequence[tuple[Path, Path]], reading: Reading, advance: Advance) -> dict[str, list[Path]]:
    """The faulty files by their fault, given each file with its image."""
    by_fault = defaultdict(list)
    with ThreadPoolExecutor(THREADS) as pool:  # decoding and numpy release the interpreter's lock
        found = pool.map(lambda pair: _fault(*pair, reading), pairs)
        for done, ((file, _), fault) in enumerate(zip(pairs, found, strict=True), start=1):
            advance(done, len(pairs))
            if fault:
                by_fault[fault].append(file)
    return by_fault


def _fault(file: Path, image: Path, reading: Reading) -> str | None:
    """What is wrong with a file, as the end of a sentence; None: nothing."""
    is_map = file.suffix == ".tiff"
    try:
        values = (files.read_map if is_map else files.read_binary)(file)
    except Exception as error:  # decoders raise nearly anything for a damaged file
        return f"cannot be read ({type(error).__name__}); make them again with --overwrite"
    if values.ndim != 2:
        return f"have {values.ndim} axes, expected one channel"
    if values.shape != images.image_size(image, reading):
        return "do not have the size of their image"
    return map_fault(values) if is_map else binary_fault(values)


def map_fault(values: np.ndarray) -> str | None:
    """What is wrong with the values of a map; None: nothing."""
    if values.dtype != np.float16:
        return f"are {values.dtype}, expected float16"
    return None if np.isfinite(values).all() else "have values that are not finite"


def binary_fault(values: np.ndarray) -> str | None:
    """What is wrong with the values of a thresholded map; None: nothing."""
    return None if np.isin(values, (0, 255)).all() and values.dtype == np.uint8 else "have other values than 0 and 255"


def _named(paths: Sequence[Path], to: Path) -> str:
    return named([path.relative_to(to).as_posix() for path in paths])
