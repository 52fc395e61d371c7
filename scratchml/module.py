"""Parts of a model: each goes forward, and then backward (chapter vectorized-layers).

A part takes an array and returns another. It keeps what it will need to go back. Going
back, it is handed the gradient of the loss for its outputs, adds those for its
parameters to what their `gradient` holds, and hands on the one for its inputs.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import rows

#: What `_forward` returns: the outputs, and what the way back will need.
Forwarded = tuple[Array, tuple[Any, ...]]


class Parameter:
    """An array that is learned, `value`, and the loss's gradient for it, `gradient`.

    Assigning to either copies the numbers in: the array itself stays where it is, so
    that an optimizer may keep all parameters of a model in one long row.
    """

    clock = 0  # counts the changes of all values

    def __init__(self, value: ArrayLike) -> None:
        self._value = np.array(check.as_floats(value, "value"))
        self._gradient = np.zeros_like(self._value)
        self.has_optimizer = False
        self.changed_at = 0
        Parameter.note_changes([self])  # a new one isn't that of an older forward

    @property
    def value(self) -> Array:
        """The array that is learned."""
        return self._value

    @value.setter
    def value(self, new: ArrayLike) -> None:
        _copy_into(self._value, new, "value")
        Parameter.note_changes([self])

    @property
    def gradient(self) -> Array:
        """The loss's gradient for it, as far as `backward` has added it up."""
        return self._gradient

    @gradient.setter
    def gradient(self, new: ArrayLike) -> None:
        _copy_into(self._gradient, new, "gradient")

    @staticmethod
    def note_changes(parameters: Iterable["Parameter"]) -> None:
        """Remember that these values are others now, and when they became so."""
        Parameter.clock += 1
        for parameter in parameters:
            parameter.changed_at = Parameter.clock

    def live_in(self, value: Array, gradient: Array) -> None:
        """Move into these arrays of an optimizer, with the numbers as they are."""
        value[...], gradient[...] = self._value, self._gradient
        self._value, self._gradient = value, gradient
        self.has_optimizer = True

    def __getstate__(self) -> dict[str, Any]:  # what a copy is made of
        return vars(self) | {"has_optimizer": False}

    def to(self, dtype: DTypeLike) -> None:
        """Change to another dtype, unless an optimizer has the numbers already."""
        self._value, self._gradient = self.converted(dtype)
        Parameter.note_changes([self])

    def converted(self, dtype: DTypeLike) -> tuple[Array, Array]:
        """Value and gradient in another dtype; the parameter itself stays as it is."""
        if self.has_optimizer:
            raise ValueError(
                "these parameters must keep the dtype in which an optimizer has them: "
                "choose the dtype first, and then make the optimizer"
            )
        value = check.as_floats(self._value, "value", dtype)
        return value, check.as_floats(self._gradient, "gradient", dtype)

    def __repr__(self) -> str:
        return f"Parameter{self.value.shape}"


def _copy_into(array: Array, new: ArrayLike, what: str) -> None:
    if new is array:  # what `parameter.gradient += …` assigns
        return
    new = check.as_floats(new, what, array.dtype)
    if new.shape != ():
        check.shape(array.shape, **{f"this parameter's {what}": new})
    array[...] = new


class Module:
    """A part of a model, or a whole one.

    A layer of your own derives from it and defines two methods. `_forward(x)` returns
    the outputs, and a tuple of what the way back will need. `_backward(gradient, …)`
    gets ∂C/∂outputs and the members of that tuple, adds ∂C/∂parameter to the gradient
    of each parameter, and returns ∂C/∂x. Around them `forward` and `backward`, which
    one calls, look at what comes in.

    Its parameters and parts are those of its attributes that are a `Parameter` or a
    `Module`, also in lists, tuples and dicts. `row_wise` is for layers to which every
    row is a case by itself: then these two methods see (rows, …), whatever axes x has
    before the last. With `takes_tokens = True`, x stay integers, for an `Embedding`.
    """

    row_wise = False
    _saved: Any = None

    @property
    def takes_tokens(self) -> bool:
        """Whether x are tokens, integers, and not numbers."""
        return False

    # What a layer defines.

    def _forward(self, x: Any, /, *args: Any, **more: Any) -> Forwarded:
        raise NotImplementedError(f"{type(self).__name__} must define _forward")

    def _backward(self, gradient: Any, /, *needed: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _backward")

    def _backward_to_parameters(self, gradient: Any, /, *needed: Any) -> None:
        self._backward(gradient, *needed)

    # What one calls.

    def forward(self, x: ArrayLike, /, *args: Any, **more: Any) -> Array:
        """The outputs for x, which may change afterwards: it is copied. (A part that is
        called by another doesn't copy.)

        Raises ValueError for a wrong shape, no numbers, NaN or infinity, and
        FloatingPointError where the numbers become too large on the way.
        """
        self._saved = None  # first of all, so that nobody goes back to an older batch
        if check.inside.call is None:
            return self._forward_outermost(x, args, more)
        self._check(x)
        taken: Any = x
        result = self._forward(rows(taken) if self.row_wise else taken, *args, **more)
        outputs, needed = check.forwarded(result, self)
        if self.row_wise and taken.ndim != 2:
            outputs = outputs.reshape(*taken.shape[:-1], -1)
        if more.get("cache") is None:  # there is no way back through a cache
            now = Parameter.clock, check.inside.call
            self._saved = needed, outputs.shape, outputs.dtype, now
        return outputs

    def __call__(self, x: ArrayLike, *args: Any, **more: Any) -> Array:
        """The same as `forward`."""
        return self.forward(x, *args, **more)

    def backward(self, gradient: ArrayLike) -> Any:
        """From ∂C/∂outputs to ∂C/∂x, or None where x are tokens; adds ∂C/∂parameter to
        the gradient of each parameter.

        Once for each forward. Raises ValueError for another shape than the outputs had,
        NaN or infinity, and when a parameter has changed since the forward.
        """
        return self._go_back(self._backward, gradient)

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """`backward` for what comes first in a model: its inputs are the data, which
        stay as they are, so nobody needs ∂C/∂x.
        """
        self._go_back(self._backward_to_parameters, gradient)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """The name and the parameter, such as ("layers.0.weights", …), for each of
        them; a shared parameter comes once, under its first name.

        Raises ValueError for parts where nobody would find them, such as in a set.
        """
        return _named_parameters("", self, set())

    def parameters(self) -> list[Parameter]:
        """All parameters, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def to(self, dtype: DTypeLike) -> Self:
        """Change all parameters to float32, to train, or to float64, to check
        gradients; returns the module. Raises ValueError for another dtype, and once an
        optimizer has the parameters.
        """
        check.float_dtype(dtype)
        for parameter in self.parameters():
            parameter.converted(dtype)  # refused before anything changes
        for parameter in self.parameters():
            parameter.to(dtype)
        return self

    def state(self) -> dict[str, Array]:
        """A copy of every parameter's value, by name."""
        return {name: p.value.copy() for name, p in self.named_parameters()}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Give every parameter the value in `state`, which `state()` returned.

        Raises ValueError, before anything changes, where a name is missing or too many,
        a shape is another, or something isn't a finite number.
        """
        check.instance(Mapping, state=state)
        parameters = dict(self.named_parameters())
        if parameters.keys() != state.keys():
            missing = sorted(parameters.keys() - state.keys())
            unknown = sorted(map(str, state.keys() - parameters.keys()))
            raise ValueError(
                f"the state must name the parameters of this model; missing: "
                f"{missing}, unknown: {unknown}"
            )
        values = {}
        for name, parameter in parameters.items():
            check.shape(parameter.value.shape, **{name: state[name]})
            values[name] = check.as_floats(state[name], name, parameter.value.dtype)
            check.finite(values[name], name)
        for name, parameter in parameters.items():
            parameter.value = values[name]

    # What these look at.

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("forward", "backward", "backward_to_parameters"):
            if name in vars(cls) and f"_{name}" not in vars(cls):
                raise TypeError(
                    f"{cls.__name__} must define _{name}, got {name}, which looks at "
                    f"what comes in and then calls it"
                )

    def _check(self, x: Any) -> None:
        """Raises ValueError if x hasn't a shape that this part takes."""

    def _received(self, x: ArrayLike) -> Any:
        """A copy of what the user has given, as an array in the dtype of the model."""
        if self.takes_tokens:
            return check.integers(x, "tokens")
        array = check.as_floats(x, dtype=self._dtype())
        check.finite(array)
        return array.copy()

    def _dtype(self) -> Any:
        """That of the parameters, or None without any."""
        for part in vars(self).values():
            if isinstance(part, Parameter):
                return part.value.dtype
        first = next(self.named_parameters(), None)
        return None if first is None else first[1].value.dtype

    def _forward_outermost(self, x: ArrayLike, args: Any, more: Any) -> Array:
        received = self._received(x)  # looks at what comes from outside
        cache = check.cache_among(args, more)
        if cache is not None:
            cache.begin_pass(self)
        with check.inside(object()):
            outputs = Module.forward(self, received, *args, **more)
        if not np.isfinite(outputs).all():
            self._saved = None
            check.no_overflow(outputs, "the outputs")
        if cache is not None:
            cache.end_pass()
        return outputs

    def _go_back(self, backward: Callable[..., Any], gradient: ArrayLike) -> Any:
        array, needed, call = self._use_saved(gradient)
        given = rows(array) if self.row_wise else array
        if check.inside.call is None:
            with check.inside(call):
                x_gradient = backward(given, *needed)
        else:
            x_gradient = backward(given, *needed)
        if self.row_wise and x_gradient is not None and array.ndim != 2:
            return x_gradient.reshape(*array.shape[:-1], -1)
        return x_gradient

    def _use_saved(self, gradient: ArrayLike) -> tuple[Array, Any, object]:
        """The gradient, if it fits, and what `forward` kept: once, since the same
        numbers don't serve two steps.
        """
        name = type(self).__name__
        if self._saved is None:
            raise ValueError(
                f"{name}.backward needs the numbers of a forward that came just before "
                f"it: call forward first"
            )
        needed, shape, dtype, (time, call) = self._saved
        dtype = dtype if dtype.kind == "f" else None
        array = check.as_floats(gradient, "gradient", dtype)
        if array.shape != shape:
            check.shape(shape, "of the outputs ", gradient=array)
        if check.inside.call is None:
            check.finite(array, "gradient")
        elif call is not check.inside.call:
            raise ValueError(
                f"{name} must go back after the forward of the whole model, got one of "
                f"{name} by itself: call the model's forward again"
            )
        if Parameter.clock != time and self._changed_since(time):
            raise ValueError(
                f"the parameters of {name} must be those of its forward, got others "
                f"(after a step of the optimizer, or an assignment): call forward again"
            )
        self._saved = None
        return array, needed, call

    def _changed_since(self, time: int) -> bool:
        """Whether a parameter has changed, here or in a part."""
        return any(parameter.changed_at > time for parameter in self.parameters())


def _named_parameters(
    name: str, part: Any, found: set[int]
) -> Iterator[tuple[str, Parameter]]:
    if isinstance(part, (Parameter, Module)):
        if id(part) in found:
            return
        found.add(id(part))
    inner: list[tuple[Any, Any]] = []
    if isinstance(part, Parameter):
        yield name, part
    elif isinstance(part, Module):
        inner = [(n, a) for n, a in vars(part).items() if n != "_saved"]
    elif isinstance(part, (list, tuple)):
        inner = list(enumerate(part))
    elif isinstance(part, dict):
        inner = list(part.items())
    elif _hides_parts(part):
        raise ValueError(
            f"{name} must be a list, tuple or dict, where parts of a model are found, "
            f"got a {type(part).__name__}: they would not be trained"
        )
    for own_name, member in inner:
        yield from _named_parameters(
            f"{name}.{own_name}" if name else str(own_name), member, found
        )


def _hides_parts(container: Any) -> bool:
    is_array = isinstance(container, np.ndarray) and container.dtype == object
    is_other = isinstance(container, (set, frozenset, deque, MappingView))
    members = container.ravel().tolist() if is_array else container
    return (is_array or is_other) and any(map(_holds_parts, members))


def _holds_parts(member: Any) -> bool:
    if isinstance(member, (list, tuple, dict)):
        members = member.values() if isinstance(member, dict) else member
        return any(map(_holds_parts, members))
    return isinstance(member, (Parameter, Module)) or _hides_parts(member)


class Sequential(Module):
    """Layers, one after the other.

    `Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng))` takes 64
    numbers, has 32 hidden neurons and 10 outputs.
    """

    def __init__(self, *layers: Module) -> None:
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            raise ValueError(
                "Sequential must be given layers, got a list of them: put a star "
                "before it, Sequential(*layers)"
            )
        for i, layer in enumerate(layers):
            check.instance(Module, **{f"layer {i}": layer})
        if not layers or len(set(map(id, layers))) < len(layers):
            raise ValueError(
                f"Sequential must be given at least one layer, each of them once, got "
                f"{layers}"
            )
        self.layers = list(layers)

    @property
    def takes_tokens(self) -> bool:
        """As its first layer does."""
        return self.layers[0].takes_tokens

    def _dtype(self) -> Any:  # sooner found than by all names
        for layer in self.layers:
            if (dtype := layer._dtype()) is not None:
                return dtype
        return super()._dtype()

    def _forward(self, x: Array) -> Forwarded:
        for layer in self.layers:
            x = layer.forward(x)
        return x, ()

    def _backward(self, gradient: Array) -> Array:
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def _backward_to_parameters(self, gradient: Array) -> None:
        first, *others = self.layers
        for layer in reversed(others):
            gradient = layer.backward(gradient)
        first.backward_to_parameters(gradient)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
