"""The gradient check: a derived gradient beside a measured one (chapter
backpropagation).

Nudge one number, see how far the loss moves, divide: that is its slope, whatever the
formulas say. Use float64: in float32 the loss has too few digits for a small nudge to
show.
"""

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array


class GradientError(Exception):
    """A gradient disagrees with the slope measured by nudging: where, how much."""


def numerical_gradient(
    function: Callable[[Array], float], x: Array, *, step: float = 1e-5
) -> Array:
    """The slope of `function` along each entry of x.

    It is measured: (f(x + step) − f(x − step)) / (2 step).

    `x` is a float64 array of any shape; it is nudged in place, one entry at a time, and
    put back, so `function` may also read it from where it lives (a network's weights,
    say). The error is of the order of step². Raises ValueError for another dtype, and
    for a step that is too small to change x.
    """
    check.positive(step=step)
    check.numbers(x)
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(
            f"numerical_gradient needs a float64 array to nudge, got {got}"
        )
    if np.any(x + step == x - step):
        raise ValueError(f"step must be large enough to change x, got {step}")
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        value = x[place]
        try:
            x[place] = value + step
            above = _number(function(x))
            x[place] = value - step
            below = _number(function(x))
        finally:
            x[place] = value
        gradient[place] = (above - below) / (2 * step)
    return gradient


def _number(value: Any) -> Any:
    if not isinstance(value, Real):
        raise ValueError(f"the function must return a number, got {value!r:.60}")
    return value


def check_gradients(
    loss: Callable[[], float],
    parameters: Mapping[str, Array],
    gradients: Mapping[str, Array],
    *,
    tolerance: float = 1e-6,
    step: float = 1e-5,
) -> float:
    """Compare `gradients` with the slopes of `loss()` along every entry of
    `parameters`, name by name.

    Two slopes agree when they differ by at most `tolerance` times the larger of them;
    slopes below 0.001 are held to that of 0.001, since rounding alone moves them that
    much. Where they don't, the slope is measured again with half the step, for where
    the loss is strongly curved it is the measurement that is off.

    Returns the largest such relative difference; raises GradientError at the first
    parameter that exceeds the tolerance, and ValueError where names or shapes differ,
    or there is nothing to compare.
    """
    check.positive(tolerance=tolerance, step=step)
    _check_names(parameters, gradients)
    largest = 0.0
    for name, parameter in parameters.items():
        got = check.floats(gradients[name], f"the gradient of {name}")
        measured, difference = _compared(loss, parameter, got, step)
        worst = _largest(difference)
        if not difference[worst] <= tolerance:
            measured, difference = _compared(loss, parameter, got, step / 2)
            if difference[worst] <= tolerance:  # it was the measurement; is it all?
                worst = _largest(difference)
        if not difference[worst] <= tolerance:
            place = name + (str([int(i) for i in worst]) if worst else "")
            raise GradientError(
                f"{place}: the slope by nudging is {measured[worst]:.8g}, the gradient "
                f"says {got[worst]:.8g} (relative difference {difference[worst]:.2g}, "
                f"allowed {tolerance:.2g})"
            )
        largest = max(largest, float(difference.max()))
    return largest


def _largest(difference: Array) -> tuple[Any, ...]:
    """Where it is; argmax takes NaN for the largest, which we want to hear about."""
    return np.unravel_index(int(np.argmax(difference)), difference.shape)


def _compared(
    loss: Callable[[], float], parameter: Array, got: Array, step: float
) -> tuple[Array, Array]:
    """The measured slopes, and how much each of them differs."""
    measured = numerical_gradient(lambda _: loss(), parameter, step=step)
    size = np.maximum(np.maximum(np.abs(measured), np.abs(got)), 1e-3)
    with np.errstate(invalid="ignore"):  # of an infinite gradient
        return measured, np.abs(measured - got) / size


def _check_names(parameters: Any, gradients: Any) -> None:
    check.instance(Mapping, parameters=parameters, gradients=gradients)
    if parameters.keys() != gradients.keys() or not parameters:
        raise ValueError(
            f"gradients must be named like the parameters {sorted(parameters)}, at "
            f"least one, got {sorted(gradients)}"
        )
    for name, parameter in parameters.items():
        check.shape(np.shape(parameter), **{f"the gradient of {name}": gradients[name]})
        if np.size(parameter) == 0:
            raise ValueError(f"{name} must hold a number to be checked, got none")
