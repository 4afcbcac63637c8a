"""How many normal images should set a threshold, and what to do where they are fewer."""

from math import ceil
from typing import NamedTuple

from benchmarks.naming import plural

ENOUGH = 20
"""So many normal images promise a false-positive rate of about 5 %. A single one promises 50 %, on average over draws:
in one draw the rate may be far from that."""
MOST_HELD_OUT = 0.5
"""A larger share is not advised: too few images would be left to train on."""


def rate(images: int) -> str:
    """What a threshold on so many images promises, in a phrase."""
    return f"1 in {images + 1} normal images may be called defective"


class Way(NamedTuple):
    """How normal images set a threshold, as far as it decides what can be advised."""

    leaves_one_out: bool = False
    """Whether the training images do, each judged by the others."""
    could_leave_one_out: bool = True
    """Whether they could: see `Reading.why_no_leave_one_out`."""
    shots: int | None = None
    """Number of normal images that are trained on; None: all that are not held out."""


DEFAULT = Way()


def advice(normal_images: int, way: Way) -> str:
    """How to have enough normal images set a threshold, where so many train and set it together.

    Nothing is advised that a run in that way would refuse.
    """
    if way.leaves_one_out:
        return "train on more normal images: each of them sets the threshold"
    loo = ", or run --calibration loo with a method that can" if way.could_leave_one_out else ""
    return _hold_out(normal_images, way) + loo


def _hold_out(normal_images: int, way: Way) -> str:
    if way.shots:  # there may be more images than those, or not
        return f"hold out more with --calibration, as far as {plural(way.shots, 'image')} to train on are left"
    share = ceil(10 * ENOUGH / normal_images) / 10 if normal_images else 1.0
    return f"run --calibration {share:g}" if share <= MOST_HELD_OUT else "add normal images"


def doubt(images: int, normal_images: int, way: Way = DEFAULT) -> str | None:
    """What to know, and to do, before so many of the normal images set a threshold; None where they are enough."""
    if not 0 < images < ENOUGH:
        return None
    sets = f"{plural(images, 'normal image')} of {normal_images} {'sets' if images == 1 else 'set'} the threshold"
    return f"{sets}: {rate(images)}; {advice(normal_images, way)}"
