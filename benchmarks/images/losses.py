"""What is lost or reinterpreted between a file and its pixels: each reason, in words for many images."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from benchmarks.naming import named

Level = Literal["warning", "note"]


class Loss(NamedTuple):
    """A reason why pixels are not what the file holds."""

    level: Level
    """warning: something that may show a defect is not seen, or was put in; note: the same picture in other numbers."""
    words: str
    """What is said of many images after their number, and what to do about it."""
    of_all: bool = True
    """Whether it is said where it is true of all images; else only where some differ from the others by it."""


LOSSES: Mapping[str, Loss] = {
    "pages": Loss("warning", "have more pages than the first, which alone is seen: choose with --page N or --page all"),
    "frames": Loss(
        "warning", "are animations or series of which only the first frame is seen: choose with --page N or --page all"
    ),
    "bands": Loss("warning", "have more bands than are seen, the first of two or the first three: choose with --bands"),
    "alpha": Loss("warning", "have transparent pixels, which were painted black: choose with --alpha COLOUR or kept"),
    "all transparent": Loss(
        "warning", "are transparent everywhere, so they were painted all black: --alpha kept shows their colours"
    ),
    "turned": Loss("note", "were turned upright as their EXIF data say: --exif ignore leaves them as they are stored"),
    "depth": Loss("note", "have 16 bits, scaled to 8: --range LOW:HIGH chooses the values that become black and white"),
    "unranged": Loss("warning", "have 8 bits, to which --range is not applied: they are seen as they are stored"),
    "clipped": Loss("note", "have values outside --range, which became black or white"),
    "missing": Loss("note", "have values that are no numbers (NaN), which became black"),
    "cmyk": Loss("note", "are stored as CMYK, Lab, HSV or YCbCr and were converted to RGB without a colour profile"),
    "palette": Loss("note", "are stored with a palette, whose colours are seen"),
    "profile": Loss(
        "note",
        "have a colour profile other than sRGB, which is not applied, and the others have none or sRGB: equal values "
        "are not equal colours, so convert all images to one profile",
        of_all=False,
    ),
}
"""By reason, in the order in which they are said."""


MASKS: Mapping[str, Loss] = {
    "soft": Loss(
        "warning",
        "have values between 0 and their highest (soft edges, or traces of a lossy codec): a pixel above half of the "
        "highest value counts as a defect; choose with --mask-above",
    ),
    "classes": Loss("note", "have several values, taken as ids of classes: all above 0 are defects"),
    "pages": Loss("warning", "have several pages, or frames: a defect is where one of them says so"),
    "transparent": Loss(
        "warning", "have transparent pixels, and transparency is not looked at: mark defects by bright colours"
    ),
    "palette": Loss(
        "warning",
        "are stored with a palette in which 0 is not black: their numbers are taken as ids of classes, of which 0 is "
        "normal; if they are not, store them in gray",
    ),
    "resized": Loss("warning", "have another size than their image, and were resized to it (nearest neighbour)"),
    "misfit": Loss("warning", "have another aspect than their image: pixel metrics leave these images out"),
    "transposed": Loss(
        "warning", "have height and width of their image exchanged: turn them; pixel metrics leave these images out"
    ),
    "sideways": Loss(
        "warning",
        "lie sideways to their image: pixel metrics leave these images out. If they were drawn on the image as it is "
        "stored, without the turn of its EXIF data, use --exif ignore",
    ),
    "unturned": Loss(
        "warning",
        "belong to images that are turned by their EXIF data, and are not turned themselves: if they were drawn on the "
        "images as they are stored, use --exif ignore",
    ),
    "covering": Loss(
        "warning",
        "cover more than half of their image: if they are inverted, invert the files, as defects must be bright",
    ),
}
"""What was done to masks or is suspicious, by reason, in the order in which it is said."""


Reasons = Sequence[tuple[str, Iterable[str]]]
"""The name of each image, and its reasons."""


def said_of_images(given: Reasons) -> list[tuple[Level, str]]:
    """A sentence for each reason, with its level."""
    return _said(LOSSES, given, "images")


def said_of_masks(given: Reasons) -> list[tuple[Level, str]]:
    """A sentence for each reason, with its level, given the images that have masks."""
    return _said(MASKS, given, "masks")


def _said(table: Mapping[str, Loss], given: Reasons, what: str) -> list[tuple[Level, str]]:
    names = {reason: [name for name, reasons in given if reason in reasons] for reason in table}
    return [
        (loss.level, f"{_share(names[reason], len(given), what)} {loss.words}")
        for reason, loss in table.items()
        if names[reason] and (loss.of_all or len(names[reason]) < len(given))
    ]


def _share(names: Sequence[str], of: int, what: str) -> str:
    return f"all {of} {what}" if len(names) == of > 1 else f"{len(names)} of {of} {what} ({named(names)})"
