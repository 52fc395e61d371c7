"""What is written for speed. Each function has its plain formula in the docstring, and
a test that compares the two.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array, IntegerArray

# So many numbers are worked on at a time: they and what is computed from them, half a
# dozen arrays, then stay in the processor's cache from one operation to the next.
STRETCH = 2**16


def stretches(length: int, width: int = 1) -> Iterator[slice]:
    """Slices that cut `length` rows of `width` numbers into stretches."""
    rows_at_once = max(1, STRETCH // width)
    for start in range(0, length, rows_at_once):
        yield slice(start, start + rows_at_once)


def rows(x: Array) -> Array:
    """x.reshape(-1, C): all axes but the last as one."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def matmul(x: Array, matrix: Array) -> Array:
    """x @ matrix, for x (…, inputs) and a matrix (inputs, outputs).

    As a single product of all rows of x. Of (B, T, inputs) @ (inputs, outputs) numpy
    makes B products, which takes up to twice as long.
    """
    return (rows(x) @ matrix).reshape(*x.shape[:-1], matrix.shape[-1])


# Numpy's max and sum along short rows take several times as long as these.


def row_max(x: Array) -> Array:
    """x.max(axis=-1, keepdims=True): looked up where argmax says it is."""
    flat = rows(x)
    largest = flat[np.arange(len(flat)), flat.argmax(axis=1)]
    return largest.reshape(*x.shape[:-1], 1)


def row_sum(x: Array) -> Array:
    """x.sum(axis=-1, keepdims=True): as a product with ones."""
    return (x @ np.ones(x.shape[-1], x.dtype))[..., None]


def row_mean(x: Array) -> Array:
    """x.mean(axis=-1, keepdims=True)."""
    return row_sum(x) / x.shape[-1]


def row_variance(centered: Array) -> Array:
    """(centered**2).mean(axis=-1, keepdims=True), of rows whose mean is 0.

    Raises FloatingPointError where the squares are too large.
    """
    variance = row_dot(centered, centered) / centered.shape[-1]
    check.no_overflow(variance, "a variance")
    return variance


def row_dot(x: Array, y: Array) -> Array:
    """(x * y).sum(axis=-1, keepdims=True): without an array for x * y."""
    return np.vecdot(x, y)[..., None]


def column_sum(x: Array) -> Array:
    """rows(x).sum(axis=0): as a product with ones."""
    flat = rows(x)
    return np.ones(len(flat), x.dtype) @ flat


def add_rows(to: Array, places: IntegerArray, x: Array) -> None:
    """np.add.at(to, places, x): row by row, to[place] += row.

    The rows for one place are brought together by sorting, and added up at once.
    """
    order = np.argsort(places, axis=None, kind="stable")
    ordered = places.ravel()[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    to[ordered[starts]] += np.add.reduceat(rows(x)[order], starts, axis=0)


def softmax_in_place(scores: Array) -> Array:
    """softmax(scores), written over the scores, in stretches of rows.

    Raises FloatingPointError for a row whose largest score isn't finite.
    """
    scores = np.ascontiguousarray(scores)  # or else rows would be a copy
    flat = rows(scores)
    ones = np.ones(flat.shape[1], flat.dtype)
    for part in stretches(len(flat), flat.shape[1]):
        e = flat[part]
        e -= check.no_overflow(row_max(e), "the largest score")
        np.exp(e, out=e)
        e /= (e @ ones)[:, None]
    return scores


_GELU_SCALE = float(np.sqrt(2 / np.pi))  # a numpy scalar would widen float32


def gelu_and_slope(z: Array) -> tuple[Array, Array]:
    """z Φ(z) and its slope, where Φ(z) = (1 + tanh u) / 2 and
    u = √(2/π) (z + 0.044715 z³), so that the slope is Φ(z) + 2 z Φ(z) (1 − Φ(z)) ∂u/∂z.

    In stretches, and both at once, since they share most of their steps.
    """
    # Not empty_like, which may order the axes otherwise, and then ravel copies.
    outputs, slopes = np.empty(z.shape, z.dtype), np.empty(z.shape, z.dtype)
    whole = z.ravel(), outputs.ravel(), slopes.ravel()
    for part in stretches(z.size):
        z, output, slope = (array[part] for array in whole)
        square = z * z
        phi = square * (0.044715 * _GELU_SCALE)
        phi += _GELU_SCALE
        phi *= z  # u
        np.tanh(phi, out=phi)
        phi *= 0.5
        phi += 0.5
        np.multiply(z, phi, out=output)
        np.multiply(square, 6 * 0.044715 * _GELU_SCALE, out=slope)
        slope += 2 * _GELU_SCALE  # 2 ∂u/∂z
        slope *= output
        slope *= 1 - phi
        slope += phi
    return outputs, slopes


def keep_freed_memory() -> None:
    """On Linux, have freed memory kept for the next step: to hand it back to the system
    and ask for it again takes up to a third of a step.

    Blocks above a threshold are handed back, and to free such a block raises the
    threshold to its size, up to 32 MB. So allocate and free one just below that.
    """
    if sys.platform == "linux":
        np.empty(31 * 2**20, dtype=np.uint8)


class uninterrupted:
    """`with uninterrupted():` has Ctrl-C wait for the end of the block, so that nothing
    is left half done.
    """

    def __enter__(self) -> None:
        self._pressed = False
        # Python gives Ctrl-C to the main thread, and only there it can be caught.
        self._is_main = threading.current_thread() is threading.main_thread()
        if self._is_main:
            self._handler = signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *error: object) -> None:
        if self._is_main:
            signal.signal(signal.SIGINT, self._handler)
            if self._pressed:
                signal.raise_signal(signal.SIGINT)

    def _note(self, *signal_and_frame: Any) -> None:
        self._pressed = True
