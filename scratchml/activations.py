"""Activation functions and their slopes (chapter 3), and softmax (chapters 5 and 17).

Each function works element by element on numbers, lists or arrays of any shape, and
keeps the dtype of a floating-point array. Each `*_derivative(z)` takes the
pre-activation z, never the activation. `ReLU()` and its like are the same functions as
layers of a model (chapter 9).
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array, as_floats
from scratchml.module import Module


def identity(z: ArrayLike) -> Array:
    """z itself: the choice for an output that may be any number."""
    return np.array(z)


def identity_derivative(z: ArrayLike) -> Array:
    """1 everywhere."""
    return np.ones_like(z)


def sigmoid(z: ArrayLike) -> Array:
    """1 / (1 + e^−z): squeezes any number into (0, 1)."""
    z = as_floats(z)
    e = np.exp(-np.abs(z))  # at most 1, so that it can't overflow
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_derivative(z: ArrayLike) -> Array:
    """σ(z) (1 − σ(z)): at most 1/4, at z = 0."""
    s = sigmoid(z)
    return s * (1 - s)


def relu(z: ArrayLike) -> Array:
    """max(0, z): lets positive numbers through. Nair and Hinton (2010)."""
    return np.maximum(z, 0)


def relu_derivative(z: ArrayLike) -> Array:
    """1 where z > 0, otherwise 0 (also at z = 0, where the slope has a jump)."""
    z = np.asarray(z)
    return (z > 0).astype(z.dtype)


def tanh(z: ArrayLike) -> Array:
    """(e^z − e^−z) / (e^z + e^−z): squeezes any number into (−1, 1)."""
    return np.tanh(as_floats(z))


def tanh_derivative(z: ArrayLike) -> Array:
    """1 − tanh(z)²: at most 1, at z = 0."""
    return 1 - tanh(z) ** 2


# math.sqrt rather than np.sqrt: a numpy scalar would turn float32 arrays into float64.
_GELU_SCALE = math.sqrt(2 / math.pi)


def gelu(z: ArrayLike) -> Array:
    """z Φ(z), where Φ is the normal distribution function.

    The tanh form of Hendrycks and Gimpel (2016), which is at most 0.0005 off.
    """
    z = as_floats(z)
    return z * _gelu_share(z)


def gelu_derivative(z: ArrayLike) -> Array:
    """The slope of `gelu`: negative for z < −0.7525, above 1 for z > 0.7525."""
    z = as_floats(z)
    share = _gelu_share(z)
    return _gelu_slope(z, share, z * share)


def _gelu_share(z: Array) -> Array:
    """Φ(z), the share of z that `gelu` lets through, from 0 to 1.

    (1 + tanh u) / 2 with u = √(2/π) (z + 0.044715 z³), step by step in one array.
    """
    share = np.square(z, out=np.empty_like(z))  # z**3 takes numpy far longer
    share *= 0.044715 * _GELU_SCALE
    share += _GELU_SCALE
    share *= z  # u
    np.tanh(share, out=share)
    share *= 0.5
    share += 0.5
    return share


def _gelu_slope(z: Array, share: Array, outputs: Array) -> Array:
    """share + z ∂share/∂z, where ∂share/∂z = 2 share (1 − share) ∂u/∂z.

    `outputs` are z · share.
    """
    slope = np.square(z, out=np.empty_like(z))
    slope *= 6 * 0.044715 * _GELU_SCALE
    slope += 2 * _GELU_SCALE  # 2 ∂u/∂z
    slope *= outputs
    slope *= 1 - share
    slope += share
    return slope


def softmax(x: ArrayLike, temperature: float = 1.0, axis: int = -1) -> Array:
    """Scores to probabilities: e^(x/T) divided by its sum along `axis`. Raises
    ValueError unless temperature > 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    x = as_floats(x)
    if x.ndim == 0 or x.size == 0:
        raise ValueError(
            f"softmax needs at least one score along an axis, got shape {x.shape}"
        )
    # Subtracting the largest score changes nothing in the quotient and keeps e^x from
    # overflowing. float(), since a numpy temperature would turn float32 into float64.
    # max and sum would do, but for short rows they take numpy several times as long as
    # argmax and a product with ones.
    x = x.swapaxes(axis, -1)
    rows = x.reshape(-1, x.shape[-1])
    largest = rows[np.arange(len(rows)), rows.argmax(axis=1)]  # (rows,)
    e = rows - largest[:, None]
    if temperature != 1:
        e /= float(temperature)
    np.exp(e, out=e)
    e /= (e @ np.ones(e.shape[1], e.dtype))[:, None]
    return e.reshape(x.shape).swapaxes(axis, -1)


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


class _Activation(Module):
    """An activation function as a layer: any shape in, the same shape out."""

    _name: str

    def forward(self, x: ArrayLike) -> Array:
        z = as_floats(x)
        function, _ = ACTIVATIONS[self._name]
        outputs = function(z)
        self._keep(z, outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        z, gradient = self._take(gradient)
        _, derivative = ACTIVATIONS[self._name]
        return gradient * derivative(z)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ReLU(_Activation):
    """`relu` as a layer."""

    _name = "relu"


class Sigmoid(_Activation):
    """`sigmoid` as a layer."""

    _name = "sigmoid"


class Tanh(_Activation):
    """`tanh` as a layer."""

    _name = "tanh"


class GELU(Module):
    """`gelu` as a layer. It computes the slope on the way forward, where Φ(z) is there
    already, and keeps nothing else.
    """

    def forward(self, x: ArrayLike) -> Array:
        z = as_floats(x)
        share = _gelu_share(z)
        outputs = z * share
        self._keep(_gelu_slope(z, share, outputs), outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        slope, gradient = self._take(gradient)
        slope *= gradient
        return slope

    def __repr__(self) -> str:
        return "GELU()"
