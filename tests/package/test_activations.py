import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import scratchml
from scratchml import GELU, ReLU, Sigmoid, Tanh, check_gradients, numerical_gradient, softmax
from scratchml.activations import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

NAMES = ["identity", "sigmoid", "relu", "tanh", "gelu"]
FUNCTIONS = [getattr(scratchml, name) for name in NAMES]
DERIVATIVES = [getattr(scratchml, f"{name}_derivative") for name in NAMES]

FORMULAS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "relu": lambda z: z if z > 0 else 0.0,
    "tanh": lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "gelu": lambda z: z * 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
}

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-100, 100)
scores = st.lists(moderate, min_size=1, max_size=8)


def own_slope(function, z, step=1e-5):
    return (function(z + step) - function(z - step)) / (2 * step)


@pytest.mark.parametrize("name", NAMES)
def test_each_function_computes_its_formula(name):
    points = [-3.0, -1.0, -0.25, 0.0, 0.25, 1.0, 3.0]
    expected = [FORMULAS[name](z) for z in points]
    np.testing.assert_allclose(getattr(scratchml, name)(points), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "z", "value"),
    [
        (scratchml.sigmoid, 0, 0.5),
        (scratchml.sigmoid, math.log(3), 0.75),
        (scratchml.sigmoid_derivative, 0, 0.25),
        (scratchml.sigmoid_derivative, math.log(3), 0.1875),
        (scratchml.relu, -2, 0),
        (scratchml.relu, 2, 2),
        (scratchml.relu_derivative, -2, 0),
        (scratchml.relu_derivative, 0, 0),
        (scratchml.relu_derivative, 2, 1),
        (scratchml.tanh, math.log(2), 0.6),
        (scratchml.tanh_derivative, math.log(2), 0.64),
        (scratchml.gelu, 0, 0),
        (scratchml.gelu_derivative, 0, 0.5),
        (scratchml.identity, -7.5, -7.5),
        (scratchml.identity_derivative, -7.5, 1),
    ],
)
def test_values_worked_out_by_hand(function, z, value):
    assert float(function(z)) == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_derivative_is_the_slope_of_its_function(name, seed):
    z = np.random.default_rng(seed).uniform(-4, 4, 200)
    z = z[np.abs(z) > 0.01]  # ReLU has no slope at 0
    function, derivative = getattr(scratchml, name), getattr(scratchml, f"{name}_derivative")
    np.testing.assert_allclose(derivative(z), own_slope(function, z), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(derivative(z), numerical_gradient(lambda x: function(x).sum(), z), rtol=1e-6, atol=1e-8)


def test_a_derivative_takes_the_pre_activation_not_the_activation():
    assert scratchml.sigmoid_derivative(2.0) == pytest.approx(0.105, abs=5e-4)
    assert scratchml.sigmoid_derivative(scratchml.sigmoid(2.0)) == pytest.approx(0.207, abs=5e-4)


def test_gelu_is_within_0_0005_of_its_definition_by_the_normal_distribution():
    z = np.linspace(-6, 6, 2001)
    exact = [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in z]
    assert np.abs(scratchml.gelu(z) - exact).max() < 0.0005


def test_the_slope_of_gelu_leaves_0_to_1_beyond_three_quarters_on_both_sides():
    assert scratchml.gelu_derivative(-0.8) < 0 < scratchml.gelu_derivative(-0.7)
    assert scratchml.gelu_derivative(0.7) < 1 < scratchml.gelu_derivative(0.8)


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES, softmax])
def test_float32_stays_float32(function):
    assert function(np.array([[-2, 0.5]], dtype=np.float32)).dtype == np.float32


def test_a_temperature_taken_from_an_array_leaves_float32_alone():
    temperatures = np.linspace(0.5, 2, 3)
    assert softmax(np.array([1, 2], dtype=np.float32), temperature=temperatures[1]).dtype == np.float32


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES, softmax])
def test_lists_and_integers_give_what_floats_give(function):
    numbers = [[-2, 0, 3], [1, 5, -4]]
    expected = function(np.array(numbers, dtype=np.float64))
    np.testing.assert_array_equal(function(numbers), expected)
    np.testing.assert_array_equal(function(np.array(numbers)), expected)


@pytest.mark.parametrize(
    "name", ["sigmoid", "sigmoid_derivative", "tanh", "tanh_derivative", "gelu", "gelu_derivative"]
)
def test_small_integers_such_as_pixels_give_what_floats_give(name):
    function = getattr(scratchml, name)
    pixels = np.array([0, 3, 16], dtype=np.uint8)
    np.testing.assert_allclose(function(pixels), function(pixels.astype(np.float64)), rtol=1e-12)


@pytest.mark.parametrize(
    "function",
    [scratchml.sigmoid, scratchml.sigmoid_derivative, scratchml.tanh, scratchml.tanh_derivative, scratchml.gelu, scratchml.gelu_derivative, softmax],
)  # fmt: skip
def test_float16_is_too_coarse_to_compute_with_and_becomes_float64(function):
    x = np.array([[-300, -2, 0.5, 300]], dtype=np.float16)
    assert function(x).dtype == np.float64
    np.testing.assert_array_equal(function(x), function(x.astype(np.float64)))


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES, softmax])
@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda x: x.T, lambda x: x[::-1, ::2], lambda x: x.swapaxes(0, 2)]
)
def test_how_the_numbers_lie_in_memory_does_not_matter(function, layout):
    x = layout(np.random.default_rng(0).normal(size=(5, 3, 4)))
    np.testing.assert_allclose(function(x), function(np.ascontiguousarray(x)), rtol=1e-14)


NO_NUMBERS = {
    "NaN": [1.0, math.nan],
    "None": None,
    "one None": [1.0, None],
    "a word": "word",
    "digits as text": ["1", "2"],
    "complex": [1.0, 2j],
    "dates": np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]"),
    "masked": np.ma.masked_equal([1.0, -999.0], -999),
    "rows of different lengths": [[1.0], [1.0, 2.0]],
    "objects": np.array([1.0, 2.0], dtype=object),
    "a set": {1.0, 2.0},
}


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES, softmax])
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_nan_and_what_is_not_a_number_are_refused(function, kind):
    with pytest.raises(ValueError, match=r"^x must be (numbers|an array|a plain array), got .+"):
        function(NO_NUMBERS[kind])


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 4), (0, 3)])
def test_any_shape_is_kept(function, shape):
    assert np.shape(function(np.full(shape, 0.5))) == shape


@pytest.mark.parametrize("function", [*FUNCTIONS, *DERIVATIVES, softmax])
def test_the_input_is_not_modified_and_the_result_is_fresh(function):
    x = np.array([[-1.5, 0.5, 2.0]])
    first = function(x)
    kept = first.copy()
    assert not np.shares_memory(first, x)
    function(x + 1)[...] = 99
    np.testing.assert_array_equal(first, kept)
    first[...] = 99
    np.testing.assert_array_equal(x, [[-1.5, 0.5, 2.0]])
    np.testing.assert_array_equal(function(x), kept)


@quick
@given(st.lists(finite, min_size=1, max_size=20))
def test_sigmoid_lies_between_0_and_1_and_never_falls(numbers):
    values = scratchml.sigmoid(sorted(numbers))
    assert (values >= 0).all() and (values <= 1).all()
    assert (np.diff(values) >= -1e-15).all()


def test_sigmoid_rises_strictly_where_floats_can_show_it():
    assert (np.diff(scratchml.sigmoid(np.linspace(-30, 30, 1001))) > 0).all()


@quick
@given(finite)
def test_sigmoid_is_symmetric(z):
    assert scratchml.sigmoid(-z) == pytest.approx(1 - scratchml.sigmoid(z), abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("function", "at_minus_huge", "at_huge"),
    [
        (scratchml.sigmoid, 0, 1),
        (scratchml.sigmoid_derivative, 0, 0),
        (scratchml.tanh, -1, 1),
        (scratchml.tanh_derivative, 0, 0),
        (scratchml.relu_derivative, 0, 1),
        (scratchml.identity_derivative, 1, 1),
        (scratchml.gelu_derivative, 0, 1),
        (scratchml.relu, 0, None),
        (scratchml.gelu, 0, None),
        (scratchml.identity, None, None),
    ],
)
def test_huge_inputs_and_infinity_reach_the_limit_without_overflow(function, at_minus_huge, at_huge, dtype):
    largest = np.finfo(dtype).max
    huge = np.array([1000, np.sqrt(largest) * 2, largest, np.inf], dtype=dtype)
    np.testing.assert_array_equal(function(huge), huge if at_huge is None else np.full(4, at_huge))
    np.testing.assert_array_equal(function(-huge), -huge if at_minus_huge is None else np.full(4, at_minus_huge))


def test_gelu_and_its_slope_have_no_jump_where_they_become_a_straight_line():
    z = np.linspace(30, 50, 2001)
    np.testing.assert_allclose(scratchml.gelu(z), z, rtol=1e-15)
    np.testing.assert_array_equal(scratchml.gelu_derivative(z), np.ones(2001))
    np.testing.assert_array_equal(scratchml.gelu(-z), np.zeros(2001))
    np.testing.assert_array_equal(scratchml.gelu_derivative(-z), np.zeros(2001))


def test_softmax_of_2_4_5_is_the_tutorials():
    np.testing.assert_allclose(softmax([2, 4, 5]), [0.03511903, 0.25949646, 0.70538451], atol=5e-9)


def test_softmax_by_hand_with_a_temperature():
    np.testing.assert_allclose(softmax([0, math.log(3)]), [0.25, 0.75])
    np.testing.assert_allclose(softmax([0, math.log(3)], temperature=0.5), [0.1, 0.9])


@quick
@given(scores, st.floats(0.01, 100))
def test_softmax_gives_probabilities(x, temperature):
    p = softmax(x, temperature)
    assert (p >= 0).all() and (p <= 1).all()
    assert p.sum() == pytest.approx(1)


@quick
@given(scores, st.floats(-1000, 1000))
def test_softmax_does_not_notice_a_number_added_to_every_score(x, shift):
    np.testing.assert_allclose(softmax(np.array(x) + shift), softmax(x), rtol=1e-9)


@quick
@given(scores, st.floats(0.001, 1000))
def test_softmax_keeps_the_order_of_the_scores_at_any_temperature(x, temperature):
    x = np.sort(x)
    assert (np.diff(softmax(x, temperature)) >= -1e-15).all()


@quick
@given(scores, st.floats(0.01, 100) | st.integers(1, 5))
@example([0.0, 1.0], 2)
@example([0.0, 1.0], 1)
def test_softmax_divides_the_scores_by_the_temperature(x, temperature):
    np.testing.assert_allclose(softmax(x, temperature), softmax(np.array(x) / temperature), rtol=1e-9)


def test_a_low_temperature_sharpens_and_a_high_one_flattens():
    peaks = [softmax([2, 4, 5], temperature=t).max() for t in (0.01, 0.5, 1, 2, 100)]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] == pytest.approx(1)
    np.testing.assert_allclose(softmax([2, 4, 5], temperature=1e6), 1 / 3, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_does_not_overflow(dtype):
    huge = np.finfo(dtype).max / 4
    np.testing.assert_array_equal(softmax(np.array([-huge, huge, huge], dtype=dtype)), [0, 0.5, 0.5])


@pytest.mark.parametrize("shape", [(1,), (4,), (3, 4), (2, 3, 4), (2, 1, 3, 4), (3, 1)], ids=str)
def test_softmax_works_along_the_last_axis(shape):
    x = np.random.default_rng(0).normal(size=shape)
    p = softmax(x)
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    np.testing.assert_allclose(p, np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True))


def test_softmax_takes_each_row_by_itself():
    rows = [[1.0, 2.0, 3.0], [5.0, 0.0, -5.0]]
    np.testing.assert_allclose(softmax(rows), [softmax(rows[0]), softmax(rows[1])])


def test_a_score_of_minus_infinity_gets_no_probability():
    np.testing.assert_allclose(softmax([0.0, -math.inf, math.log(3)]), [0.25, 0, 0.75])
    np.testing.assert_array_equal(softmax([[-math.inf, 2.0]], temperature=0.1), [[0, 1]])


@pytest.mark.parametrize("row", [[-math.inf, -math.inf], [math.inf, 1.0], [math.inf, -math.inf], [math.inf, math.inf]])
@pytest.mark.parametrize("around", [lambda row: row, lambda row: [[1.0, 2.0], row], lambda row: [[[0.0, 0.0], row]]])
def test_a_row_without_a_largest_score_is_refused_also_among_others(row, around):
    with pytest.raises(
        ValueError, match=rf"^x must be numbers or −∞, with at least one number in each row, got {max(row)}"
    ):
        softmax(around(row))


@pytest.mark.parametrize("temperature", [0, -1, -0.5, -math.inf, math.inf, math.nan, None, "1", True, [1.0], 1j])
def test_a_temperature_that_is_not_above_0_or_no_number_is_refused(temperature):
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'temperature must be a number above 0, got {temperature!r}')}$"
    ):
        softmax([1, 2], temperature=temperature)


@pytest.mark.parametrize(("x", "shape"), [(3.0, r"\(\)"), ([], r"\(0,\)"), ([[], []], r"\(2, 0\)")])
def test_softmax_of_no_scores_is_refused(x, shape):
    with pytest.raises(ValueError, match=f"at least one score.*got shape {shape}"):
        softmax(x)


def test_every_activation_that_a_network_offers_is_public_with_its_derivative():
    assert sorted(ACTIVATIONS) == sorted(NAMES)
    for name, (function, derivative) in ACTIVATIONS.items():
        assert function is getattr(scratchml, name)
        assert derivative is getattr(scratchml, f"{name}_derivative")


def test_the_temperature_is_softmax_s_second_and_last_argument():
    assert list(inspect.signature(softmax).parameters) == ["x", "temperature"]


LAYERS = {ReLU: "relu", Sigmoid: "sigmoid", Tanh: "tanh", GELU: "gelu"}


def away_from_0(shape, seed=0):
    """Normal numbers, none nearer to ReLU's kink than 0.1."""
    z = np.random.default_rng(seed).normal(size=shape)
    return np.asarray(z + np.where(np.asarray(z) >= 0, 0.1, -0.1))


@pytest.mark.parametrize("layer", LAYERS)
class TestAsLayers:
    @pytest.mark.parametrize("shape", [(), (3,), (4, 3), (2, 4, 3)], ids=str)
    def test_it_is_its_function_and_its_gradient_is_the_slope(self, layer, shape):
        z, slopes, module = away_from_0(shape), np.random.default_rng(1).normal(size=shape), layer()
        outputs = module.forward(z)
        np.testing.assert_array_equal(outputs, getattr(scratchml, LAYERS[layer])(z))
        gradient = module.backward(slopes)
        np.testing.assert_allclose(gradient, slopes * getattr(scratchml, f"{LAYERS[layer]}_derivative")(z), rtol=1e-15)
        check_gradients(lambda: float((module.forward(z) * slopes).sum()), {"z": z}, {"z": gradient})

    def test_the_slope_is_taken_at_the_pre_activation_not_at_the_output(self, layer):
        module = layer()
        outputs = module.forward([[2.0, -2.0]])
        at_the_output = getattr(scratchml, f"{LAYERS[layer]}_derivative")(outputs)
        slope = module.backward([[1.0, 1.0]])
        assert np.allclose(slope, at_the_output) == (layer is ReLU)  # whose output is positive where z is

    def test_it_has_nothing_to_learn(self, layer):
        assert layer().parameters() == [] and layer().state() == {}

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        "gradient",
        [np.ones((2, 2), np.float64), np.ones((2, 2), np.float32), [[1, 1], [1, 1]]],
        ids=["float64", "float32", "list"],
    )
    def test_the_gradient_has_the_dtype_of_what_went_forward(self, layer, dtype, gradient):
        module = layer()
        assert module.forward(away_from_0((2, 2)).astype(dtype)).dtype == dtype
        assert module.backward(gradient).dtype == dtype

    def test_lists_and_integers_give_what_floats_give(self, layer):
        module, numbers = layer(), [[-2, 0, 3], [1, 5, -4]]
        expected = module.forward(np.array(numbers, dtype=np.float64)), module.backward(np.ones((2, 3)))
        for same in (numbers, np.array(numbers), np.array(numbers, np.int8)):
            outputs = module.forward(same)
            gradient = module.backward(np.ones((2, 3), int))
            assert outputs.dtype == gradient.dtype == np.float64
            np.testing.assert_array_equal(outputs, expected[0])
            np.testing.assert_array_equal(gradient, expected[1])

    def test_two_of_them_do_not_share_what_they_keep(self, layer):
        first, second = layer(), layer()
        first.forward([[1.0]])
        with pytest.raises(ValueError, match="call forward first"):
            second.backward([[1.0]])
        first.backward([[1.0]])

    def test_its_repr_is_how_it_is_made(self, layer):
        assert repr(layer()) == f"{layer.__name__}()"
