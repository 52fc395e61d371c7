"""From gradients to steps: plain, with momentum, Adam; schedules and clipping (chapter
10).
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scratchml._arrays import Array
from scratchml.module import Parameter


class Optimizer:
    """Takes the steps for some parameters, at a `learning_rate` that may be changed
    between steps.

    The parameters move into one long row, `values`, and their gradients into another,
    so that a step is a handful of operations on two rows, whatever the model. `steps`
    counts those that have been taken.
    """

    _remembered: tuple[str, ...] = ()  # the rows that a step leaves for the next one

    def __init__(self, parameters: Iterable[Parameter], learning_rate: float) -> None:
        if not 0 < learning_rate < math.inf:
            raise ValueError(
                f"learning_rate must be a positive number, got {learning_rate}"
            )
        self.learning_rate = learning_rate
        # Matrices first, so that weight decay, which is for them, takes one stretch.
        self.parameters = sorted(parameters, key=lambda p: p.value.ndim < 2)
        dtypes = {p.value.dtype for p in self.parameters}
        if len(dtypes) != 1 or len(set(map(id, self.parameters))) < len(
            self.parameters
        ):
            raise ValueError(
                f"an optimizer takes at least one parameter, each once, all of one "
                f"dtype, got {self.parameters} of {sorted(map(str, dtypes))}"
            )
        size = sum(p.value.size for p in self.parameters)
        self.values = np.empty(size, dtypes.pop())
        self.gradients = np.empty_like(self.values)
        start = 0
        for p in self.parameters:
            row = slice(start, start + p.value.size)
            shape = p.value.shape
            p.move(self.values[row].reshape(shape), self.gradients[row].reshape(shape))
            start = row.stop
        self._matrices = slice(
            0, sum(p.value.size for p in self.parameters if p.value.ndim >= 2)
        )
        self.steps = 0

    def clip_gradients(self, max_norm: float) -> float:
        """Shorten the gradient, taken as one vector, to the length `max_norm` if it is
        longer; its direction stays. Returns the length that it had.
        """
        if not max_norm > 0:
            raise ValueError(f"max_norm must be above 0, got {max_norm}")
        norm = math.sqrt(self.gradients @ self.gradients)
        if not math.isfinite(norm):
            raise FloatingPointError(f"the length of the gradient is {norm}")
        if norm > max_norm:
            self.gradients *= max_norm / norm
        return norm

    def step(self) -> None:
        """Move every parameter against its gradient."""
        if any(p.value.base is not self.values for p in self.parameters):
            raise ValueError(
                "these parameters were given to another optimizer after this one; make "
                "a new one"
            )
        self.steps += 1
        self._step()

    def _step(self) -> None:
        raise NotImplementedError

    def state(self) -> dict[str, NDArray[Any]]:
        """A copy of what the next step depends on, besides the parameters and the
        settings: by name, the number of steps and rows as long as `values`; and the
        shapes of the parameters, by which to know that it is theirs.
        """
        shapes = ", ".join(str(p.value.shape) for p in self.parameters)
        rows = {name: getattr(self, name).copy() for name in self._remembered}
        return {"parameters": np.array(shapes), "steps": np.array(self.steps)} | rows

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state()` returned, of such an optimizer for such a model.

        Raises ValueError, before anything changes, for another one's.
        """
        own = self.state()
        shapes = {name: np.shape(array) for name, array in own.items()}
        got = {name: np.shape(array) for name, array in state.items()}
        if got != shapes:
            raise ValueError(
                f"the state of this {type(self).__name__} must have the names and "
                f"shapes {shapes}, got {got}"
            )
        if str(state["parameters"]) != str(own["parameters"]):
            raise ValueError(
                f"this {type(self).__name__} has parameters of the shapes "
                f"{own['parameters']}, the state is of {state['parameters']}"
            )
        steps = int(state["steps"])
        rows = {n: np.asarray(state[n], self.values.dtype) for n in self._remembered}
        self.steps = steps
        for name, new in rows.items():
            row: Array = getattr(self, name)
            row[...] = new


class SGD(Optimizer):
    """w ← w − η v, with the velocity v ← momentum · v + gradient.

    With momentum 0, v is the gradient itself (chapter 6). Polyak (1964).
    """

    _remembered = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float,
        *,
        momentum: float = 0.0,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be from 0 to below 1, got {momentum}")
        super().__init__(parameters, learning_rate)
        self.momentum = momentum
        self.velocity = np.zeros_like(self.values)

    def _step(self) -> None:
        self.velocity *= self.momentum
        self.velocity += self.gradients
        self.values -= self.learning_rate * self.velocity


class Adam(Optimizer):
    """w ← w − η m̂ / (√v̂ + ε): every parameter has a step size of its own.

    m is the running average of the gradient, v that of its square, and the hats undo
    their start at zero. Kingma and Ba (2015). `weight_decay` also shrinks the weight
    matrices, embeddings among them, by the factor 1 − η · weight_decay at each step,
    apart from the gradient; what has one axis only, such as a bias, is left alone.
    Loshchilov and Hutter (2019).
    """

    _remembered = ("mean", "mean_square")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not (0 <= beta1 < 1 and 0 <= beta2 < 1):
            raise ValueError(
                f"beta1 and beta2 must be from 0 to below 1, got {beta1} and {beta2}"
            )
        if not (epsilon > 0 and weight_decay >= 0):
            raise ValueError(
                f"epsilon must be above 0 and weight_decay at least 0, got {epsilon} "
                f"and {weight_decay}"
            )
        super().__init__(parameters, learning_rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.weight_decay = weight_decay
        self.mean = np.zeros_like(self.values)  # m
        self.mean_square = np.zeros_like(self.values)  # v

    def _step(self) -> None:
        scratch = self.gradients - self.mean
        scratch *= 1 - self.beta1
        self.mean += scratch  # m ← β₁ m + (1 − β₁) g

        np.multiply(self.gradients, self.gradients, out=scratch)
        scratch -= self.mean_square
        scratch *= 1 - self.beta2
        self.mean_square += scratch  # v ← β₂ v + (1 − β₂) g²

        # After t steps from zero, m is too small by the factor 1 − β₁ᵗ, and v by
        # 1 − β₂ᵗ.
        too_small = math.sqrt(1 - self.beta2**self.steps)
        np.sqrt(self.mean_square, out=scratch)
        scratch += self.epsilon * too_small
        np.divide(self.mean, scratch, out=scratch)
        scratch *= self.learning_rate * too_small / (1 - self.beta1**self.steps)
        if self.weight_decay:
            decay = self.learning_rate * self.weight_decay
            scratch[self._matrices] += decay * self.values[self._matrices]
        self.values -= scratch  # at once: Ctrl-C comes before a step or after it


def warmup_cosine(
    step: int, *, peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> float:
    """The learning rate for step 0, 1, …: up in a straight line to `peak`, which it
    reaches at `warmup_steps`; then down half a cosine wave to `floor` at `total_steps`,
    where it stays. Loshchilov and Hutter (2017). Raises ValueError for settings out of
    range.
    """
    if step < 0 or not 0 <= floor <= peak < math.inf:
        raise ValueError(
            f"step must be at least 0, and floor from 0 to peak, got {step}, {floor} "
            f"and {peak}"
        )
    if not 0 <= warmup_steps < total_steps:
        raise ValueError(
            f"warmup_steps must be from 0 to below total_steps, got {warmup_steps} and "
            f"{total_steps}"
        )
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)  # above 0 from the first step on
    done = min((step - warmup_steps) / (total_steps - warmup_steps), 1)
    return floor + (peak - floor) * (1 + math.cos(math.pi * done)) / 2
