import copy
import math
import re

import numpy as np
import pytest

from scratchml import (
    GELU,
    GPT,
    CrossEntropy,
    Embedding,
    FeedForward,
    GPTConfig,
    GradientError,
    Layer,
    LayerNorm,
    LearnedPositions,
    Linear,
    MultiHeadAttention,
    NeuralNetwork,
    Neuron,
    ReLU,
    SelfAttention,
    Sequential,
    Sigmoid,
    SquaredError,
    Tanh,
    TransformerBlock,
    activations,
    attention,
    causal_mask,
    check_gradients,
    cross_entropy,
    embedding,
    normalization,
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
    ("x", "got"),
    [(np.zeros(2, np.float32), "float32"), (np.zeros(2, np.int64), "int64"), ([1.0, 2.0], "list"), (1.5, "float")],
)
def test_what_is_not_a_float64_array_is_refused(x, got):
    with pytest.raises(ValueError, match=f"needs a float64 array to nudge, got {got}$"):
        numerical_gradient(lambda x: 0.0, x)


@pytest.mark.parametrize("step", [0, -1e-5, math.nan, math.inf, None, "1e-5", True], ids=repr)
def test_a_step_that_is_none_is_refused(step):
    for call in (
        lambda: numerical_gradient(lambda x: 0.0, np.ones(2), step=step),
        lambda: check_gradients(lambda: 0.0, {"x": np.ones(2)}, {"x": np.zeros(2)}, step=step),
    ):
        with pytest.raises(ValueError, match=f"^step must be a number above 0, got {step!r}$"):
            call()


@pytest.mark.parametrize("step", [1e-20, 1e-17])
def test_a_step_that_does_not_change_x_is_refused(step):
    with pytest.raises(ValueError, match=f"^step must be large enough to change x, got {step}$"):
        numerical_gradient(lambda x: float(x.sum()), np.array([1e-3, 1.0]), step=step)


@pytest.mark.parametrize("returned", [None, np.ones(2), np.ones(1), [1.0], "1", 1j], ids=repr)
def test_a_function_that_returns_no_number_is_refused_and_x_is_put_back(returned):
    x = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match=rf"^the function must return a number, got {re.escape(repr(returned))}"):
        numerical_gradient(lambda x: returned, x)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, int, np.int64])
def test_a_function_may_return_numbers_of_any_kind(kind):
    np.testing.assert_allclose(numerical_gradient(lambda x: kind(8 * x[0]), np.array([1.0]), step=0.5), [8])


def test_places_that_are_masked_or_not_a_number_are_refused():
    for x in (np.ma.masked_equal([1.0, 2.0], 2), np.array([1.0, math.nan])):
        with pytest.raises(ValueError, match=r"^x must be (numbers, got nan|a plain array, got a masked one)"):
            numerical_gradient(lambda x: float((x**2).sum()), x)


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


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
@pytest.mark.parametrize("tolerance", [1e-6, 1e300])
def test_an_infinite_gradient_never_passes(bad, tolerance):
    model = TwoLayers()
    gradients = model.gradients()
    gradients["W2"][1, 1] = bad
    with pytest.raises(GradientError, match=rf"^W2\[1, 1\]: .*the gradient says {bad}"):
        check_gradients(model.loss, model.parameters, gradients, tolerance=tolerance)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([[1.0, math.nan]], "numbers, got nan in row 0, column 1"),
        ([[1.0, None]], "numbers, got a NoneType, None"),
        ([[1.0, "2"]], "numbers, got a str, '"),
        ([[1.0, 2j]], "numbers, got an array of complex128"),
        ([[1.0], [2.0, 3.0]], "an array, got rows of different lengths"),
        (np.ma.masked_equal([[1.0, 2.0]], 2), "a plain array, got a masked one"),
    ],
    ids=str,
)
def test_a_gradient_that_is_not_of_numbers_is_refused(bad, says):
    with pytest.raises(ValueError, match=f"^the gradient of W must be {says}"):
        check_gradients(lambda: 0.0, {"W": np.ones((1, 2))}, {"W": bad})


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


@pytest.mark.parametrize("tolerance", [0, -1e-6, math.nan, math.inf, None, "1e-6"], ids=repr)
def test_a_tolerance_that_is_none_is_refused(tolerance):
    with pytest.raises(ValueError, match=f"^tolerance must be a number above 0, got {tolerance!r}$"):
        check_gradients(lambda: 0.0, {"x": np.ones(1)}, {"x": np.ones(1)}, tolerance=tolerance)


def test_the_step_decides_how_far_a_parameter_is_nudged():
    x, steps = np.array([1.0]), (0.1, 0.01)
    for step in steps:
        # (x + h)³ − (x − h)³ = 2 h (3 x² + h²)
        check_gradients(lambda: float(x[0] ** 3), {"x": x}, {"x": 3 * x**2 + step**2}, step=step)
        for other in (1e-5, *steps):
            if other != step:
                with pytest.raises(GradientError):
                    check_gradients(lambda: float(x[0] ** 3), {"x": x}, {"x": 3 * x**2 + step**2}, step=other)


@pytest.mark.parametrize(("steps_from_the_kink", "passes"), [(1.1, True), (0.7, True), (0.4, False)])
def test_where_the_step_goes_beyond_a_kink_half_of_it_is_tried(steps_from_the_kink, passes):
    x, slope = np.array([steps_from_the_kink * 1e-5]), {"x": np.array([1.0])}
    if passes:
        assert check_gradients(lambda: float(np.abs(x[0])), {"x": x}, slope) < 1e-6
    else:
        with pytest.raises(GradientError):
            check_gradients(lambda: float(np.abs(x[0])), {"x": x}, slope)


def test_half_the_step_does_not_excuse_a_wrong_gradient():
    x = np.array([0.7e-5])
    with pytest.raises(GradientError, match=r"^x\[0\]: the slope by nudging is 1(\.0\d*)?, the gradient says 0\.7 "):
        check_gradients(lambda: float(2 * np.abs(x[0]) - x[0]), {"x": x}, {"x": np.array([0.7])})


def test_the_place_that_is_named_is_wrong_with_half_the_step_too():
    x = np.array([0.7e-5, 1.0])  # the first is right, but too near to the kink for the whole step
    with pytest.raises(GradientError, match=r"^x\[1\]: the slope by nudging is 1(\.0\d*)?, the gradient says 1\.001 "):
        check_gradients(lambda: float(np.abs(x).sum()), {"x": x}, {"x": np.array([1.0, 1.001])})


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, "named like the parameters [], at least one, got []"),
        ({"x": np.zeros((0, 3))}, "x must hold a number to be checked, got none"),
        ({"x": np.zeros(2), "y": np.zeros(0)}, "y must hold a number to be checked, got none"),
    ],
    ids=str,
)
def test_to_check_nothing_is_refused(parameters, says):
    with pytest.raises(ValueError, match=f"{re.escape(says)}$"):
        check_gradients(lambda: 1.0, parameters, parameters)


@pytest.mark.parametrize("other", [None, [np.zeros(1)], (), "x"], ids=repr)
def test_what_has_no_names_is_refused(other):
    named = {"x": np.zeros(1)}
    for parameters, gradients, name in ((other, named, "parameters"), (named, other, "gradients")):
        with pytest.raises(ValueError, match=f"^{name} must be a Mapping, got "):
            check_gradients(lambda: 1.0, parameters, gradients)


@pytest.mark.parametrize("names", [[], ["W1"], ["W1", "W3"], ["W1", "W2", "W3"]])
def test_a_missing_or_unknown_name_is_refused(names):
    parameters = {"W2": np.zeros(1), "W1": np.zeros(1)}
    says = re.escape(f"named like the parameters ['W1', 'W2'], at least one, got {names}")
    with pytest.raises(ValueError, match=says):
        check_gradients(lambda: 0.0, parameters, {name: np.zeros(1) for name in names})


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=re.escape("the gradient of W must have the shape (3, 1), got (3,)")):
        check_gradients(lambda: 0.0, {"W": np.zeros((3, 1))}, {"W": np.zeros(3)})


def test_float32_parameters_are_refused_since_nudges_do_not_show_in_them():
    with pytest.raises(ValueError, match="float64 array to nudge, got float32"):
        check_gradients(lambda: 0.0, {"W": np.zeros(3, dtype=np.float32)}, {"W": np.zeros(3, dtype=np.float32)})


# The check convicts a mistake in any backward of the package. A mistake is one place of the package's source, changed.
# Arrays are square, (3, 3) or (4, 4), so that a transposed one goes unnoticed by numpy. What forward and backward get wrong in
# the same way can't be convicted here, since the wrong function's slopes are right: see test_against_pytorch.py for that.

ROWS = 3


def drawn(make, pre_activations, seed):
    """A model, the batch before, and a batch with which no neuron is near ReLU's kink and none is dead."""
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        model, earlier, x = make(rng), rng.normal(size=(ROWS, 3)), rng.normal(size=(ROWS, 3))
        zs = pre_activations(model, x)
        if all(np.abs(z).min() > 0.01 and (z > 0).any(axis=0).all() and (z < 0).any() for z in zs):
            return model, earlier, x
    pytest.fail("in 1000 draws no batch was away from ReLU's kink")


def forget_gradients(part):
    for parameter in part.parameters():
        parameter.gradient = 0


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
        forget_gradients(model)
        end.forward(targets, model.forward(batch))
        gradients = {"x": model.backward(end.backward())} | {
            name: p.gradient.copy() for name, p in model.named_parameters()
        }
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
        neurons = {
            f"layers[{i}].neurons[{j}]": neuron
            for i, layer in enumerate(network.layers)
            for j, neuron in enumerate(layer.neurons)
        }
        return {
            f"{name}.{kind}": getattr(neuron, kind) for name, neuron in neurons.items() for kind in ("weights", "bias")
        }

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


class WatchedReLU(ReLU):
    """A ReLU that knows how near to its kink the last batch came."""

    def _forward(self, z):
        self.nearest = np.abs(z).min()
        return super()._forward(z)


def away_from_kinks(make, run, seed):
    """What `make` makes of a Generator, all parameters random, the first with which `run` goes nowhere near a ReLU's kink."""
    for attempt in range(100):
        rng = np.random.default_rng([seed, attempt])
        made, feed_forwards = make(rng)
        for parameter in made.parameters():
            parameter.value += 0.4 * rng.normal(size=parameter.value.shape)
        watched = [part for part in feed_forwards if type(part.activation) is ReLU]
        for part in watched:
            part.activation = WatchedReLU()
        run(made, rng)
        if all(part.activation.nearest > 1e-3 for part in watched):
            return made, rng
    pytest.fail("in 100 draws no batch was away from ReLU's kink")


def check_a_part(make, shape, feed_forwards=lambda part: [], mask=None, seed=0):
    """A part by itself, its outputs weighted by random slopes; a batch came before, whose numbers must be forgotten."""
    more, batches = () if mask is None else (mask,), {}

    def run(part, rng):
        batches.update(x=rng.normal(size=shape), earlier=rng.normal(size=shape))
        for batch in ("earlier", "x"):
            part.forward(batches[batch], *more)

    def made(rng):
        part = make(rng)
        return part, feed_forwards(part)

    part, rng = away_from_kinks(made, run, seed)
    x, slopes = batches["x"], rng.normal(size=shape)
    for batch in (batches["earlier"], x):
        forget_gradients(part)
        part.forward(batch, *more)
        gradients = {"x": part.backward(slopes)} | {name: p.gradient.copy() for name, p in part.named_parameters()}
    parameters = {"x": x} | {name: p.value for name, p in part.named_parameters()}
    check_gradients(lambda: float((part.forward(x, *more) * slopes).sum()), parameters, gradients)


def check_an_embedding(seed=0):
    """Tokens have no slopes; the second batch has some of them twice, and one that didn't occur in the first."""
    part, slopes = Embedding(4, 3, rng=seed), np.random.default_rng(seed).normal(size=(2, 3, 3))
    batches = [[0, 2, 1], [2, 2, 0]], [[2, 3, 0], [3, 2, 3]]
    for tokens in batches:
        forget_gradients(part)
        part.forward(tokens)
        part.backward(slopes)
    loss = lambda: float((part.forward(batches[1]) * slopes).sum())  # noqa: E731
    check_gradients(loss, {"weights": part.weights.value}, {"weights": part.weights.gradient.copy()})


def check_a_gpt(seed=0, **variant):
    """Logits and cross-entropy; the text is shorter than the context, has tokens twice, and a batch came before."""
    config = GPTConfig(
        vocab_size=4, context_length=5, embedding_dim=4, num_heads=2, num_layers=2, dtype="float64", **variant
    )
    batches = {}

    def make(rng):
        model = GPT(config, rng=rng)
        return model, [block.feed_forward for block in model.blocks]

    def run(model, rng):
        model.token_embedding.weights.value *= 4  # normalizing short rows would bend the loss more than the step allows
        batches.update(x=rng.integers(0, 4, (2, 4, 4)), earlier=rng.integers(0, 4, (2, 4, 4)))
        for batch in ("earlier", "x"):
            model.forward(batches[batch][0])

    model, _ = away_from_kinks(make, run, seed)
    tokens, targets = batches["x"]
    loss = CrossEntropy()
    for texts, following in (batches["earlier"], batches["x"]):
        forget_gradients(model)
        loss.forward(following, model.forward(texts))
        model.backward(loss.backward())
    gradients = {name: p.gradient.copy() for name, p in model.named_parameters()}
    check_gradients(
        lambda: cross_entropy(targets, model.forward(tokens)),
        {name: p.value for name, p in model.named_parameters()},
        gradients,
    )


CAUSAL = causal_mask(4)
#: class → (seed → the check of a part of that class), for the parts of a GPT
PARTS = {
    "LayerNorm": lambda seed=0: check_a_part(lambda rng: LayerNorm(3), (3, 3), seed=seed),
    "Embedding": check_an_embedding,
    "LearnedPositions": lambda seed=0: check_a_part(lambda rng: LearnedPositions(6, 4, rng=rng), (3, 4, 4), seed=seed),
    "SelfAttention": lambda seed=0: check_a_part(
        lambda rng: SelfAttention(4, rng=rng), (2, 4, 4), mask=CAUSAL, seed=seed
    ),
    "MultiHeadAttention": lambda seed=0: check_a_part(
        lambda rng: MultiHeadAttention(4, 2, rng=rng), (2, 4, 4), mask=CAUSAL, seed=seed
    ),
    "FeedForward": lambda seed=0: check_a_part(
        lambda rng: FeedForward(4, activation="relu", rng=rng), (4, 4), lambda part: [part], seed=seed
    ),
    "TransformerBlock": lambda seed=0: check_a_part(
        lambda rng: TransformerBlock(4, 2, rng=rng), (2, 4, 4), mask=CAUSAL, seed=seed
    ),
    "GPT": check_a_gpt,
    "GPT, tied": lambda seed=0: check_a_gpt(seed, tie_weights=True),
    "GPT, sinusoidal, relu": lambda seed=0: check_a_gpt(seed, positions="sinusoidal", activation="relu"),
}

LAYERS = [ReLU, Sigmoid, Tanh, GELU]
FIRST = "vars(self).setdefault('first', {})"  # what the first batch left
LINEAR = {
    "weights: sign": ("_backward_to_parameters", "self.weights.gradient += x", "self.weights.gradient -= x"),
    "weights: missing factor": ("_backward_to_parameters", "x.T @ gradient", "x.T @ gradient / len(x)"),
    "weights: inputs transposed": ("_backward_to_parameters", "x.T @ gradient", "x @ gradient"),
    "weights: transposed": ("_backward_to_parameters", "x.T @ gradient", "gradient.T @ x"),
    "weights: inputs of an earlier batch": ("_forward", "(x,)", f"({FIRST.format('x')},)"),
    "weights: outputs for inputs": ("_forward", "(x,)", "(np.resize(self.bias.value, x.shape),)"),
    "bias: sign": ("_backward_to_parameters", "self.bias.gradient +=", "self.bias.gradient -="),
    "bias: missing factor": ("_backward_to_parameters", "gradient.sum(axis=0)", "gradient.mean(axis=0)"),
    "bias: transposed": ("_backward_to_parameters", "gradient.sum(axis=0)", "gradient.sum(axis=1)"),
    "inputs: sign": ("_backward", "self.weights.value.T", "-self.weights.value.T"),
    "inputs: missing factor": ("_backward", "self.weights.value.T", "self.weights.value.T / 3"),
    "inputs: transposed": ("_backward", "self.weights.value.T", "self.weights.value"),
    "inputs: update before propagation": (
        "_backward",
        "self.weights.value.T",
        "(self.weights.value - 0.1 * self.weights.gradient).T",
    ),
}
ACTIVATION = {
    "sign": "-gradient * slope",
    "missing slope": "gradient",
    "transposed": "gradient * slope.T",
}
SLOPES = {
    "ReLU, slope of an earlier batch": (ReLU, "(z > 0,)", f"({FIRST.format('z')} > 0,)"),
    "Sigmoid, slope at the output": (Sigmoid, "(s * (1 - s),)", "(sigmoid_derivative(s),)"),
    "Sigmoid, slope of an earlier batch": (Sigmoid, "(s * (1 - s),)", f"({FIRST.format('s')} * (1 - s),)"),
    "Tanh, slope at the output": (Tanh, "(1 - outputs**2,)", "(tanh_derivative(outputs),)"),
    "Tanh, slope of an earlier batch": (Tanh, "(1 - outputs**2,)", f"(1 - {FIRST.format('outputs')}**2,)"),
    "GELU, slope at the output": (GELU, "(slope,)", "(gelu_and_slope(outputs)[1],)"),
    "GELU, slope of an earlier batch": (GELU, "(slope,)", f"({FIRST.format('slope')},)"),
}
GELU_MISTAKES = {
    "missing 3 of the cube": (activations, "gelu_and_slope", "6 * 0.044715", "2 * 0.044715"),
    "missing 2": (activations, "gelu_and_slope", "slope += 2 * _GELU_SCALE", "slope += _GELU_SCALE"),
    "missing 1 − Φ": (activations, "gelu_and_slope", "slope *= 1 - phi", ""),
    "missing Φ": (activations, "gelu_and_slope", "slope += phi", ""),
    "missing z": (activations, "gelu_and_slope", "slope *= output", "slope *= phi"),
}
LAYER_NORM = {
    "gain: sign": ("_backward", "self.gain.gradient +=", "self.gain.gradient -="),
    "gain: without what is normalized": ("_backward", "column_sum(gradient * x_hat)", "column_sum(gradient)"),
    "gain: a mean for the sum": (
        "_backward",
        "column_sum(gradient * x_hat)",
        "column_sum(gradient * x_hat) / len(gradient)",
    ),
    "bias: sign": ("_backward", "self.bias.gradient +=", "self.bias.gradient -="),
    "bias: with what is normalized": ("_backward", "column_sum(gradient)", "column_sum(gradient * x_hat)"),
    "inputs: missing gain": ("_backward", "x_gradient = gradient * self.gain.value", "x_gradient = gradient.copy()"),
    "inputs: the mean counts as constant": ("_backward", "x_gradient -= row_mean(x_gradient)", ""),
    "inputs: the variance counts as constant": (
        "_backward",
        "x_gradient -= x_hat * (row_dot(x_gradient, x_hat) / x_hat.shape[1])",
        "",
    ),
    "inputs: sign of the variance's part": ("_backward", "x_gradient -= x_hat *", "x_gradient += x_hat *"),
    "inputs: the outputs' slopes for those of what is normalized, in the mean": (
        "_backward",
        "row_mean(x_gradient)",
        "row_mean(gradient)",
    ),
    "inputs: the outputs' slopes for those of what is normalized, in the variance": (
        "_backward",
        "row_dot(x_gradient, x_hat)",
        "row_dot(gradient, x_hat)",
    ),
    "inputs: missing size": ("_backward", "return x_gradient * inverse_std", "return x_gradient"),
    "inputs: divided for multiplied": ("_backward", "x_gradient * inverse_std", "x_gradient / inverse_std"),
    "normalized inputs of an earlier batch": (
        "_forward",
        "(x_hat, inverse_std)",
        f"({FIRST.format('x_hat')}, inverse_std)",
    ),
    "sizes of an earlier batch": ("_forward", "(x_hat, inverse_std)", f"(x_hat, {FIRST.format('inverse_std')})"),
}
EMBEDDING = {
    "sign": (Embedding, "_backward", "tokens, gradient)", "tokens, -gradient)"),
    "tokens of an earlier batch": (Embedding, "_forward", "(tokens,)", f"({FIRST.format('tokens')},)"),
    "only one of equal tokens": (
        embedding,
        "add_rows",
        "np.add.reduceat(rows(x)[order], starts, axis=0)",
        "rows(x)[order][starts]",
    ),
    "rows not sorted as the tokens": (embedding, "add_rows", "rows(x)[order]", "rows(x)"),
    "the tokens in another order": (embedding, "add_rows", "to[ordered[starts]]", "to[ordered[starts][::-1]]"),
}
OVERWRITTEN = (embedding, "add_rows", "to[ordered[starts]] +=", "to[ordered[starts]] =")
RESULTS = "return query_gradient, key_gradient, value_gradient"
ATTENTION_GRADIENTS = {
    "no 1/√D": ("attention_gradients", "scale = math.sqrt(query.shape[-1])", "scale = 1"),
    "1/√T for 1/√D": ("attention_gradients", "math.sqrt(query.shape[-1])", "math.sqrt(query.shape[-2] + 1)"),
    "1/√D for the queries alone": ("attention_gradients", "@ query / scale", "@ query"),
    "1/√D for the keys alone": ("attention_gradients", "@ key / scale", "@ key"),
    "softmax over the wrong axis": (
        "attention_gradients",
        "row_dot(weights_gradient, weights)",
        "(weights_gradient * weights).sum(axis=-2, keepdims=True)",
    ),
    "softmax: what one gains, the others don't lose": (
        "attention_gradients",
        "(weights_gradient - shared)",
        "weights_gradient",
    ),
    "softmax: missing weights": (
        "attention_gradients",
        "weights * (weights_gradient - shared)",
        "weights_gradient - shared",
    ),
    "softmax: the slope of a sigmoid": (
        "attention_gradients",
        "(weights_gradient - shared)",
        "(weights_gradient * (1 - weights))",
    ),
    "values: weights transposed": (
        "attention_gradients",
        "weights.swapaxes(-1, -2) @ gradient",
        "weights @ gradient",
    ),
    "values: sign": ("attention_gradients", RESULTS, "return query_gradient, key_gradient, -value_gradient"),
    "keys: scores transposed": (
        "attention_gradients",
        "scores_gradient.swapaxes(-1, -2) @ query",
        "scores_gradient @ query",
    ),
    "keys: sign": ("attention_gradients", RESULTS, "return query_gradient, -key_gradient, value_gradient"),
    "queries: scores transposed": (
        "attention_gradients",
        "scores_gradient @ key",
        "scores_gradient.swapaxes(-1, -2) @ key",
    ),
    "queries: sign": ("attention_gradients", RESULTS, "return -query_gradient, key_gradient, value_gradient"),
    "queries and keys exchanged": (
        "attention_gradients",
        RESULTS,
        "return key_gradient, query_gradient, value_gradient",
    ),
    "keys and values exchanged": (
        "attention_gradients",
        RESULTS,
        "return query_gradient, value_gradient, key_gradient",
    ),
    "product: inputs transposed": ("_matmul_backward", "rows(x).T @ rows(gradient)", "rows(gradient).T @ rows(x)"),
    "product: the last batch alone": (
        "_matmul_backward",
        "rows(x).T @ rows(gradient)",
        "rows(x)[-4:].T @ rows(gradient)[-4:]",
    ),
    "product: a mean for the sum": ("_matmul_backward", "@ rows(gradient)", "@ rows(gradient) / len(rows(x))"),
    "product: sign": ("_matmul_backward", "W.gradient +=", "W.gradient -="),
    "product: matrix transposed": ("_matmul_backward", "W.value.T", "W.value"),
    "product: update before propagation": ("_matmul_backward", "W.value.T", "(W.value - 0.1 * W.gradient).T"),
}
BOTH_LAYERS = {
    "no slopes through the queries": (
        "_backward",
        "_matmul_backward(query_gradient, x, self.W_q)",
        "0 * _matmul_backward(query_gradient, x, self.W_q)",
    ),
    "no slopes through the keys": ("_backward", "+ _matmul_backward(key", "+ 0 * _matmul_backward(key"),
    "no slopes through the values": ("_backward", "+ _matmul_backward(value_gradient, x, self.W_v)", ""),
    "queries' slopes for the keys' matrix": ("_backward", "(key_gradient, x", "(query_gradient, x"),
    "keys' slopes for the queries' matrix": ("_backward", "(query_gradient, x", "(key_gradient, x"),
    "weights of an earlier batch": (
        "_forward",
        "value, self.last_weights)",
        f"value, {FIRST.format('self.last_weights')})",
    ),
    "queries of an earlier batch": (
        "_forward",
        "query, key, value, self",
        f"{FIRST.format('query')}, key, value, self",
    ),
    "keys of an earlier batch": ("_forward", "query, key, value, self", f"query, {FIRST.format('key')}, value, self"),
}
SELF_ATTENTION = {
    "inputs of an earlier batch": ("_forward", "(x, query,", f"({FIRST.format('x')}, query,"),
}
MULTI_HEAD_ATTENTION = {
    "the output matrix is passed by": (
        "_backward",
        "self._split_heads(_matmul_backward(gradient, joined, self.W_o))",
        "self._split_heads(gradient)",
    ),
    "the output matrix's inputs are x": ("_backward", "(gradient, joined,", "(gradient, x,"),
    "heads cut another way": (
        "_backward",
        "self._split_heads(_matmul_backward(gradient, joined, self.W_o))",
        "_matmul_backward(gradient, joined, self.W_o).reshape(attended[0].shape)",
    ),
    "heads in the reverse order": (
        "_backward",
        "self._join_heads, gradients",
        "lambda part: self._join_heads(part[:, ::-1]), gradients",
    ),
    "inputs of an earlier batch": ("_forward", "(x, joined,", f"({FIRST.format('x')}, joined,"),
    "findings of an earlier batch": ("_forward", "(x, joined,", f"(x, {FIRST.format('joined')},"),
}
FEED_FORWARD = {
    "the activation function is passed by": (
        "_backward",
        "self.activation.backward(self.down.backward(gradient))",
        "self.down.backward(gradient)",
    ),
    "the first layer is left out": ("_backward", "self.up.backward(gradient)", "gradient[..., :4]"),
    "sign": ("_backward", "return self.up", "return -self.up"),
}
BLOCK = {
    "no residual around attention": ("_backward", "return gradient + through", "return through"),
    "no residual around the feed-forward layer": (
        "_backward",
        "gradient = gradient + through",
        "gradient = through",
    ),
    "nothing through attention": ("_backward", "return gradient + through", "return gradient"),
    "nothing through the feed-forward layer": ("_backward", "gradient = gradient + through", ""),
    "no normalization before the feed-forward layer": (
        "_backward",
        "self.feed_forward_norm.backward(self.feed_forward.backward(gradient))",
        "self.feed_forward.backward(gradient)",
    ),
    "no normalization before attention": (
        "_backward",
        "self.attention_norm.backward(self.attention.backward(gradient))",
        "self.attention.backward(gradient)",
    ),
    "attention sees the slopes from before the feed-forward layer": (
        "_backward",
        "gradient = gradient + through\n    through = self.attention_norm.backward(self.attention.backward(gradient))",
        "past, gradient = gradient, gradient + through\n"
        "    through = self.attention_norm.backward(self.attention.backward(past))",
    ),
}
ROOT = {
    "the last block only": ("in reversed(self.blocks)", "in self.blocks[-1:]"),
    "no final normalization": (
        "self.final_norm.backward(matmul(gradient, self.unembedding.value))",
        "matmul(gradient, self.unembedding.value)",
    ),
    "unembedding: sign": ("self.unembedding.gradient +=", "self.unembedding.gradient -="),
    "unembedding: transposed": ("rows(gradient).T @ rows(x)", "rows(x).T @ rows(gradient)"),
    "unembedding: the last text alone": ("rows(gradient).T @ rows(x)", "gradient[-1].T @ x[-1]"),
    "unembedding: backward by its transpose": (
        "gradient, self.unembedding.value",
        "gradient, self.unembedding.value.T",
    ),
    "unembedding: no gradient": ("self.unembedding.gradient += rows(gradient).T @ rows(x)", ""),
    "embedding: no gradient": (
        "self.token_embedding.backward(self.positions.backward(gradient))",
        "self.positions.backward(gradient)",
    ),
    "embedding: the gradient of another text": ("backward(gradient))", "backward(gradient)[::-1])"),
}
POSITIONS = {
    "no gradient": ("self.weights.gradient[places] += gradient.reshape(-1, t, c).sum(axis=0)", ""),
    "sign": ("self.weights.gradient[places] +=", "self.weights.gradient[places] -="),
    "a mean over the texts": (".sum(axis=0)", ".mean(axis=0)"),
    "the first text alone": (".sum(axis=0)", "[0]"),
    "at the end of the context": ("gradient[places]", "gradient[-t:]"),
    "texts and tokens exchanged": ("gradient.reshape(-1, t, c).sum(axis=0)", "gradient.reshape(t, -1, c).sum(axis=1)"),
    "nothing goes on to the tokens": ("return gradient", "return 0 * gradient"),
}
SQUARED_ERROR = {
    "sign": ("_backward", "return 2 * difference", "return -2 * difference"),
    "missing 2": ("_backward", "return 2 * difference", "return difference"),
    "mean over the outputs too": ("_backward", "/ len(difference)", "/ difference.size"),
    "missing rows": ("_backward", "/ len(difference)", ""),
    "transposed": ("_backward", "return 2 * difference", "return 2 * difference.T"),
    "difference of an earlier batch": ("_forward", "(difference,)", f"({FIRST.format('difference')},)"),
}
CROSS_ENTROPY = {
    "sign": ("_backward", "return gradient", "return -gradient"),
    "sign of the label": ("_backward", "-= 1", "+= 1"),
    "missing label": ("_backward", "-= 1", "-= 0"),
    "missing rows": ("_backward", "(sums * len(labels))", "sums"),
    "missing rows at the label": ("_backward", "-= 1 / len(labels)", "-= 1"),
    "transposed": ("_backward", "return gradient", "return gradient.T"),
    "exponentials for probabilities": ("_backward", "(sums * len(labels))", "(0 * sums + len(labels))"),
    "logarithms for exponentials": ("_forward", "(labels, e, sums, shape)", "(labels, np.log(e), sums, shape)"),
    "probabilities of an earlier batch": (
        "_forward",
        "(labels, e, sums, shape)",
        f"(labels, {FIRST.format('e')}, sums, shape)",
    ),
}
NEURON = {
    "weights: sign": ("backward", "self.weights -= learning_rate", "self.weights += learning_rate"),
    "weights: missing factor": ("gradients", "self.last_input.T @ dC_dz", "self.last_input.T @ dC_dz / len(dC_dz)"),
    "weights: inputs transposed": ("gradients", "self.last_input.T @ dC_dz", "self.last_input @ dC_dz"),
    "weights: inputs of an earlier batch": (
        "gradients",
        "self.last_input.T",
        f"{FIRST.format('self.last_input')}.T",
    ),
    "bias: sign": ("backward", "self.bias -= learning_rate", "self.bias += learning_rate"),
    "bias: missing factor": ("gradients", "dC_dz.sum(", "dC_dz.mean("),
    "missing slope of the activation": ("gradients", "dC_da * derivative(self.last_pre_activation)", "dC_da"),
    "slope at the output": ("gradients", "derivative(self.last_pre_activation)", "derivative(self.last_output)"),
    "slope of an earlier batch": (
        "gradients",
        "derivative(self.last_pre_activation)",
        f"derivative({FIRST.format('self.last_pre_activation')})",
    ),
    "inputs: sign": ("gradients", "dC_dinputs = dC_dz @", "dC_dinputs = -dC_dz @"),
    "inputs: update before propagation": (
        "gradients",
        "dC_dz @ self.weights.T",
        "dC_dz @ (self.weights - dC_dw).T",
    ),
}
LAYER = {
    "sign": ("backward", "output_gradient[:, [i]]", "-output_gradient[:, [i]]"),
    "missing factor": ("backward", "np.sum(gradients, axis=0)", "np.mean(gradients, axis=0)"),
    "transposed": ("backward", "output_gradient[:, [i]]", "output_gradient[[i], :].T"),
    "the first neuron's column for all": ("backward", "output_gradient[:, [i]]", "output_gradient[:, [0]]"),
    "columns of an earlier batch": (
        "backward",
        "output_gradient[:, [i]]",
        f"{FIRST.format('output_gradient')}[:, [i]]",
    ),
    "update before propagation": (
        "backward",
        "np.sum(gradients, axis=0)",
        "output_gradient @ np.hstack([neuron.weights for neuron in self.neurons]).T",
    ),
}
MODEL = {
    "the first layer is left out": ("_backward", "reversed(self.layers)", "reversed(self.layers[1:])"),
    "the layers go back in the order in which they went": ("_backward", "reversed(self.layers)", "self.layers"),
}


def mistakes():
    """(name, (owner, function, old, new), the check that must convict it)"""
    for name, place in LINEAR.items():
        yield f"Linear, {name}", (Linear, *place), lambda: check_a_model(Tanh, SquaredError)
    for layer in (ReLU, Sigmoid, Tanh, GELU):
        for name, wrong in ACTIVATION.items():
            place = (activations._ActivationLayer, "_backward", "gradient * slope", wrong)
            yield f"{layer.__name__}, {name}", place, lambda layer=layer: check_a_model(layer, SquaredError)
    for name, (layer, *place) in SLOPES.items():
        yield name, (layer, "_forward", *place), lambda layer=layer: check_a_model(layer, SquaredError)
    for name, place in GELU_MISTAKES.items():
        yield f"GELU, {name}", place, lambda: check_a_model(GELU, SquaredError)
    for name, place in LAYER_NORM.items():
        yield f"LayerNorm, {name}", (LayerNorm, *place), PARTS["LayerNorm"]
    over_channels = (
        normalization,
        "column_sum",
        "np.ones(len(flat), x.dtype) @ flat",
        "flat @ np.ones(len(flat), x.dtype)",
    )
    yield "LayerNorm, gain and bias: over the channels", over_channels, PARTS["LayerNorm"]
    for name, place in EMBEDDING.items():
        yield f"Embedding, {name}", place, PARTS["Embedding"]
    for layer in (SelfAttention, MultiHeadAttention):
        for name, place in ATTENTION_GRADIENTS.items():
            yield f"{name}, in {layer.__name__}", (attention, *place), PARTS[layer.__name__]
        for name, place in BOTH_LAYERS.items():
            yield f"{layer.__name__}, {name}", (layer, *place), PARTS[layer.__name__]
    for name, place in SELF_ATTENTION.items():
        yield f"SelfAttention, {name}", (SelfAttention, *place), PARTS["SelfAttention"]
    for name, place in MULTI_HEAD_ATTENTION.items():
        yield f"MultiHeadAttention, {name}", (MultiHeadAttention, *place), PARTS["MultiHeadAttention"]
    for name, place in FEED_FORWARD.items():
        yield f"FeedForward, {name}", (FeedForward, *place), PARTS["FeedForward"]
    for name, place in BLOCK.items():
        yield f"TransformerBlock, {name}", (TransformerBlock, *place), PARTS["TransformerBlock"]
    for variant in ("GPT", "GPT, sinusoidal, relu"):
        for name, place in ROOT.items():
            yield f"{variant}, {name}", (GPT, "_backward", *place), PARTS[variant]
    for name, place in POSITIONS.items():
        yield f"LearnedPositions, {name}", (LearnedPositions, "_backward", *place), PARTS["LearnedPositions"]
    for name in ("unembedding: no gradient", "embedding: no gradient"):
        yield f"GPT, tied: {name}", (GPT, "_backward", *ROOT[name]), PARTS["GPT, tied"]
    yield "GPT, tied: the embedding's part overwrites the other", OVERWRITTEN, PARTS["GPT, tied"]
    yield "GPT, embeddings of an earlier batch", (GPT, "_forward", "(x,)", f"({FIRST.format('x')},)"), PARTS["GPT"]
    for name, place in SQUARED_ERROR.items():
        yield f"SquaredError, {name}", (SquaredError, *place), lambda: check_a_model(Tanh, SquaredError)
    for name, place in CROSS_ENTROPY.items():
        yield f"CrossEntropy, {name}", (CrossEntropy, *place), lambda: check_a_model(Tanh, CrossEntropy)
    for name, place in NEURON.items():
        yield f"Neuron, {name}", (Neuron, *place), lambda: check_a_network("sigmoid")
    for name, place in LAYER.items():
        yield f"Layer, {name}", (Layer, *place), lambda: check_a_network("identity")
    for name, place in MODEL.items():
        yield f"Sequential, {name}", (Sequential, *place), lambda: check_a_model(Tanh, SquaredError)


@pytest.mark.parametrize(("place", "check"), [pytest.param(place, check, id=name) for name, place, check in mistakes()])
def test_a_mistake_planted_in_any_backward_is_convicted(place, check, plant):
    plant(*place)
    with pytest.raises(GradientError):
        check()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "check",
    [
        *(
            lambda seed, layer=layer, loss=loss: check_a_model(layer, loss, seed)
            for layer in LAYERS
            for loss in (SquaredError, CrossEntropy)
        ),
        *(
            lambda seed, activation=activation: check_a_network(activation, seed)
            for activation in ("sigmoid", "identity", "tanh")
        ),
        *PARTS.values(),
    ],
)
def test_without_one_nothing_is_convicted(check, seed):
    check(seed)
