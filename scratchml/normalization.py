"""Layer normalization: every row brought to the same mean and size (chapter 22)."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from scratchml._arrays import Array, check_floating
from scratchml.module import Module, Parameter


class LayerNorm(Module):
    """gain · (x − mean) / √(variance + ε) + bias, over the last axis: (…, C) → (…, C).

    `gain` (C,) starts at one and `bias` (C,) at zero. Ba, Kiros and Hinton (2016).
    """

    def __init__(
        self,
        embedding_dim: int,
        *,
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if embedding_dim < 1 or not epsilon > 0:
            raise ValueError(
                f"embedding_dim must be at least 1 and epsilon above 0, got "
                f"{embedding_dim} and {epsilon}"
            )
        check_floating(dtype)
        self.gain = Parameter(np.ones(embedding_dim, dtype))
        self.bias = Parameter(np.zeros(embedding_dim, dtype))
        self.epsilon = epsilon

    def forward(self, x: ArrayLike) -> Array:
        """Each row of x (…, C), normalized, then stretched and shifted."""
        x = np.asarray(x, dtype=self.gain.value.dtype)
        if x.ndim == 0 or x.shape[-1] != len(self.gain.value):
            raise ValueError(
                f"x must have the shape (…, {len(self.gain.value)}), got {x.shape}"
            )
        normal = x - _row_means(x)  # (…, C)
        variance = _row_means(normal, normal)  # (…, 1)
        inverse = 1 / np.sqrt(variance + self.epsilon)  # (…, 1)
        normal *= inverse
        outputs = normal * self.gain.value
        outputs += self.bias.value
        self._keep((normal, inverse), outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        (normal, inverse), gradient = self._take(gradient)
        rows = gradient.reshape(-1, gradient.shape[-1])  # (rows, C)
        self.gain.gradient += (rows * normal.reshape(rows.shape)).sum(axis=0)
        self.bias.gradient += rows.sum(axis=0)
        # To move x is to move its mean and its variance as well, which undoes two
        # parts of the change: what all of a row share, and what goes along `normal`.
        slopes = gradient * self.gain.value
        along = _row_means(slopes, normal)
        slopes -= _row_means(slopes)
        slopes -= normal * along
        slopes *= inverse
        return slopes


def _row_means(x: Array, factor: Array | None = None) -> Array:
    """The mean of x, or of x · factor, along the last axis: (…, C) → (…, 1).

    `x.mean(axis=-1, keepdims=True)` is the same, and takes numpy several times as long
    for rows as short as these.
    """
    channels = x.shape[-1]
    if factor is None:
        sums = x @ np.ones(channels, x.dtype)
    else:
        sums = np.vecdot(x, factor)
    return sums[..., None] / channels
