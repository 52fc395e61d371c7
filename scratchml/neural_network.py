"""A neural network, one neuron at a time: plain before fast (chapters
neurons-and-layers to network-from-scratch).

The classes, their methods and attributes are those of the tutorial that this book grew
from, so its code runs here unchanged; what differs, and why, is on the book's errata
page. `Linear` and `Sequential` are the same network in matrices. Examples stand in
rows: `activations` is (rows, inputs).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import scratchml._checks as check
from scratchml._checks import Array
from scratchml.activations import ACTIVATIONS, Activation
from scratchml.initialization import Initialization, standard_deviation
from scratchml.losses import squared_error, squared_error_gradient


class Neuron:
    """activation(inputs · weights + bias): one number for each row.

    `weights` (num_inputs, 1) start as normal numbers of the `standard_deviation` that
    `initialization` says, `bias` (1, 1) at zero. The same `rng` gives the same weights.
    """

    def __init__(
        self,
        num_inputs: int,
        *,
        activation: Activation = "relu",
        initialization: Initialization = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check.integers_from(1, num_inputs=num_inputs)
        check.one_of(ACTIVATIONS, activation=activation)
        scale = standard_deviation(initialization, num_inputs)
        rng = np.random.default_rng(rng)
        self.weights: Array = rng.standard_normal((num_inputs, 1)) * scale
        self.bias: Array = np.zeros((1, 1))
        self.activation = activation
        self.last_input: Any = None
        self.last_pre_activation: Any = None
        self.last_output: Any = None

    def forward(self, activations: ArrayLike) -> Array:
        """The neuron's activation for each row: (rows, num_inputs) → (rows, 1).

        A single row may come without its outer brackets.
        """
        self.last_pre_activation = None  # if this is refused, there is no way back
        self.last_input = _as_rows(activations, len(self.weights), "this neuron")
        z = self.last_input @ self.weights + self.bias  # (rows, 1)
        self.last_pre_activation = check.no_overflow(z, "the weighted sum")
        function, _ = ACTIVATIONS[self.activation]
        self.last_output = function(z)
        return self.last_output.copy()

    def gradients(self, dC_da: ArrayLike) -> tuple[Array, Array, Array]:
        """∂C/∂weights, ∂C/∂bias and ∂C/∂inputs, from ∂C/∂a (rows, 1), for the last
        `forward`. Nothing changes.
        """
        dC_da = self._checked_gradient(dC_da)
        _, derivative = ACTIVATIONS[self.activation]
        dC_dz = dC_da * derivative(self.last_pre_activation)  # (rows, 1)
        dC_dw = self.last_input.T @ dC_dz  # (num_inputs, 1), summed over the rows
        dC_db = dC_dz.sum(axis=0, keepdims=True)  # (1, 1)
        dC_dinputs = dC_dz @ self.weights.T  # (rows, num_inputs)
        return dC_dw, dC_db, dC_dinputs

    def backward(self, dC_da: ArrayLike, learning_rate: float) -> Array:
        """Learn from ∂C/∂a (rows, 1), and return ∂C/∂inputs (rows, num_inputs) for the
        layer before.

        Each `backward` belongs to one `forward`: a second one raises ValueError.
        """
        check.not_negative(learning_rate=learning_rate)
        dC_dw, dC_db, dC_dinputs = self.gradients(dC_da)
        self.weights -= learning_rate * dC_dw
        self.bias -= learning_rate * dC_db
        self.last_pre_activation = None  # these numbers don't serve two steps
        return dC_dinputs

    def _checked_gradient(self, dC_da: ArrayLike) -> Array:
        if self.last_pre_activation is None:
            raise ValueError(
                "backward needs the numbers of a forward that came just before it: "
                "call forward first"
            )
        dC_da = check.as_floats(dC_da, "dC_da", np.float64)
        check.shape(self.last_pre_activation.shape, "of the output ", dC_da=dC_da)
        check.finite(dC_da, "dC_da")
        return dC_da


class Layer:
    """Neurons side by side, all looking at the same inputs."""

    def __init__(
        self,
        num_neurons: int,
        num_inputs_per_neuron: int,
        *,
        activation: Activation = "relu",
        initialization: Initialization = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check.integers_from(1, num_neurons=num_neurons)
        # One generator for all neurons: with a seed handed down all would start alike.
        rng = np.random.default_rng(rng)
        self.neurons = [
            Neuron(
                num_inputs_per_neuron,
                activation=activation,
                initialization=initialization,
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
        output_gradient = self._checked_gradient(output_gradient)
        gradients = [
            neuron.backward(output_gradient[:, [i]], learning_rate)
            for i, neuron in enumerate(self.neurons)
        ]
        return check.no_overflow(np.sum(gradients, axis=0), "the gradient")

    def gradients(self, output_gradient: ArrayLike) -> tuple[Array, Array, Array]:
        """∂C/∂weights (inputs, neurons) and ∂C/∂biases (1, neurons), a column for each
        neuron, and ∂C/∂inputs (rows, inputs), the sum over the neurons; from
        ∂C/∂outputs (rows, neurons). Nothing changes.
        """
        output_gradient = self._checked_gradient(output_gradient)
        of_neurons = [
            neuron.gradients(output_gradient[:, [i]])
            for i, neuron in enumerate(self.neurons)
        ]
        dC_dw = np.hstack([dC_dw for dC_dw, _, _ in of_neurons])
        dC_db = np.hstack([dC_db for _, dC_db, _ in of_neurons])
        dC_dinputs = np.sum([dC_dinputs for _, _, dC_dinputs in of_neurons], axis=0)
        return dC_dw, dC_db, dC_dinputs

    def _checked_gradient(self, output_gradient: ArrayLike) -> Array:
        output_gradient = check.as_floats(
            output_gradient, "output_gradient", np.float64
        )
        if output_gradient.ndim != 2 or output_gradient.shape[1] != len(self.neurons):
            raise ValueError(
                f"output_gradient must have the shape (rows, {len(self.neurons)}), a "
                f"column for each neuron, got {output_gradient.shape}"
            )
        check.finite(output_gradient, "output_gradient")
        return output_gradient


class NeuralNetwork:
    """Layers one after the other: `NeuralNetwork([64, 32, 10])` takes 64 numbers, has
    32 hidden neurons and 10 outputs.

    Hidden neurons use ReLU. `output_activation="relu"` is the tutorial's; with
    "identity" an output may be any number, and no output neuron can die.
    `initialization` sets how large the first weights are (see `standard_deviation`), in
    every layer, though "he" is meant for those with ReLU. `rng`, a seed or a Generator,
    decides the first weights and the shuffling.
    """

    def __init__(
        self,
        layer_sizes: list[int],
        *,
        output_activation: Activation = "relu",
        initialization: Initialization = 0.01,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check.layer_sizes(layer_sizes)
        self._rng = np.random.default_rng(rng)
        self.layers: list[Layer] = []
        for i in range(len(layer_sizes) - 1):
            is_output = i == len(layer_sizes) - 2
            self.layers.append(
                Layer(
                    layer_sizes[i + 1],
                    layer_sizes[i],
                    activation=output_activation if is_output else "relu",
                    initialization=initialization,
                    rng=self._rng,
                )
            )

    def forward(self, activations: ArrayLike) -> Array:
        """The network's outputs: (rows, inputs) → (rows, outputs).

        Raises ValueError for an empty batch, a wrong width, NaN or infinity.
        """
        num_inputs = len(self.layers[0].neurons[0].weights)
        inputs = _as_rows(activations, num_inputs, "this network")
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
        range; and FloatingPointError when the numbers become too large.
        """
        check.integers_from(0, epochs=epochs, report_every=report_every)
        check.integers_from(1, batch_size=batch_size)
        check.positive(learning_rate=learning_rate)
        X, y = check.as_floats(X, "X", np.float64), check.as_floats(y, "y", np.float64)
        if X.ndim != 2:
            raise ValueError(f"X must have the shape (rows, inputs), got {X.shape}")
        self.mse_loss(y, self.forward(X))  # refuses what doesn't fit
        for epoch in range(epochs):
            order = self._rng.permutation(len(X)) if shuffle else np.arange(len(X))
            with np.errstate(over="ignore", invalid="ignore"):  # the error says more
                loss = self._train_epoch(X[order], y[order], learning_rate, batch_size)
            if report_every and (epoch + 1) % report_every == 0:
                print(f"Epoch {epoch + 1}/{epochs}, Loss: {loss:.4f}")

    def _train_epoch(
        self, X: Array, y: Array, learning_rate: float, batch_size: int
    ) -> float:
        """Learn from every row once, a batch at a time. The mean loss."""
        total_loss = 0.0
        for start in range(0, len(X), batch_size):
            rows = slice(start, start + batch_size)
            outputs = self.forward(X[rows])
            total_loss += self.mse_loss(y[rows], outputs) * len(outputs)
            gradient = self.derivative_mse_loss(y[rows], outputs)
            for layer in reversed(self.layers):
                gradient = layer.backward(gradient, learning_rate)
        return total_loss / len(X)

    def predict(self, X: ArrayLike) -> Array:
        """The outputs for X: the same as `forward`."""
        return self.forward(X)


def _as_rows(activations: ArrayLike, width: int, taker: str) -> Array:
    # A copy, since backward needs these numbers as they are now.
    inputs = np.array(check.as_floats(activations, "inputs", np.float64), ndmin=2)
    check.rows_of(width, inputs, f"{taker} takes", np.shape(activations))
    return inputs
