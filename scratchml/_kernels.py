"""What is written for speed. Each function has its plain formula in the docstring, and
a test that compares the two.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array, IntegerArray

# So many numbers of a row are worked on at a time: what a step needs of them, half a
# dozen arrays, then stays in the processor's cache from one operation to the next.
STRETCH = 2**14


def stretches(length: int) -> Iterator[slice]:
    """Slices that cut a row of `length` numbers into stretches."""
    for start in range(0, length, STRETCH):
        yield slice(start, min(start + STRETCH, length))


def rows(x: Array) -> Array:
    """x.reshape(-1, C): all axes but the last as one."""
    return x.reshape(-1, x.shape[-1])


def matmul(x: Array, matrix: Array) -> Array:
    """x @ matrix, for x (…, inputs) and a matrix (inputs, outputs).

    As a single product of all rows of x. Of (B, T, inputs) @ (inputs, outputs) numpy
    makes B products, which takes up to twice as long.
    """
    return (rows(x) @ matrix).reshape(*x.shape[:-1], matrix.shape[-1])


# Numpy's max and sum along short rows take several times as long as these.


def row_max(x: Array) -> Array:
    """x.max(axis=-1, keepdims=True): looked up where argmax says it is.

    Raises ValueError for a row without a largest number: with NaN, with +∞, or with −∞
    alone.
    """
    flat = rows(x)
    largest = flat[np.arange(len(flat)), flat.argmax(axis=1)]
    if not np.isfinite(largest).all():
        row = int(np.isfinite(largest).argmin())
        raise ValueError(
            f"scores must be numbers or −∞, at least one number in a row, got "
            f"{flat[row, :8]} in row {row}"
        )
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


_GELU_SCALE = float(np.sqrt(2 / np.pi))  # a numpy scalar would widen float32


def gelu_and_slope(z: Array) -> tuple[Array, Array]:
    """z Φ(z) and its slope, where Φ(z) = (1 + tanh u) / 2 and
    u = √(2/π) (z + 0.044715 z³), so that the slope is Φ(z) + 2 z Φ(z) (1 − Φ(z)) ∂u/∂z.

    In stretches, and both at once, since they share most of their steps. Beyond ±40
    Φ is 0 or 1 to the last digit, so z is cut off there before it is cubed.
    """
    outputs, slopes = np.empty_like(z), np.empty_like(z)
    whole = z.ravel(), outputs.ravel(), slopes.ravel()
    for i in stretches(z.size):
        z, output, slope = (array[i] for array in whole)
        near = np.clip(z, -40, 40)
        square = near * near
        phi = square * (0.044715 * _GELU_SCALE)
        phi += _GELU_SCALE
        phi *= near  # u
        np.tanh(phi, out=phi)
        phi *= 0.5
        phi += 0.5
        np.multiply(np.maximum(z, -40), phi, out=output)
        np.multiply(square, 6 * 0.044715 * _GELU_SCALE, out=slope)
        slope += 2 * _GELU_SCALE  # 2 ∂u/∂z
        slope *= near
        slope *= phi
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


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Have Ctrl-C wait for the end of the block, so that nothing is left half done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Ctrl-C goes to the main thread
        return
    pressed: list[tuple[Any, ...]] = []
    handler = signal.signal(signal.SIGINT, lambda *args: pressed.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if pressed and callable(handler):
        handler(*pressed[0])
