"""A fully connected layer as one matrix product (chapter vectorized-layers)."""

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array
from scratchml.initialization import Initialization, standard_deviation
from scratchml.module import Forwarded, Module, Parameter


class Linear(Module):
    """x W + b: (…, inputs) → (…, outputs), a whole layer of neurons at once.

    `weights` (inputs, outputs) start as normal numbers of the `standard_deviation` that
    keeps a signal's size from layer to layer, `bias` (outputs,) at zero. `rng` is a
    Generator or a seed; give all layers of a model the same Generator, since the same
    seed would make equal layers.
    """

    row_wise = True

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        *,
        rng: np.random.Generator | int,
        initialization: Initialization = "he",
    ) -> None:
        check.integers_from(1, num_inputs=num_inputs, num_outputs=num_outputs)
        scale = standard_deviation(initialization, num_inputs)
        rng = np.random.default_rng(rng)
        weights = rng.standard_normal((num_inputs, num_outputs)) * scale
        self.weights = Parameter(weights)
        self.bias = Parameter(np.zeros(num_outputs))

    def _forward(self, x: Array) -> Forwarded:  # (rows, inputs)
        outputs = x @ self.weights.value + self.bias.value  # (rows, outputs)
        return outputs, (x,)

    def _backward(self, gradient: Array, x: Array) -> Array:
        self._backward_to_parameters(gradient, x)
        return gradient @ self.weights.value.T  # (rows, inputs)

    def _backward_to_parameters(self, gradient: Array, x: Array) -> None:
        self.weights.gradient += x.T @ gradient  # (inputs, outputs)
        self.bias.gradient += gradient.sum(axis=0)  # (outputs,)

    def _check(self, x: Array) -> None:
        check.last_axis(len(self.weights.value), x)

    def __repr__(self) -> str:
        return "Linear({}, {})".format(*self.weights.value.shape)
