"""Layer normalization: every row brought to the same mean and size (chapter
layer-normalization).
"""

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import column_sum, row_dot, row_mean, row_variance
from scratchml.module import Forwarded, Module, Parameter


class LayerNorm(Module):
    """gain · (x − mean) / √(variance + ε) + bias, over the last axis: (…, C) → (…, C).

    `gain` (C,) starts at one and `bias` (C,) at zero. Ba, Kiros and Hinton (2016).
    """

    row_wise = True

    def __init__(self, embedding_dim: int, *, epsilon: float = 1e-5) -> None:
        check.integers_from(1, embedding_dim=embedding_dim)
        check.positive(epsilon=epsilon)
        self.gain = Parameter(np.ones(embedding_dim))
        self.bias = Parameter(np.zeros(embedding_dim))
        self.epsilon = float(epsilon)

    def _forward(self, x: Array) -> Forwarded:  # (rows, C)
        x_hat = x - row_mean(x)
        inverse_std = 1 / np.sqrt(row_variance(x_hat) + self.epsilon)  # (rows, 1)
        x_hat *= inverse_std
        return x_hat * self.gain.value + self.bias.value, (x_hat, inverse_std)

    def _backward(self, gradient: Array, x_hat: Array, inverse_std: Array) -> Array:
        self.gain.gradient += column_sum(gradient * x_hat)
        self.bias.gradient += column_sum(gradient)
        # To move x is to move its mean and its variance as well, which undoes two
        # parts of the change: what a whole row shares, and what goes along x_hat.
        x_gradient = gradient * self.gain.value
        x_gradient -= row_mean(x_gradient)
        x_gradient -= x_hat * (row_dot(x_gradient, x_hat) / x_hat.shape[1])
        return x_gradient * inverse_std

    def _check(self, x: Array) -> None:
        check.last_axis(len(self.gain.value), x)
