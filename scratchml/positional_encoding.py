"""Where a token stands, as clock hands of many speeds (chapter 16)."""

import numpy as np

from scratchml._arrays import Array


def sinusoidal_positions(length: int, embedding_dim: int) -> Array:
    """sin(t ω) and cos(t ω) for positions t = 0, 1, …: (length, embedding_dim).

    Columns 2i and 2i + 1 are the sine and the cosine of one hand, with the speed
    ω = 10000^(−2i / embedding_dim), from one radian a position down to nearly nothing.
    Vaswani et al. (2017). Raises ValueError unless embedding_dim is even.
    """
    if length < 1 or embedding_dim < 2 or embedding_dim % 2:
        raise ValueError(
            f"length must be at least 1 and embedding_dim an even number from 2 up, "
            f"got {length} and {embedding_dim}"
        )
    speeds = 10000.0 ** (-np.arange(0, embedding_dim, 2) / embedding_dim)  # (C/2,)
    angles = np.arange(length)[:, None] * speeds  # (T, C/2)
    positions = np.empty((length, embedding_dim))
    positions[:, 0::2], positions[:, 1::2] = np.sin(angles), np.cos(angles)
    return positions
