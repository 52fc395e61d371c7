import copy
import inspect
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchml
from scratchml import (
    GradientError,
    Layer,
    NeuralNetwork,
    Neuron,
    check_gradients,
    cross_entropy,
    cross_entropy_gradient,
    one_hot,
    sigmoid,
    squared_error,
    squared_error_gradient,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

ACTIVATIONS = ["relu", "identity", "sigmoid", "tanh", "gelu"]
SIZES = [[3, 1], [3, 4], [2, 3, 2], [4, 3, 5, 2], [2, 3, 3, 3, 1]]
XOR_X, XOR_Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])


def neurons_of(model):
    if isinstance(model, Neuron):
        return {"neuron": model}
    if isinstance(model, Layer):
        return {f"neurons[{i}]": neuron for i, neuron in enumerate(model.neurons)}
    return {
        f"layers[{i}].neurons[{j}]": neuron
        for i, layer in enumerate(model.layers)
        for j, neuron in enumerate(layer.neurons)
    }


def parameters_of(model):
    return {
        f"{name}.{kind}": getattr(neuron, kind)
        for name, neuron in neurons_of(model).items()
        for kind in ("weights", "bias")
    }


def copied(parameters):
    return {name: array.copy() for name, array in parameters.items()}


def assert_same(parameters, expected):
    assert parameters.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(parameters[name], expected[name], err_msg=name)


def with_large_weights(model, seed):
    rng = np.random.default_rng(seed)
    for array in parameters_of(model).values():
        array[...] = rng.normal(size=array.shape)
    return model


def backward(model, gradient, learning_rate):
    for layer in reversed(model.layers) if isinstance(model, NeuralNetwork) else [model]:
        gradient = layer.backward(gradient, learning_rate)
    return gradient


def step_and_gradients(model, x, gradient_of_outputs):
    """A step of learning rate 1 moves each parameter by exactly its gradient."""
    learner = copy.deepcopy(model)
    before = copied(parameters_of(learner))
    gradients = {"inputs": backward(learner, gradient_of_outputs(learner.forward(x)), learning_rate=1)}
    for name, array in parameters_of(learner).items():
        gradients[name] = before[name] - array
    return gradients


def assert_gradients_right(make, num_inputs, rows, seed, loss, gradient):
    """`make()` gives the model; weights and inputs are drawn until no neuron is near ReLU's kink, where there is no slope, and not all are dead."""
    for attempt in range(200):
        model = with_large_weights(make(), [seed, attempt])
        x = np.random.default_rng([seed, attempt, 1]).normal(size=(rows, num_inputs))
        model.forward(x)
        nearest = min(np.abs(neuron.last_pre_activation).min() for neuron in neurons_of(model).values())
        gradients = step_and_gradients(model, x, gradient)
        if nearest > 0.001 and np.abs(gradients["inputs"]).max() > 0.01:
            break
    else:
        pytest.fail("in 200 draws no gradient reached the inputs")
    check_gradients(lambda: loss(model.forward(x)), {**parameters_of(model), "inputs": x}, gradients)


def losses(name, rows, width, seed):
    rng = np.random.default_rng(seed)
    if name == "cross-entropy":
        labels = rng.integers(0, width, rows)
        return lambda o: cross_entropy(labels, o), lambda o: cross_entropy_gradient(labels, o)
    targets = rng.normal(size=(rows, width))
    return lambda o: squared_error(targets, o), lambda o: squared_error_gradient(targets, o)


class TestForward:
    def test_a_neuron_adds_up_its_weighted_inputs_and_its_bias(self):
        neuron = Neuron(3, activation="identity")
        neuron.weights[...], neuron.bias[...] = [[1], [-2], [0.5]], 0.25
        np.testing.assert_array_equal(neuron.forward([[1, 2, 4], [0, 1, 0]]), [[-0.75], [-1.75]])

    @pytest.mark.parametrize(("bias", "activation"), [(0.5, 0.0), (2.5, 1.5)])
    def test_a_neuron_uses_relu_unless_told_otherwise(self, bias, activation):
        neuron = Neuron(2)
        neuron.weights[...], neuron.bias[...] = [[1], [-1]], bias
        assert neuron.forward([[2, 3]]).item() == activation

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_the_activation_is_applied_to_the_weighted_sum(self, activation):
        neuron = with_large_weights(Neuron(2, activation=activation), 0)
        x = np.array([[1.0, -2], [3, 0.5]])
        expected = getattr(scratchml, activation)(x @ neuron.weights + neuron.bias)
        np.testing.assert_allclose(neuron.forward(x), expected)

    def test_a_neuron_remembers_what_went_in_and_what_came_out(self):
        neuron = Neuron(2, activation="identity", rng=0)
        assert neuron.last_input is None and neuron.last_output is None
        x = np.array([[1.0, 2.0]])
        output = neuron.forward(x)
        kept = output.copy()
        x[...], output[...] = 99, 99
        np.testing.assert_array_equal(neuron.last_input, [[1, 2]])
        np.testing.assert_array_equal(neuron.last_output, kept)

    def test_a_layer_is_its_neurons_side_by_side(self):
        layer = with_large_weights(Layer(4, 3), 0)
        x = np.random.default_rng(0).normal(size=(5, 3))
        assert layer.forward(x).shape == (5, 4)
        np.testing.assert_array_equal(layer.forward(x), np.hstack([neuron.forward(x) for neuron in layer.neurons]))

    def test_a_network_is_its_layers_one_after_the_other(self):
        network = with_large_weights(NeuralNetwork([3, 4, 5, 2]), 0)
        x = np.random.default_rng(0).normal(size=(6, 3))
        first, second, third = network.layers
        np.testing.assert_array_equal(network.forward(x), third.forward(second.forward(first.forward(x))))

    def test_a_network_worked_out_by_hand(self):
        network = NeuralNetwork([2, 2, 1], output_activation="identity")
        (top, bottom), (output,) = (layer.neurons for layer in network.layers)
        top.weights[...], top.bias[...] = [[1], [1]], 0
        bottom.weights[...], bottom.bias[...] = [[1], [1]], -1
        output.weights[...], output.bias[...] = [[1], [-2]], 0
        np.testing.assert_array_equal(network.forward(XOR_X), XOR_Y)

    def test_layer_sizes_are_inputs_hidden_neurons_outputs(self):
        network = NeuralNetwork([4, 3, 2])
        assert [len(layer.neurons) for layer in network.layers] == [3, 2]
        assert [{neuron.weights.shape for neuron in layer.neurons} for layer in network.layers] == [{(4, 1)}, {(3, 1)}]
        assert {neuron.bias.shape for layer in network.layers for neuron in layer.neurons} == {(1, 1)}

    def test_only_the_output_layer_has_the_output_activation(self):
        network = NeuralNetwork([2, 3, 3, 2], output_activation="sigmoid")
        assert [{neuron.activation for neuron in layer.neurons} for layer in network.layers] == [
            {"relu"},
            {"relu"},
            {"sigmoid"},
        ]
        assert {neuron.activation for neuron in neurons_of(NeuralNetwork([2, 3, 2])).values()} == {"relu"}

    @pytest.mark.parametrize("model", [Neuron(2, rng=0), Layer(3, 2, rng=0), NeuralNetwork([2, 3, 2], rng=0)])
    def test_a_single_row_may_come_without_its_brackets(self, model):
        np.testing.assert_array_equal(model.forward([1, 2]), model.forward([[1, 2]]))
        assert model.forward([1, 2]).ndim == 2

    @pytest.mark.parametrize("dtype", [int, np.float32, np.uint8, bool])
    def test_inputs_of_any_kind_count_as_float64(self, dtype):
        network = NeuralNetwork([2, 3, 2], rng=0)
        x = np.array([[1, 0], [0, 1]], dtype=dtype)
        assert network.forward(x).dtype == np.float64
        np.testing.assert_array_equal(network.forward(x), network.forward(x.tolist()))
        np.testing.assert_array_equal(network.forward(x), network.forward(x.astype(np.float64)))

    def test_predict_is_forward(self):
        network = NeuralNetwork([2, 3, 2], rng=0)
        np.testing.assert_array_equal(network.predict(XOR_X), network.forward(XOR_X))

    @quick
    @given(st.integers(0, 2**32), st.integers(1, 6))
    def test_each_row_is_computed_by_itself(self, seed, rows):
        network = with_large_weights(NeuralNetwork([3, 4, 2], output_activation="tanh"), seed)
        x = np.random.default_rng(seed).normal(size=(rows, 3))
        np.testing.assert_allclose(
            network.forward(x), np.vstack([network.forward(row) for row in x]), rtol=1e-12, atol=1e-12
        )


class TestGradients:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("rows", [1, 4])
    @pytest.mark.parametrize("seed", [0, 1])
    def test_a_neurons_gradients_are_slopes(self, activation, rows, seed):
        loss, gradient = losses("squared error", rows, 1, seed)
        assert_gradients_right(lambda: Neuron(3, activation=activation), 3, rows, seed, loss, gradient)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
    @pytest.mark.parametrize("seed", [0, 1])
    def test_a_layers_gradients_are_slopes(self, activation, loss, seed):
        assert_gradients_right(lambda: Layer(4, 3, activation=activation), 3, 5, seed, *losses(loss, 5, 4, seed))

    @pytest.mark.parametrize("sizes", SIZES, ids=str)
    @pytest.mark.parametrize("output_activation", ["identity", "relu", "sigmoid"])
    @pytest.mark.parametrize(("rows", "seed"), [(1, 0), (3, 1), (5, 2)])
    def test_a_networks_gradients_are_slopes(self, sizes, output_activation, rows, seed):
        def make():
            return NeuralNetwork(sizes, output_activation=output_activation)

        assert_gradients_right(make, sizes[0], rows, seed, *losses("squared error", rows, sizes[-1], seed))

    @pytest.mark.parametrize("sizes", [[3, 4], [2, 3, 2], [4, 3, 5, 2]], ids=str)
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_classifiers_gradients_are_slopes(self, sizes, seed):
        def make():
            return NeuralNetwork(sizes, output_activation="identity")

        assert_gradients_right(make, sizes[0], 4, seed, *losses("cross-entropy", 4, sizes[-1], seed))

    def test_train_takes_the_step_that_the_slopes_prescribe(self):
        network = with_large_weights(NeuralNetwork([2, 3, 2], output_activation="tanh"), 4)
        x, y = np.random.default_rng(0).normal(size=(5, 2)), np.random.default_rng(1).normal(size=(5, 2))
        trained = copy.deepcopy(network)
        trained.train(x, y, epochs=1, learning_rate=0.5, report_every=0)
        before, after = parameters_of(network), parameters_of(trained)
        check_gradients(
            lambda: squared_error(y, network.forward(x)),
            before,
            {name: (before[name] - after[name]) / 0.5 for name in before},
        )

    def test_a_smaller_learning_rate_takes_a_proportionally_smaller_step_and_returns_the_same_gradient(self):
        big, small = (
            with_large_weights(Layer(2, 3, activation="sigmoid"), 0),
            with_large_weights(Layer(2, 3, activation="sigmoid"), 0),
        )
        before = copied(parameters_of(big))
        x, gradient = np.ones((2, 3)), np.ones((2, 2))
        big.forward(x), small.forward(x)
        np.testing.assert_array_equal(big.backward(gradient, 1), small.backward(gradient, 0.1))
        for name, array in parameters_of(small).items():
            np.testing.assert_allclose(
                before[name] - array, 0.1 * (before[name] - parameters_of(big)[name]), atol=1e-14
            )

    def test_backward_worked_out_by_hand(self):
        neuron = Neuron(2, activation="identity")
        neuron.weights[...], neuron.bias[...] = [[3], [4]], 1
        neuron.forward([[1, 2], [5, 6]])
        np.testing.assert_array_equal(neuron.backward([[1], [-1]], learning_rate=0.5), [[3, 4], [-3, -4]])
        np.testing.assert_array_equal(neuron.weights, [[5], [6]])
        np.testing.assert_array_equal(neuron.bias, [[1]])

    def test_a_dead_relu_learns_nothing_and_sends_nothing_back(self):
        neuron = Neuron(2)
        neuron.weights[...], neuron.bias[...] = [[1], [1]], -10
        before = copied(parameters_of(neuron))
        neuron.forward([[1, 2]])
        np.testing.assert_array_equal(neuron.backward([[5]], learning_rate=1), [[0, 0]])
        assert_same(parameters_of(neuron), before)


class TutorialNetwork:
    """What the tutorial's code does, a layer's neurons in the columns of one matrix."""

    def __init__(self, network, *, propagate_first=False):
        self.weights = [np.hstack([neuron.weights for neuron in layer.neurons]) for layer in network.layers]
        self.biases = [np.hstack([neuron.bias for neuron in layer.neurons]) for layer in network.layers]
        self.propagate_first = propagate_first

    def forward(self, a):
        self.activations = [a]
        for weights, bias in zip(self.weights, self.biases, strict=True):
            a = np.maximum(0, a @ weights + bias)
            self.activations.append(a)
        return a

    def backward(self, gradient, learning_rate):
        for i in reversed(range(len(self.weights))):
            gradient = gradient * (self.activations[i + 1] > 0)
            old = self.weights[i]
            self.weights[i] = old - learning_rate * self.activations[i].T @ gradient
            self.biases[i] = self.biases[i] - learning_rate * gradient.sum(axis=0, keepdims=True)
            gradient = gradient @ (old if self.propagate_first else self.weights[i]).T
        return gradient

    def train(self, X, y, epochs, learning_rate, batch_size=32):
        reported = []
        for _ in range(epochs):
            total = 0
            for start in range(0, len(X), batch_size):
                targets = y[start : start + batch_size]
                outputs = self.forward(X[start : start + batch_size])
                total += np.mean((outputs - targets) ** 2) * len(targets)
                self.backward(2 * (outputs - targets) / len(targets), learning_rate)
            reported.append(total / len(X))
        return reported

    def assert_same_parameters(self, network, layers=slice(None)):
        for weights, bias, layer in list(zip(self.weights, self.biases, network.layers, strict=True))[layers]:
            np.testing.assert_allclose(
                np.hstack([neuron.weights for neuron in layer.neurons]), weights, rtol=1e-9, atol=1e-12
            )
            np.testing.assert_allclose(
                np.hstack([neuron.bias for neuron in layer.neurons]), bias, rtol=1e-9, atol=1e-12
            )


def positive_problem(rows, inputs, outputs, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 1, (rows, inputs)), rng.uniform(0, 1, (rows, outputs))


def all_relus_alive(sizes):
    network = NeuralNetwork(sizes, rng=0)
    rng = np.random.default_rng(0)
    for array in parameters_of(network).values():
        array[...] = rng.uniform(0.1, 0.6, array.shape)
    return network


class TestTheTutorialsApi:
    def test_names_and_order_of_the_arguments_are_the_tutorials(self):
        def positional(function):
            return [
                name
                for name, p in inspect.signature(function).parameters.items()
                if p.kind == p.POSITIONAL_OR_KEYWORD and name != "self"
            ]

        assert positional(Neuron.__init__) == ["num_inputs"]
        assert positional(Layer.__init__) == ["num_neurons", "num_inputs_per_neuron"]
        assert positional(NeuralNetwork.__init__) == ["layer_sizes"]
        for model in (Neuron, Layer, NeuralNetwork):
            assert positional(model.forward) == ["activations"]
        assert positional(Neuron.backward) == ["dC_da", "learning_rate"]
        assert positional(Layer.backward) == ["output_gradient", "learning_rate"]
        assert (
            positional(NeuralNetwork.mse_loss) == positional(NeuralNetwork.derivative_mse_loss) == ["y", "activations"]
        )
        assert positional(NeuralNetwork.train) == ["X", "y", "epochs", "learning_rate", "batch_size"]
        assert positional(NeuralNetwork.predict) == ["X"]
        assert inspect.signature(NeuralNetwork.train).parameters["batch_size"].default == 32

    def test_what_was_added_is_keyword_only(self):
        for function, names in (
            (Neuron.__init__, {"activation", "initialization", "rng"}),
            (Layer.__init__, {"activation", "initialization", "rng"}),
            (NeuralNetwork.__init__, {"output_activation", "initialization", "rng"}),
            (NeuralNetwork.train, {"shuffle", "report_every"}),
        ):
            assert {
                name for name, p in inspect.signature(function).parameters.items() if p.kind == p.KEYWORD_ONLY
            } == names
        with pytest.raises(TypeError):
            NeuralNetwork([2, 1]).train(XOR_X, XOR_Y, 1, 0.1, 32, True)

    def test_the_tutorials_calls_work_as_written(self, capsys):
        np_random_state = str(np.random.get_state())
        nn = NeuralNetwork([2, 4, 1])
        nn.train(XOR_X, XOR_Y, 2, 0.1, 2)
        assert nn.predict(XOR_X).shape == (4, 1)
        assert capsys.readouterr().out.count("Epoch") == 2
        assert str(np.random.get_state()) == np_random_state

    def test_weights_start_small_and_biases_at_0(self):
        neurons = neurons_of(NeuralNetwork([50, 40, 30], rng=0)).values()
        weights = np.concatenate([neuron.weights.ravel() for neuron in neurons])
        assert weights.std() == pytest.approx(0.01, rel=0.05) and weights.mean() == pytest.approx(0, abs=0.001)
        assert all((neuron.bias == 0).all() for neuron in neurons)


class TestTheDifferencesFromTheTutorial:
    @pytest.mark.parametrize("sizes", SIZES, ids=str)
    def test_none_forward(self, sizes):
        network = with_large_weights(NeuralNetwork(sizes), 0)
        x = np.random.default_rng(0).normal(size=(6, sizes[0]))
        np.testing.assert_allclose(network.forward(x), TutorialNetwork(network).forward(x), rtol=1e-12)

    @pytest.mark.parametrize("outputs", [1, 2, 5])
    def test_the_loss_adds_over_the_outputs_which_for_one_output_is_the_tutorials(self, outputs):
        x, y = positive_problem(4, 3, outputs)
        network = all_relus_alive([3, outputs])
        activations = network.forward(x)
        assert network.mse_loss(y, activations) == pytest.approx(outputs * np.mean((activations - y) ** 2))
        np.testing.assert_allclose(network.derivative_mse_loss(y, activations), 2 * (activations - y) / y.shape[0])

    @pytest.mark.parametrize("outputs", [1, 3])
    def test_the_derivative_is_the_slope_of_the_loss(self, outputs):
        _, y = positive_problem(4, 3, outputs)
        activations = np.random.default_rng(1).normal(size=y.shape)
        network = NeuralNetwork([3, outputs])
        gradient = network.derivative_mse_loss(y, activations)
        check_gradients(
            lambda: network.mse_loss(y, activations), {"activations": activations}, {"activations": gradient}
        )

    @pytest.mark.parametrize("batch_size", [1, 3, 32])
    @pytest.mark.parametrize("outputs", [1, 3])
    def test_none_in_the_steps_of_one_layer(self, outputs, batch_size):
        x, y = positive_problem(7, 2, outputs)
        network = all_relus_alive([2, outputs])
        tutorial = TutorialNetwork(network)
        tutorial.train(x, y, epochs=5, learning_rate=0.1, batch_size=batch_size)
        network.train(x, y, epochs=5, learning_rate=0.1, batch_size=batch_size, report_every=0)
        tutorial.assert_same_parameters(network)

    def test_the_first_step_of_the_last_layer_agrees_and_that_of_the_layers_before_does_not(self):
        x, y = positive_problem(4, 2, 1)
        network = all_relus_alive([2, 3, 1])
        tutorial = TutorialNetwork(network)
        tutorial.train(x, y, epochs=1, learning_rate=0.1)
        network.train(x, y, epochs=1, learning_rate=0.1, report_every=0)
        tutorial.assert_same_parameters(network, slice(1, 2))
        with pytest.raises(AssertionError):
            tutorial.assert_same_parameters(network, slice(0, 1))

    @pytest.mark.parametrize("sizes", [[2, 3, 1], [2, 3, 4, 2]], ids=str)
    def test_none_in_any_layer_once_the_tutorial_propagates_before_it_updates(self, sizes):
        x, y = positive_problem(7, 2, sizes[-1])
        network = all_relus_alive(sizes)
        tutorial = TutorialNetwork(network, propagate_first=True)
        tutorial.train(x, y, epochs=5, learning_rate=0.05, batch_size=3)
        network.train(x, y, epochs=5, learning_rate=0.05, batch_size=3, report_every=0)
        tutorial.assert_same_parameters(network)

    @pytest.mark.parametrize("make", [lambda: Neuron(3), lambda: Layer(1, 3)])
    def test_the_returned_gradient_went_through_the_old_weights(self, make):
        model = make()
        for array in parameters_of(model).values():
            array[...] = 0.5
        old = next(iter(parameters_of(model).values())).copy()
        model.forward([[1, 2, 3]])
        np.testing.assert_array_equal(model.backward([[1.0]], learning_rate=0.3), old.T)
        assert not np.array_equal(next(iter(parameters_of(model).values())), old)

    @pytest.mark.parametrize("propagate_first", [True, False])
    def test_the_gradient_check_convicts_the_tutorials_order_of_updates(self, propagate_first):
        x, y = positive_problem(4, 2, 1)
        network = all_relus_alive([2, 2, 1])
        learner, still = (TutorialNetwork(network, propagate_first=propagate_first) for _ in range(2))
        learner.train(x, y, epochs=1, learning_rate=0.1)
        weights = {f"weights of layer {i}": still.weights[i] for i in (1, 0)}
        gradients = {f"weights of layer {i}": (still.weights[i] - learner.weights[i]) / 0.1 for i in (1, 0)}
        if propagate_first:
            check_gradients(lambda: squared_error(y, still.forward(x)), weights, gradients)
        else:
            with pytest.raises(GradientError, match=r"^weights of layer 0\[\d, \d\]: "):
                check_gradients(lambda: squared_error(y, still.forward(x)), weights, gradients)

    def test_losses_print_with_four_decimals(self, capsys):
        x, y = positive_problem(5, 2, 1)
        network = all_relus_alive([2, 1])
        expected = TutorialNetwork(network).train(x, y, epochs=3, learning_rate=0.1, batch_size=2)
        network.train(x, y, 3, 0.1, 2)
        lines = capsys.readouterr().out.splitlines()
        assert lines == [f"Epoch {epoch}/3, Loss: {loss:.4f}" for epoch, loss in enumerate(expected, 1)]
        assert all(re.fullmatch(r"Epoch [123]/3, Loss: \d\.\d{4}", line) for line in lines)


class TestFirstWeights:
    @pytest.mark.parametrize("scale", [0.01, 1, 0])
    def test_they_are_as_large_as_they_are_told_to_be(self, scale):
        assert Neuron(10_000, initialization=scale, rng=0).weights.std() == pytest.approx(scale, rel=0.05)

    @pytest.mark.parametrize(("initialization", "times"), [("he", 2), ("xavier", 1)])
    def test_they_may_depend_on_the_number_of_inputs(self, initialization, times):
        network = NeuralNetwork([200, 100, 400, 50], initialization=initialization, rng=0)
        for layer, num_inputs in zip(network.layers, [200, 100, 400], strict=True):
            weights = np.hstack([neuron.weights for neuron in layer.neurons])
            assert weights.std() == pytest.approx((times / num_inputs) ** 0.5, rel=0.05)

    def test_he_keeps_the_signal_of_every_layer_at_the_size_of_the_inputs(self):
        network = NeuralNetwork([200, 100, 400, 50], initialization="he", rng=0)
        signal = np.random.default_rng(1).normal(size=(500, 200))
        for layer in network.layers:
            signal = layer.forward(signal)
            assert (signal**2).mean() == pytest.approx(1, rel=0.35)

    @pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf, "glorot", None, ["he"], True])
    @pytest.mark.parametrize(
        "make",
        [lambda **how: Neuron(2, **how), lambda **how: Layer(3, 2, **how), lambda **how: NeuralNetwork([2, 1], **how)],
    )
    def test_another_initialization_is_refused(self, make, wrong):
        with pytest.raises(ValueError, match=f"initialization must be .*got {re.escape(repr(wrong))}"):
            make(initialization=wrong)


class TestTraining:
    @pytest.mark.parametrize(
        ("report_every", "reported"), [(0, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (6, [])]
    )
    def test_report_every_chooses_the_epochs_that_print(self, report_every, reported, capsys):
        NeuralNetwork([2, 1], rng=0).train(XOR_X, XOR_Y, 5, 0.1, report_every=report_every)
        assert re.findall(r"Epoch (\d+)/5, ", capsys.readouterr().out) == [str(epoch) for epoch in reported]

    def test_reporting_does_not_change_what_is_learned(self, capsys):
        loud, quiet = NeuralNetwork([2, 3, 1], rng=0), NeuralNetwork([2, 3, 1], rng=0)
        loud.train(XOR_X, XOR_Y, 5, 0.1, shuffle=True)
        quiet.train(XOR_X, XOR_Y, 5, 0.1, shuffle=True, report_every=0)
        assert_same(parameters_of(loud), parameters_of(quiet))

    @pytest.mark.parametrize("shuffle", [False, True])
    @pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
    def test_the_printed_loss_is_the_mean_over_all_rows_whatever_the_batches(self, batch_size, shuffle, capsys):
        x, y = positive_problem(7, 2, 3)
        y[3] *= 5
        network = all_relus_alive([2, 4, 3])
        expected = network.mse_loss(y, network.forward(x))
        network.train(x, y, 1, 1e-12, batch_size, shuffle=shuffle)
        assert capsys.readouterr().out == f"Epoch 1/1, Loss: {expected:.4f}\n"

    def test_shuffling_visits_every_row_once_an_epoch_in_a_new_order_each_time(self):
        class Recording(NeuralNetwork):
            def forward(self, activations):
                seen.extend(np.ravel(activations).tolist())
                return super().forward(activations)

        rows = np.arange(1.0, 21.0)[:, np.newaxis]
        orders = {}
        for shuffle in (False, True):
            seen = []
            Recording([1, 1], rng=0).train(rows, rows, 3, 1e-6, 6, shuffle=shuffle, report_every=0)
            orders[shuffle] = [seen[-60:-40], seen[-40:-20], seen[-20:]]
        for order in orders[True]:
            assert sorted(order) == rows.ravel().tolist()
        assert len({tuple(order) for order in [*orders[True], rows.ravel()]}) == 4
        assert orders[False] == [rows.ravel().tolist()] * 3

    def test_a_row_keeps_its_target_when_the_rows_are_shuffled(self):
        x = np.eye(6)
        y = np.arange(6.0)[:, np.newaxis]
        network = NeuralNetwork([6, 1], output_activation="identity", rng=0)
        network.train(x, y, 400, 0.3, 2, shuffle=True, report_every=0)
        np.testing.assert_allclose(network.predict(x), y, atol=0.01)

    def test_a_linear_output_learns_negative_targets_and_relu_cannot(self):
        x = np.random.default_rng(0).normal(size=(100, 2))
        y = x[:, [0]] - x[:, [1]]
        loss = {}
        for output_activation in ("identity", "relu"):
            network = NeuralNetwork([2, 8, 1], output_activation=output_activation, rng=0)
            network.train(x, y, 100, 0.1, shuffle=True, report_every=0)
            loss[output_activation] = network.mse_loss(y, network.predict(x))
        assert loss["identity"] < 0.05
        assert loss["relu"] > 0.5

    @pytest.mark.parametrize("seed", [0, 1, 3, 6, 10, 11, 15, 19, 27, 51, 63, 66, 87])
    def test_numbers_that_become_too_large_end_the_training_and_numpy_does_not_warn(self, seed, capsys):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
        activation, sizes = ACTIVATIONS[seed % 5], [[3, 4, 4, 2], [3, 2], [3, 4, 2]][seed % 3]
        network = NeuralNetwork(
            sizes, output_activation=activation, initialization=[0.5, 0.01, "he"][seed % 3], rng=seed
        )
        try:
            network.train(x, y, 40, [1.8, 50.0, 1e30, 1e120][seed % 4], 3)
        except FloatingPointError as error:
            assert re.match("the (loss|weighted sum|gradient) (is inf|went beyond the range of numbers)", str(error))
        else:  # a sigmoid doesn't grow, and a ReLU may die first
            assert all(np.isfinite(array).all() for array in parameters_of(network).values())
        assert "nan" not in capsys.readouterr().out

    def test_it_does_diverge_where_the_learning_rate_is_too_high(self):
        network = NeuralNetwork([2, 3, 1], output_activation="identity", initialization=0.5, rng=0)
        x = np.random.default_rng(0).normal(size=(8, 2))
        with pytest.raises(FloatingPointError):
            network.train(x, x[:, :1], 300, 5.0, report_every=0)

    def test_0_epochs_teach_nothing(self, capsys):
        network = NeuralNetwork([2, 1], rng=0)
        before = copied(parameters_of(network))
        network.train(XOR_X, XOR_Y, 0, 0.1)
        assert_same(parameters_of(network), before)
        assert capsys.readouterr().out == ""

    def test_lists_and_integers_teach_what_arrays_of_floats_teach(self):
        networks = [NeuralNetwork([2, 3, 1], rng=0) for _ in range(3)]
        for network, kind in zip(networks, (np.float64, int, list), strict=True):
            x, y = (
                (XOR_X.astype(int).tolist(), XOR_Y.astype(int).tolist())
                if kind is list
                else (XOR_X.astype(kind), XOR_Y.astype(kind))
            )
            network.train(x, y, 3, 0.1, report_every=0)
        assert_same(parameters_of(networks[1]), parameters_of(networks[0]))
        assert_same(parameters_of(networks[2]), parameters_of(networks[0]))


MAKERS = [
    lambda rng: Neuron(4, rng=rng),
    lambda rng: Layer(3, 4, rng=rng),
    lambda rng: NeuralNetwork([4, 3, 2], rng=rng),
]


class TestReproducibility:
    @pytest.mark.parametrize("make", MAKERS)
    def test_the_same_seed_gives_the_same_weights_and_another_seed_others(self, make):
        assert_same(parameters_of(make(1)), parameters_of(make(1)))
        assert_same(parameters_of(make(1)), parameters_of(make(np.random.default_rng(1))))
        for other in (2, None):
            first, second = parameters_of(make(1)), parameters_of(make(other))
            assert all(not np.array_equal(first[name], second[name]) for name in first if name.endswith("weights"))

    @pytest.mark.parametrize("make", MAKERS)
    def test_one_generator_goes_on_and_gives_the_next_model_other_weights(self, make):
        rng = np.random.default_rng(1)
        first, second = parameters_of(make(rng)), parameters_of(make(rng))
        assert all(not np.array_equal(first[name], second[name]) for name in first if name.endswith("weights"))

    @pytest.mark.parametrize("rng", [0, None, np.random.default_rng(0)])
    def test_siblings_differ(self, rng):
        for model in (Layer(5, 3, rng=rng), NeuralNetwork([3, 3, 3, 3], rng=rng)):
            weights = [tuple(neuron.weights.ravel()) for neuron in neurons_of(model).values()]
            assert len(set(weights)) == len(weights)

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_the_same_seed_gives_the_same_training(self, shuffle, capsys):
        trained, printed = [], []
        for seed in (0, 0, 1):
            network = NeuralNetwork([2, 3, 1], output_activation="identity", rng=seed)
            network.train(XOR_X, XOR_Y, 5, 0.1, 2, shuffle=shuffle)
            trained.append(parameters_of(network))
            printed.append(capsys.readouterr().out)
        assert_same(trained[0], trained[1])
        assert printed[0] == printed[1]
        with pytest.raises(AssertionError):
            assert_same(trained[0], trained[2])

    def test_the_seed_decides_the_shuffling_too(self):
        trained = []
        for seed in (0, 0, 1):
            network = with_large_weights(NeuralNetwork([2, 1], output_activation="identity", rng=seed), 0)
            network.train(
                np.arange(20.0).reshape(10, 2) / 20, np.ones((10, 1)), 1, 0.1, 1, shuffle=True, report_every=0
            )
            trained.append(parameters_of(network))
        assert_same(trained[0], trained[1])
        with pytest.raises(AssertionError):
            assert_same(trained[0], trained[2])

    def test_numpys_global_randomness_is_neither_used_nor_changed(self):
        kept = np.random.get_state()
        try:
            weights = []
            for seed in (1, 2):
                np.random.seed(seed)
                before = str(np.random.get_state())
                network = NeuralNetwork([2, 3, 1], rng=0)
                NeuralNetwork([2, 3, 1])
                network.train(XOR_X, XOR_Y, 2, 0.1, shuffle=True, report_every=0)
                network.predict(XOR_X)
                assert str(np.random.get_state()) == before
                weights.append(copied(parameters_of(network)))
            assert_same(*weights)
        finally:
            np.random.set_state(kept)


MODELS = {
    **{
        f"Neuron {activation}": (lambda activation=activation: Neuron(2, activation=activation, rng=0))
        for activation in ACTIVATIONS
    },
    "Layer of one": lambda: Layer(1, 2, activation="identity", rng=0),
    "Layer": lambda: Layer(3, 2, rng=0),
    "NeuralNetwork": lambda: NeuralNetwork([2, 3, 1], output_activation="identity", rng=0),
}


class TestFreshness:
    @pytest.mark.parametrize("name", MODELS)
    def test_a_second_forward_leaves_the_first_result_alone(self, name):
        model = with_large_weights(MODELS[name](), 0)
        a = model.forward(XOR_X)
        kept = a.copy()
        b = model.forward(XOR_X + 1)
        np.testing.assert_array_equal(a, kept)
        assert not np.array_equal(a, b)
        model.forward(XOR_X[:2])
        np.testing.assert_array_equal(a, kept)

    @pytest.mark.parametrize("name", MODELS)
    def test_a_backward_leaves_earlier_results_and_its_input_alone(self, name):
        model = with_large_weights(MODELS[name](), 0)
        outputs = model.forward(XOR_X)
        kept_outputs = outputs.copy()
        gradient = np.ones_like(outputs)
        returned = backward(model, gradient, 0.1)
        kept = returned.copy()
        model.forward(XOR_X)
        backward(model, 3 * gradient, 0.1)
        np.testing.assert_array_equal(returned, kept)
        np.testing.assert_array_equal(outputs, kept_outputs)
        np.testing.assert_array_equal(gradient, np.ones_like(outputs))

    @pytest.mark.parametrize("name", MODELS)
    def test_changing_a_result_changes_nothing_that_is_learned(self, name):
        honest, meddled = (with_large_weights(MODELS[name](), 0) for _ in range(2))
        for model in (honest, meddled):
            outputs = model.forward(XOR_X)
            gradient = np.ones_like(outputs)
            if model is meddled:
                outputs[...] = 99
            backward(model, gradient, 0.1)
        assert_same(parameters_of(meddled), parameters_of(honest))

    def test_training_and_predicting_do_not_modify_the_data(self):
        x, y = XOR_X.copy(), XOR_Y.copy()
        network = NeuralNetwork([2, 3, 1], rng=0)
        network.train(x, y, 3, 0.1, shuffle=True, report_every=0)
        network.predict(x)
        np.testing.assert_array_equal(x, XOR_X)
        np.testing.assert_array_equal(y, XOR_Y)

    def test_two_networks_share_nothing(self):
        first, second = NeuralNetwork([2, 3, 1], rng=0), NeuralNetwork([2, 3, 1], rng=0)
        before = copied(parameters_of(second))
        first.train(XOR_X, XOR_Y, 3, 0.1, report_every=0)
        assert_same(parameters_of(second), before)


def put(array, index, value):
    array = array.copy()
    array[index] = value
    return array


REFUSED_TRAINING = {
    "wrong width": ({"X": np.ones((4, 3))}, ["(rows, 2)", "got (4, 3)"]),
    "empty batch": ({"X": np.ones((0, 2)), "y": np.ones((0, 1))}, ["at least one row", "got (0, 2)"]),
    "one row without brackets": ({"X": np.ones(2)}, ["(rows, inputs)", "got (2,)"]),
    "too many dimensions": ({"X": np.ones((4, 2, 1))}, ["(rows, inputs)", "got (4, 2, 1)"]),
    "NaN in X": ({"X": put(XOR_X, (1, 0), np.nan)}, ["inputs must be finite", "nan in row 1, column 0"]),
    "NaN in y": ({"y": put(XOR_Y, (2, 0), np.nan)}, ["targets must be finite", "nan in row 2, column 0"]),
    "infinity in X": ({"X": put(XOR_X, (3, 1), np.inf)}, ["inputs must be", "inf in row 3, column 1"]),
    "infinity in y": ({"y": put(XOR_Y, (3, 0), -np.inf)}, ["targets must be", "-inf in row 3, column 0"]),
    "a mask over X": ({"X": np.ma.masked_equal(XOR_X, 1)}, ["X must be a plain array", "masked"]),
    "a mask over y": ({"y": np.ma.masked_equal(XOR_Y, 1)}, ["y must be a plain array", "masked"]),
    "None in X": ({"X": [[0, 0], [0, 1], [1, None], [1, 1]]}, ["X must be numbers", "None"]),
    "words in y": ({"y": [["off"], ["on"], ["on"], ["off"]]}, ["y must be numbers", "'off'"]),
    "ragged X": ({"X": [[0, 0], [0, 1], [1], [1, 1]]}, ["X must be an array", "different lengths"]),
    "complex X": ({"X": XOR_X + 1j}, ["X must be numbers", "complex"]),
    "1-D targets": ({"y": XOR_Y[:, 0]}, ["(4, 1)", "got (4,)", ".reshape(-1, 1)"]),
    "too few targets": ({"y": XOR_Y[:3]}, ["(4, 1)", "got (3, 1)"]),
    "too many targets": ({"y": np.ones((5, 1))}, ["(4, 1)", "got (5, 1)"]),
    "targets too wide": ({"y": np.ones((4, 2))}, ["(4, 1)", "got (4, 2)"]),
    "targets that are too large": ({"y": XOR_Y * 1e200}, ["the loss is inf"]),
    "epochs below 0": ({"epochs": -1}, ["epochs must be at least 0, got -1"]),
    "epochs that are no integer": ({"epochs": 2.0}, ["epochs must be an integer from 0 up, got 2.0"]),
    "batch size 0": ({"batch_size": 0}, ["batch_size must be at least 1, got 0"]),
    "batch size below 0": ({"batch_size": -4}, ["batch_size must be at least 1, got -4"]),
    "batch size that is no integer": ({"batch_size": 2.5}, ["batch_size must be an integer from 1 up, got 2.5"]),
    "batch size that wraps around": ({"batch_size": np.uint8(2)}, ["batch_size must be", "use int(…)"]),
    "report_every below 0": ({"report_every": -1}, ["report_every must be at least 0, got -1"]),
    "report_every that is no integer": ({"report_every": 0.5}, ["report_every must be an integer", "got 0.5"]),
    "learning rate 0": ({"learning_rate": 0}, ["learning_rate must be a number above 0, got 0"]),
    "learning rate below 0": ({"learning_rate": -0.1}, ["learning_rate must be a number above 0, got -0.1"]),
    "learning rate NaN": ({"learning_rate": np.nan}, ["learning_rate must be a number above 0, got nan"]),
    "learning rate infinite": ({"learning_rate": np.inf}, ["learning_rate must be a number above 0, got inf"]),
    "learning rate None": ({"learning_rate": None}, ["learning_rate must be a number above 0, got None"]),
}


class TestSlopesApartFromTheStep:
    """`gradients` hands the slopes out and changes nothing; `backward` is that, and then the step."""

    MODELS = (
        partial(Neuron, 3, initialization=1.0, rng=0),
        partial(Layer, 4, 3, initialization=1.0, rng=0),
    )

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("make", MODELS)
    def test_they_are_the_slopes_and_have_the_shapes_of_what_they_belong_to(self, make, activation):
        model, x = make(activation=activation), np.random.default_rng(1).normal(size=(5, 3))
        outputs = model.forward(x)
        outward = np.random.default_rng(2).normal(size=outputs.shape)
        before = copied(parameters_of(model))
        of_weights, of_bias, of_inputs = model.gradients(outward)
        neurons = list(neurons_of(model).values())
        assert of_weights.shape == (3, len(neurons)) and of_bias.shape == (1, len(neurons))
        assert of_inputs.shape == x.shape
        assert_same(parameters_of(model), before)

        def loss():
            return float((model.forward(x) * outward).sum())

        for i, neuron in enumerate(neurons):
            check_gradients(
                loss,
                {"weights": neuron.weights, "bias": neuron.bias},
                {"weights": of_weights[:, [i]], "bias": of_bias[:, [i]]},
            )
        check_gradients(loss, {"inputs": x}, {"inputs": of_inputs})

    @pytest.mark.parametrize("make", MODELS)
    def test_backward_is_that_and_then_the_step(self, make):
        model, x = make(), np.random.default_rng(1).normal(size=(5, 3))
        outward = np.random.default_rng(2).normal(size=model.forward(x).shape)
        of_weights, of_bias, of_inputs = model.gradients(outward)
        np.testing.assert_array_equal(model.gradients(outward)[0], of_weights)
        before = [(neuron.weights.copy(), neuron.bias.copy()) for neuron in neurons_of(model).values()]
        np.testing.assert_array_equal(model.backward(outward, 0.1), of_inputs)
        for i, (neuron, (weights, bias)) in enumerate(zip(neurons_of(model).values(), before, strict=True)):
            np.testing.assert_array_equal(neuron.weights, weights - 0.1 * of_weights[:, [i]])
            np.testing.assert_array_equal(neuron.bias, bias - 0.1 * of_bias[:, [i]])
        with pytest.raises(ValueError, match="call forward first"):
            model.gradients(outward)


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED_TRAINING)
    def test_a_refused_training_says_what_came_and_what_was_expected_and_loses_nothing(self, name, capsys):
        wrong, says = REFUSED_TRAINING[name]
        network, untouched = (NeuralNetwork([2, 3, 1], output_activation="identity", rng=0) for _ in range(2))
        before = copied(parameters_of(network))
        settings = {"X": XOR_X, "y": XOR_Y, "epochs": 2, "learning_rate": 0.1, "batch_size": 3, "shuffle": True}
        with pytest.raises(FloatingPointError if "too large" in name else ValueError) as refused:
            network.train(**(settings | wrong))
        for part in says:
            assert part in str(refused.value)
        assert_same(parameters_of(network), before)
        assert capsys.readouterr().out == ""
        network.train(**settings)
        untouched.train(**settings)
        assert_same(parameters_of(network), parameters_of(untouched))

    @pytest.mark.parametrize(
        ("x", "says"),
        [
            (np.ones((4, 3)), ["(rows, 2)", "got (4, 3)"]),
            ([1, 2, 3], ["(rows, 2)", "got (3,)"]),
            (5, ["(rows, 2)", "got ()"]),
            (np.ones((1, 4, 2)), ["(rows, 2)", "got (1, 4, 2)"]),
            (np.ones((0, 2)), ["at least one row", "got (0, 2)"]),
            ([], ["at least one row", "got (0,)"]),
            ([[1, 2], [3, np.nan]], ["nan in row 1, column 1"]),
            ([[1, np.inf], [3, 4]], ["inf in row 0, column 1"]),
        ],
    )
    def test_a_network_refuses_inputs_that_do_not_fit(self, x, says):
        network = NeuralNetwork([2, 3, 1], rng=0)
        for function in (network.forward, network.predict):
            with pytest.raises(ValueError) as refused:
                function(x)
            for part in says:
                assert part in str(refused.value)

    @pytest.mark.parametrize("model", [Neuron(2, rng=0), Layer(3, 2, rng=0)])
    @pytest.mark.parametrize(
        ("x", "got"),
        [
            (np.ones((4, 3)), "(4, 3)"),
            ([1, 2, 3], "(3,)"),
            (5, "()"),
            (np.ones((1, 4, 2)), "(1, 4, 2)"),
            (np.ones((3, 2, 2)), "(3, 2, 2)"),  # images that weren't flattened, one of whose axes fits
            (np.ones((0, 2)), "(0, 2)"),
        ],
    )
    def test_neurons_refuse_inputs_that_do_not_fit_their_weights(self, model, x, got):
        with pytest.raises(
            ValueError, match=re.escape(f"this neuron takes (rows, 2) with at least one row, got {got}")
        ):
            model.forward(x)

    @pytest.mark.parametrize("model", [Neuron(2, rng=0), Layer(3, 2, rng=0), NeuralNetwork([2, 3, 1], rng=0)])
    @pytest.mark.parametrize(
        ("x", "says"),
        [
            ([[1, np.nan]], "inputs must be finite numbers, got nan in row 0, column 1"),
            ([[1, None]], "inputs must be numbers, got a NoneType, None"),
            ([["1", "2"]], "inputs must be numbers, got a str, '1'"),
            ([[1j, 2]], "inputs must be numbers, got an array of complex128"),
            ([[1, 2], [3]], "inputs must be an array, got rows of different lengths"),
            (np.ma.masked_equal([[1.0, -999.0]], -999), "inputs must be a plain array, got a masked one"),
        ],
    )
    def test_what_holds_no_numbers_is_refused(self, model, x, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            model.forward(x)

    @pytest.mark.parametrize("make", [partial(Neuron, 2), partial(Layer, 3, 2)])
    @pytest.mark.parametrize("x", [[[1, np.inf]], [[-np.inf, 1]], [[1, np.nan]]])
    def test_inputs_that_are_not_finite_are_refused_and_leave_no_way_back(self, make, x):
        model = make(rng=0)
        outputs = model.forward([[1, 2]])
        with pytest.raises(ValueError, match=r"^inputs must be finite numbers, got "):
            model.forward(x)
        with pytest.raises(ValueError, match="call forward first"):
            model.backward(np.ones_like(outputs), 0.1)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("make", [partial(Neuron, 2), partial(Layer, 3, 2)])
    def test_numbers_that_are_too_large_are_not_hidden_by_the_activation(self, make, activation):
        model = make(activation=activation, initialization=1e150, rng=0)
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="the weighted sum went beyond the"):
            model.forward([[1e200, 1]])

    @pytest.mark.parametrize("model", [Neuron(2, rng=0), Layer(3, 2, rng=0)])
    def test_backward_without_forward_is_refused(self, model):
        with pytest.raises(ValueError, match="call forward first"):
            model.backward(np.ones((1, len(neurons_of(model)))), 0.1)

    @pytest.mark.parametrize(
        "model", [Neuron(2, activation="identity", rng=0), Layer(3, 2, activation="identity", rng=0)]
    )
    def test_a_second_backward_is_refused_and_changes_nothing_until_the_next_forward(self, model):
        gradient = np.ones((1, len(neurons_of(model))))
        model.forward([1, 2])
        model.backward(gradient, 0.1)
        after_one = copied(parameters_of(model))
        with pytest.raises(ValueError, match="call forward first"):
            model.backward(gradient, 0.1)
        assert_same(parameters_of(model), after_one)
        model.forward([1, 2])
        model.backward(gradient, 0.1)
        assert not np.array_equal(next(iter(parameters_of(model).values())), next(iter(after_one.values())))

    @pytest.mark.parametrize(
        ("model", "gradient", "says"),
        [
            (Neuron(2, rng=0), np.ones(4), ["(4, 1)", "got (4,)"]),
            (Neuron(2, rng=0), np.ones((3, 1)), ["(4, 1)", "got (3, 1)"]),
            (Neuron(2, rng=0), np.ones((4, 2)), ["(4, 1)", "got (4, 2)"]),
            (Neuron(2, rng=0), 1.0, ["(4, 1)", "got ()"]),
            (Layer(3, 2, rng=0), np.ones((4, 2)), ["(rows, 3)", "got (4, 2)"]),
            (Layer(3, 2, rng=0), np.ones((4, 4)), ["(rows, 3)", "got (4, 4)"]),
            (Layer(3, 2, rng=0), np.ones(3), ["(rows, 3)", "got (3,)"]),
            (Layer(3, 2, rng=0), np.ones((2, 3)), ["(4, 1)", "got (2, 1)"]),
            (
                Neuron(2, rng=0),
                put(np.ones((4, 1)), (2, 0), np.nan),
                ["dC_da must be finite numbers, got nan in row 2"],
            ),
            (
                Neuron(2, rng=0),
                put(np.ones((4, 1)), (2, 0), np.inf),
                ["dC_da must be finite numbers, got inf in row 2"],
            ),
            (Neuron(2, rng=0), [[1], [1], [None], [1]], ["dC_da must be numbers, got a NoneType"]),
            # The first two neurons' columns are all right: they must not learn before the third is looked at.
            (Layer(3, 2, rng=0), put(np.ones((4, 3)), (1, 2), np.nan), ["output_gradient", "nan in row 1, column 2"]),
            (Layer(3, 2, rng=0), put(np.ones((4, 3)), (1, 2), -np.inf), ["output_gradient", "-inf in row 1, column 2"]),
            (Layer(3, 2, rng=0), [[1, 1, "1"]] * 4, ["output_gradient must be numbers, got"]),
        ],
    )
    def test_a_gradient_of_the_wrong_shape_is_refused_and_the_right_one_still_works(self, model, gradient, says):
        before = copied(parameters_of(model))
        outputs = model.forward(XOR_X)
        with pytest.raises(ValueError) as refused:
            model.backward(gradient, 0.1)
        for part in says:
            assert part in str(refused.value)
        assert_same(parameters_of(model), before)
        assert model.backward(np.ones_like(outputs), 0.1).shape == (4, 2)

    @pytest.mark.parametrize("learning_rate", [-1.0, np.nan, np.inf, None, "0.1"])
    @pytest.mark.parametrize("model", [Neuron(2, rng=0), Layer(3, 2, rng=0)])
    def test_a_learning_rate_that_is_none_is_refused_and_nothing_is_learned(self, model, learning_rate):
        before = copied(parameters_of(model))
        outputs = model.forward(XOR_X)
        with pytest.raises(
            ValueError, match=re.escape(f"learning_rate must be a number from 0 up, got {learning_rate!r}")
        ):
            model.backward(np.ones_like(outputs), learning_rate)
        assert_same(parameters_of(model), before)
        assert model.backward(np.ones_like(outputs), 0).shape == (4, 2)

    @pytest.mark.parametrize(
        "make",
        [
            lambda name: Neuron(2, activation=name),
            lambda name: Layer(2, 2, activation=name),
            lambda name: NeuralNetwork([2, 3, 1], output_activation=name),
        ],
    )
    @pytest.mark.parametrize("name", ["swish", "ReLU", "", None, ["relu"]])
    def test_an_unknown_activation_is_refused_and_the_known_ones_are_listed(self, make, name):
        with pytest.raises(ValueError) as refused:
            make(name)
        assert f"got {name!r}" in str(refused.value)
        assert all(known in str(refused.value) for known in ACTIVATIONS)

    @pytest.mark.parametrize("sizes", [[], [3]])
    def test_too_few_layer_sizes_are_refused(self, sizes):
        with pytest.raises(
            ValueError, match=re.escape(f"at least the number of inputs and the number of outputs, got {sizes}")
        ):
            NeuralNetwork(sizes)

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda: Neuron(0), "num_inputs must be at least 1, got 0"),
            (lambda: Neuron(-2), "num_inputs must be at least 1, got -2"),
            (lambda: Neuron(2.0), "num_inputs must be an integer from 1 up, got 2.0"),
            (lambda: Neuron(np.uint8(200)), "num_inputs must be an integer from 1 up, got np.uint8(200)"),
            (lambda: Layer(0, 2), "num_neurons must be at least 1, got 0"),
            (lambda: Layer(2, 0), "num_inputs must be at least 1, got 0"),
            (lambda: Layer(True, 2), "num_neurons must be an integer from 1 up, got True"),
            (lambda: NeuralNetwork([2, 0, 1]), "num_neurons must be at least 1, got 0"),
            (lambda: NeuralNetwork([0, 1]), "num_inputs must be at least 1, got 0"),
            (lambda: NeuralNetwork([2, -1]), "num_neurons must be at least 1, got -1"),
            (lambda: NeuralNetwork([2, None]), "num_neurons must be an integer from 1 up, got None"),
            (lambda: NeuralNetwork([2, 3.0, 1]), "num_neurons must be an integer from 1 up, got 3.0"),
            (lambda: NeuralNetwork(3), "layer_sizes must be a list or a tuple, got an int, 3"),
            (lambda: NeuralNetwork("32"), "layer_sizes must be a list or a tuple, got a str, '32'"),
        ],
    )
    def test_sizes_that_are_none_are_refused(self, make, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            make()


@quick
@given(st.integers(0, 2**32))
def test_a_small_step_against_the_gradient_lowers_the_loss(seed):
    rng = np.random.default_rng(seed)
    network = with_large_weights(NeuralNetwork([2, 4, 2], output_activation="sigmoid"), seed)
    x, y = rng.normal(size=(5, 2)), one_hot(rng.integers(0, 2, 5), 2)
    before = network.mse_loss(y, network.forward(x))
    network.train(x, y, 1, 1e-4, report_every=0)
    assert network.mse_loss(y, network.forward(x)) < before


def test_a_neuron_with_sigmoid_uses_the_slope_at_the_pre_activation():
    neuron = Neuron(1, activation="sigmoid")
    neuron.weights[...] = 2
    neuron.forward([[1]])
    slope = sigmoid(2.0) * (1 - sigmoid(2.0))
    np.testing.assert_allclose(neuron.backward([[1]], 1e-9), [[2 * slope]])
