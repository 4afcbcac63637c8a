"""The options of `make images`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options, plugins
from benchmarks.cli.make.options import ToOption
from benchmarks.errors import UsageError
from benchmarks.options import DeviceOption
from datasets.making.openverse import ADDRESS, CHANGEABLE, LICENCES
from reports.files import real


def images(
    to: ToOption,
    lists: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="LISTS...",
            help="Lists of links: img_url.json as DSAII publishes it, or CSV files with the columns url and category.",
        ),
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS", help="Search Openverse for pictures of a category of this name. Can be repeated."
        ),
    ] = None,
    licence: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help=f"Licences that pictures may have: {', '.join(LICENCES)}. Default: {','.join(CHANGEABLE)} for a "
            "search, all for a list.",
        ),
    ] = "",
    representative: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Picture that shows what a category is, named after it, or a folder of such. The closest are kept. "
            "Can be repeated. Default: none; the first of a list or search are kept.",
        ),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Pictures to keep of each category.")] = 20,
    candidates: Annotated[int, typer.Option(min=1, max=240, help="Pictures to fetch for each search.")] = 60,
    backbone: Annotated[str, typer.Option(help="Network by whose features pictures are compared.")] = "alexnet",
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of the network's weights. Default: find them.")
    ] = None,
    least_side: Annotated[int, typer.Option(min=1, help="Shortest side of a picture, in pixels.")] = 64,
    megapixels: Annotated[float, typer.Option(min=0.01, help="Largest picture, in million pixels.")] = 50,
    megabytes: Annotated[float, typer.Option(min=0.001, help="Largest file, in million bytes.")] = 20,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Longest time of a download, from the first byte to the last.")
    ] = 60,
    pause: Annotated[
        float, typer.Option(min=0.0, help="Seconds between two requests to a host, or more where it asks for more.")
    ] = 1.0,
    contact: Annotated[
        str, typer.Option(metavar="TEXT", help="Mail or web address that hosts are told. Default: none.")
    ] = "",
    allow_private: Annotated[
        bool,
        typer.Option(
            "--allow-private", help="Fetch from private addresses, such as a server of your own, too. Default: off."
        ),
    ] = False,
    openverse: Annotated[str, typer.Option(metavar="URL", help="Address of the API that is searched.")] = ADDRESS,
    device: DeviceOption = "auto",
) -> None:
    """Fetch pictures from the web, with their rights, and keep those of each category that belong together.

    What is fetched is known by its content to be a picture. Near-duplicates are put aside, and so are those that are
    least like the representative pictures. SOURCES.csv says whose pictures they are. robots.txt is obeyed.

    Exit status: 0 every category has its pictures, 1 some have too few, as links failed, 2 wrong use, or no picture
    could be had.

    Example: python -m benchmarks make images --search "audio cable" --licence cc0,by --to pictures
    """
    from benchmarks.commands.make import images
    from benchmarks.commands.make.fetched import Fit
    from datasets.making.web.fetching import Limits

    if not lists and not search:
        raise UsageError("which pictures? Give lists of links, or words with --search")
    licences = options.names(licence.lower(), "--licence") if licence else []
    for name in licences:
        if name not in LICENCES:
            raise plugins.nearest("licence", name, LICENCES)
    request = images.ImageRequest(
        to=real(to),
        lists=[real(file) for file in lists or ()],
        searches=list(dict.fromkeys(" ".join(words.split()) for words in search or ())),
        licences=licences,
        representative=[real(path) for path in representative or ()],
        keep=keep,
        candidates=candidates,
        backbone=backbone,
        weights=str(real(weights)) if weights else None,
        device=options.device(device) if representative else "cpu",
        fit=Fit(megapixels=megapixels, least_side=least_side),
        limits=Limits(
            most_bytes=round(megabytes * 1e6), seconds=seconds, pause_seconds=pause, allow_private=allow_private
        ),
        contact=contact,
        openverse=openverse,
    )
    raise typer.Exit(images.run(request))
