"""Where a token stands (chapter positional-encoding): a fixed vector for each position,
as clock hands of many speeds, or one that is learned. Both are added to the embedding.
(Rotary positions aren't: they turn queries and keys, in `MultiHeadAttention`.)

B batch, T time, C channels (the width of the embedding).
"""

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array
from scratchml.module import Forwarded, Module, Parameter


def sinusoidal_positions(length: int, embedding_dim: int) -> Array:
    """sin(t ω) and cos(t ω) for positions t = 0, 1, …: (length, embedding_dim).

    Columns 2i and 2i + 1 are the sine and the cosine of one hand, with the speed
    ω = 10000^(−2i / embedding_dim), from one radian a position down to nearly nothing.
    Vaswani et al. (2017). Raises ValueError unless embedding_dim is even.
    """
    check.integers_from(1, length=length, embedding_dim=embedding_dim)
    check.even(embedding_dim=embedding_dim)
    speeds = 10000.0 ** (-np.arange(0, embedding_dim, 2) / embedding_dim)  # (C/2,)
    angles = np.arange(length)[:, None] * speeds  # (T, C/2)
    positions = np.empty((length, embedding_dim))
    positions[:, 0::2], positions[:, 1::2] = np.sin(angles), np.cos(angles)
    return positions


class SinusoidalPositions(Module):
    """x + 0.02 · `sinusoidal_positions`: (T, C) → (T, C), or (B, T, C) → (B, T, C).

    As small as the first embeddings, or they would drown them.
    """

    def __init__(self, context_length: int, embedding_dim: int) -> None:
        self.vectors = 0.02 * sinusoidal_positions(context_length, embedding_dim)

    def _forward(self, x: Array, start: int = 0) -> Forwarded:
        places = _places(x, start, len(self.vectors))
        return x + self.vectors[places].astype(x.dtype), ()

    def _backward(self, gradient: Array) -> Array:
        return gradient

    def _check(self, x: Array) -> None:
        check.embeddings(self.vectors.shape[1], x)


class LearnedPositions(Module):
    """x + the first T rows of `weights`: (T, C) → (T, C), or (B, T, C) → (B, T, C). The
    first of these tokens is at position `start`.

    `weights` (context_length, embedding_dim) start as normal numbers with the standard
    deviation 0.02, as in GPT-2 (Radford et al., 2019). `rng` is a Generator or a seed.
    """

    def __init__(
        self, context_length: int, embedding_dim: int, *, rng: np.random.Generator | int
    ) -> None:
        check.integers_from(
            1, context_length=context_length, embedding_dim=embedding_dim
        )
        rng = np.random.default_rng(rng)
        weights = 0.02 * rng.standard_normal((context_length, embedding_dim))
        self.weights = Parameter(weights)

    def _forward(self, x: Array, start: int = 0) -> Forwarded:
        places = _places(x, start, len(self.weights.value))
        return x + self.weights.value[places], (places,)

    def _backward(self, gradient: Array, places: slice) -> Array:
        t, c = gradient.shape[-2:]
        self.weights.gradient[places] += gradient.reshape(-1, t, c).sum(axis=0)
        return gradient

    def _check(self, x: Array) -> None:
        check.embeddings(self.weights.value.shape[1], x)


def _places(x: Array, start: int, context_length: int) -> slice:
    """Where the tokens of x stand, if the context reaches so far."""
    check.integers_from(0, start=start)
    end = start + x.shape[-2]
    check.at_most(context_length, **{"start plus the number of tokens": end})
    return slice(start, end)
