"""Parts of a model: each goes forward, and then backward (chapter 9).

A part takes an array and returns another. It keeps what it will need to go back. Going
back, it is handed the slope of the loss for each of its outputs, adds the slopes for
its parameters to their gradients, and hands on the slopes for its inputs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchml._arrays import Array, as_floats


class Parameter:
    """An array that is learned, `value`, and the loss's slope for it, `gradient`.

    Assigning to either copies the numbers in: the array itself stays where it is, so
    that an optimizer may keep all parameters of a model in one long row.
    """

    def __init__(self, value: ArrayLike) -> None:
        self._value = np.array(as_floats(value))
        self._gradient = np.zeros_like(self._value)

    @property
    def value(self) -> Array:
        return self._value

    @value.setter
    def value(self, new: ArrayLike) -> None:
        _copy_into(self._value, new, "value")

    @property
    def gradient(self) -> Array:
        return self._gradient

    @gradient.setter
    def gradient(self, new: ArrayLike) -> None:
        _copy_into(self._gradient, new, "gradient")

    def move(self, value: Array, gradient: Array) -> None:
        """Live in these arrays from now on, with the numbers as they are."""
        value[...], gradient[...] = self._value, self._gradient
        self.share(value, gradient)

    def share(self, value: Array, gradient: Array) -> None:
        """Live in these arrays from now on, with the numbers that they hold."""
        self._value, self._gradient = value, gradient

    def __repr__(self) -> str:
        return f"Parameter{self.value.shape}"


def _copy_into(array: Array, new: ArrayLike, what: str) -> None:
    if new is array:  # what `parameter.gradient += …` assigns
        return
    if np.shape(new) not in ((), array.shape):
        raise ValueError(
            f"this parameter's {what} must have the shape {array.shape}, got "
            f"{np.shape(new)}"
        )
    array[...] = new


class Module:
    """A part of a model, or a whole one.

    A subclass defines `forward` and `backward`. Its parameters and the parts it is made
    of are those of its attributes that are a `Parameter`, a `Module` or a list of them.
    """

    _kept: Any = None

    def forward(self, x: ArrayLike) -> Array:
        """The outputs for x."""
        raise NotImplementedError

    def backward(self, gradient: ArrayLike) -> Array:
        """From ∂C/∂outputs to ∂C/∂inputs; adds ∂C/∂parameter to each gradient."""
        raise NotImplementedError

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """`backward` for what comes first in a model: its inputs are the data, which
        stay as they are, so nobody needs ∂C/∂inputs.
        """
        self.backward(gradient)

    def _keep(self, needed: Any, outputs: Array) -> None:
        self._kept = needed, outputs.shape, outputs.dtype

    def _take(self, gradient: ArrayLike) -> tuple[Any, Array]:
        """What `forward` kept, once: the same numbers don't serve two steps. And the
        gradient, if it has the shape of the outputs.
        """
        name = type(self).__name__
        if self._kept is None:
            raise ValueError(
                f"{name}.backward needs the numbers of a forward that came just before "
                f"it: call forward first"
            )
        needed, shape, dtype = self._kept
        if np.shape(gradient) != shape:
            raise ValueError(
                f"{name}.backward needs a gradient with the shape of the outputs "
                f"{shape}, got {np.shape(gradient)}"
            )
        self._kept = None
        return needed, np.asarray(gradient, dtype)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """The name and the parameter, such as ("layers.0.weights", …), for each of
        them; a shared parameter comes once, under its first name.
        """
        found: dict[int, tuple[str, Parameter]] = {}
        self._find_parameters("", found)
        return iter(found.values())

    def _find_parameters(
        self, path: str, found: dict[int, tuple[str, Parameter]]
    ) -> None:
        for name, attribute in vars(self).items():
            if isinstance(attribute, list):
                parts = [(f"{name}.{i}", part) for i, part in enumerate(attribute)]
            else:
                parts = [(name, attribute)]
            for own_name, part in parts:
                if isinstance(part, Parameter):
                    found.setdefault(id(part), (path + own_name, part))
                elif isinstance(part, Module):
                    part._find_parameters(f"{path}{own_name}.", found)

    def parameters(self) -> list[Parameter]:
        """All parameters, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_gradients(self) -> None:
        """Forget the gradients of the step before, since parts only add to them."""
        for parameter in self.parameters():
            parameter.gradient.fill(0)

    def state(self) -> dict[str, Array]:
        """A copy of every parameter's value, by name."""
        return {name: p.value.copy() for name, p in self.named_parameters()}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Give every parameter the value in `state`, which `state()` returned.

        Raises ValueError, before anything changes, where a name is missing or too many,
        or a shape is another.
        """
        parameters = dict(self.named_parameters())
        if parameters.keys() != state.keys():
            missing = sorted(parameters.keys() - state.keys())
            unknown = sorted(state.keys() - parameters.keys())
            raise ValueError(
                f"the state must name the parameters of this model; missing: "
                f"{missing}, unknown: {unknown}"
            )
        for name, parameter in parameters.items():
            if np.shape(state[name]) != parameter.value.shape:
                raise ValueError(
                    f"{name} has the shape {parameter.value.shape} in this model, got "
                    f"{np.shape(state[name])}"
                )
        for name, parameter in parameters.items():
            parameter.value = state[name]


class Sequential(Module):
    """A model of layers, one after the other.

    `Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng))` takes 64
    numbers, has 32 hidden neurons and 10 outputs.
    """

    def __init__(self, *layers: Module) -> None:
        nested = any(isinstance(layer, Sequential) for layer in layers)
        if not layers or nested or len(set(map(id, layers))) < len(layers):
            raise ValueError(
                f"Sequential takes at least one layer, each of them once and none of "
                f"them a Sequential, got {layers}"
            )
        self.layers = list(layers)

    def forward(self, x: ArrayLike) -> Array:
        """The outputs for x, (rows, inputs) → (rows, outputs).

        Raises ValueError for an empty batch, a wrong width, NaN or infinity.
        """
        x = np.array(x, dtype=self._dtype())  # a copy: backward needs x as it is now
        if x.ndim == 0 or x.size == 0 or not np.isfinite(x).all():
            raise ValueError(
                f"a batch must hold at least one row of finite numbers, got shape "
                f"{x.shape}" + (" with NaN or infinity" if x.size else "")
            )
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, gradient: ArrayLike) -> Array:
        """From ∂C/∂outputs to ∂C/∂x, through the layers in reverse.

        Afterwards every parameter's gradient is ∂C/∂parameter, of this batch alone.
        """
        self.zero_gradients()
        slopes = np.asarray(gradient)
        for layer in reversed(self.layers):
            slopes = layer.backward(slopes)
        return slopes

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """`backward` without ∂C/∂x."""
        self.zero_gradients()
        first, *others = self.layers
        slopes = np.asarray(gradient)
        for layer in reversed(others):
            slopes = layer.backward(slopes)
        first.backward_to_parameters(slopes)

    def _dtype(self) -> Any:
        first = next(self.named_parameters(), None)
        return np.float64 if first is None else first[1].value.dtype

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
