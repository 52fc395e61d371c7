import math
import re

import numpy as np
import pytest

from scratchml import Linear, Parameter, ReLU, Sequential, check_gradients

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

SHAPES = [(3,), (1, 3), (4, 3), (2, 4, 3), (2, 1, 5, 3)]


def random_linear(inputs=3, outputs=2, *, seed=0):
    layer = Linear(inputs, outputs, rng=seed)
    layer.bias.value = np.random.default_rng([seed, 1]).normal(size=outputs)
    return layer


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, 2]).normal(size=shape)


class TestForward:
    def test_it_adds_up_the_weighted_inputs_of_each_output_and_its_bias(self):
        layer = Linear(3, 2, rng=0)
        layer.weights.value, layer.bias.value = [[1, 4], [-2, 5], [0.5, 6]], [0.25, -1]
        np.testing.assert_array_equal(layer.forward([[1, 2, 4], [0, 1, 0]]), [[-0.75, 37], [-1.75, 4]])

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_it_works_on_the_last_axis_of_any_shape(self, shape):
        layer, x = random_linear(), numbers(*shape)
        outputs = layer.forward(x)
        assert outputs.shape == (*shape[:-1], 2)
        for index in np.ndindex(*shape[:-1]):
            np.testing.assert_allclose(outputs[index], layer.weights.value.T @ x[index] + layer.bias.value, rtol=1e-12)

    @pytest.mark.parametrize(
        ("x", "got"),
        [
            (np.ones((4, 2)), "(4, 2)"),
            ([1, 2], "(2,)"),
            (np.ones((3, 4)), "(3, 4)"),
            (5.0, "()"),
            (np.ones((2, 3, 1)), "(2, 3, 1)"),
        ],
    )
    def test_another_width_is_refused(self, x, got):
        with pytest.raises(ValueError, match=re.escape(f"x must have the shape (…, 3), got {got}")):
            random_linear().forward(x)

    @pytest.mark.parametrize("shape", [(0, 3), (0,), (2, 0, 3), (3, 0)], ids=str)
    def test_no_rows_are_refused(self, shape):
        with pytest.raises(ValueError, match=re.escape(f"x must hold at least one number, got shape {shape}")):
            random_linear().forward(np.ones(shape))


class TestBackward:
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize("outputs", [1, 2, 5])
    def test_the_gradients_are_slopes(self, shape, outputs):
        layer, x, slopes = random_linear(3, outputs), numbers(*shape), numbers(*shape[:-1], outputs, seed=1)
        layer.forward(x)
        gradients = {"x": layer.backward(slopes), "weights": layer.weights.gradient, "bias": layer.bias.gradient}
        parameters = {"x": x, "weights": layer.weights.value, "bias": layer.bias.value}
        check_gradients(lambda: float((layer.forward(x) * slopes).sum()), parameters, gradients)

    def test_backward_worked_out_by_hand(self):
        layer = Linear(2, 1, rng=0)
        layer.weights.value = [[3], [4]]
        layer.forward([[1, 2], [5, 6]])
        np.testing.assert_array_equal(layer.backward([[1], [-1]]), [[3, 4], [-3, -4]])
        np.testing.assert_array_equal(layer.weights.gradient, [[1 - 5], [2 - 6]])
        np.testing.assert_array_equal(layer.bias.gradient, [0])

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_backward_to_parameters_gives_the_same_gradients_for_any_shape(self, shape):
        layer, other = random_linear(), random_linear()
        slopes = numbers(*shape[:-1], 2)
        layer.forward(numbers(*shape)), other.forward(numbers(*shape))
        layer.backward(slopes)
        assert other.backward_to_parameters(slopes) is None
        np.testing.assert_array_equal(other.weights.gradient, layer.weights.gradient)
        np.testing.assert_array_equal(other.bias.gradient, layer.bias.gradient)

    def test_a_layer_adds_to_the_gradients_and_nothing_but_an_optimizer_forgets_them(self):
        layer = random_linear()
        for times in (1, 2, 3):
            layer.forward(numbers(4, 3))
            layer.backward(np.ones((4, 2)))
            np.testing.assert_allclose(
                layer.weights.gradient, times * numbers(4, 3).sum(axis=0)[:, np.newaxis] * [1, 1], rtol=1e-12
            )
            np.testing.assert_array_equal(layer.bias.gradient, [4 * times] * 2)


class TestFirstWeights:
    @pytest.mark.parametrize(("initialization", "scale"), [("he", math.sqrt(2)), ("xavier", 1)])
    @pytest.mark.parametrize(("inputs", "outputs"), [(400, 100), (100, 400), (50, 900), (20_000, 1)])
    def test_their_standard_deviation_depends_on_the_number_of_inputs(self, initialization, scale, inputs, outputs):
        layer = Linear(inputs, outputs, rng=0, initialization=initialization)
        assert layer.weights.value.shape == (inputs, outputs)
        assert layer.weights.value.std() == pytest.approx(scale / math.sqrt(inputs), rel=0.03)
        assert layer.weights.value.mean() == pytest.approx(0, abs=0.03 / math.sqrt(inputs))

    @pytest.mark.parametrize("initialization", [0.25, 3, 0, np.float32(0.5)])
    def test_or_is_a_number_that_one_chooses(self, initialization):
        weights = Linear(200, 100, rng=0, initialization=initialization).weights.value
        assert weights.dtype == np.float64
        np.testing.assert_allclose(
            weights, Linear(200, 100, rng=0, initialization=1).weights.value * float(initialization), rtol=1e-12
        )
        assert Linear(200, 100, rng=0, initialization=1).weights.value.std() == pytest.approx(1, rel=0.03)

    def test_they_are_normal_numbers(self):
        w = Linear(100, 400, rng=0, initialization="xavier").weights.value.ravel() * 10
        shares = [(np.abs(w) < limit).mean() for limit in (1, 2, 3)]
        np.testing.assert_allclose(shares, [0.6827, 0.9545, 0.9973], atol=0.01)

    def test_he_is_the_default_and_biases_start_at_0(self):
        layer = Linear(5, 4, rng=3)
        np.testing.assert_array_equal(layer.weights.value, Linear(5, 4, rng=3, initialization="he").weights.value)
        np.testing.assert_allclose(
            layer.weights.value, Linear(5, 4, rng=3, initialization="xavier").weights.value * math.sqrt(2)
        )
        np.testing.assert_array_equal(layer.bias.value, np.zeros(4))

    @pytest.mark.parametrize(
        ("initialization", "with_relu", "per_layer"),
        [("he", True, 1), ("xavier", False, 1), ("xavier", True, 1 / 2), ("he", False, 2)],
    )
    @pytest.mark.parametrize("seed", [0, 1])
    def test_a_signal_keeps_its_size_through_ten_layers_if_the_initialization_fits_the_activation(
        self, initialization, with_relu, per_layer, seed
    ):
        rng = np.random.default_rng(seed)
        layers = []
        for _ in range(10):
            layers += [Linear(128, 128, rng=rng, initialization=initialization), *([ReLU()] if with_relu else [])]
        signal = Sequential(*layers).forward(rng.normal(size=(100, 128)))
        assert (signal**2).mean() ** (1 / 10) == pytest.approx(per_layer, rel=0.1)

    def test_they_are_float64_until_they_are_told_otherwise_which_changes_them_by_rounding_only(self):
        layer = Linear(5, 4, rng=0)
        assert {p.value.dtype for p in layer.parameters()} == {np.dtype("float64")}
        expected = layer.weights.value.astype(np.float32)
        np.testing.assert_array_equal(layer.to("float32").weights.value, expected)
        assert layer.weights.value.dtype == layer.bias.gradient.dtype == np.float32

    def test_the_same_seed_gives_equal_layers_and_another_seed_another(self):
        weights = [Linear(3, 3, rng=rng).weights.value for rng in (1, 1, np.random.default_rng(1), 2)]
        np.testing.assert_array_equal(weights[0], weights[1])
        np.testing.assert_array_equal(weights[0], weights[2])
        assert not (weights[0] == weights[3]).any()

    def test_a_generator_handed_down_gives_siblings_that_differ(self):
        rng = np.random.default_rng(0)
        weights = [Linear(3, 3, rng=rng).weights.value for _ in range(4)]
        assert len({number for w in weights for number in w.ravel()}) == 4 * 9

    def test_there_is_no_layer_without_an_explicit_rng(self):
        with pytest.raises(TypeError, match="rng"):
            Linear(3, 3)


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        (0, 1, "num_inputs must be at least 1, got 0"),
        (1, 0, "num_outputs must be at least 1, got 0"),
        (-3, 2, "num_inputs must be at least 1, got -3"),
        (2, -1, "num_outputs must be at least 1, got -1"),
        (2.0, 2, "num_inputs must be an integer from 1 up, got 2.0"),
        (2, "3", "num_outputs must be an integer from 1 up, got '3'"),
        (True, 2, "num_inputs must be an integer from 1 up, got True"),
        (2, None, "num_outputs must be an integer from 1 up, got None"),
        (np.uint8(200), 2, "num_inputs must be an integer from 1 up, got np.uint8(200), which would wrap around"),
    ],
)
def test_sizes_that_are_no_counts_are_refused_and_a_refusal_draws_no_random_numbers(inputs, outputs, says):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=re.escape(says)):
        Linear(inputs, outputs, rng=rng)
    assert rng.integers(10**9) == np.random.default_rng(0).integers(10**9)


@pytest.mark.parametrize("initialization", ["glorot", "HE", "", None, -1, math.nan, math.inf, ["he"], True])
def test_an_initialization_that_there_is_not_is_refused_and_draws_no_random_numbers(initialization):
    rng = np.random.default_rng(0)
    says = "one of he, xavier" if isinstance(initialization, str) else "a number from 0 up"
    with pytest.raises(ValueError, match=re.escape(f"initialization must be {says}, got {initialization!r}")):
        Linear(2, 2, rng=rng, initialization=initialization)
    assert rng.integers(10**9) == np.random.default_rng(0).integers(10**9)


def test_its_parameters_are_weights_and_bias_in_this_order():
    layer = Linear(3, 2, rng=0)
    assert [name for name, _ in layer.named_parameters()] == ["weights", "bias"]
    assert all(isinstance(p, Parameter) for p in layer.parameters())
    assert [p.value.shape for p in layer.parameters()] == [(3, 2), (2,)]


def test_its_repr_shows_inputs_and_outputs():
    assert repr(Linear(64, 32, rng=0)) == "Linear(64, 32)"
