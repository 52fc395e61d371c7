import copy
import inspect
import math
import re
import textwrap

import numpy as np
import pytest

from scratchml import (
    GELU,
    CrossEntropy,
    GradientError,
    Layer,
    Linear,
    NeuralNetwork,
    Neuron,
    ReLU,
    Sequential,
    Sigmoid,
    SquaredError,
    Tanh,
    activations,
    check_gradients,
    cross_entropy,
    losses,
    numerical_gradient,
    sigmoid,
    sigmoid_derivative,
    squared_error,
    squared_error_gradient,
)

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


# The check convicts a mistake in any backward of the package. A mistake is one place of the package's source, changed.
# Every array is square (3, 3), so that a transposed one goes unnoticed by numpy.

ROWS = 3


def plant(monkeypatch, owner, function, old, new):
    """The function of the class or module `owner`, with `new` in the place of `old`."""
    right = getattr(owner, function)
    source = textwrap.dedent(inspect.getsource(right))
    if source.count(old) != 1:
        pytest.fail(f"{owner.__name__}.{function} has {old!r} {source.count(old)} times, not once: the mistake must be planted elsewhere now")
    wrong = {}
    exec(source.replace(old, new), right.__globals__, wrong)
    monkeypatch.setattr(owner, function, wrong[function])


def drawn(make, pre_activations, seed):
    """A model, the batch before, and a batch with which no neuron is near ReLU's kink and none is dead."""
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        model, earlier, x = make(rng), rng.normal(size=(ROWS, 3)), rng.normal(size=(ROWS, 3))
        zs = pre_activations(model, x)
        if all(np.abs(z).min() > 0.01 and (z > 0).any(axis=0).all() and (z < 0).any() for z in zs):
            return model, earlier, x
    pytest.fail("in 1000 draws no batch was away from ReLU's kink")


def check_a_model(activation, loss, seed=0):
    """Linear, activation, Linear and a loss; a batch came before, whose numbers must be forgotten."""

    def make(rng):
        model = Sequential(Linear(3, 3, rng=rng), activation(), Linear(3, 3, rng=rng))
        for parameter in model.parameters():
            parameter.value = rng.normal(size=parameter.value.shape)
        return model

    def pre_activations(model, x):
        return [x @ model.layers[0].weights.value + model.layers[0].bias.value]

    model, earlier, x = drawn(make, pre_activations, seed)
    rng = np.random.default_rng(seed)
    end, targets = loss(), {SquaredError: rng.normal(size=(ROWS, 3)), CrossEntropy: np.array([2, 0, 2])}[loss]
    for batch in (earlier, x):
        end.forward(targets, model.forward(batch))
        gradients = {"x": model.backward(end.backward())} | {name: p.gradient.copy() for name, p in model.named_parameters()}
    function = {SquaredError: squared_error, CrossEntropy: cross_entropy}[loss]
    parameters = {"x": x} | {name: p.value for name, p in model.named_parameters()}
    check_gradients(lambda: function(targets, model.forward(x)), parameters, gradients)


def check_a_network(activation, seed=0):
    """The tutorial's network; a step of learning rate 1 moves each parameter by its gradient."""

    def make(rng):
        network = NeuralNetwork([3, 3, 3], output_activation=activation, rng=rng)
        for neuron in (neuron for layer in network.layers for neuron in layer.neurons):
            neuron.weights[...], neuron.bias[...] = rng.normal(size=(3, 1)), rng.normal()
        return network

    def parameters_of(network):
        neurons = {f"layers[{i}].neurons[{j}]": neuron for i, layer in enumerate(network.layers) for j, neuron in enumerate(layer.neurons)}
        return {f"{name}.{kind}": getattr(neuron, kind) for name, neuron in neurons.items() for kind in ("weights", "bias")}

    def pre_activations(network, x):
        network = copy.deepcopy(network)
        network.forward(x)
        return [np.hstack([neuron.last_pre_activation for neuron in layer.neurons]) for layer in network.layers]

    network, earlier, x = drawn(make, pre_activations, seed)
    targets = np.random.default_rng(seed).normal(size=(ROWS, 3))
    learner = copy.deepcopy(network)
    before = {name: array.copy() for name, array in parameters_of(learner).items()}
    for batch, learning_rate in ((earlier, 0), (x, 1)):
        gradient = network.derivative_mse_loss(targets, learner.forward(batch))
        for layer in reversed(learner.layers):
            gradient = layer.backward(gradient, learning_rate)
    gradients = {"x": gradient} | {name: before[name] - array for name, array in parameters_of(learner).items()}
    check_gradients(lambda: network.mse_loss(targets, network.forward(x)), {"x": x} | parameters_of(network), gradients)


LAYERS = [ReLU, Sigmoid, Tanh, GELU]
LINEAR = {
    "weights: sign": ("backward_to_parameters", "self.weights.gradient += x", "self.weights.gradient -= x"),
    "weights: missing factor": ("backward_to_parameters", ".T @ rows", ".T @ rows / len(rows)"),
    "weights: inputs transposed": ("backward_to_parameters", ".T @ rows", " @ rows"),
    "weights: transposed": ("backward_to_parameters", "x.reshape(len(rows), -1).T @ rows", "rows.T @ x.reshape(len(rows), -1)"),
    "weights: inputs of an earlier batch": ("forward", "self._keep(x, outputs)", "self._keep(vars(self).setdefault('first', x), outputs)"),
    "weights: outputs for inputs": ("forward", "self._keep(x, outputs)", "self._keep(outputs, outputs)"),
    "bias: sign": ("backward_to_parameters", "self.bias.gradient +=", "self.bias.gradient -="),
    "bias: missing factor": ("backward_to_parameters", "rows.sum(axis=0)", "rows.mean(axis=0)"),
    "bias: transposed": ("backward_to_parameters", "rows.sum(axis=0)", "rows.sum(axis=1)"),
    "inputs: sign": ("backward", "@ self.weights.value.T", "@ -self.weights.value.T"),
    "inputs: missing factor": ("backward", "@ self.weights.value.T", "@ self.weights.value.T / 3"),
    "inputs: transposed": ("backward", "@ self.weights.value.T", "@ self.weights.value"),
    "inputs: update before propagation": ("backward", "@ self.weights.value.T", "@ (self.weights.value - 0.1 * self.weights.gradient).T"),
}
ACTIVATION = {
    "sign": ("backward", "gradient * derivative(z)", "-gradient * derivative(z)"),
    "missing factor": ("backward", "gradient * derivative(z)", "gradient"),
    "transposed": ("backward", "gradient * derivative(z)", "gradient * derivative(z).T"),
    "slope at the output": ("backward", "derivative(z)", "derivative(ACTIVATIONS[self._name][0](z))"),
    "slope of an earlier batch": ("forward", "self._keep(z, outputs)", "self._keep(vars(self).setdefault('first', z), outputs)"),
}
SQUARED_ERROR = {
    "sign": ("backward", "return 2 * difference", "return -2 * difference"),
    "missing 2": ("backward", "return 2 * difference", "return difference"),
    "mean over the outputs too": ("backward", "/ len(difference)", "/ difference.size"),
    "missing rows": ("backward", "/ len(difference)", ""),
    "transposed": ("backward", "return 2 * difference", "return 2 * difference.T"),
    "difference of an earlier batch": ("backward", "_once(self._difference, self)", "vars(self).setdefault('first', _once(self._difference, self))"),
}
CROSS_ENTROPY = {
    "sign": (losses, "_cross_entropy_gradient", "return gradient", "return -gradient"),
    "sign of the label": (losses, "_cross_entropy_gradient", "-= 1", "+= 1"),
    "missing label": (losses, "_cross_entropy_gradient", "-= 1", "-= 0"),
    "missing rows": (losses, "_cross_entropy_gradient", "gradient /= len(labels)", ""),
    "transposed": (losses, "_cross_entropy_gradient", "return gradient", "return gradient.T"),
    "logarithms for probabilities": (losses, "_cross_entropy_gradient", "np.exp(log_probabilities)", "log_probabilities.copy()"),
    "probabilities of an earlier batch": (CrossEntropy, "backward", "_once(self._kept, self)", "vars(self).setdefault('first', _once(self._kept, self))"),
}
NEURON = {
    "weights: sign": ("backward", "self.weights -= learning_rate", "self.weights += learning_rate"),
    "weights: missing factor": ("backward", "self.last_input.T @ dC_dz", "self.last_input.T @ dC_dz / len(dC_dz)"),
    "weights: inputs transposed": ("backward", "self.last_input.T @ dC_dz", "self.last_input @ dC_dz"),
    "weights: inputs of an earlier batch": ("forward", "self.last_input = inputs", "self.last_input = vars(self).setdefault('first', inputs)"),
    "bias: sign": ("backward", "self.bias -= learning_rate", "self.bias += learning_rate"),
    "bias: missing factor": ("backward", "dC_dz.sum(", "dC_dz.mean("),
    "missing slope of the activation": ("backward", "dC_da * derivative(self.last_pre_activation)", "dC_da"),
    "slope at the output": ("backward", "derivative(self.last_pre_activation)", "derivative(self.last_output)"),
    "slope of an earlier batch": ("backward", "derivative(self.last_pre_activation)", "derivative(vars(self).setdefault('first', self.last_pre_activation))"),
    "inputs: sign": ("backward", "dC_dinputs = dC_dz @", "dC_dinputs = -dC_dz @"),
    "inputs: update before propagation": ("backward", "dC_dz @ self.weights.T", "dC_dz @ (self.weights - learning_rate * dC_dw).T"),
}
LAYER = {
    "sign": ("backward", "output_gradient[:, [i]]", "-output_gradient[:, [i]]"),
    "missing factor": ("backward", "np.sum(gradients, axis=0)", "np.mean(gradients, axis=0)"),
    "transposed": ("backward", "output_gradient[:, [i]]", "output_gradient[[i], :].T"),
    "the first neuron's column for all": ("backward", "output_gradient[:, [i]]", "output_gradient[:, [0]]"),
    "columns of an earlier batch": ("backward", "output_gradient[:, [i]]", "vars(self).setdefault('first', output_gradient)[:, [i]]"),
    "update before propagation": ("backward", "np.sum(gradients, axis=0)", "output_gradient @ np.hstack([neuron.weights for neuron in self.neurons]).T"),
}
MODEL = {
    "gradients of an earlier batch are kept": ("backward", "self.zero_gradients()", ""),
    "the first layer is left out": ("backward", "reversed(self.layers)", "reversed(self.layers[1:])"),
}


def mistakes():
    """(name, (owner, function, old, new), the check that must convict it)"""
    for name, place in LINEAR.items():
        yield f"Linear, {name}", (Linear, *place), lambda: check_a_model(Tanh, SquaredError)
    for layer in LAYERS:
        for name, place in ACTIVATION.items():
            if (layer, name) != (ReLU, "slope at the output"):  # no mistake: ReLU's output is positive where z is
                yield f"{layer.__name__}, {name}", (activations._Activation, *place), lambda layer=layer: check_a_model(layer, SquaredError)
    for name, place in SQUARED_ERROR.items():
        yield f"SquaredError, {name}", (SquaredError, *place), lambda: check_a_model(Tanh, SquaredError)
    for name, place in CROSS_ENTROPY.items():
        yield f"CrossEntropy, {name}", place, lambda: check_a_model(Tanh, CrossEntropy)
    for name, place in NEURON.items():
        yield f"Neuron, {name}", (Neuron, *place), lambda: check_a_network("sigmoid")
    for name, place in LAYER.items():
        yield f"Layer, {name}", (Layer, *place), lambda: check_a_network("identity")
    for name, place in MODEL.items():
        yield f"Sequential, {name}", (Sequential, *place), lambda: check_a_model(Tanh, SquaredError)


@pytest.mark.parametrize(("place", "check"), [pytest.param(place, check, id=name) for name, place, check in mistakes()])
def test_a_mistake_planted_in_any_backward_is_convicted(place, check, monkeypatch):
    plant(monkeypatch, *place)
    with pytest.raises(GradientError):
        check()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "check",
    [
        *(lambda seed, layer=layer, loss=loss: check_a_model(layer, loss, seed) for layer in LAYERS for loss in (SquaredError, CrossEntropy)),
        *(lambda seed, activation=activation: check_a_network(activation, seed) for activation in ("sigmoid", "identity", "tanh")),
    ],
)
def test_without_one_nothing_is_convicted(check, seed):
    check(seed)
