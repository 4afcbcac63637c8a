"""The options of `make video`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.cli.make.options import LicenceOption, MadeSeedOption, ToOption
from benchmarks.errors import UsageError
from reports.files import real


def video(
    videos: Annotated[
        list[Path],
        typer.Argument(metavar="VIDEO...", help="Video files of any format that FFmpeg decodes."),
    ],
    annotations: Annotated[
        list[Path],
        typer.Option(
            metavar="XML...",
            help="Annotations of the videos, exported from CVAT as 'CVAT for video 1.1'. They pair with the videos by "
            "name, or by the last number in it.",
        ),
    ],
    to: ToOption,
    objects: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Labels of the parts. Default: the only label with no other meaning."),
    ] = "",
    defects: Annotated[str, typer.Option(metavar="NAMES", help="Labels of boxes that mark a defect.")] = "defect",
    defective: Annotated[
        str, typer.Option(metavar="NAMES", help="Labels of parts whose tracks were relabelled, as they are defective.")
    ] = "defective",
    overlap: Annotated[
        float, typer.Option(help="Share of a defect's box that must lie in the box of a part, to be its defect.")
    ] = 0.5,
    inset: Annotated[float, typer.Option(help="Share of a box that is not cut out, at each of its sides.")] = 0.02,
    boxes: Annotated[
        str,
        typer.Option(
            metavar="WHICH",
            help="key: boxes at keyframes. written: all boxes in the file. all: also those between two boxes, where "
            "the file leaves them out.",
        ),
    ] = "all",
    occluded: Annotated[
        str, typer.Option(metavar="WHAT", help="What becomes of boxes marked as occluded: drop or keep.")
    ] = "drop",
    least_side: Annotated[int, typer.Option(min=1, help="Shortest side of an image, in pixels.")] = 16,
    every: Annotated[int, typer.Option(min=1, help="Use every so many frames of a part, of each label.")] = 1,
    differ: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=255.0,
            help="Use an image of a part only if it differs from the last one by so many of 255 gray levels in the "
            "mean. 0: use all.",
        ),
    ] = 0.0,
    join_frames: Annotated[
        int,
        typer.Option(
            min=0,
            help="Tracks are of one part if one begins at most so many frames after the other, at the same place.",
        ),
    ] = 1,
    rotation: Annotated[
        str, typer.Option(metavar="WHAT", help="Turn that the file of a video asks for: apply or ignore.")
    ] = "apply",
    split: Annotated[
        str,
        typer.Option(
            metavar="SHARES", help="Shares of the normal parts for train, validate and test; test is above 0."
        ),
    ] = "0.6,0.2,0.2",
    seed: MadeSeedOption = 0,
    licence: LicenceOption = "",
) -> None:
    """Cut parts out of annotated videos, as images with labels, divided by part.

    A part is defective in the frames where a box of a defect lies in its own. All images of a part are in one of
    train, validate and test. Nothing is drawn into them.

    Exit status: 0 a run on the images would go through, 1 it would fail or be wrong, 2 wrong use.

    Example: python -m benchmarks make video videos/*.avi --annotations annotations/*.xml --to parts
    """
    from benchmarks.commands.make import video
    from datasets.making.crops import ORIGINS, Rules
    from datasets.making.division import Shares
    from datasets.making.pairs import paired
    from datasets.making.reels import Labels

    # A shell writes the files of a pattern one after the other, so those after the first come as videos.
    tables = [*annotations, *(file for file in videos if file.suffix.lower() == ".xml")]
    shares = Shares(*options.shares(split, "--split", count=3))
    if not (shares.train and shares.test):
        raise UsageError(f"--split {split}: the shares of train and test must be above 0")
    request = video.Request(
        pairs=paired([file for file in videos if file.suffix.lower() != ".xml"], tables),
        to=real(to),
        labels=Labels(
            options.names(objects, "--objects") if objects else [],
            options.names(defects, "--defects"),
            options.names(defective, "--defective"),
        ),
        rules=Rules(
            inset=options.share(inset, "--inset", most=0.4),
            overlap=options.share(overlap, "--overlap", least=0.01),
            boxes=options.one_of(boxes, list(ORIGINS), "--boxes"),
            keep_occluded=options.one_of(occluded, ("drop", "keep"), "--occluded") == "keep",
            least_side=least_side,
            every=every,
            join_frames=join_frames,
        ),
        differ=differ,
        shares=shares,
        seed=seed,
        turn=options.one_of(rotation, ("apply", "ignore"), "--rotation") == "apply",
        licence=licence,
    )
    raise typer.Exit(video.run(request))
