import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import Embedding, Parameter, check_gradients

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
SHAPES = [(), (1,), (6,), (1, 6), (4, 5), (2, 3, 4)]


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, 2]).normal(size=shape)


def some_tokens(shape, vocab_size, seed=0):
    return np.random.default_rng([seed, 3]).integers(vocab_size, size=shape)


class TestForward:
    def test_it_looks_up_the_row_of_each_token(self):
        layer = Embedding(4, 2, rng=0)
        layer.weights.value = [[0, 0.5], [1, 1.5], [2, 2.5], [3, 3.5]]
        np.testing.assert_array_equal(
            layer.forward([[3, 0, 3], [1, 2, 2]]), [[[3, 3.5], [0, 0.5], [3, 3.5]], [[1, 1.5], [2, 2.5], [2, 2.5]]]
        )

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_tokens_may_have_any_shape(self, shape):
        layer, tokens = Embedding(5, 3, rng=0), some_tokens(shape, 5)
        outputs = layer.forward(tokens)
        assert outputs.shape == (*shape, 3)
        for index in np.ndindex(shape):
            np.testing.assert_array_equal(outputs[index], layer.weights.value[tokens[index]])

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.uint64, np.int64])
    def test_and_any_integer_type(self, dtype):
        layer = Embedding(128, 2, rng=0)
        tokens = np.array([127, 0, 5, 127], dtype)
        np.testing.assert_array_equal(layer.forward(tokens), layer.weights.value[[127, 0, 5, 127]])
        layer.backward_to_parameters(np.ones((4, 2)))
        np.testing.assert_array_equal(
            layer.weights.gradient[:, 0], [{127: 2, 0: 1, 5: 1}.get(token, 0) for token in range(128)]
        )

    @pytest.mark.parametrize("tokens", [2, [2], [[2, 1]]])
    def test_the_rows_are_copies(self, tokens):
        layer = Embedding(4, 3, rng=0)
        kept = layer.weights.value.copy()
        layer.forward(tokens)[...] = 7
        np.testing.assert_array_equal(layer.weights.value, kept)

    @pytest.mark.parametrize(
        ("tokens", "got"),
        [
            ([0, 4], "0 to 4"),
            ([-1], "-1 to -1"),
            ([[1, 2], [-4, 3]], "-4 to 3"),
            ([-1, 100], "-1 to 100"),
            (4, "4 to 4"),
        ],
    )
    def test_tokens_out_of_range_are_refused_negative_ones_too(self, tokens, got):
        with pytest.raises(ValueError, match=re.escape(f"tokens must be from 0 to 3, got {got}")):
            Embedding(4, 2, rng=0).forward(tokens)

    @pytest.mark.parametrize(
        ("tokens", "got"),
        [
            ([1.0, 2.0], "float64 with shape (2,)"),
            (np.float32([[1.5]]), "float32 with shape (1, 1)"),
            ([True, False], "bool with shape (2,)"),
            ([], "float64 with shape (0,)"),
            (np.empty((2, 0), int), "int64 with shape (2, 0)"),
            (["a"], "<U1 with shape (1,)"),
            (None, "object with shape ()"),
            ([10**30], "object with shape (1,)"),
        ],
    )
    def test_anything_but_integers_is_refused_and_so_are_no_tokens(self, tokens, got):
        with pytest.raises(ValueError, match=re.escape(f"tokens must be integers, at least one, got {got}")):
            Embedding(4, 2, rng=0).forward(tokens)


class TestBackward:
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize(("vocab_size", "embedding_dim"), [(5, 3), (2, 4), (9, 1), (1, 2)])
    def test_the_gradient_is_the_slope_also_for_tokens_that_are_repeated_or_absent(
        self, shape, vocab_size, embedding_dim
    ):
        layer, tokens, slopes = (
            Embedding(vocab_size, embedding_dim, rng=0),
            some_tokens(shape, vocab_size),
            numbers(*shape, embedding_dim),
        )
        layer.forward(tokens)
        layer.backward_to_parameters(slopes)
        gradient = layer.weights.gradient.copy()
        check_gradients(
            lambda: float((layer.forward(tokens) * slopes).sum()),
            {"weights": layer.weights.value},
            {"weights": gradient},
        )

    def test_each_row_gets_the_sum_for_its_token(self):
        layer = Embedding(4, 2, rng=0)
        layer.forward([3, 0, 3, 3])
        assert layer.backward_to_parameters([[1, 10], [2, 20], [4, 40], [8, 80]]) is None
        np.testing.assert_array_equal(layer.weights.gradient, [[2, 20], [0, 0], [0, 0], [13, 130]])

    @quick
    @given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
    def test_it_is_the_sum_over_all_places_in_whatever_order_the_tokens_come(self, tokens):
        layer, slopes = Embedding(7, 3, rng=0), numbers(len(tokens), 3)
        layer.forward(tokens)
        layer.backward_to_parameters(slopes)
        expected = np.zeros((7, 3))
        for token, slope in zip(tokens, slopes, strict=True):
            expected[token] += slope
        np.testing.assert_allclose(layer.weights.gradient, expected, rtol=1e-12, atol=1e-12)

    def test_gradients_of_several_backwards_add_up_until_they_are_forgotten(self):
        layer = Embedding(3, 2, rng=0)
        for tokens in ([0, 1, 1], [1, 2, 1]):
            layer.forward(tokens)
            layer.backward_to_parameters(np.ones((3, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[1, 1], [4, 4], [1, 1]])
        layer.zero_gradients()
        np.testing.assert_array_equal(layer.weights.gradient, np.zeros((3, 2)))

    def test_changing_the_array_of_tokens_between_forward_and_backward_changes_nothing(self):
        layer, tokens = Embedding(3, 2, rng=0), np.array([0, 1, 1])
        layer.forward(tokens)
        tokens[:] = 2
        layer.backward_to_parameters(np.ones((3, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[1, 1], [2, 2], [0, 0]])

    def test_what_it_is_given_stays(self):
        layer, tokens, slopes = Embedding(3, 2, rng=0), np.array([2, 0, 2]), numbers(3, 2)
        layer.forward(tokens)
        layer.backward_to_parameters(slopes)
        np.testing.assert_array_equal(tokens, [2, 0, 2])
        np.testing.assert_array_equal(slopes, numbers(3, 2))

    def test_it_needs_a_forward_of_its_own_each_time(self):
        layer = Embedding(3, 2, rng=0)
        for _ in range(2):
            with pytest.raises(
                ValueError, match=r"^Embedding\.backward needs the numbers of a forward.*call forward first$"
            ):
                layer.backward_to_parameters(np.ones((1, 2)))
            layer.forward([1])
            layer.backward_to_parameters(np.ones((1, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[0, 0], [2, 2], [0, 0]])

    @pytest.mark.parametrize("shape", [(4,), (2,), (4, 1), (1, 2), (4, 3), (2, 4), (2, 2, 2), ()], ids=str)
    def test_a_gradient_of_the_wrong_shape_is_refused_changes_nothing_and_the_right_one_still_works(self, shape):
        layer = Embedding(3, 2, rng=0)
        layer.forward([0, 1, 1, 2])
        with pytest.raises(
            ValueError,
            match=re.escape(f"Embedding.backward needs a gradient with the shape of the outputs (4, 2), got {shape}"),
        ):
            layer.backward_to_parameters(np.ones(shape))
        assert not layer.weights.gradient.any()
        layer.backward_to_parameters(np.ones((4, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[1, 1], [2, 2], [1, 1]])

    def test_tokens_that_were_refused_leave_the_forward_before_them_in_place(self):
        layer = Embedding(3, 2, rng=0)
        layer.forward([1, 1])
        with pytest.raises(ValueError, match="tokens must be"):
            layer.forward([3])
        layer.backward_to_parameters(np.ones((2, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[0, 0], [2, 2], [0, 0]])


class TestFirstWeights:
    @pytest.mark.parametrize(("vocab_size", "embedding_dim"), [(1000, 20), (20, 1000), (200, 100)])
    def test_their_standard_deviation_is_0_02_whatever_the_sizes(self, vocab_size, embedding_dim):
        weights = Embedding(vocab_size, embedding_dim, rng=0).weights.value
        assert weights.shape == (vocab_size, embedding_dim)
        assert weights.std() == pytest.approx(0.02, rel=0.03)
        assert weights.mean() == pytest.approx(0, abs=0.0006)
        np.testing.assert_allclose(
            [(np.abs(weights) < 0.02 * limit).mean() for limit in (1, 2, 3)], [0.6827, 0.9545, 0.9973], atol=0.015
        )

    def test_the_same_seed_gives_equal_weights_and_another_seed_others(self):
        weights = [Embedding(5, 4, rng=rng).weights.value for rng in (1, 1, np.random.default_rng(1), 2)]
        np.testing.assert_array_equal(weights[0], weights[1])
        np.testing.assert_array_equal(weights[0], weights[2])
        assert not (weights[0] == weights[3]).any()

    def test_a_generator_handed_down_gives_siblings_that_differ(self):
        rng = np.random.default_rng(0)
        assert not (Embedding(5, 4, rng=rng).weights.value == Embedding(5, 4, rng=rng).weights.value).any()

    def test_there_are_none_without_an_explicit_rng(self):
        with pytest.raises(TypeError, match="rng"):
            Embedding(3, 3)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_the_dtype_that_was_asked_for_is_that_of_everything(self, dtype):
        layer = Embedding(3, 2, rng=0, dtype=dtype)
        outputs = layer.forward([0, 2, 2])
        layer.backward_to_parameters(np.ones((3, 2), np.float64))
        assert {array.dtype for array in (outputs, layer.weights.value, layer.weights.gradient)} == {np.dtype(dtype)}
        np.testing.assert_array_equal(layer.weights.value, Embedding(3, 2, rng=0).weights.value.astype(dtype))
        assert Embedding(3, 2, rng=0).weights.value.dtype == np.float64

    @pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex, "int32"])
    def test_a_dtype_that_holds_no_fractions_is_refused_and_a_refusal_draws_no_random_numbers(self, dtype):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=re.escape(f"dtype must be a floating-point one, got {dtype!r}")):
            Embedding(2, 2, rng=rng, dtype=dtype)
        assert rng.integers(10**9) == np.random.default_rng(0).integers(10**9)


@pytest.mark.parametrize(("vocab_size", "embedding_dim"), [(0, 1), (1, 0), (-3, 2), (2, -1), (0, 0)])
def test_sizes_below_1_are_refused(vocab_size, embedding_dim):
    with pytest.raises(
        ValueError, match=f"vocab_size and embedding_dim must be at least 1, got {vocab_size} and {embedding_dim}"
    ):
        Embedding(vocab_size, embedding_dim, rng=0)


def test_its_only_parameter_is_weights():
    ((name, parameter),) = Embedding(5, 3, rng=0).named_parameters()
    assert name == "weights" and isinstance(parameter, Parameter) and parameter.value.shape == (5, 3)
