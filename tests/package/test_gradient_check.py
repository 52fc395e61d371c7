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

    def forward(self, x):
        self.nearest = np.abs(x).min()
        return super().forward(x)


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
        part.zero_gradients()
        part.forward(batch, *more)
        gradients = {"x": part.backward(slopes)} | {name: p.gradient.copy() for name, p in part.named_parameters()}
    parameters = {"x": x} | {name: p.value for name, p in part.named_parameters()}
    check_gradients(lambda: float((part.forward(x, *more) * slopes).sum()), parameters, gradients)


def check_an_embedding(seed=0):
    """Tokens have no slopes; the second batch has some of them twice, and one that didn't occur in the first."""
    embedding, slopes = Embedding(4, 3, rng=seed), np.random.default_rng(seed).normal(size=(2, 3, 3))
    batches = [[0, 2, 1], [2, 2, 0]], [[2, 3, 0], [3, 2, 3]]
    for tokens in batches:
        embedding.zero_gradients()
        embedding.forward(tokens)
        embedding.backward_to_parameters(slopes)
    loss = lambda: float((embedding.forward(batches[1]) * slopes).sum())  # noqa: E731
    check_gradients(loss, {"weights": embedding.weights.value}, {"weights": embedding.weights.gradient.copy()})


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
    for batch in (batches["earlier"], batches["x"]):
        model.loss(*batch)
        model.backward()
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
LINEAR = {
    "weights: sign": ("backward_to_parameters", "self.weights.gradient += x", "self.weights.gradient -= x"),
    "weights: missing factor": ("backward_to_parameters", ".T @ rows", ".T @ rows / len(rows)"),
    "weights: inputs transposed": ("backward_to_parameters", ".T @ rows", " @ rows"),
    "weights: transposed": (
        "backward_to_parameters",
        "x.reshape(len(rows), -1).T @ rows",
        "rows.T @ x.reshape(len(rows), -1)",
    ),
    "weights: inputs of an earlier batch": (
        "forward",
        "self._keep(x, outputs)",
        "self._keep(vars(self).setdefault('first', x), outputs)",
    ),
    "weights: outputs for inputs": ("forward", "self._keep(x, outputs)", "self._keep(outputs, outputs)"),
    "bias: sign": ("backward_to_parameters", "self.bias.gradient +=", "self.bias.gradient -="),
    "bias: missing factor": ("backward_to_parameters", "rows.sum(axis=0)", "rows.mean(axis=0)"),
    "bias: transposed": ("backward_to_parameters", "rows.sum(axis=0)", "rows.sum(axis=1)"),
    "inputs: sign": ("backward", "self.weights.value.T", "-self.weights.value.T"),
    "inputs: missing factor": ("backward", "self.weights.value.T", "self.weights.value.T / 3"),
    "inputs: transposed": ("backward", "self.weights.value.T", "self.weights.value"),
    "inputs: update before propagation": (
        "backward",
        "self.weights.value.T",
        "(self.weights.value - 0.1 * self.weights.gradient).T",
    ),
}
ACTIVATION = {
    "sign": ("backward", "gradient * derivative(z)", "-gradient * derivative(z)"),
    "missing factor": ("backward", "gradient * derivative(z)", "gradient"),
    "transposed": ("backward", "gradient * derivative(z)", "gradient * derivative(z).T"),
    "slope at the output": ("backward", "derivative(z)", "derivative(ACTIVATIONS[self._name][0](z))"),
    "slope of an earlier batch": (
        "forward",
        "self._keep(z, outputs)",
        "self._keep(vars(self).setdefault('first', z), outputs)",
    ),
}
GELU_MISTAKES = {
    "sign": (GELU, "backward", "slope *= gradient", "slope *= -gradient"),
    "missing slope": (GELU, "backward", "slope *= gradient", "slope = gradient"),
    "transposed": (GELU, "backward", "slope *= gradient", "slope *= gradient.T"),
    "slope at the output": (GELU, "forward", "_gelu_slope(z, ", "_gelu_slope(outputs, "),
    "slope of an earlier batch": (
        GELU,
        "forward",
        "self._keep(_gelu_slope(z, share, outputs)",
        "self._keep(vars(self).setdefault('first', _gelu_slope(z, share, outputs))",
    ),
    "only the share": (activations, "_gelu_slope", "return slope", "return share"),
    "missing 3 of the cube": (activations, "_gelu_slope", "6 * 0.044715", "2 * 0.044715"),
    "missing 2": (activations, "_gelu_slope", "2 * _GELU_SCALE", "_GELU_SCALE"),
    "missing 1 - share": (activations, "_gelu_slope", "slope *= 1 - share", ""),
    "missing share": (activations, "_gelu_slope", "slope += share", ""),
    "missing outputs": (activations, "_gelu_slope", "slope *= outputs", "slope *= 1"),
}
LAYER_NORM = {
    "gain: sign": ("backward", "self.gain.gradient +=", "self.gain.gradient -="),
    "gain: without what is normalized": ("backward", "_column_sums(of_gain)", "_column_sums(gradient)"),
    "gain: a mean for the sum": ("backward", "_column_sums(of_gain)", "_column_sums(of_gain) / len(gradient)"),
    "bias: sign": ("backward", "self.bias.gradient +=", "self.bias.gradient -="),
    "bias: with what is normalized": ("backward", "_column_sums(gradient)", "_column_sums(of_gain)"),
    "inputs: missing gain": ("backward", "slopes = gradient * gain", "slopes = gradient.copy()"),
    "inputs: the mean counts as constant": ("backward", "slopes -= _row_means(gradient, gain)", ""),
    "inputs: the variance counts as constant": ("backward", "slopes -= normal * _row_means(of_gain, gain)", ""),
    "inputs: sign of the variance's part": ("backward", "slopes -= normal *", "slopes += normal *"),
    "inputs: the outputs' slopes for those of what is normalized, in the mean": (
        "backward",
        "_row_means(gradient, gain)",
        "_row_means(gradient, np.ones_like(gain))",
    ),
    "inputs: the outputs' slopes for those of what is normalized, in the variance": (
        "backward",
        "_row_means(of_gain, gain)",
        "_row_means(of_gain, np.ones_like(gain))",
    ),
    "inputs: missing size": ("backward", "slopes *= inverse", ""),
    "inputs: divided for multiplied": ("backward", "slopes *= inverse", "slopes /= inverse"),
    "normalized inputs of an earlier batch": (
        "forward",
        "self._keep((normal, inverse)",
        "self._keep((vars(self).setdefault('first', normal), inverse)",
    ),
    "sizes of an earlier batch": (
        "forward",
        "self._keep((normal, inverse)",
        "self._keep((normal, vars(self).setdefault('first', inverse))",
    ),
}
EMBEDDING = {
    "sign": ("backward_to_parameters", "+= sums", "-= sums"),
    "only one of equal tokens": (
        "backward_to_parameters",
        "np.add.reduceat(rows[order], starts, axis=0)",
        "rows[order][starts]",
    ),
    "rows not sorted as the tokens": ("backward_to_parameters", "rows[order]", "rows"),
    "the tokens in another order": ("backward_to_parameters", "ordered[starts]", "ordered[starts][::-1]"),
    "tokens of an earlier batch": (
        "forward",
        "self._keep(tokens, outputs)",
        "self._keep(vars(self).setdefault('first', tokens), outputs)",
    ),
}
ATTENTION_GRADIENTS = {
    "no 1/√D": ("scale = 1 / math.sqrt(query.shape[-1])", "scale = 1"),
    "1/√T for 1/√D": ("math.sqrt(query.shape[-1])", "math.sqrt(query.shape[-2] + 1)"),
    "1/√D for the queries alone": ("(query * scale)", "query"),
    "1/√D for the keys alone": ("@ key * scale", "@ key"),
    "softmax over the wrong axis": (
        "d_scores -= np.vecdot(d_weights, weights)[..., None]",
        "d_scores -= (d_weights * weights).sum(axis=-2, keepdims=True)",
    ),
    "softmax: what one gains, the others don't lose": ("d_scores -= np.vecdot(d_weights, weights)[..., None]", ""),
    "softmax: missing weights": ("d_scores *= weights", ""),
    "softmax: the slope of a sigmoid": (
        "d_scores -= np.vecdot(d_weights, weights)[..., None]",
        "d_scores *= 1 - weights",
    ),
    "values: weights transposed": ("weights.swapaxes(-1, -2) @ gradient", "weights @ gradient"),
    "values: sign": ("return d_query, d_key, d_value", "return d_query, d_key, -d_value"),
    "keys: scores transposed": ("d_scores.swapaxes(-1, -2) @ (query", "d_scores @ (query"),
    "keys: sign": ("return d_query, d_key, d_value", "return d_query, -d_key, d_value"),
    "queries: scores transposed": ("d_scores @ key * scale", "d_scores.swapaxes(-1, -2) @ key * scale"),
    "queries: sign": ("return d_query, d_key, d_value", "return -d_query, d_key, d_value"),
    "queries and keys exchanged": ("return d_query, d_key, d_value", "return d_key, d_query, d_value"),
    "keys and values exchanged": ("return d_query, d_key, d_value", "return d_query, d_value, d_key"),
}
BACKWARD_PRODUCT = {
    "inputs transposed": ("x.reshape(len(rows), -1).T @ rows", "rows.T @ x.reshape(len(rows), -1)"),
    "the last batch alone": ("x.reshape(len(rows), -1).T @ rows", "x.reshape(len(rows), -1)[-4:].T @ rows[-4:]"),
    "a mean for the sum": (".T @ rows", ".T @ rows / len(rows)"),
    "sign": ("parameter.gradient +=", "parameter.gradient -="),
    "matrix transposed": ("parameter.value.T)", "parameter.value)"),
    "update before propagation": ("parameter.value.T)", "(parameter.value - 0.1 * parameter.gradient).T)"),
}
SELF_ATTENTION = {
    "no slopes through the queries": (
        "backward",
        "_backward_product(x, self.W_q, d_query)",
        "0 * _backward_product(x, self.W_q, d_query)",
    ),
    "no slopes through the keys": (
        "backward",
        "+ _backward_product(x, self.W_k, d_key)",
        "+ 0 * _backward_product(x, self.W_k, d_key)",
    ),
    "no slopes through the values": ("backward", "+ _backward_product(x, self.W_v, d_value)", ""),
    "queries' slopes for the keys' matrix": ("backward", "self.W_k, d_key", "self.W_k, d_query"),
    "inputs of an earlier batch": ("forward", "self._keep((x,", "self._keep((vars(self).setdefault('first', x),"),
    "weights of an earlier batch": (
        "forward",
        "value, self.last_weights)",
        "value, vars(self).setdefault('first', self.last_weights))",
    ),
    "queries of an earlier batch": (
        "forward",
        "self._keep((x, query,",
        "self._keep((x, vars(self).setdefault('first', query),",
    ),
}
MULTI_HEAD_ATTENTION = {
    "no slopes through the keys": (
        "backward",
        "slopes += _backward_product(x, self.key, d_key)",
        "_backward_product(x, self.key, d_key)",
    ),
    "no slopes through the values": ("backward", "slopes += _backward_product(x, self.value, d_value)", ""),
    "keys' slopes for the queries' matrix": ("backward", "self.query, d_query", "self.query, d_key"),
    "the output matrix is passed by": (
        "backward",
        "self._split_heads(_backward_product(joined, self.output, gradient))",
        "self._split_heads(gradient)",
    ),
    "the output matrix's inputs are x": ("backward", "_backward_product(joined,", "_backward_product(x,"),
    "heads cut another way": (
        "backward",
        "self._split_heads(_backward_product(joined, self.output, gradient))",
        "_backward_product(joined, self.output, gradient).reshape(kept[0].shape)",
    ),
    "heads in the reverse order": (
        "backward",
        "map(self._join_heads, d_heads)",
        "(self._join_heads(part[:, ::-1]) for part in d_heads)",
    ),
    "inputs of an earlier batch": ("forward", "self._keep((x,", "self._keep((vars(self).setdefault('first', x),"),
    "findings of an earlier batch": (
        "forward",
        "self._keep((x, joined,",
        "self._keep((x, vars(self).setdefault('first', joined),",
    ),
    "keys of an earlier batch": (
        "forward",
        "joined, query, key,",
        "joined, query, vars(self).setdefault('first', key),",
    ),
    "weights of an earlier batch": (
        "forward",
        "value, self.last_weights)",
        "value, vars(self).setdefault('first', self.last_weights))",
    ),
}
FEED_FORWARD = {
    "the activation function is passed by": (
        "backward",
        "self.activation.backward(self.contract.backward(gradient))",
        "self.contract.backward(gradient)",
    ),
    "the first layer is left out": ("backward", "self.expand.backward(slopes)", "slopes[..., : gradient.shape[-1]]"),
    "sign": ("backward", "return self.expand", "return -self.expand"),
}
BLOCK = {
    "no residual around attention": ("backward", "return gradient + self.attention_norm", "return self.attention_norm"),
    "no residual around the feed-forward layer": (
        "backward",
        "gradient = gradient + self.feed_forward_norm",
        "gradient = self.feed_forward_norm",
    ),
    "nothing through attention": (
        "backward",
        "return gradient + self.attention_norm.backward(slopes)",
        "return gradient",
    ),
    "nothing through the feed-forward layer": (
        "backward",
        "gradient = gradient + self.feed_forward_norm.backward(slopes)",
        "self.feed_forward_norm.backward(slopes)",
    ),
    "no normalization before the feed-forward layer": ("backward", "self.feed_forward_norm.backward(slopes)", "slopes"),
    "no normalization before attention": ("backward", "self.attention_norm.backward(slopes)", "slopes"),
    "attention sees the slopes from before the feed-forward layer": (
        "backward",
        "gradient = gradient + self.feed_forward_norm.backward(slopes)\n    slopes = self.attention.backward(gradient)",
        "slopes, gradient = self.attention.backward(gradient), gradient + self.feed_forward_norm.backward(slopes)",
    ),
}
ROOT = {
    "gradients of an earlier batch are kept": ("self.zero_gradients()", ""),
    "the last block only": ("in reversed(self.blocks)", "in self.blocks[-1:]"),
    "no final normalization": ("slopes = self.final_norm.backward(slopes)", ""),
    "unembedding: sign": ("self.unembedding.gradient += rows", "self.unembedding.gradient -= rows"),
    "unembedding: transposed": ("rows.T @ x.reshape(len(rows), -1)", "x.reshape(len(rows), -1).T @ rows"),
    "unembedding: the last text alone": ("rows.T @ x.reshape(len(rows), -1)", "gradient[-1].T @ x[-1]"),
    "unembedding: backward by its transpose": (
        "gradient, self.unembedding.value",
        "gradient, self.unembedding.value.T",
    ),
    "unembedding: no gradient": ("self.unembedding.gradient += rows.T @ x.reshape(len(rows), -1)", ""),
    "embedding: no gradient": ("self.token_embedding.backward_to_parameters(slopes)", ""),
    "embedding: the gradient of another text": (
        "backward_to_parameters(slopes)",
        "backward_to_parameters(slopes[::-1])",
    ),
}
POSITIONS = {
    "no gradient": ("self.positions.gradient[:t] += slopes.reshape(-1, t, c).sum(axis=0)", "pass"),
    "a mean over the texts": (".sum(axis=0)", ".mean(axis=0)"),
    "the first text alone": (".sum(axis=0)", "[0]"),
    "at the end of the context": ("self.positions.gradient[:t]", "self.positions.gradient[-t:]"),
    "texts and tokens exchanged": ("slopes.reshape(-1, t, c).sum(axis=0)", "slopes.reshape(t, -1, c).sum(axis=1)"),
}
TIED = {
    "only the embedding's part": ("self.unembedding.gradient += rows.T @ x.reshape(len(rows), -1)", ""),
    "only the unembedding's part": ("self.token_embedding.backward_to_parameters(slopes)", ""),
    "the unembedding's part is forgotten": ("self.zero_gradients()\n    rows", "rows"),
}
SQUARED_ERROR = {
    "sign": ("backward", "return 2 * difference", "return -2 * difference"),
    "missing 2": ("backward", "return 2 * difference", "return difference"),
    "mean over the outputs too": ("backward", "/ len(difference)", "/ difference.size"),
    "missing rows": ("backward", "/ len(difference)", ""),
    "transposed": ("backward", "return 2 * difference", "return 2 * difference.T"),
    "difference of an earlier batch": (
        "backward",
        "_once(self._difference, self)",
        "vars(self).setdefault('first', _once(self._difference, self))",
    ),
}
CROSS_ENTROPY = {
    "sign": ("backward", "return gradient", "return -gradient"),
    "sign of the label": ("backward", "-= 1", "+= 1"),
    "missing label": ("backward", "-= 1", "-= 0"),
    "missing rows": ("backward", "(sums * len(labels))", "sums"),
    "missing rows at the label": ("backward", "-= 1 / len(labels)", "-= 1"),
    "transposed": ("backward", "return gradient", "return gradient.T"),
    "exponentials for probabilities": ("backward", "(sums * len(labels))", "(0 * sums + len(labels))"),
    "logarithms for exponentials": ("forward", "sums = e.sum(axis=1)", "sums = e.sum(axis=1); e = np.log(e)"),
    "probabilities of an earlier batch": (
        "backward",
        "_once(self._kept, self)",
        "vars(self).setdefault('first', _once(self._kept, self))",
    ),
}
NEURON = {
    "weights: sign": ("backward", "self.weights -= learning_rate", "self.weights += learning_rate"),
    "weights: missing factor": ("backward", "self.last_input.T @ dC_dz", "self.last_input.T @ dC_dz / len(dC_dz)"),
    "weights: inputs transposed": ("backward", "self.last_input.T @ dC_dz", "self.last_input @ dC_dz"),
    "weights: inputs of an earlier batch": (
        "forward",
        "self.last_input = inputs",
        "self.last_input = vars(self).setdefault('first', inputs)",
    ),
    "bias: sign": ("backward", "self.bias -= learning_rate", "self.bias += learning_rate"),
    "bias: missing factor": ("backward", "dC_dz.sum(", "dC_dz.mean("),
    "missing slope of the activation": ("backward", "dC_da * derivative(self.last_pre_activation)", "dC_da"),
    "slope at the output": ("backward", "derivative(self.last_pre_activation)", "derivative(self.last_output)"),
    "slope of an earlier batch": (
        "backward",
        "derivative(self.last_pre_activation)",
        "derivative(vars(self).setdefault('first', self.last_pre_activation))",
    ),
    "inputs: sign": ("backward", "dC_dinputs = dC_dz @", "dC_dinputs = -dC_dz @"),
    "inputs: update before propagation": (
        "backward",
        "dC_dz @ self.weights.T",
        "dC_dz @ (self.weights - learning_rate * dC_dw).T",
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
        "vars(self).setdefault('first', output_gradient)[:, [i]]",
    ),
    "update before propagation": (
        "backward",
        "np.sum(gradients, axis=0)",
        "output_gradient @ np.hstack([neuron.weights for neuron in self.neurons]).T",
    ),
}
MODEL = {
    "gradients of an earlier batch are kept": ("backward", "self.zero_gradients()", ""),
    "the first layer is left out": ("backward", "reversed(self.layers)", "reversed(self.layers[1:])"),
}


def mistakes():
    """(name, (owner, function, old, new), the check that must convict it)"""
    for name, place in LINEAR.items():
        yield f"Linear, {name}", (Linear, *place), lambda: check_a_model(Tanh, SquaredError)
    for layer in (ReLU, Sigmoid, Tanh):
        for name, place in ACTIVATION.items():
            if (layer, name) != (ReLU, "slope at the output"):  # no mistake: ReLU's output is positive where z is
                yield (
                    f"{layer.__name__}, {name}",
                    (activations._Activation, *place),
                    lambda layer=layer: check_a_model(layer, SquaredError),
                )
    for name, place in GELU_MISTAKES.items():
        yield f"GELU, {name}", place, lambda: check_a_model(GELU, SquaredError)
    for name, place in LAYER_NORM.items():
        yield f"LayerNorm, {name}", (LayerNorm, *place), PARTS["LayerNorm"]
    over_channels = (
        normalization,
        "_column_sums",
        "np.ones(len(rows), x.dtype) @ rows",
        "rows @ np.ones(len(rows), x.dtype)",
    )
    yield "LayerNorm, gain and bias: over the channels", over_channels, PARTS["LayerNorm"]
    for name, place in EMBEDDING.items():
        yield f"Embedding, {name}", (Embedding, *place), PARTS["Embedding"]
    for part in ("SelfAttention", "MultiHeadAttention"):
        for name, place in ATTENTION_GRADIENTS.items():
            yield f"attention_gradients in {part}, {name}", (attention, "attention_gradients", *place), PARTS[part]
        for name, place in BACKWARD_PRODUCT.items():
            yield f"product in {part}, {name}", (attention, "_backward_product", *place), PARTS[part]
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
            yield f"{variant}, {name}", (GPT, "backward_to_parameters", *place), PARTS[variant]
    for name, place in POSITIONS.items():
        yield f"GPT, positions: {name}", (GPT, "backward_to_parameters", *place), PARTS["GPT"]
    for name, place in TIED.items():
        yield f"GPT, tied: {name}", (GPT, "backward_to_parameters", *place), PARTS["GPT, tied"]
    overwritten = (
        Embedding,
        "backward_to_parameters",
        "self.weights.gradient[ordered[starts]] += sums",
        "self.weights.gradient[ordered[starts]] = sums",
    )
    yield "GPT, tied: the embedding's part overwrites the other", overwritten, PARTS["GPT, tied"]
    swallowed = (GPT, "forward", "self._keep(x, logits)", "self._keep(vars(self).setdefault('first', x), logits)")
    yield "GPT, embeddings of an earlier batch", swallowed, PARTS["GPT"]
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
