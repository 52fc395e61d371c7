"""Activation functions and their slopes (chapter activation-functions), and softmax
(chapters loss-functions and softmax-and-temperature).

Each function works element by element on numbers, lists or arrays of any shape, and
keeps float32. Each `*_derivative(z)` takes the pre-activation z, never the activation.
`ReLU()` and its like are the same functions as layers of a model (chapter
vectorized-layers). All raise ValueError for NaN and for what isn't a number.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import gelu_and_slope, row_max, row_sum
from scratchml.module import Forwarded, Module


def identity(z: ArrayLike) -> Array:
    """z itself: the choice for an output that may be any number."""
    z = check.numbers(z)
    return z.copy()


def identity_derivative(z: ArrayLike) -> Array:
    """1 everywhere."""
    z = check.numbers(z)
    return np.ones_like(z)


def sigmoid(z: ArrayLike) -> Array:
    """1 / (1 + e^−z): squeezes any number into (0, 1)."""
    z = check.floats(z)
    e = np.exp(-np.abs(z))  # at most 1, so that it can't overflow
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_derivative(z: ArrayLike) -> Array:
    """σ(z) (1 − σ(z)): at most 1/4, at z = 0."""
    s = sigmoid(z)
    return s * (1 - s)


def relu(z: ArrayLike) -> Array:
    """max(0, z): lets positive numbers through. Nair and Hinton (2010)."""
    z = check.numbers(z)
    return np.maximum(z, 0)


def relu_derivative(z: ArrayLike) -> Array:
    """1 where z > 0, otherwise 0 (also at z = 0, where the slope has a jump)."""
    z = check.numbers(z)
    return (z > 0).astype(z.dtype)


def tanh(z: ArrayLike) -> Array:
    """(e^z − e^−z) / (e^z + e^−z): squeezes any number into (−1, 1)."""
    z = check.floats(z)
    return np.tanh(z)


def tanh_derivative(z: ArrayLike) -> Array:
    """1 − tanh(z)²: at most 1, at z = 0."""
    return 1 - tanh(z) ** 2


def gelu(z: ArrayLike) -> Array:
    """z Φ(z), where Φ is the normal distribution function.

    The tanh form of Hendrycks and Gimpel (2016), which is at most 0.0005 off:
    Φ(z) ≈ (1 + tanh u) / 2 with u = √(2/π) (z + 0.044715 z³).
    """
    z = check.floats(z)
    outputs, _ = gelu_and_slope(np.clip(z, -40, 40))  # beyond, Φ is 0 or 1
    return np.where(z > 40, z, outputs)


def gelu_derivative(z: ArrayLike) -> Array:
    """The slope of `gelu`: negative for z < −0.7525, above 1 for z > 0.7525."""
    z = check.floats(z)
    _, slopes = gelu_and_slope(np.clip(z, -40, 40))  # beyond, it is 0 or 1
    return slopes


def softmax(x: ArrayLike, temperature: float = 1.0) -> Array:
    """Scores to probabilities, along the last axis: e^(x/T) divided by its sum.

    A score of −∞ has the probability 0. Raises ValueError unless 0 < temperature < ∞,
    and for a row without a largest score.
    """
    check.positive(temperature=temperature)
    x = check.scores(x)
    # Less the largest, which changes nothing in the quotient, e^x can't overflow.
    e = np.exp((x - row_max(x)) / float(temperature))
    return e / row_sum(e)


#: name → (function, derivative): the choices that networks offer.
ACTIVATIONS: dict[
    str, tuple[Callable[[ArrayLike], Array], Callable[[ArrayLike], Array]]
] = {
    "identity": (identity, identity_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
    "relu": (relu, relu_derivative),
    "tanh": (tanh, tanh_derivative),
    "gelu": (gelu, gelu_derivative),
}
Activation = Literal["identity", "sigmoid", "relu", "tanh", "gelu"]


class _ActivationLayer(Module):
    """An activation function as a layer: any shape in, the same shape out. The slope is
    computed on the way forward, of what is there already, and nothing else is kept.
    """

    def _backward(self, gradient: Array, slope: Array) -> Array:
        return gradient * slope

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ReLU(_ActivationLayer):
    """`relu` as a layer."""

    def _forward(self, z: Array) -> Forwarded:
        return np.maximum(z, 0), (z > 0,)


class Sigmoid(_ActivationLayer):
    """`sigmoid` as a layer."""

    def _forward(self, z: Array) -> Forwarded:
        s = sigmoid(z)
        return s, (s * (1 - s),)


class Tanh(_ActivationLayer):
    """`tanh` as a layer."""

    def _forward(self, z: Array) -> Forwarded:
        outputs = np.tanh(z)
        return outputs, (1 - outputs**2,)


class GELU(_ActivationLayer):
    """`gelu` as a layer."""

    def _forward(self, z: Array) -> Forwarded:
        outputs, slope = gelu_and_slope(z)
        return outputs, (slope,)
