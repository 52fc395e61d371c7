"""The arrays that the package computes with: floating-point numbers of one width, and
tokens; and what makes numpy faster on them.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating[Any]]


def as_floats(x: ArrayLike) -> Array:
    """x as an array of floats: float32 stays float32, integers become float64.

    Small integers would wrap around without a word: as uint8, −3 is 253.
    """
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.result_type(x, 1.0))


def check_floating(dtype: DTypeLike) -> None:
    """Raises ValueError unless the dtype is one of floating-point numbers."""
    if not np.issubdtype(dtype, np.floating):
        raise ValueError(f"dtype must be a floating-point one, got {dtype!r}")


def checked_tokens(tokens: ArrayLike, vocab_size: int) -> NDArray[np.integer[Any]]:
    """A copy of `tokens`, if they are integers from 0 to vocab_size − 1."""
    tokens = np.array(tokens)
    if tokens.size == 0 or tokens.dtype.kind not in "iu":
        raise ValueError(
            f"tokens must be integers, at least one, got {tokens.dtype} with shape "
            f"{tokens.shape}"
        )
    if tokens.min() < 0 or tokens.max() >= vocab_size:
        raise ValueError(
            f"tokens must be from 0 to {vocab_size - 1}, got {tokens.min()} to "
            f"{tokens.max()}"
        )
    return tokens


def matrix_product(x: Array, matrix: Array) -> Array:
    """x @ matrix, for x (…, inputs) and a matrix (inputs, outputs).

    As a single product of all rows of x. Of (B, T, inputs) @ (inputs, outputs), numpy
    makes B products, which takes up to twice as long.
    """
    rows = x.reshape(-1, x.shape[-1])
    return (rows @ matrix).reshape(*x.shape[:-1], matrix.shape[-1])


def keep_freed_memory() -> None:
    """On Linux, have freed memory kept for the next step: to hand it back to the system
    and ask for it again takes up to a third of a step.

    Blocks above a threshold are handed back, and to free such a block raises the
    threshold to its size, up to 32 MB. So allocate and free one just below that.
    """
    if sys.platform == "linux":
        np.empty(31 * 2**20, dtype=np.uint8)
