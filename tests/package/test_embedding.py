import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import SGD, Embedding, Module, Parameter, ReLU, Sequential, check_gradients

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

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
            ([1.0, 2.0], "integers, got float64 with shape (2,)"),
            (np.float32([[1.5]]), "integers, got float32 with shape (1, 1)"),
            ([True, False], "integers, got bool with shape (2,)"),
            ([1, 2j], "integers, got complex128 with shape (2,)"),
            (["a"], "integers, got a str, 'a'"),
            ("ab", "integers, got a str, 'ab'"),
            ([1, None], "integers, got a NoneType, None"),
            (None, "integers, got a NoneType, None"),
            ([10**30], "integers, got an array of object"),
            (np.ma.masked_equal([1, 2], 2), "a plain array, got a masked one, whose mask would be lost"),
            ([[1], [1, 2]], "integers, got rows of different lengths"),
            ([], "at least one, got shape (0,)"),
            (np.empty((2, 0), int), "at least one, got shape (2, 0)"),
        ],
    )
    def test_anything_but_integers_is_refused_and_so_are_no_tokens(self, tokens, got):
        with pytest.raises(ValueError, match=f"^{re.escape(f'tokens must be {got}')}$"):
            Embedding(4, 2, rng=0).forward(tokens)

    def test_as_a_part_it_looks_at_the_tokens_that_another_part_hands_it(self):
        class OneLess(Module):
            def _forward(self, x):
                return x.astype(int) - 1, ()

        model = Sequential(OneLess(), Embedding(4, 2, rng=0))
        np.testing.assert_array_equal(model.forward([1.0, 4.0]), model.layers[1].weights.value[[0, 3]])
        with pytest.raises(ValueError, match=r"^tokens must be from 0 to 3, got -1 to 0$"):
            model.forward([1.0, 0.0])
        with pytest.raises(ValueError, match=r"^tokens must be integers, got float64 with shape \(1,\)$"):
            Sequential(ReLU(), Embedding(4, 2, rng=0)).forward([1.0])


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

    def test_gradients_of_several_backwards_add_up_until_an_optimizer_forgets_them(self):
        layer = Embedding(3, 2, rng=0)
        for tokens in ([0, 1, 1], [1, 2, 1]):
            layer.forward(tokens)
            layer.backward_to_parameters(np.ones((3, 2)))
        np.testing.assert_array_equal(layer.weights.gradient, [[1, 1], [4, 4], [1, 1]])
        SGD(layer.parameters(), 0.1).zero_gradients()
        np.testing.assert_array_equal(layer.weights.gradient, np.zeros((3, 2)))

    def test_backward_has_no_gradient_to_hand_on_since_tokens_have_none(self):
        layer = Embedding(3, 2, rng=0)
        layer.forward([[1, 2]])
        assert layer.backward(np.ones((1, 2, 2))) is None
        np.testing.assert_array_equal(layer.weights.gradient, [[0, 0], [1, 1], [1, 1]])


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

    def test_they_are_float64_until_they_are_told_otherwise_which_changes_them_by_rounding_only(self):
        layer = Embedding(3, 2, rng=0)
        assert layer.weights.value.dtype == layer.forward([0, 2]).dtype == np.float64
        expected = layer.weights.value.astype(np.float32)
        np.testing.assert_array_equal(layer.to("float32").forward([0, 1, 2]), expected)


@pytest.mark.parametrize(
    ("vocab_size", "embedding_dim", "says"),
    [
        (0, 1, "vocab_size must be at least 1, got 0"),
        (1, 0, "embedding_dim must be at least 1, got 0"),
        (-3, 2, "vocab_size must be at least 1, got -3"),
        (2, 2.0, "embedding_dim must be an integer from 1 up, got 2.0"),
        ("2", 2, "vocab_size must be an integer from 1 up, got '2'"),
        (2, True, "embedding_dim must be an integer from 1 up, got True"),
        (np.uint16(9), 2, "vocab_size must be an integer from 1 up, got np.uint16(9), which would wrap around: use int(…)"),
    ],
)  # fmt: skip
def test_sizes_that_are_no_counts_are_refused_and_a_refusal_draws_no_random_numbers(vocab_size, embedding_dim, says):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        Embedding(vocab_size, embedding_dim, rng=rng)
    assert rng.integers(10**9) == np.random.default_rng(0).integers(10**9)


def test_its_only_parameter_is_weights():
    ((name, parameter),) = Embedding(5, 3, rng=0).named_parameters()
    assert name == "weights" and isinstance(parameter, Parameter) and parameter.value.shape == (5, 3)


@pytest.mark.parametrize("nested", [False, True])
def test_a_readers_own_model_of_tokens_gets_integers(nested):
    class Mean(Module):
        takes_tokens = True

        def __init__(self):
            self.embedding = Embedding(5, 3, rng=0)

        def _forward(self, tokens):
            x = self.embedding(tokens)  # (B, T, 3)
            return x.mean(axis=1), (x.shape,)

        def _backward(self, gradient, shape):
            self.embedding.backward(np.broadcast_to(gradient[:, None] / shape[1], shape))

    own = Mean()
    model = Sequential(Sequential(own), ReLU()) if nested else own
    tokens = np.array([[1, 2, 2], [0, 4, 1]])
    expected = own.embedding.weights.value[tokens].mean(axis=1)
    np.testing.assert_array_equal(model(tokens), np.maximum(expected, 0) if nested else expected)
    assert model.backward(np.ones((2, 3))) is None
    assert own.embedding.weights.gradient[3].tolist() == [0, 0, 0]
    for wrong in ([[1.0, 2.0]], [[1, 5]], [[-1, 0]], [["a"]]):
        with pytest.raises(ValueError, match=r"^tokens must be "):
            model(wrong)
