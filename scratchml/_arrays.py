"""The arrays that the package computes with: floating-point numbers of one width, and
tokens.
"""

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
