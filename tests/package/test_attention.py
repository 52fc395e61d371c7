import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GPT,
    GPTConfig,
    MultiHeadAttention,
    SelfAttention,
    attention_gradients,
    causal_mask,
    check_gradients,
    scaled_dot_product_attention,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)

DTYPES = [np.float32, np.float64]
CLASSES = [SelfAttention, MultiHeadAttention]


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng([seed, 2]).normal(size=shape).astype(dtype)


def attention_layer(cls, dim=4, *, seed=0, dtype=np.float64, num_heads=2):
    return cls(dim, *([num_heads] if cls is MultiHeadAttention else []), rng=seed).to(dtype)


def some_mask(t, s, seed=0):
    """A random mask in which every token may look at something."""
    mask = np.random.default_rng(seed).random((t, s)) < 0.5
    mask[np.arange(t), np.arange(t) % s] = True
    return mask


def slow_attention(query, key, value, mask):
    """Token by token, in plain Python's numbers, and a masked token is left out of the sums."""
    outputs, all_weights = [], []
    for t in range(len(query)):
        seen = [s for s in range(len(key)) if mask is None or mask[t][s]]
        scores = {
            s: sum(float(q) * float(k) for q, k in zip(query[t], key[s], strict=True)) / math.sqrt(len(query[t]))
            for s in seen
        }
        highest = max(scores.values())
        total = math.fsum(math.exp(score - highest) for score in scores.values())
        weights = [math.exp(scores[s] - highest) / total if s in scores else 0.0 for s in range(len(key))]
        outputs.append(
            [math.fsum(weights[s] * float(value[s][e]) for s in range(len(key))) for e in range(len(value[0]))]
        )
        all_weights.append(weights)
    return np.array(outputs), np.array(all_weights)


#: (shape of the queries, of the keys, of the values)
SHAPES = [
    ((3, 4), (3, 4), (3, 4)),
    ((1, 1), (1, 1), (1, 1)),
    ((2, 3), (5, 3), (5, 4)),
    ((5, 3), (2, 3), (2, 1)),
    ((2, 3, 4), (2, 3, 4), (2, 3, 4)),
    ((2, 3, 4), (2, 6, 4), (2, 6, 1)),
    ((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4)),
    ((3, 2, 4, 5), (3, 2, 1, 5), (3, 2, 1, 2)),
    ((2, 1, 2, 3, 2), (2, 1, 2, 4, 2), (2, 1, 2, 4, 3)),
]


class TestTheFunction:
    @pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
    @pytest.mark.parametrize("shapes", SHAPES, ids=str)
    def test_it_is_what_a_slow_loop_over_the_tokens_gives(self, shapes, masked):
        query, key, value = (numbers(*shape, seed=i) for i, shape in enumerate(shapes))
        mask = some_mask(query.shape[-2], key.shape[-2]) if masked else None
        outputs, weights = scaled_dot_product_attention(query, key, value, mask)
        assert outputs.shape == (*query.shape[:-1], value.shape[-1]) and weights.shape == (
            *query.shape[:-1],
            key.shape[-2],
        )
        for index in np.ndindex(query.shape[:-2]):
            expected, expected_weights = slow_attention(query[index], key[index], value[index], mask)
            np.testing.assert_allclose(outputs[index], expected, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(weights[index], expected_weights, rtol=1e-12)

    def test_attention_worked_out_by_hand(self):
        query, key, value = [[0, 2]], [[9, 0], [0, math.log(3) / math.sqrt(2)]], [[8, 0], [0, 4]]
        outputs, weights = scaled_dot_product_attention(query, key, value)  # the scores are 0 and ln 3
        np.testing.assert_allclose(weights, [[1 / 4, 3 / 4]])
        np.testing.assert_allclose(outputs, [[2, 3]])

    @quick
    @given(seeds, st.integers(1, 6), st.integers(1, 6), st.floats(0, 100))
    def test_weights_are_shares_and_a_masked_one_is_exactly_0(self, seed, t, s, scale):
        query, key, mask = numbers(2, t, 3, seed=seed) * scale, numbers(2, s, 3, seed=seed + 1), some_mask(t, s, seed)
        _, weights = scaled_dot_product_attention(query, key, np.ones((2, s, 1)), mask)
        np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
        assert (weights >= 0).all() and (weights[:, ~mask] == 0).all()

    @quick
    @given(seeds, st.integers(1, 6), st.integers(2, 6))
    def test_a_token_that_is_masked_for_all_might_as_well_not_be_there(self, seed, t, s):
        query, key, value = numbers(t, 3, seed=seed), numbers(s, 3, seed=seed + 1), numbers(s, 2, seed=seed + 2)
        mask = np.arange(s) != np.random.default_rng(seed).integers(s)
        outputs, _ = scaled_dot_product_attention(query, key, value, np.tile(mask, (t, 1)))
        np.testing.assert_allclose(outputs, scaled_dot_product_attention(query, key[mask], value[mask])[0], rtol=1e-12)

    @quick
    @given(seeds, st.integers(1, 6), st.integers(1, 6))
    def test_the_order_of_keys_with_their_values_does_not_matter(self, seed, t, s):
        query, key, value = numbers(t, 3, seed=seed), numbers(s, 3, seed=seed + 1), numbers(s, 2, seed=seed + 2)
        order = np.random.default_rng(seed).permutation(s)
        expected, _ = scaled_dot_product_attention(query, key, value)
        np.testing.assert_allclose(
            scaled_dot_product_attention(query, key[order], value[order])[0], expected, rtol=1e-11, atol=1e-13
        )

    def test_a_mask_of_true_changes_nothing(self):
        x = numbers(2, 3, 4)
        for got, expected in zip(
            scaled_dot_product_attention(x, x, x, np.ones((3, 3), bool)),
            scaled_dot_product_attention(x, x, x),
            strict=True,
        ):
            np.testing.assert_array_equal(got, expected)

    def test_a_token_that_sees_only_one_other_returns_its_value(self):
        x = numbers(3, 4)
        outputs, weights = scaled_dot_product_attention(x, x, x, np.eye(3, dtype=bool)[[2, 0, 1]])
        np.testing.assert_array_equal(outputs, x[[2, 0, 1]])
        np.testing.assert_array_equal(weights, np.eye(3)[[2, 0, 1]])

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("mask", [None, causal_mask(3)], ids=["all", "causal"])
    def test_huge_scores_do_not_overflow(self, dtype, mask):
        x = (1e15 * numbers(3, 4)).astype(dtype)
        outputs, weights = scaled_dot_product_attention(x, x, x, mask)
        np.testing.assert_array_equal(
            weights, np.eye(3)[(x @ x.T if mask is None else np.where(mask, x @ x.T, -np.inf)).argmax(axis=1)]
        )
        np.testing.assert_array_equal(outputs, weights @ x)

    @pytest.mark.parametrize("axes", list(itertools.permutations(range(4))), ids=str)
    def test_arrays_may_lie_in_memory_in_any_order(self, axes):
        arrays = [numbers(2, 3, 4, 5, seed=seed).transpose(axes) for seed in range(4)]
        plain = [array.copy() for array in arrays]
        results = [
            (*scaled_dot_product_attention(*qkv), *attention_gradients(gradient, *qkv, weights))
            for gradient, *qkv in (arrays, plain)
            for weights in [scaled_dot_product_attention(*plain[1:])[1]]
        ]
        for got, expected in zip(*results, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("sign", [1, -1])
    def test_scores_beyond_the_range_of_numbers_are_refused(self, sign, dtype):
        huge = np.full((2, 4), np.finfo(dtype).max / 4, dtype)
        layer = MultiHeadAttention(4, 2, rng=0).to(dtype)
        layer.W_q.value, layer.W_k.value, layer.W_v.value = np.eye(4), sign * np.eye(4), np.eye(4)
        for call in (lambda: scaled_dot_product_attention(huge, sign * huge, huge), lambda: layer.forward(huge)):
            with np.errstate(all="ignore"), pytest.raises((ValueError, FloatingPointError), match=r"numbers.*, got "):
                call()

    @pytest.mark.parametrize("mask", [None, causal_mask(3)], ids=["all", "causal"])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_both_results_have_the_dtype_of_what_goes_in(self, dtype, mask):
        x = numbers(2, 3, 4, dtype=dtype)
        assert {array.dtype for array in scaled_dot_product_attention(x, x, x, mask)} == {np.dtype(dtype)}
        assert {
            array.dtype for array in attention_gradients(x, x, x, x, scaled_dot_product_attention(x, x, x, mask)[1])
        } == {np.dtype(dtype)}

    def test_lists_and_small_integers_give_what_floats_give(self):
        x, mask = np.array([[100, 3], [2, 100]], np.uint8), [[True, False], [True, True]]
        for given_ in (x, x.tolist()):
            for got, expected in zip(
                scaled_dot_product_attention(given_, given_, given_, mask),
                scaled_dot_product_attention(*[x.astype(float)] * 3, np.array(mask)),
                strict=True,
            ):
                np.testing.assert_array_equal(got, expected)

    def test_what_goes_in_stays_and_what_comes_out_is_fresh(self):
        query, key, value, mask = numbers(3, 4), numbers(3, 4, seed=1), numbers(3, 4, seed=2), causal_mask(3)
        before = [array.copy() for array in (query, key, value, mask)]
        for array in scaled_dot_product_attention(query, key, value, mask):
            array[...] = 99
        for array, kept in zip((query, key, value, mask), before, strict=True):
            np.testing.assert_array_equal(array, kept)

    @pytest.mark.parametrize(
        "shapes",
        [
            ((3,), (3, 4), (3, 4)),
            ((), (), ()),
            ((3, 4), (4,), (3, 4)),
            ((3, 4), (3, 4), (3,)),
            ((3, 4), (3, 5), (3, 4)),
            ((3, 4), (5, 4), (3, 4)),
            ((2, 3, 4), (3, 4), (3, 4)),
            ((3, 4), (2, 3, 4), (2, 3, 4)),
            ((2, 3, 4), (1, 3, 4), (1, 3, 4)),
            ((0, 4), (3, 4), (3, 4)),
            ((3, 0), (3, 0), (3, 4)),
            ((3, 4), (0, 4), (0, 4)),
            ((3, 4), (3, 4), (3, 0)),
            ((0, 3, 4), (0, 3, 4), (0, 3, 4)),
        ],
        ids=str,
    )
    def test_shapes_that_do_not_fit_are_refused(self, shapes):
        says = "query, key and value must have the shapes (…, T, D), (…, S, D) and (…, S, E), none of them 0, got {}, {} and {}".format(
            *shapes
        )
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            scaled_dot_product_attention(*map(np.ones, shapes))

    @pytest.mark.parametrize(
        ("mask", "got"),
        [
            (np.ones((3, 2), bool), "bool with shape (3, 2)"),
            (np.ones((5, 3), bool), "bool with shape (5, 3)"),
            (np.ones((1, 3, 5), bool), "bool with shape (1, 3, 5)"),
            (np.ones(5, bool), "bool with shape (5,)"),
            (True, "bool with shape ()"),
            (np.full((3, 5), 2), "int64 with shape (3, 5)"),
            (np.full((3, 5), 0.5), "float64 with shape (3, 5)"),
            (np.full((3, 5), np.nan), "float64 with shape (3, 5)"),
            (np.where(some_mask(3, 5), 0, -np.inf), "float64 with shape (3, 5)"),
            (np.full((3, 5), "True"), "<U4 with shape (3, 5)"),
            (np.full((3, 5), None), "object with shape (3, 5)"),
        ],
        ids=str,
    )
    def test_a_mask_of_another_shape_or_of_something_else_is_refused(self, mask, got):
        says = f"mask must have the shape (3, 5) and hold True and False, or 1 and 0, got {got}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            scaled_dot_product_attention(numbers(3, 4), numbers(5, 4), numbers(5, 4), mask)

    @pytest.mark.parametrize("kind", [int, np.uint8, np.float32, float, list])
    def test_a_mask_of_1_and_0_is_one_of_true_and_false(self, kind):
        x, mask = numbers(2, 3, 4), some_mask(3, 3)
        as_numbers = mask.astype(int).tolist() if kind is list else mask.astype(kind)
        for got, expected in zip(
            scaled_dot_product_attention(x, x, x, as_numbers),
            scaled_dot_product_attention(x, x, x, mask),
            strict=True,
        ):
            np.testing.assert_array_equal(got, expected)

    @pytest.mark.parametrize("row", range(3))
    def test_a_row_that_is_all_masked_is_refused_and_named(self, row):
        mask = causal_mask(3)
        mask[row] = False
        with pytest.raises(
            ValueError,
            match=f"^every row of mask must have a True, got none in row {row}: that token could look at nothing$",
        ):
            scaled_dot_product_attention(*[numbers(3, 4)] * 3, mask)

    @pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
    @pytest.mark.parametrize("shapes", SHAPES, ids=str)
    def test_its_gradients_are_slopes(self, shapes, masked):
        query, key, value = arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
        mask = some_mask(query.shape[-2], key.shape[-2]) if masked else None
        outputs, weights = scaled_dot_product_attention(query, key, value, mask)
        slopes = numbers(*outputs.shape, seed=3)
        names = ("query", "key", "value")
        gradients = dict(zip(names, attention_gradients(slopes, query, key, value, weights), strict=True))
        check_gradients(
            lambda: float((scaled_dot_product_attention(*arrays, mask)[0] * slopes).sum()),
            dict(zip(names, arrays, strict=True)),
            gradients,
        )

    def test_its_gradients_leave_alone_what_they_are_given(self):
        arrays = [numbers(2, 3, 4, seed=seed) for seed in range(4)]
        arrays.append(scaled_dot_product_attention(*arrays[1:], causal_mask(3))[1])
        before = [array.copy() for array in arrays]
        for gradient in attention_gradients(*arrays):
            gradient[...] = 99
        for array, kept in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, kept)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("name", ["query", "key", "value"])
    def test_what_is_not_finite_is_refused_even_at_a_place_that_no_token_may_look_at(self, name, bad):
        arrays = {"query": numbers(3, 4), "key": numbers(3, 4), "value": numbers(3, 4)}
        arrays[name][2, 1] = bad
        mask = np.array([[True, True, False]] * 3)
        with pytest.raises(ValueError, match=rf"^{name} must be (finite )?numbers, got {bad} in row 2, column 1$"):
            scaled_dot_product_attention(**arrays, mask=mask)

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"gradient": (2, 3, 4)}, "gradient must have the shape (2, 3, 5), got (2, 3, 4)"),
            ({"gradient": (3, 5)}, "gradient must have the shape (2, 3, 5), got (3, 5)"),
            ({"gradient": ()}, "gradient must have the shape (2, 3, 5), got ()"),
            ({"weights": (2, 6, 3)}, "weights must have the shape (2, 3, 6), got (2, 6, 3)"),
            ({"weights": (2, 1, 6)}, "weights must have the shape (2, 3, 6), got (2, 1, 6)"),
            ({"key": (2, 6, 1)}, "query, key and value must have the shapes"),
            ({"key": (2, 1, 4)}, "query, key and value must have the shapes"),
            ({"value": (6, 5)}, "query, key and value must have the shapes"),
            ({"query": (4,)}, "query, key and value must have the shapes"),
            ({"query": ()}, "query, key and value must have the shapes"),
            ({"query": (2, 0, 4)}, "query, key and value must have the shapes"),
        ],
        ids=str,
    )
    def test_shapes_that_do_not_fit_are_refused_on_the_way_back_too(self, changed, says):
        right = {"gradient": (2, 3, 5), "query": (2, 3, 4), "key": (2, 6, 4), "value": (2, 6, 5), "weights": (2, 3, 6)}
        attention_gradients(**{name: np.ones(shape) for name, shape in right.items()})
        with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
            attention_gradients(**{name: np.ones(shape) for name, shape in (right | changed).items()})

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    @pytest.mark.parametrize("place", range(5))
    def test_what_is_not_finite_is_refused_on_the_way_back_too(self, place, bad):
        arrays = [np.ones((3, 3)) for _ in range(5)]
        arrays[place][0, 1] = bad
        with pytest.raises(ValueError, match=r"must be (finite )?numbers, got (nan|inf) in row 0, column 1$"):
            attention_gradients(*arrays)


class TestTheCausalMask:
    @pytest.mark.parametrize("length", [1, 2, 5])
    def test_row_t_may_look_at_the_columns_up_to_t(self, length):
        mask = causal_mask(length)
        assert mask.dtype == bool
        np.testing.assert_array_equal(mask, [[column <= row for column in range(length)] for row in range(length)])

    @pytest.mark.parametrize("length", [0, -1])
    def test_no_tokens_are_refused(self, length):
        with pytest.raises(ValueError, match=f"^length must be at least 1, got {length}$"):
            causal_mask(length)


@pytest.mark.parametrize("cls", CLASSES)
class TestBothLayers:
    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    @pytest.mark.parametrize("shape", [(3, 4), (1, 4), (2, 3, 4), (1, 1, 4)], ids=str)
    def test_the_gradients_of_x_and_of_every_parameter_are_slopes(self, cls, shape, masked):
        layer, x, slopes = attention_layer(cls), numbers(*shape), numbers(*shape, seed=1)
        mask = causal_mask(shape[-2]) if masked else None
        assert layer.forward(x, mask).shape == shape
        gradients = {"x": layer.backward(slopes)} | {name: p.gradient.copy() for name, p in layer.named_parameters()}
        parameters = {"x": x} | {name: p.value for name, p in layer.named_parameters()}
        assert len(parameters) == (4 if cls is SelfAttention else 5)
        check_gradients(lambda: float((layer.forward(x, mask) * slopes).sum()), parameters, gradients)

    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    def test_texts_of_a_batch_know_nothing_of_each_other(self, cls, masked):
        layer, x, mask = attention_layer(cls), numbers(3, 5, 4), causal_mask(5) if masked else None
        together = layer.forward(x, mask)
        for text, expected in zip(x, together, strict=True):
            np.testing.assert_allclose(layer.forward(text, mask), expected, rtol=1e-12, atol=1e-14)

    @quick
    @given(seeds, st.integers(1, 8), st.sampled_from(DTYPES), st.data())
    def test_changing_a_token_changes_nothing_before_it_bit_for_bit(self, cls, seed, length, dtype, data):
        layer, x = attention_layer(cls, 6, seed=seed, dtype=dtype), numbers(2, length, 6, seed=seed, dtype=dtype)
        t = data.draw(st.integers(0, length - 1))
        before = layer.forward(x, causal_mask(length))
        x[:, t] += numbers(6, seed=seed + 1, dtype=dtype)
        after = layer.forward(x, causal_mask(length))
        assert np.array_equal(after[:, :t], before[:, :t])
        assert not np.array_equal(after[:, t], before[:, t])

    def test_without_a_mask_every_token_sees_every_other(self, cls):
        layer, x = attention_layer(cls), numbers(4, 4)
        before = layer.forward(x)
        x[3] += 1
        assert (layer.forward(x) != before).any(axis=1).all()

    def test_without_a_mask_and_positions_the_order_of_the_tokens_goes_unnoticed(self, cls):
        layer, x, order = attention_layer(cls), numbers(4, 4), [2, 0, 3, 1]
        np.testing.assert_allclose(layer.forward(x[order]), layer.forward(x)[order], rtol=1e-12, atol=1e-14)

    def test_the_weights_of_the_last_forward_can_be_looked_at(self, cls):
        layer, heads = attention_layer(cls), () if cls is SelfAttention else (2,)
        assert layer.last_weights is None
        for batch in ((), (3,)):
            layer.forward(numbers(*batch, 5, 4), causal_mask(5))
            assert layer.last_weights.shape == (*batch, *heads, 5, 5)
            np.testing.assert_allclose(layer.last_weights.sum(axis=-1), 1, rtol=1e-12)
            assert (layer.last_weights[..., ~causal_mask(5)] == 0).all() and (
                layer.last_weights[..., causal_mask(5)] > 0
            ).all()

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize(
        "x",
        [
            np.ones((2, 4), np.float64),
            np.ones((2, 4), np.float32),
            np.ones((2, 4), np.uint8),
            [[1, 1, 1, 1], [1, 1, 1, 1]],
        ],
        ids=["float64", "float32", "uint8", "list"],
    )
    def test_everything_has_the_dtype_of_the_layer(self, cls, x, dtype):
        layer = attention_layer(cls, dtype=dtype)
        arrays = [layer.forward(x, causal_mask(2)), layer.last_weights, layer.backward(np.ones((2, 4)))]
        arrays += [array for p in layer.parameters() for array in (p.value, p.gradient)]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}

    def test_it_needs_a_forward_of_its_own_each_time(self, cls):
        layer = attention_layer(cls)
        for _ in range(2):
            with pytest.raises(
                ValueError, match=rf"^{cls.__name__}\.backward needs the numbers of a forward.*call forward first$"
            ):
                layer.backward(np.ones((3, 4)))
            layer.forward(numbers(3, 4))
            layer.backward(np.ones((3, 4)))

    @pytest.mark.parametrize("shape", [(4,), (4, 3), (1, 3, 4), ()], ids=str)
    def test_a_gradient_of_another_shape_is_refused_and_changes_nothing(self, cls, shape):
        layer = attention_layer(cls)
        layer.forward(numbers(3, 4))
        with pytest.raises(
            ValueError,
            match=f"^{re.escape(f'gradient must have the shape of the outputs (3, 4), got {shape}')}$",
        ):
            layer.backward(np.ones(shape))
        assert not any(p.gradient.any() for p in layer.parameters())
        assert layer.backward(np.ones((3, 4))).shape == (3, 4)

    def test_a_layer_adds_to_its_gradients(self, cls):
        layer, total = attention_layer(cls), {}
        for seed in range(3):
            alone = attention_layer(cls)
            for either in (layer, alone):
                either.forward(numbers(3, 4, seed=seed), causal_mask(3))
                either.backward(numbers(3, 4, seed=seed + 9))
            total = {name: p.gradient + total.get(name, 0) for name, p in alone.named_parameters()}
        for name, parameter in layer.named_parameters():
            np.testing.assert_allclose(parameter.gradient, total[name], rtol=1e-12)

    def test_what_goes_in_stays_and_what_comes_out_is_fresh(self, cls):
        layer, x, mask, slopes = attention_layer(cls), numbers(3, 4), causal_mask(3), np.ones((3, 4))
        outputs, back = layer.forward(x, mask), layer.backward(slopes)
        kept = outputs.copy(), back.copy()
        layer.forward(x + 1), layer.backward(slopes)
        np.testing.assert_array_equal(outputs, kept[0])
        np.testing.assert_array_equal(back, kept[1])
        np.testing.assert_array_equal(x, numbers(3, 4))
        np.testing.assert_array_equal(slopes, np.ones((3, 4)))

    @pytest.mark.parametrize("shape", [(0, 4), (2, 0, 4), (0, 3, 4)], ids=str)
    def test_no_tokens_are_refused(self, cls, shape):
        with pytest.raises(ValueError, match=re.escape(f"x must hold at least one number, got shape {shape}")):
            attention_layer(cls).forward(np.ones(shape))

    @pytest.mark.parametrize("shape", [(4,), (), (3, 5), (3, 3), (2, 2, 3, 4)], ids=str)
    def test_embeddings_of_another_shape_are_refused(self, cls, shape):
        says = f"x must have the shape (T, 4) or (B, T, 4), with at least one token, got {shape}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            attention_layer(cls).forward(np.ones(shape))

    @pytest.mark.parametrize(
        "mask",
        [causal_mask(4), np.full((3, 3), 0.5), np.zeros((3, 3), bool), np.ones((2, 3, 3), bool)],
        ids=["(4, 4)", "float", "False", "(2, 3, 3)"],
    )
    def test_a_mask_that_does_not_fit_is_refused_and_there_is_no_going_back_to_the_batch_before(self, cls, mask):
        layer = attention_layer(cls)
        layer.forward(numbers(2, 3, 4))
        with pytest.raises(ValueError, match="mask must"):
            layer.forward(numbers(2, 3, 4, seed=1), mask)
        with pytest.raises(ValueError, match="call forward first"):
            layer.backward(np.ones((2, 3, 4)))

    def test_its_inputs_and_the_mask_may_change_between_forward_and_backward(self, cls):
        layer, other, x, mask = attention_layer(cls), attention_layer(cls), numbers(3, 4), causal_mask(3)
        layer.forward(x, mask)[...] = 99
        x[...], mask[...] = 5, True
        other.forward(numbers(3, 4), causal_mask(3))
        np.testing.assert_array_equal(layer.backward(np.ones((3, 4))), other.backward(np.ones((3, 4))))
        for ours, theirs in zip(layer.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(ours.gradient, theirs.gradient)

    def test_weights_that_can_be_looked_at_cannot_be_changed_since_backward_needs_them(self, cls):
        layer = attention_layer(cls)
        layer.forward(numbers(3, 4))
        with pytest.raises(ValueError, match="read-only"):
            layer.last_weights[...] = 0

    def test_a_parameter_that_has_changed_since_the_forward_is_refused(self, cls):
        for parameter in range(3 if cls is SelfAttention else 4):
            layer = attention_layer(cls)
            layer.forward(numbers(3, 4))
            layer.parameters()[parameter].value *= 2
            with pytest.raises(ValueError, match=f"the parameters of {cls.__name__} must be those of its forward"):
                layer.backward(np.ones((3, 4)))
            assert not any(p.gradient.any() for p in layer.parameters())

    def test_its_matrices_differ_though_one_seed_was_given(self, cls):
        values = [p.value for p in attention_layer(cls, seed=7).parameters()]
        assert len({value.tobytes() for value in values}) == len(values)

    def test_the_same_seed_gives_the_same_layer_and_a_generator_goes_on(self, cls):
        state = attention_layer(cls, seed=7).state()
        assert {name: array.tobytes() for name, array in state.items()} == {
            name: array.tobytes() for name, array in attention_layer(cls, seed=np.random.default_rng(7)).state().items()
        }
        rng = np.random.default_rng(7)
        first, second = attention_layer(cls, seed=rng).state(), attention_layer(cls, seed=rng).state()
        assert all((first[name] != second[name]).all() for name in first)

    def test_its_matrices_start_as_normal_numbers_of_standard_deviation_1_over_root_C(self, cls):
        for parameter in attention_layer(cls, 100).parameters():
            assert parameter.value.shape == (100, 100)
            assert 10 * parameter.value.std() == pytest.approx(1, rel=0.03)
            np.testing.assert_allclose(
                [(10 * np.abs(parameter.value) < limit).mean() for limit in (1, 2)], [0.6827, 0.9545], atol=0.015
            )

    def test_parameters_have_plain_names(self, cls):
        names = ["W_q", "W_k", "W_v"] if cls is SelfAttention else ["W_q", "W_k", "W_v", "W_o"]
        assert [name for name, _ in attention_layer(cls).named_parameters()] == names


class TestTheTutorialsCalls:
    def test_no_rng_is_needed_and_then_every_layer_is_another(self):
        x = numbers(5, 4)
        layers = [SelfAttention(4), SelfAttention(4), MultiHeadAttention(4, 2), MultiHeadAttention(4, 2)]
        outputs = [layer.forward(x) for layer in layers]
        assert all(output.shape == (5, 4) for output in outputs) and len({output.tobytes() for output in outputs}) == 4

    def test_the_matrices_of_self_attention_are_those_of_the_formula(self):
        layer, x = SelfAttention(4), numbers(5, 4)
        expected, weights = scaled_dot_product_attention(x @ layer.W_q.value, x @ layer.W_k.value, x @ layer.W_v.value)
        np.testing.assert_array_equal(layer.forward(x), expected)
        np.testing.assert_array_equal(layer.last_weights, weights)


class TestHeads:
    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    @pytest.mark.parametrize("batch", [(), (3,)], ids=["(T, C)", "(B, T, C)"])
    @pytest.mark.parametrize("num_heads", [1, 2, 3, 6])
    def test_they_are_single_heads_side_by_side_and_then_the_output_matrix(self, num_heads, batch, masked):
        layer, x, mask = (
            attention_layer(MultiHeadAttention, 6, num_heads=num_heads),
            numbers(*batch, 5, 6),
            causal_mask(5) if masked else None,
        )
        outputs = layer.forward(x, mask)
        found, width = [], 6 // num_heads
        for head in range(num_heads):
            columns = slice(head * width, (head + 1) * width)
            query, key, value = (x @ parameter.value[:, columns] for parameter in (layer.W_q, layer.W_k, layer.W_v))
            one, weights = scaled_dot_product_attention(query, key, value, mask)
            np.testing.assert_allclose(layer.last_weights[..., head, :, :], weights, rtol=1e-12)
            found.append(one)
        np.testing.assert_allclose(outputs, np.concatenate(found, axis=-1) @ layer.W_o.value, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
    @pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)], ids=str)
    def test_one_head_whose_output_matrix_is_the_identity_is_self_attention(self, shape, masked):
        layer, single, mask = (
            MultiHeadAttention(4, 1, rng=0),
            SelfAttention(4, rng=1),
            causal_mask(5) if masked else None,
        )
        for ours, theirs in ((layer.W_q, single.W_q), (layer.W_k, single.W_k), (layer.W_v, single.W_v)):
            ours.value = theirs.value
        layer.W_o.value = np.eye(4)
        np.testing.assert_allclose(
            layer.forward(numbers(*shape), mask), single.forward(numbers(*shape), mask), rtol=1e-12, atol=1e-14
        )
        np.testing.assert_allclose(
            layer.backward(numbers(*shape, seed=1)), single.backward(numbers(*shape, seed=1)), rtol=1e-12, atol=1e-14
        )
        np.testing.assert_allclose(layer.W_v.gradient, single.W_v.gradient, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize(
        ("dim", "heads", "says"),
        [
            (4, 3, "embedding_dim must be a multiple of num_heads, got 4 and 3"),
            (3, 4, "embedding_dim must be a multiple of num_heads, got 3 and 4"),
            (4, 0, "num_heads must be at least 1, got 0"),
            (4, -2, "num_heads must be at least 1, got -2"),
            (0, 2, "embedding_dim must be at least 1, got 0"),
            (-4, 2, "embedding_dim must be at least 1, got -4"),
        ],
    )
    def test_an_embedding_that_cannot_be_shared_out_is_refused(self, dim, heads, says):
        with pytest.raises(ValueError, match=f"^{says}$"):
            MultiHeadAttention(dim, heads)

    @pytest.mark.parametrize("dim", [0, -1])
    def test_a_head_of_no_width_is_refused(self, dim):
        with pytest.raises(ValueError, match=f"^embedding_dim must be at least 1, got {dim}$"):
            SelfAttention(dim)


def gpt(dtype, seed, positions="learned"):
    config = GPTConfig(
        vocab_size=7,
        context_length=9,
        embedding_dim=4,
        num_heads=2,
        num_layers=2,
        positions=positions,
        dtype=np.dtype(dtype).name,
    )
    model, rng = GPT(config, rng=seed), np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.value += rng.normal(size=parameter.value.shape) / 2
    return model


class TestCausality:
    @pytest.mark.parametrize("dtype", DTYPES)
    @quick
    @given(seeds, st.integers(1, 9), st.sampled_from(["learned", "sinusoidal"]), st.data())
    def test_changing_a_token_changes_no_logits_before_it_bit_for_bit(self, dtype, seed, length, positions, data):
        model, rng = gpt(dtype, seed, positions), np.random.default_rng(seed)
        tokens, t = rng.integers(0, 7, (2, length)), data.draw(st.integers(0, length - 1))
        before = model.forward(tokens)
        tokens[:, t] = (tokens[:, t] + rng.integers(1, 7)) % 7
        after = model.forward(tokens)
        assert np.array_equal(after[:, :t], before[:, :t])
        assert not np.array_equal(after[:, t], before[:, t])

    @quick
    @given(seeds, st.integers(2, 9), st.data())
    def test_what_comes_after_a_token_has_no_part_in_the_slopes_of_its_loss(self, seed, length, data):
        model = gpt(np.float64, seed)
        tokens, t = np.random.default_rng(seed).integers(0, 7, length), data.draw(st.integers(0, length - 2))
        logits = model.forward(tokens)
        slopes = np.zeros_like(logits)
        slopes[t] = 1 + np.arange(7)
        model.backward(slopes)
        gradient = model.positions.weights.gradient
        assert not gradient[t + 1 :].any() and gradient[t].any()


def test_attention_gradients_take_lists_and_integers_as_attention_does():
    query, key, value = [[1, 2], [0, 1]], [[1, 0], [2, 1]], [[3, 1], [0, 2]]
    _, weights = scaled_dot_product_attention(query, key, value)
    exact = attention_gradients(np.ones((2, 2)), *(np.array(x, float) for x in (query, key, value)), weights)
    for got, expected in zip(
        attention_gradients([[1, 1], [1, 1]], query, key, value, weights.tolist()), exact, strict=True
    ):
        np.testing.assert_array_equal(got, expected)
