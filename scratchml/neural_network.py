"""A neural network, one neuron at a time: plain before fast (chapters 1 to 8).

The classes, their methods and attributes are those of the tutorial that this book grew
from, so its code runs here unchanged; what differs, and why, is on the book's errata
page. Chapter 9 writes the same network in matrices. Examples stand in rows:
`activations` is (rows, inputs).
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array
from scratchml.activations import ACTIVATIONS
from scratchml.losses import squared_error, squared_error_gradient


class Neuron:
    """activation(inputs · weights + bias): one number for each row.

    `weights` (num_inputs, 1) start as random numbers around zero, `bias` (1, 1) at
    zero. `weight_scale` is the standard deviation of the first weights: a number, or
    "he" for √(2 / num_inputs), He et al. (2015), chapter 8. `activation` is a name:
    "relu", "identity", "sigmoid", "tanh" or "gelu". The same `rng` gives the same
    weights.
    """

    def __init__(
        self,
        num_inputs: int,
        *,
        activation: str = "relu",
        weight_scale: float | Literal["he"] = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if num_inputs < 1:
            raise ValueError(f"a neuron needs at least 1 input, got {num_inputs}")
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(ACTIVATIONS)}, got "
                f"{activation!r}"
            )
        if weight_scale == "he":
            weight_scale = math.sqrt(2 / num_inputs)
        if isinstance(weight_scale, str) or not 0 <= weight_scale < math.inf:
            raise ValueError(
                f'weight_scale must be a number from 0 up, or "he", got '
                f"{weight_scale!r}"
            )
        rng = np.random.default_rng(rng)
        self.weights: Array = rng.standard_normal((num_inputs, 1)) * weight_scale
        self.bias: Array = np.zeros((1, 1))
        self.activation = activation
        self.last_input: Array | None = None
        self.last_pre_activation: Array | None = None
        self.last_output: Array | None = None

    def forward(self, activations: ArrayLike) -> Array:
        """The neuron's activation for each row: (rows, num_inputs) → (rows, 1).

        A single row may come without its outer brackets.
        """
        inputs = _as_rows(activations, len(self.weights), "this neuron")
        function, _ = ACTIVATIONS[self.activation]
        self.last_input = inputs
        self.last_pre_activation = inputs @ self.weights + self.bias  # (rows, 1)
        self.last_output = function(self.last_pre_activation)
        return self.last_output.copy()

    def backward(self, dC_da: ArrayLike, learning_rate: float) -> Array:
        """Learn from ∂C/∂a (rows, 1), and return ∂C/∂inputs (rows, num_inputs) for the
        layer before.

        Each `backward` belongs to one `forward`: a second one raises ValueError.
        """
        if self.last_input is None or self.last_pre_activation is None:
            raise ValueError(
                "backward needs the numbers of a forward that came just before it: "
                "call forward first"
            )
        dC_da = np.asarray(dC_da, dtype=np.float64)
        if dC_da.shape != self.last_pre_activation.shape:
            raise ValueError(
                f"dC_da must have the shape of the output "
                f"{self.last_pre_activation.shape}, got {dC_da.shape}"
            )
        _, derivative = ACTIVATIONS[self.activation]
        dC_dz = dC_da * derivative(self.last_pre_activation)  # (rows, 1)
        dC_dw = self.last_input.T @ dC_dz  # (num_inputs, 1), summed over the rows
        dC_db = dC_dz.sum(axis=0, keepdims=True)  # (1, 1)
        # It goes back through the weights that made the output, so before they change.
        dC_dinputs = dC_dz @ self.weights.T  # (rows, num_inputs)
        self.weights -= learning_rate * dC_dw
        self.bias -= learning_rate * dC_db
        self.last_pre_activation = None
        return dC_dinputs


class Layer:
    """Neurons side by side, all looking at the same inputs."""

    def __init__(
        self,
        num_neurons: int,
        num_inputs_per_neuron: int,
        *,
        activation: str = "relu",
        weight_scale: float | Literal["he"] = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if num_neurons < 1:
            raise ValueError(f"a layer needs at least 1 neuron, got {num_neurons}")
        # One generator for all neurons: with a seed handed down all would start alike.
        rng = np.random.default_rng(rng)
        self.neurons = [
            Neuron(
                num_inputs_per_neuron,
                activation=activation,
                weight_scale=weight_scale,
                rng=rng,
            )
            for _ in range(num_neurons)
        ]

    def forward(self, activations: ArrayLike) -> Array:
        """Every neuron's activation, side by side: (rows, inputs) → (rows, neurons)."""
        return np.hstack([neuron.forward(activations) for neuron in self.neurons])

    def backward(self, output_gradient: ArrayLike, learning_rate: float) -> Array:
        """Let every neuron learn from its column of ∂C/∂outputs (rows, neurons); return
        ∂C/∂inputs (rows, inputs), the sum of what they send back.
        """
        output_gradient = np.asarray(output_gradient, dtype=np.float64)
        if output_gradient.ndim != 2 or output_gradient.shape[1] != len(self.neurons):
            raise ValueError(
                f"output_gradient must have the shape (rows, {len(self.neurons)}), a "
                f"column for each neuron, got {output_gradient.shape}"
            )
        gradients = [
            neuron.backward(output_gradient[:, [i]], learning_rate)
            for i, neuron in enumerate(self.neurons)
        ]
        return np.sum(gradients, axis=0)


class NeuralNetwork:
    """Layers one after the other: `NeuralNetwork([64, 32, 10])` takes 64 numbers, has
    32 hidden neurons and 10 outputs.

    Hidden neurons use ReLU. `output_activation="relu"` is the tutorial's; with
    "identity" an output may be any number, and no output neuron can die.
    `weight_scale` sets how large the first weights are (see `Neuron`), in every layer,
    though "he" is meant for those with ReLU. `rng`, a seed or a Generator, decides the
    first weights and the shuffling.
    """

    def __init__(
        self,
        layer_sizes: list[int],
        *,
        output_activation: str = "relu",
        weight_scale: float | Literal["he"] = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if len(layer_sizes) < 2:
            raise ValueError(
                f"layer_sizes needs at least the number of inputs and the number of "
                f"outputs, got {layer_sizes}"
            )
        self._rng = np.random.default_rng(rng)
        self.layers: list[Layer] = []
        for i in range(len(layer_sizes) - 1):
            is_output = i == len(layer_sizes) - 2
            self.layers.append(
                Layer(
                    layer_sizes[i + 1],
                    layer_sizes[i],
                    activation=output_activation if is_output else "relu",
                    weight_scale=weight_scale,
                    rng=self._rng,
                )
            )

    def forward(self, activations: ArrayLike) -> Array:
        """The network's outputs: (rows, inputs) → (rows, outputs).

        Raises ValueError for an empty batch, a wrong width, NaN or infinity.
        """
        num_inputs = len(self.layers[0].neurons[0].weights)
        inputs = _as_rows(activations, num_inputs, "this network")
        _refuse_infinite("inputs", inputs)
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def mse_loss(self, y: ArrayLike, activations: ArrayLike) -> float:
        """Squared error: summed over the outputs, averaged over the rows."""
        return squared_error(y, activations)

    def derivative_mse_loss(self, y: ArrayLike, activations: ArrayLike) -> Array:
        """∂ mse_loss / ∂ activations = 2 (activations − y) / rows."""
        return squared_error_gradient(y, activations)

    def train(
        self,
        X: ArrayLike,
        y: ArrayLike,
        epochs: int,
        learning_rate: float,
        batch_size: int = 32,
        *,
        shuffle: bool = False,
        report_every: int = 1,
    ) -> None:
        """Go through the examples X (rows, inputs) and their targets y (rows, outputs)
        `epochs` times, a batch at a time.

        `shuffle` puts the rows into a new order for each epoch. Every `report_every`
        epochs the mean loss is printed; 0 prints nothing. Raises ValueError, before
        anything has been learned, for shapes that don't fit, NaN, or settings out of
        range.
        """
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if X.ndim != 2:
            raise ValueError(f"X must have the shape (rows, inputs), got {X.shape}")
        squared_error(y, self.forward(X))  # refuses what doesn't fit
        _refuse_infinite("targets", y)
        if epochs < 0 or batch_size < 1 or report_every < 0:
            raise ValueError(
                f"epochs and report_every must be at least 0 and batch_size at least "
                f"1, got {epochs}, {report_every} and {batch_size}"
            )
        if not 0 < learning_rate < np.inf:
            raise ValueError(
                f"learning_rate must be a positive number, got {learning_rate}"
            )

        for epoch in range(epochs):
            order = self._rng.permutation(len(X)) if shuffle else np.arange(len(X))
            total_loss = 0.0
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                outputs = self.forward(X[rows])
                total_loss += self.mse_loss(y[rows], outputs) * len(rows)
                gradient = self.derivative_mse_loss(y[rows], outputs)
                for layer in reversed(self.layers):
                    gradient = layer.backward(gradient, learning_rate)
            if report_every and (epoch + 1) % report_every == 0:
                print(f"Epoch {epoch + 1}/{epochs}, Loss: {total_loss / len(X):.4f}")

    def predict(self, X: ArrayLike) -> Array:
        """The outputs for X: the same as `forward`."""
        return self.forward(X)


def _as_rows(activations: ArrayLike, width: int, taker: str) -> Array:
    # A copy, since backward needs these numbers as they are now.
    inputs: Array = np.array(activations, dtype=np.float64, ndmin=2)
    if inputs.ndim != 2 or inputs.shape[1] != width or len(inputs) == 0:
        raise ValueError(
            f"{taker} takes (rows, {width}) with at least one row, got "
            f"{np.shape(activations)}"
        )
    return inputs


def _refuse_infinite(what: str, values: Array) -> None:
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise ValueError(
            f"{what} must be finite numbers, got {values[row, column]} in row {row}, "
            f"column {column}"
        )
