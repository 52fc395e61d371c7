import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import Linear, Parameter, ReLU, Sequential, check_gradients

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
SHAPES = [(3,), (1, 3), (4, 3), (2, 4, 3), (2, 1, 5, 3)]


def random_linear(inputs=3, outputs=2, *, seed=0, dtype=np.float64):
    layer = Linear(inputs, outputs, rng=seed, dtype=dtype)
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
        "inputs",
        [[[1, 2, 3]], np.array([[1, 2, 3]], np.uint8), np.array([[1, 2, 3]], np.float32)],
        ids=["list", "uint8", "float32"],
    )
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_inputs_of_any_kind_count_as_the_dtype_of_the_weights(self, inputs, dtype):
        layer = random_linear(dtype=dtype)
        outputs = layer.forward(inputs)
        back = layer.backward(np.ones((1, 2), dtype=np.float64))
        assert {array.dtype for array in (outputs, back, layer.weights.gradient, layer.bias.gradient)} == {
            np.dtype(dtype)
        }
        np.testing.assert_array_equal(outputs, layer.forward(np.array([[1, 2, 3]], dtype)))

    def test_a_second_forward_leaves_the_first_result_alone(self):
        layer = random_linear()
        a = layer.forward(numbers(5, 3))
        kept = a.copy()
        for rows in (5, 2, 9):
            layer.forward(numbers(rows, 3, seed=rows))
        np.testing.assert_array_equal(a, kept)

    @pytest.mark.parametrize(
        ("x", "got"),
        [
            (np.ones((4, 2)), "(4, 2)"),
            ([1, 2], "(2,)"),
            (np.ones((3, 4)), "(3, 4)"),
            (5.0, "()"),
            ([], "(0,)"),
            (np.ones((2, 3, 1)), "(2, 3, 1)"),
        ],
    )
    def test_another_width_is_refused(self, x, got):
        with pytest.raises(ValueError, match=re.escape(f"x must have the shape (…, 3), got {got}")):
            random_linear().forward(x)


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
    def test_backward_to_parameters_gives_the_same_gradients(self, shape):
        layer, other = random_linear(), random_linear()
        slopes = numbers(*shape[:-1], 2)
        layer.forward(numbers(*shape)), other.forward(numbers(*shape))
        layer.backward(slopes)
        assert other.backward_to_parameters(slopes) is None
        np.testing.assert_array_equal(other.weights.gradient, layer.weights.gradient)
        np.testing.assert_array_equal(other.bias.gradient, layer.bias.gradient)

    def test_a_layer_adds_to_the_gradients_and_the_models_root_forgets_them(self):
        layer = random_linear()
        for times in (1, 2, 3):
            layer.forward(numbers(4, 3))
            layer.backward(np.ones((4, 2)))
            np.testing.assert_allclose(
                layer.weights.gradient, times * numbers(4, 3).sum(axis=0)[:, np.newaxis] * [1, 1], rtol=1e-12
            )
            np.testing.assert_array_equal(layer.bias.gradient, [4 * times] * 2)

    @pytest.mark.parametrize("how", ["backward", "backward_to_parameters"])
    def test_it_needs_a_forward_of_its_own_each_time(self, how):
        layer = random_linear()
        for _ in range(2):
            with pytest.raises(
                ValueError, match=r"^Linear\.backward needs the numbers of a forward.*call forward first$"
            ):
                getattr(layer, how)(np.ones((4, 2)))
            layer.forward(numbers(4, 3))
            getattr(layer, how)(np.ones((4, 2)))
        np.testing.assert_array_equal(layer.bias.gradient, [8, 8])

    @pytest.mark.parametrize("shape", [(4,), (2,), (4, 1), (1, 2), (4, 3), (2, 4), (3, 2), ()], ids=str)
    def test_a_gradient_of_the_wrong_shape_is_refused_changes_nothing_and_the_right_one_still_works(self, shape):
        layer = random_linear()
        layer.forward(numbers(4, 3))
        with pytest.raises(
            ValueError,
            match=re.escape(f"Linear.backward needs a gradient with the shape of the outputs (4, 2), got {shape}"),
        ):
            layer.backward(np.ones(shape))
        assert not layer.weights.gradient.any() and not layer.bias.gradient.any()
        assert layer.backward(np.ones((4, 2))).shape == (4, 3)
        np.testing.assert_array_equal(layer.bias.gradient, [4, 4])

    def test_what_it_returns_is_fresh_and_what_it_is_given_stays(self):
        layer, slopes = random_linear(3, 3), np.ones((4, 3))
        layer.weights.value = np.eye(3)
        layer.forward(numbers(4, 3))
        first = layer.backward(slopes)
        kept = first.copy()
        assert not any(
            np.shares_memory(first, array) for array in (slopes, layer.weights.value, layer.weights.gradient)
        )
        layer.forward(numbers(4, 3))
        layer.backward(2 * slopes)
        np.testing.assert_array_equal(first, kept)
        np.testing.assert_array_equal(slopes, np.ones((4, 3)))


class TestFirstWeights:
    @pytest.mark.parametrize(("initialization", "scale"), [("he", math.sqrt(2)), ("xavier", 1)])
    @pytest.mark.parametrize(("inputs", "outputs"), [(400, 100), (100, 400), (50, 900), (20_000, 1)])
    def test_their_standard_deviation_depends_on_the_number_of_inputs(self, initialization, scale, inputs, outputs):
        layer = Linear(inputs, outputs, rng=0, initialization=initialization)
        assert layer.weights.value.shape == (inputs, outputs)
        assert layer.weights.value.std() == pytest.approx(scale / math.sqrt(inputs), rel=0.03)
        assert layer.weights.value.mean() == pytest.approx(0, abs=0.03 / math.sqrt(inputs))

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

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_they_have_the_dtype_that_was_asked_for_and_it_changes_them_by_rounding_only(self, dtype):
        layer = Linear(5, 4, rng=0, dtype=dtype)
        assert (
            {p.value.dtype for p in layer.parameters()}
            == {p.gradient.dtype for p in layer.parameters()}
            == {np.dtype(dtype)}
        )
        np.testing.assert_array_equal(layer.weights.value, Linear(5, 4, rng=0).weights.value.astype(dtype))

    def test_float64_is_the_default(self):
        assert Linear(5, 4, rng=0).weights.value.dtype == np.float64

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


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 1), (1, 0), (-3, 2), (2, -1), (0, 0)])
def test_sizes_below_1_are_refused(inputs, outputs):
    with pytest.raises(ValueError, match=re.escape(f"at least 1 input and 1 output, got {inputs} and {outputs}")):
        Linear(inputs, outputs, rng=0)


@quick
@given(st.text().filter(lambda name: name not in ("he", "xavier")) | st.none() | st.floats())
def test_an_unknown_initialization_is_refused_and_the_known_ones_are_listed(name):
    with pytest.raises(ValueError, match=re.escape(f"initialization must be one of he, xavier, got {name!r}")):
        Linear(2, 2, rng=0, initialization=name)


@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex, "int32"])
def test_a_dtype_that_holds_no_fractions_is_refused_and_a_refusal_draws_no_random_numbers(dtype):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=re.escape(f"dtype must be a floating-point one, got {dtype!r}")):
        Linear(2, 2, rng=rng, dtype=dtype)
    assert rng.integers(10**9) == np.random.default_rng(0).integers(10**9)


def test_its_parameters_are_weights_and_bias_in_this_order():
    layer = Linear(3, 2, rng=0)
    assert [name for name, _ in layer.named_parameters()] == ["weights", "bias"]
    assert all(isinstance(p, Parameter) for p in layer.parameters())
    assert [p.value.shape for p in layer.parameters()] == [(3, 2), (2,)]


def test_its_repr_shows_inputs_and_outputs():
    assert repr(Linear(64, 32, rng=0)) == "Linear(64, 32)"
