"""The arrays that the package computes with: floating-point numbers of one width."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def as_floats(x: ArrayLike) -> Array:
    """x as an array of floats: float32 stays float32, integers become float64.

    Small integers would wrap around without a word: as uint8, −3 is 253.
    """
    x = np.asarray(x)
    return x.astype(np.result_type(x, 1.0), copy=False)
