"""The command `make images`: pictures of a category from the web, with their rights, those that belong together."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.progress import Progress

from benchmarks import fingerprint
from benchmarks.commands.make import closeness, gathered, inputs, output
from benchmarks.commands.make.fetched import Candidate, Fit, Store
from benchmarks.commands.make.selection import Chosen, select
from benchmarks.console import err, say
from datasets import DataError
from datasets.making import credits, openverse
from datasets.making.links import FIELDS, Link, once, read, require_folder_name
from datasets.making.pictures import CREDITS
from datasets.making.record import Record, versions
from datasets.making.web.fetching import PROGRAM, Fetcher, Limits, agent
from methods import Method
from reports.files import remove, write_text

FETCHED = ".fetched"
SILENT_SECONDS = 10
LIBRARIES = ("numpy", "pillow", "urllib3", "protego", "torch")


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """What is asked of `make images`."""

    to: Path
    lists: Sequence[Path] = ()
    searches: Sequence[str] = ()
    licences: Sequence[str] = ()
    """Names of Openverse; none: whatever the lists hold, and of a search what may be changed."""
    representative: Sequence[Path] = ()
    keep: int = 20
    """Pictures of each category."""
    candidates: int = 60
    """Pictures that are fetched for each search."""
    backbone: str = "alexnet"
    weights: str | None = None
    device: str = "auto"
    fit: Fit = field(default_factory=lambda: Fit(megapixels=50, least_side=64))
    limits: Limits = field(default_factory=Limits)
    contact: str = ""
    openverse: str = openverse.ADDRESS

    @property
    def searched_licences(self) -> Sequence[str]:
        """Those of a search."""
        return self.licences or openverse.CHANGEABLE


def run(request: ImageRequest) -> int:
    """Fetch what is missing, choose from it, and say what is there. Return 1 where a category has too few pictures."""
    listed = _listed(request)
    for words in request.searches:
        require_folder_name(words, "--search")
    categories = list(dict.fromkeys([*(link.category for link in listed), *request.searches]))
    if fixed := [name for name in request.licences if name.endswith("nd")]:
        say(f"{', '.join(fixed)} forbids to show changed pictures: do not publish what make defects paints into them")
    representative = closeness.representatives(request.representative, categories)
    record = _record(request, representative)
    if not output.is_made(request.to, record):
        methods = closeness.fitted(representative, request.backbone, request.weights, request.device)
        version = versions([PROGRAM]).get(PROGRAM, "0")
        fetcher = Fetcher(agent(version, request.contact), request.limits, sleep=_sleep)
        with output.growing(request.to, record) as folder:
            links = once([*listed, *_searched(request, folder / FETCHED, fetcher)])
            found = _fetched(links, Store(folder / FETCHED, fetcher, request.fit))
            made = gathered.write(folder, _chosen(found, methods, request.keep), found, representative)
            output.finish(folder, record.with_result(made))
            remove(folder / FETCHED)
    return gathered.tell(request.to, request.keep)


def _record(request: ImageRequest, representative: Mapping[str, Sequence[Path]]) -> Record:
    pictures = {f"representative/{category}": files for category, files in representative.items()}
    sources: dict[str, str] = {}
    for number, file in enumerate(request.lists, start=1):  # all of them may be called img_url.json
        sources |= inputs.beside(output.digests([file]), f"list {number}")
    for name, files in pictures.items():
        sources |= inputs.beside(output.digests(files), name)
    if request.weights:
        sources |= inputs.beside(output.digests([Path(request.weights)]), "weights")
    return Record(
        command="make images",
        settings={
            "lists": [file.name for file in request.lists],
            "searches": [*request.searches],
            "licences": [*request.licences],
            "searched_licences": [*request.searched_licences] if request.searches else None,
            "openverse": request.openverse if request.searches else None,
            "candidates": request.candidates if request.searches else None,
            "keep": request.keep,
            "backbone": request.backbone if representative else None,
            "megapixels": request.fit.megapixels,
            "least_side": request.fit.least_side,
            "most_bytes": request.limits.most_bytes,
        },
        sources=sources,
        licence=_licence(request),
        code=fingerprint.of_code(["datasets.making.web.fetching", "benchmarks.likeness.duplicates"]),
        versions=versions(LIBRARIES),
    )


def _sleep(seconds: float) -> None:
    """Wait, and say so where it is long."""
    if seconds > SILENT_SECONDS:
        say(f"waiting for {seconds:.0f} s, as a host asks for it")
    time.sleep(seconds)


def _licence(request: ImageRequest) -> str:
    """What is known of the rights before anything is fetched."""
    names = request.searched_licences if request.searches and not request.lists else request.licences
    return f"{', '.join(names)}; that of each picture: {CREDITS}" if names else ""


def _listed(request: ImageRequest) -> list[Link]:
    """The links of all lists, under the licences that are asked for. Raises DataError."""
    found = [link for file in request.lists for link in read(file)]
    if not request.licences:
        return found
    fitting = [link for link in found if link.licence.lower() in request.licences]
    if len(fitting) < len(found):
        say(f"{len(found) - len(fitting)} of {len(found)} links have no licence of --licence and are left out")
    if found and not fitting:
        raise DataError(f"--licence {','.join(request.licences)}: no link is listed with such a licence")
    return fitting


def _searched(request: ImageRequest, folder: Path, fetcher: Fetcher) -> list[Link]:
    """What the searches find; what was found before a stop stays."""
    found: list[Link] = []
    for number, words in enumerate(request.searches):
        stored = folder / f"search-{number}.csv"
        if not stored.is_file():
            links = openverse.search(
                words, request.searched_licences, ask=fetcher.ask, address=request.openverse, most=request.candidates
            )
            if not links:
                licences = ", ".join(request.searched_licences)
                raise DataError(f"--search {words!r}: {request.openverse} finds nothing under the licences {licences}")
            write_text(stored, credits.table(FIELDS, map(asdict, links)))
        found += read(stored)
    return found


def _fetched(links: Sequence[Link], store: Store) -> list[Candidate]:
    """What comes of each link. Raises DataError where nothing comes of any."""
    with Progress(console=err, transient=True) as bars:
        found = [store.get(link) for link in bars.track(links, description="fetching pictures")]
    if not any(each.file for each in found):
        raise DataError(f"none of {len(found)} links leads to a picture; the first: {links[0].url}: {found[0].failure}")
    return found


def _chosen(found: Iterable[Candidate], methods: Mapping[str, Method], keep: int) -> dict[str, list[Chosen]]:
    """The pictures of each category, those to keep first."""
    pictures: dict[str, list[Candidate]] = {}
    for each in found:
        if each.file:
            pictures.setdefault(each.link.category, []).append(each)
    with Progress(console=err, transient=True) as bars:
        described = bars.track(pictures.items(), description="comparing pictures")
        return {category: select(those, methods.get(category), keep) for category, those in described}
