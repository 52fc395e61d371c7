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
        normal = x - _row_means(x, np.ones(x.shape[-1], x.dtype))  # (…, C)
        variance = np.vecdot(normal, normal)[..., None] / x.shape[-1]  # (…, 1)
        inverse = 1 / np.sqrt(variance + self.epsilon)  # (…, 1)
        normal *= inverse
        outputs = normal * self.gain.value
        outputs += self.bias.value
        self._keep((normal, inverse), outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        (normal, inverse), gradient = self._take(gradient)
        gain = self.gain.value
        of_gain = gradient * normal  # (…, C)
        self.gain.gradient += _column_sums(of_gain)
        self.bias.gradient += _column_sums(gradient)
        # To move x is to move its mean and its variance as well, which undoes two
        # parts of the change: what all of a row share, and what goes along `normal`.
        slopes = gradient * gain
        slopes -= _row_means(gradient, gain)
        slopes -= normal * _row_means(of_gain, gain)
        slopes *= inverse
        return slopes


# `mean(axis=-1)` and `sum(axis=0)` do the same as these two, and take numpy several
# times as long as products, for rows as short as these.


def _row_means(x: Array, factors: Array) -> Array:
    """The mean of x · factors along the last axis, (…, C) and (C,) → (…, 1)."""
    return (x @ factors)[..., None] / x.shape[-1]


def _column_sums(x: Array) -> Array:
    """The sum over all axes but the last, (…, C) → (C,)."""
    rows = x.reshape(-1, x.shape[-1])
    return np.ones(len(rows), x.dtype) @ rows
