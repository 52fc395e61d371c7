"""From gradients to steps: plain, with momentum, Adam (chapter optimization); clipping
and schedules (chapter training).
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import STRETCH, stretches, uninterrupted
from scratchml.module import Module, Parameter


class Optimizer:
    """Takes the steps for some parameters, at a `learning_rate` that may be changed
    between steps.

    The parameters move into one long row, `values`, and their gradients into another,
    `gradients`, so that a step is a handful of operations on two rows, whatever the
    model. `steps` counts those that have been taken. `zero_gradients` comes before each
    `backward`, which only adds.
    """

    learning_rate = check.Setting(check.not_negative)
    _state_names: tuple[str, ...] = ()  # the rows that a step leaves for the next one

    def __init__(self, parameters: Iterable[Parameter], learning_rate: float) -> None:
        check.positive(learning_rate=learning_rate)
        self.learning_rate = learning_rate
        self.parameters = _matrices_first(parameters)
        self.values = np.concatenate([p.value.ravel() for p in self.parameters])
        self.gradients = np.zeros_like(self.values)
        self.steps = 0
        ends = np.cumsum([p.value.size for p in self.parameters])
        values = np.split(self.values, ends[:-1])  # views
        gradients = np.split(self.gradients, ends[:-1])
        for p, value, gradient in zip(self.parameters, values, gradients, strict=True):
            shape = p.value.shape
            p.live_in(value.reshape(shape), gradient.reshape(shape))

    def zero_gradients(self) -> None:
        """Forget the gradients of the step before, since `backward` only adds."""
        self.gradients.fill(0)

    def clip_gradients(self, max_norm: float) -> float:
        """Shorten the gradient, taken as one vector, to the length `max_norm` if it is
        longer; its direction stays. Returns the length that it had.
        """
        check.positive(max_norm=max_norm)
        norm = math.sqrt(self.gradients @ self.gradients)
        check.no_overflow(norm, "the length of the gradient")
        if norm > max_norm:
            self.gradients *= max_norm / norm
        return norm

    def step(self) -> None:
        """Move every parameter against its gradient. Ctrl-C comes when none of them has
        moved, or all have.

        Raises FloatingPointError, before anything moves, for a gradient with NaN or
        infinity, or so long that its squares are infinite.
        """
        if any(p.value.base is not self.values for p in self.parameters):
            raise ValueError(
                "these parameters were given to another optimizer after this one; make "
                "a new one"
            )
        check.no_overflow(self.gradients @ self.gradients, "the gradient's square")
        self._check()
        Parameter.note_changes(self.parameters)
        self.steps += 1
        self._step()

    def _check(self) -> None:
        """Raises ValueError for settings that don't go together."""

    def _step(self) -> None:
        raise NotImplementedError

    def state(self) -> dict[str, NDArray[Any]]:
        """A copy of what the next step depends on, besides the parameters and the
        settings: by name, the number of steps and rows as long as `values`; and the
        shapes of the parameters, by which to know that it is theirs.
        """
        shapes = ", ".join(str(p.value.shape) for p in self.parameters)
        rows = {name: getattr(self, name).copy() for name in self._state_names}
        return {"parameters": np.array(shapes), "steps": np.array(self.steps)} | rows

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state()` returned, of such an optimizer for such a model.

        Raises ValueError, before anything changes, for another one's, and for numbers
        that no optimizer would have left.
        """
        check.instance(Mapping, state=state)
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
        steps = check.integers(state["steps"], "steps")
        check.integers_from(0, steps=int(steps))
        rows = {}
        for name in self._state_names:
            rows[name] = check.as_floats(state[name], name, self.values.dtype)
            check.finite(rows[name], name)
            if name == "mean_square" and (rows[name] < 0).any():
                raise ValueError(f"{name} must be from 0 up, got {rows[name].min()}")
        self.steps = int(steps)
        for name, new in rows.items():
            row: Array = getattr(self, name)
            row[...] = new


def _matrices_first(parameters: Iterable[Parameter]) -> list[Parameter]:
    """The parameters, the matrices before the others, so that weight decay, which is
    for them, takes one stretch. Raises ValueError for none, for one that comes twice,
    and for different dtypes.
    """
    if isinstance(parameters, Module):
        raise ValueError(
            f"an optimizer must be given parameters, got a "
            f"{type(parameters).__name__}: hand it model.parameters()"
        )
    check.instance(Iterable, parameters=parameters)
    parameters = list(parameters)
    for i, parameter in enumerate(parameters):
        check.instance(Parameter, **{f"parameter {i}": parameter})
    dtypes = sorted({str(p.value.dtype) for p in parameters})
    if len(dtypes) != 1 or len(set(map(id, parameters))) < len(parameters):
        raise ValueError(
            f"an optimizer must be given at least one parameter, each once, all of one "
            f"dtype, got {parameters} of {dtypes}"
        )
    return sorted(parameters, key=lambda p: p.value.ndim < 2)


class SGD(Optimizer):
    """w ← w − η v, with the velocity v ← momentum · v + gradient.

    With momentum 0, v is the gradient itself (chapter gradient-descent). Polyak (1964).
    """

    momentum = check.Setting(check.below_one)
    _state_names = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float,
        *,
        momentum: float = 0.0,
    ) -> None:
        self.momentum = momentum
        super().__init__(parameters, learning_rate)
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

    beta1 = check.Setting(check.below_one)
    beta2 = check.Setting(check.below_one)
    epsilon = check.Setting(check.positive)
    weight_decay = check.Setting(check.not_negative)
    _state_names = ("mean", "mean_square")

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
        self.beta1, self.beta2 = beta1, beta2
        self.epsilon, self.weight_decay = epsilon, weight_decay
        super().__init__(parameters, learning_rate)
        self.mean = np.zeros_like(self.values)  # m
        self.mean_square = np.zeros_like(self.values)  # v

    def _move(self, part: slice) -> None:
        """The formulas, for a part of the parameters: some 65,000 at a time."""
        g, m, v = self.gradients[part], self.mean[part], self.mean_square[part]
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        update = m_hat / (np.sqrt(v_hat) + self.epsilon)
        self.values[part] -= self.learning_rate * update

    def _step(self) -> None:
        if len(self.values) <= STRETCH and not self.weight_decay:
            self._move(slice(None))  # its last line moves all, or none before Ctrl-C
            return
        with uninterrupted():
            self._decay_weights()
            for part in stretches(len(self.values)):
                self._move(part)

    def _decay_weights(self) -> None:
        decay = self.learning_rate * self.weight_decay
        if decay:
            matrices = sum(p.value.size for p in self.parameters if p.value.ndim >= 2)
            self.values[:matrices] *= 1 - decay

    def _check(self) -> None:
        decay = self.learning_rate * self.weight_decay
        check.at_most(1, **{"learning_rate * weight_decay": decay})


def warmup_cosine(
    step: int, *, peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> float:
    """The learning rate for step 0, 1, …: up in a straight line to `peak`, which it
    reaches at `warmup_steps`; then down half a cosine wave to `floor` at `total_steps`,
    where it stays. Loshchilov and Hutter (2017). Raises ValueError for settings out of
    range.
    """
    check.integers_from(0, step=step, warmup_steps=warmup_steps)
    check.integers_from(warmup_steps + 1, total_steps=total_steps)
    check.not_negative(floor=floor, peak=peak)
    check.at_most(peak, floor=floor)
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)  # above 0 from the first step on
    done = min((step - warmup_steps) / (total_steps - warmup_steps), 1)
    return floor + (peak - floor) * (1 + math.cos(math.pi * done)) / 2
