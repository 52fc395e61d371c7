import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import LayerNorm, Parameter, check_gradients

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
SHAPES = [(5,), (1, 5), (4, 5), (2, 3, 5), (2, 1, 3, 5), (3, 2), (2, 16)]


def random_norm(width, **options):
    layer = LayerNorm(width, **options)
    layer.gain.value, layer.bias.value = 1 + numbers(width, seed=1) / 2, numbers(width, seed=2)
    return layer


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, 4]).normal(size=shape)


class TestForward:
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize(("mean", "size"), [(0, 1), (3, 2), (-100, 0.5)])
    def test_every_row_gets_mean_0_and_variance_1(self, shape, mean, size):
        outputs = LayerNorm(shape[-1], epsilon=1e-12).forward(mean + size * numbers(*shape))
        assert outputs.shape == shape
        np.testing.assert_allclose(outputs.mean(axis=-1), 0, atol=1e-9)
        np.testing.assert_allclose(outputs.var(axis=-1), 1, rtol=1e-6)

    def test_a_row_worked_out_by_hand(self):
        # The mean of 1, 2, 6 and 7 is 4, the variance (9 + 4 + 4 + 9) / 4 = 6.5; with ε = 2.5 the root of 9.
        layer = LayerNorm(4, epsilon=2.5)
        np.testing.assert_allclose(layer.forward([1, 2, 6, 7]), [-1, -2 / 3, 2 / 3, 1], rtol=1e-14)
        layer.gain.value, layer.bias.value = [3, 6, 9, 12], [1, 0, -1, 0.5]
        np.testing.assert_allclose(
            layer.forward([[1, 2, 6, 7], [7, 6, 2, 1]]), [[-2, -4, 5, 12.5], [4, 4, -7, -11.5]], rtol=1e-14
        )

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_it_is_the_formula_for_each_row_by_itself(self, shape):
        layer, x = random_norm(shape[-1]), numbers(*shape)
        outputs = layer.forward(x)
        for index in np.ndindex(shape[:-1]):
            row = x[index]
            expected = layer.gain.value * (row - row.mean()) / np.sqrt(row.var() + 1e-5) + layer.bias.value
            np.testing.assert_allclose(outputs[index], expected, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 0.5])
    def test_epsilon_is_added_to_the_variance_so_rows_that_hardly_vary_come_out_smaller(self, epsilon):
        x = 0.01 * numbers(6, 8)
        outputs = LayerNorm(8, epsilon=epsilon).forward(x)
        np.testing.assert_allclose(outputs.var(axis=-1), x.var(axis=-1) / (x.var(axis=-1) + epsilon), rtol=1e-10)

    def test_epsilon_is_one_in_a_hundred_thousand_by_default(self):
        np.testing.assert_array_equal(
            LayerNorm(4).forward([[0, 0, 0, 0.01]]), LayerNorm(4, epsilon=1e-5).forward([[0, 0, 0, 0.01]])
        )
        assert LayerNorm(4).epsilon == 1e-5

    @quick
    @given(st.floats(-1000, 1000), st.floats(0.01, 1000))
    def test_shifting_a_row_or_stretching_it_changes_nothing(self, shift, scale):
        layer, x = random_norm(5, epsilon=1e-12), numbers(3, 5)
        np.testing.assert_allclose(layer.forward(x * scale + shift), layer.forward(x), atol=1e-5)

    def test_turning_a_row_around_changes_the_sign_of_what_comes_out(self):
        layer = LayerNorm(5)
        np.testing.assert_allclose(layer.forward(-numbers(3, 5)), -layer.forward(numbers(3, 5)), rtol=1e-12)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("width", [1, 2, 7, 64, 768])
    @pytest.mark.parametrize("constant", [0, 1, -3, 0.1, 100])
    def test_a_row_of_equal_numbers_gives_the_bias_and_slopes_without_nan(self, dtype, width, constant):
        layer = random_norm(width).to(dtype)
        outputs = layer.forward(np.full((2, width), constant))
        np.testing.assert_allclose(outputs, [layer.bias.value] * 2, atol=5e-3)
        assert np.isfinite(layer.backward(numbers(2, width))).all()

    @pytest.mark.parametrize("constant", [1 / 3, 100, 1234.5])
    def test_in_float32_too_equal_numbers_are_not_taken_for_different_ones(self, constant):
        for width in (3, 7, 100):
            np.testing.assert_allclose(
                LayerNorm(width).to(np.float32).forward(np.full((2, width), constant)), 0, atol=5e-4
            )

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_in_float32_it_is_the_same_but_for_rounding(self, dtype):
        layer = random_norm(7)
        expected, back = layer.forward(numbers(4, 7)), layer.backward(numbers(4, 7, seed=5))
        layer.to(dtype)
        np.testing.assert_allclose(layer.forward(numbers(4, 7)), expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(layer.backward(numbers(4, 7, seed=5)), back, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("row", [[300.0, -300.0], [1e10, -1e10], [1e-10, -1e-10], [1e15, 1e15 + 2]])
    def test_a_row_of_two_becomes_1_and_minus_1_however_large_it_is(self, row):
        expected = [1, -1] if row[0] > row[1] else [-1, 1]
        np.testing.assert_allclose(LayerNorm(2, epsilon=1e-30).forward([row]), [expected], rtol=1e-6)
        half = np.array([[300, -300]], dtype=np.float16)
        np.testing.assert_allclose(LayerNorm(2).forward(half), [[1, -1]], rtol=1e-6)

    @pytest.mark.parametrize("row", [[1e160, 0.0], [1e200, -1e200], [1e308, 1.0]])
    def test_a_row_whose_squares_are_beyond_the_range_of_floats_is_an_error(self, row):
        layer = LayerNorm(2)
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"^a variance went beyond .*, got inf"):
            layer.forward([[1.0, 2.0], row])
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"^a variance went beyond .*, got inf"):
            layer.to("float32").forward([[3e19, -3e19]])

    def test_float64_is_the_default_gain_starts_at_1_and_bias_at_0(self):
        layer = LayerNorm(4)
        np.testing.assert_array_equal(layer.gain.value, np.ones(4))
        np.testing.assert_array_equal(layer.bias.value, np.zeros(4))
        assert layer.gain.value.dtype == layer.bias.value.dtype == np.float64

    @pytest.mark.parametrize(
        ("x", "got"),
        [
            (np.ones((4, 2)), "(4, 2)"),
            ([1, 2], "(2,)"),
            (np.ones((3, 1)), "(3, 1)"),
            (5.0, "()"),
            (np.ones((2, 3, 4)), "(2, 3, 4)"),
        ],
    )
    def test_another_width_is_refused(self, x, got):
        with pytest.raises(ValueError, match=re.escape(f"x must have the shape (…, 3), got {got}")):
            LayerNorm(3).forward(x)


class TestBackward:
    @pytest.mark.parametrize("shape", [*SHAPES, (3, 1)], ids=str)
    @pytest.mark.parametrize("epsilon", [1e-5, 0.3])
    def test_the_gradients_are_slopes(self, shape, epsilon):
        layer, x, slopes = random_norm(shape[-1], epsilon=epsilon), numbers(*shape), numbers(*shape, seed=5)
        layer.forward(x)
        gradients = {"x": layer.backward(slopes), "gain": layer.gain.gradient, "bias": layer.bias.gradient}
        parameters = {"x": x, "gain": layer.gain.value, "bias": layer.bias.value}
        check_gradients(lambda: float((layer.forward(x) * slopes).sum()), parameters, gradients)

    @pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 5)], ids=str)
    def test_neither_a_shift_of_a_row_nor_a_stretch_of_it_has_a_slope(self, shape):
        layer, x = random_norm(5, epsilon=1e-12), numbers(*shape)
        layer.forward(x)
        back = layer.backward(numbers(*shape, seed=5))
        np.testing.assert_allclose(back.sum(axis=-1), 0, atol=1e-9)
        np.testing.assert_allclose((back * x).sum(axis=-1), 0, atol=1e-9)

    def test_rows_have_nothing_to_do_with_each_other(self):
        layer, slopes = random_norm(5), numbers(4, 5, seed=5)
        layer.forward(numbers(4, 5))
        together = layer.backward(slopes)
        for row in range(4):
            layer.forward(numbers(4, 5)[row])
            np.testing.assert_allclose(layer.backward(slopes[row]), together[row], rtol=1e-10)

    def test_gain_and_bias_add_to_their_gradients(self):
        layer = LayerNorm(5)
        for times in (1, 2, 3):
            normal = layer.forward(numbers(4, 5))
            layer.backward(np.ones((4, 5)))
            np.testing.assert_allclose(layer.gain.gradient, times * normal.sum(axis=0), rtol=1e-12)
            np.testing.assert_array_equal(layer.bias.gradient, [4 * times] * 5)


@pytest.mark.parametrize("epsilon", [0, -1e-5, math.nan, math.inf, None, "1e-5", True, [1e-5]])
def test_an_epsilon_that_is_not_above_0_is_refused(epsilon):
    with pytest.raises(ValueError, match=f"^{re.escape(f'epsilon must be a number above 0, got {epsilon!r}')}$"):
        LayerNorm(3, epsilon=epsilon)


@pytest.mark.parametrize("embedding_dim", [0, -1, 3.0, None, "3", True, np.int8(3)])
def test_a_width_that_is_no_count_is_refused(embedding_dim):
    with pytest.raises(ValueError, match=rf"^embedding_dim must be .+, got {re.escape(repr(embedding_dim))}"):
        LayerNorm(embedding_dim)


def test_its_parameters_are_gain_and_bias_in_this_order():
    layer = LayerNorm(3)
    assert [name for name, _ in layer.named_parameters()] == ["gain", "bias"]
    assert all(isinstance(p, Parameter) and p.value.shape == (3,) for p in layer.parameters())
