import math
import re

import numpy as np
import pytest

from scratchml import GradientError, check_gradients, numerical_gradient, sigmoid, sigmoid_derivative, squared_error, squared_error_gradient

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def own_gradient(function, x, step=1e-5):
    nudges = step * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(function(x + nudge) - function(x - nudge)) / (2 * step) for nudge in nudges]).reshape(x.shape)


FUNCTIONS = {
    "sum of squares": (lambda x: float((x**2).sum()), lambda x: 2 * x),
    "sum of sines": (lambda x: float(np.sin(x).sum()), np.cos),
    "product": (lambda x: float(x.prod()), lambda x: x.prod() / x),
    "constant": (lambda x: 3.0, np.zeros_like),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
def test_the_numerical_gradient_is_the_slope_along_each_entry(name, shape):
    function, slope = FUNCTIONS[name]
    x = np.random.default_rng(0).uniform(0.5, 2, shape)
    gradient = numerical_gradient(function, x)
    assert gradient.shape == shape and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, slope(x), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(gradient, own_gradient(function, x), rtol=1e-8, atol=1e-12)


def test_both_sides_are_nudged_so_the_error_shrinks_with_the_square_of_the_step():
    x = np.array([1.0])
    errors = [abs(numerical_gradient(lambda x: float(np.exp(x[0])), x, step=step)[0] - math.e) for step in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)


def test_x_is_nudged_where_it_lives_and_put_back():
    x = np.array([[0.1, 0.2], [0.3, 0.4]])
    before = x.copy()
    column = x[:, 1]
    gradient = numerical_gradient(lambda _: float((x**3).sum()), column)
    np.testing.assert_allclose(gradient, 3 * before[:, 1] ** 2, rtol=1e-8)
    np.testing.assert_array_equal(x, before)


def test_x_is_put_back_when_the_function_fails():
    def fails_above_2(x):
        if x[1] > 2:
            raise ArithmeticError
        return 0.0

    x = np.array([1.0, 2.0])
    with pytest.raises(ArithmeticError):
        numerical_gradient(fails_above_2, x)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize(
    ("x", "got"), [(np.zeros(2, np.float32), "float32"), (np.zeros(2, np.int64), "int64"), ([1.0, 2.0], "list"), (1.5, "float")]
)
def test_what_is_not_a_float64_array_is_refused(x, got):
    with pytest.raises(ValueError, match=f"needs a float64 array to nudge, got {got}$"):
        numerical_gradient(lambda x: 0.0, x)


class TwoLayers:
    """sigmoid, then a linear layer, then the squared error; `gradients` makes one mistake if asked to."""

    def __init__(self, seed=0, inputs=2, hidden=3, outputs=3, rows=4):
        rng = np.random.default_rng(seed)
        self.x, self.targets = rng.normal(size=(rows, inputs)), rng.normal(size=(rows, outputs))
        self.parameters = {
            "W1": rng.normal(size=(inputs, hidden)),
            "b1": rng.normal(size=(1, hidden)),
            "W2": rng.normal(size=(hidden, outputs)),
            "b2": rng.normal(size=(1, outputs)),
        }

    def forward(self):
        p = self.parameters
        z = self.x @ p["W1"] + p["b1"]
        return z, sigmoid(z), sigmoid(z) @ p["W2"] + p["b2"]

    def loss(self):
        return squared_error(self.targets, self.forward()[2])

    def gradients(self, mistake=None):
        W2 = self.parameters["W2"]
        z, a, outputs = self.forward()
        d_outputs = squared_error_gradient(self.targets, outputs)
        d_W2 = a.T @ d_outputs
        if mistake == "missing factor":
            d_outputs = d_outputs / 2
        if mistake == "update before propagation":
            W2 = W2 - 0.1 * d_W2
        d_a = d_outputs @ W2.T
        if mistake == "transposed":
            d_a = d_outputs @ W2
        if mistake == "permuted":
            d_a = d_a[:, ::-1]
        d_z = d_a * sigmoid_derivative(z)
        if mistake == "stale activation":
            d_z = d_a * sigmoid_derivative(a)
        d_b1 = d_z.mean(axis=0, keepdims=True) if mistake == "mean for sum" else d_z.sum(axis=0, keepdims=True)
        if mistake == "sign":
            d_z = -d_z
        return {"W1": self.x.T @ d_z, "b1": d_b1, "W2": d_W2, "b2": d_outputs.sum(axis=0, keepdims=True)}


MISTAKES = {
    "sign": "W1",
    "missing factor": "W1",
    "transposed": "W1",
    "permuted": "W1",
    "stale activation": "W1",
    "update before propagation": "W1",
    "mean for sum": "b1",
}


@pytest.mark.parametrize("seed", range(5))
def test_right_gradients_pass_and_the_largest_difference_is_returned(seed):
    model = TwoLayers(seed)
    before = {name: array.copy() for name, array in model.parameters.items()}
    largest = check_gradients(model.loss, model.parameters, model.gradients())
    assert type(largest) is float and 0 < largest < 1e-6
    for name, array in model.parameters.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("mistake", "parameter"), MISTAKES.items())
def test_a_planted_mistake_is_convicted_by_parameter_entry_expected_and_got(mistake, parameter, seed):
    model = TwoLayers(seed)
    with pytest.raises(GradientError) as convicted:
        check_gradients(model.loss, model.parameters, model.gradients(mistake))
    place, numbers = r"(\w+)\[(\d+), (\d+)\]", r"the slope by nudging is (\S+), the gradient says (\S+)"
    found = re.fullmatch(rf"{place}: {numbers} \(relative difference \S+, allowed 1e-06\)", str(convicted.value))
    assert found, str(convicted.value)
    assert found[1] == parameter
    entry = int(found[2]), int(found[3])
    right, wrong = model.gradients()[parameter], model.gradients(mistake)[parameter]
    assert float(found[4]) == pytest.approx(right[entry], rel=1e-5, abs=1e-8)
    assert float(found[5]) == pytest.approx(wrong[entry], rel=1e-5, abs=1e-8)
    relative = np.abs(right - wrong) / np.maximum(np.maximum(np.abs(right), np.abs(wrong)), 1e-3)
    assert relative[entry] == pytest.approx(relative.max(), rel=1e-4)


@pytest.mark.parametrize(("parameter", "entry"), [("W1", (1, 2)), ("b1", (0, 1)), ("W2", (2, 0)), ("b2", (0, 2))])
def test_one_wrong_entry_is_named(parameter, entry):
    model = TwoLayers()
    gradients = model.gradients()
    gradients[parameter][entry] += 0.01
    with pytest.raises(GradientError, match=re.escape(f"{parameter}[{entry[0]}, {entry[1]}]: ")):
        check_gradients(model.loss, model.parameters, gradients)


def test_a_single_number_is_named_without_an_entry():
    x = np.array(3.0)
    assert check_gradients(lambda: float(x**2), {"x": x}, {"x": np.array(6.0)}) < 1e-6
    with pytest.raises(GradientError, match=r"^x: the slope by nudging is 6(\.0\d*)?, the gradient says 5 "):
        check_gradients(lambda: float(x**2), {"x": x}, {"x": np.array(5.0)})


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_a_number_never_passes(bad):
    model = TwoLayers()
    gradients = model.gradients()
    gradients["W2"][1, 1] = bad
    with np.errstate(invalid="ignore"), pytest.raises(GradientError, match=rf"^W2\[1, 1\]: .*the gradient says {bad}"):
        check_gradients(model.loss, model.parameters, gradients)


def test_a_loss_that_is_not_a_number_never_passes():
    x = np.array([1.0])
    with pytest.raises(GradientError, match=r"^x\[0\]: the slope by nudging is nan"):
        check_gradients(lambda: math.nan, {"x": x}, {"x": np.array([0.0])})


def test_differences_are_relative_with_a_floor_for_slopes_near_0():
    x = np.array([1.0])
    check_gradients(lambda: 0.0, {"x": x}, {"x": np.array([0.9e-9])})
    with pytest.raises(GradientError):
        check_gradients(lambda: 0.0, {"x": x}, {"x": np.array([1.1e-9])})
    check_gradients(lambda: float(1000 * x[0]), {"x": x}, {"x": np.array([1000.0005])})
    with pytest.raises(GradientError):
        check_gradients(lambda: float(1000 * x[0]), {"x": x}, {"x": np.array([1000.002])})


def test_the_tolerance_decides():
    x = np.array([2.0])
    slope_1_percent_off = {"x": np.array([4.04])}
    largest = check_gradients(lambda: float(x[0] ** 2), {"x": x}, slope_1_percent_off, tolerance=0.02)
    assert largest == pytest.approx(0.0099, abs=1e-4)
    with pytest.raises(GradientError, match=r"relative difference 0\.0099, allowed 0\.005"):
        check_gradients(lambda: float(x[0] ** 2), {"x": x}, slope_1_percent_off, tolerance=0.005)


def test_a_parameter_without_entries_has_nothing_to_disagree_about():
    empty = np.zeros((0, 3))
    assert check_gradients(lambda: 1.0, {"x": empty}, {"x": empty}) == 0


@pytest.mark.parametrize("names", [[], ["W1"], ["W1", "W3"], ["W1", "W2", "W3"]])
def test_a_missing_or_unknown_name_is_refused(names):
    parameters = {"W2": np.zeros(1), "W1": np.zeros(1)}
    says = re.escape(f"named like the parameters ['W1', 'W2'], got {names}")
    with pytest.raises(ValueError, match=says):
        check_gradients(lambda: 0.0, parameters, {name: np.zeros(1) for name in names})


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=re.escape("the gradient of W must have its shape (3, 1), got (3,)")):
        check_gradients(lambda: 0.0, {"W": np.zeros((3, 1))}, {"W": np.zeros(3)})


def test_float32_parameters_are_refused_since_nudges_do_not_show_in_them():
    with pytest.raises(ValueError, match="float64 array to nudge, got float32"):
        check_gradients(lambda: 0.0, {"W": np.zeros(3, dtype=np.float32)}, {"W": np.zeros(3, dtype=np.float32)})
