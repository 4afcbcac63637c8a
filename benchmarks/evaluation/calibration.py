"""How many normal images should set a threshold, and what to do where they are fewer."""

from math import ceil

from benchmarks.naming import plural

ENOUGH = 20
"""So many normal images promise a false-positive rate of about 5 %. A single one promises 50 %, on average over draws:
in one draw the rate may be far from that."""
MOST_HELD_OUT = 0.5
"""A larger share is not advised: too few images would be left to train on."""


def rate(images: int) -> str:
    """What a threshold on so many images promises, in a phrase."""
    return f"1 in {images + 1} normal images may be called defective"


def advice(normal_images: int, *, leaves_one_out: bool) -> str:
    """How to have enough of the normal images that there are, for training and threshold together, set a threshold."""
    if leaves_one_out:
        return "train on more normal images: each of them sets the threshold"
    share = ceil(10 * ENOUGH / normal_images) / 10 if normal_images else 1.0
    held_out = f"run --calibration {share:g}" if share <= MOST_HELD_OUT else "add normal images"
    return f"{held_out}, or run --calibration loo with a method that can"


def doubt(images: int, normal_images: int, *, leaves_one_out: bool = False) -> str | None:
    """What to know, and to do, before so many of the normal images set a threshold; None where they are enough."""
    if not 0 < images < ENOUGH:
        return None
    sets = f"{plural(images, 'normal image')} of {normal_images} {'sets' if images == 1 else 'set'} the threshold"
    return f"{sets}: {rate(images)}; {advice(normal_images, leaves_one_out=leaves_one_out)}"
