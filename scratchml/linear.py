"""A fully connected layer as one matrix product, and how its weights begin (chapters 9
and 10).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from scratchml._arrays import Array, check_floating, matrix_product
from scratchml.module import Module, Parameter

#: name → the variance of the first weights, times the number of inputs.
INITIALIZATIONS = {"he": 2.0, "xavier": 1.0}


class Linear(Module):
    """x W + b: (…, inputs) → (…, outputs), a whole layer of neurons at once.

    `weights` (inputs, outputs) start as normal numbers whose standard deviation keeps a
    signal's size from layer to layer: "he" is √(2 / inputs), for layers before a ReLU,
    which loses half of it (He et al., 2015); "xavier" is √(1 / inputs), for the others
    (Glorot and Bengio, 2010, with the inputs alone). `bias` (outputs,) starts at zero.
    `rng` is a Generator or a seed; give all layers of a model the same Generator, since
    the same seed would make equal layers.
    """

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        *,
        rng: np.random.Generator | int,
        initialization: str = "he",
        dtype: DTypeLike = np.float64,
    ) -> None:
        if num_inputs < 1 or num_outputs < 1:
            raise ValueError(
                f"a layer needs at least 1 input and 1 output, got {num_inputs} and "
                f"{num_outputs}"
            )
        if initialization not in INITIALIZATIONS:
            raise ValueError(
                f"initialization must be one of {', '.join(INITIALIZATIONS)}, got "
                f"{initialization!r}"
            )
        check_floating(dtype)
        scale = math.sqrt(INITIALIZATIONS[initialization] / num_inputs)
        rng = np.random.default_rng(rng)
        weights = rng.standard_normal((num_inputs, num_outputs)) * scale
        self.weights = Parameter(weights.astype(dtype))
        self.bias = Parameter(np.zeros(num_outputs, dtype=dtype))

    def forward(self, x: ArrayLike) -> Array:
        """x W + b, for x (…, inputs)."""
        x = np.asarray(x, dtype=self.weights.value.dtype)
        num_inputs = len(self.weights.value)
        if x.ndim == 0 or x.shape[-1] != num_inputs:
            raise ValueError(f"x must have the shape (…, {num_inputs}), got {x.shape}")
        outputs = matrix_product(x, self.weights.value)
        outputs += self.bias.value
        self._keep(x, outputs)
        return outputs

    def backward(self, gradient: ArrayLike) -> Array:
        """∂C/∂x = ∂C/∂outputs Wᵀ, (…, outputs) → (…, inputs)."""
        self.backward_to_parameters(gradient)
        dtype = self.weights.value.dtype
        return matrix_product(np.asarray(gradient, dtype), self.weights.value.T)

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """∂C/∂W = xᵀ ∂C/∂outputs, and ∂C/∂b, its sum over the rows."""
        x, gradient = self._take(gradient)
        rows = gradient.reshape(-1, gradient.shape[-1])  # (rows, outputs)
        self.weights.gradient += x.reshape(len(rows), -1).T @ rows
        self.bias.gradient += rows.sum(axis=0)

    def __repr__(self) -> str:
        return "Linear({}, {})".format(*self.weights.value.shape)
