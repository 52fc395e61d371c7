"""Each check says what came and what was expected, and lets pass what fits."""

import inspect
import math
import re
import threading
from fractions import Fraction

import numpy as np
import pytest

from scratchml import KeyValueCache, Linear, Module, ReLU
from scratchml import _checks as check

NAN, INF = math.nan, math.inf


def masked():
    return np.ma.masked_equal([1.0, 2.0], 2)


#: check → what it lets pass, as arguments
FINE = {
    check.integers_from: [((1,), {"n": 1}), ((0,), {"n": 0, "m": 10**30}), ((1,), {"n": np.int64(3), "m": np.uint32(7)})],
    check.multiple: [((), {"n": 12, "m": 4}), ((), {"n": 0, "m": 4})],
    check.even: [((), {"n": 12, "m": 0})],
    check.one_of: [((("a", "b"),), {"n": "a"}), (((True, False),), {"n": False}), (({"a": 1},), {"n": np.str_("a")})],
    check.positive: [((), {"n": 1e-300, "m": 3}), ((), {"n": np.float32(0.5), "m": Fraction(1, 3)})],
    check.not_negative: [((), {"n": 0, "m": 1e300}), ((), {"n": np.float16(0), "m": -0.0})],
    check.below_one: [((), {"n": 0, "m": 0.999})],
    check.probability: [((), {"n": 1, "m": 1e-300})],
    check.at_most: [((2,), {"n": 2, "m": -INF})],
    check.instance: [((int,), {"n": 3}), (((int, str),), {"n": "3", "m": 3}), ((Module,), {"n": ReLU()})],
    check.text: [((), {"n": "", "m": "字 🙂"})],
    check.known_characters: [(("abba", "abc"), {}), (("", ""), {})],
    check.token_list: [(([0, 1, np.int64(2)], 3), {}), (([], 0), {})],
    check.pair: [(((1, 2), "n"), {}), (([1, 2], "n"), {})],
    check.numbers: [((1.5,), {}), (([[1, 2]],), {}), ((np.uint8([3]),), {}), (([True],), {}), (([INF, -INF],), {}), (([],), {})],
    check.as_numbers: [((1.5,), {}), (([NAN],), {})],
    check.floats: [((1.5,), {}), (([1, 2], "n", "float32"), {}), (([INF], "n", "float32"), {})],
    check.as_floats: [((1.5,), {}), (([NAN, INF], "n", "float32"), {})],
    check.float_dtype: [(("float32",), {}), ((float,), {}), ((np.dtype("float64"),), {})],
    check.storable: [((np.ones(2), "float16", "n"), {}), ((np.full(2, 1e300), np.float64, "n"), {})],
    check.row: [(([1, 2], "n"), {})],
    check.scores: [(([1.0],), {}), (([[-INF, 1.0], [2.0, -INF]],), {})],
    check.finite: [((np.ones(3),), {}), ((np.array(1),), {})],
    check.no_overflow: [((np.ones(3), "n"), {}), ((1e308, "n"), {}), ((np.ones(0), "n"), {})],
    check.shape: [(((2, 1),), {"n": [[1], [2]]}), (((), "of the outputs "), {"n": 1})],
    check.last_axis: [((3, np.ones(3)), {}), ((3, np.ones((2, 0, 3))), {})],
    check.rows_of: [((3, np.ones((1, 3)), "n takes", (3,)), {})],
    check.layer_sizes: [(([2, 1],), {}), (((3, 4, 1),), {})],
    check.embeddings: [((3, np.ones((1, 3))), {}), ((3, np.ones((2, 1, 3))), {})],
    check.indices: [(([0, 2], 3, "n"), {}), ((np.uint8(1), 3, "n"), {}), (([], 3, "n"), {})],
    check.integers: [(([0, -2], "n"), {}), (([], "n"), {}), ((3, "n"), {})],
    check.tokens: [(([[0, 2]], 3), {}), ((2, 3), {})],
    check.forwarded: [(((1, ()), None), {}), (((np.ones(2), (3,)), None), {})],
    check.cache_among: [((([1], KeyValueCache()), {}), {}), (((), {"cache": KeyValueCache()}), {}), (((), {}), {})],
    check.context: [((np.array([1, 2]), 2), {}), ((np.array([[1, 2]]), 5), {})],
    check.mask: [(([[True, False], [1, 1]], (2, 2)), {}), (([[1.0, 0.0]], (1, 2)), {}), ((np.uint8([[0, 1]]), (1, 2)), {})],
    check.attention: [((np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 5))), {})],
    check.attention_outputs: [((np.ones((2, 5)), np.ones((2, 4)), np.ones((2, 3)), np.ones((4, 5))), {})],
    check.pairs: [(([(1, 2), [3, 4]],), {}), ((((1, 2), (3, 4)),), {}), (((([1, 2], [3]), ([4], [5])),), {}), (([],), {})],
}  # fmt: skip

#: check → (arguments, settings, what it says)
REFUSED = {
    check.integers_from: [
        ((1,), {"n": 0}, "n must be at least 1, got 0"),
        ((1,), {"fine": 3, "n": -5}, "n must be at least 1, got -5"),
        ((0,), {"n": 2.0}, "n must be an integer from 0 up, got 2.0"),
        ((0,), {"n": NAN}, "n must be an integer from 0 up, got nan"),
        ((0,), {"n": np.float64(2)}, "n must be an integer from 0 up, got np.float64(2.0)"),
        ((1,), {"n": "2"}, "n must be an integer from 1 up, got '2'"),
        ((1,), {"n": None}, "n must be an integer from 1 up, got None"),
        ((0,), {"n": True}, "n must be an integer from 0 up, got True"),
        ((0,), {"n": np.True_}, "n must be an integer from 0 up, got np.True_"),
        ((1,), {"n": [2]}, "n must be an integer from 1 up, got [2]"),
        ((1,), {"n": np.array(2)}, "n must be an integer from 1 up, got array(2)"),
        ((1,), {"n": np.uint8(100)}, "n must be an integer from 1 up, got np.uint8(100), which would wrap around: use int(…)"),
        ((1,), {"n": np.uint64(9)}, "n must be an integer from 1 up, got np.uint64(9), which would wrap around: use int(…)"),
        ((1,), {"n": np.int16(9)}, "n must be an integer from 1 up, got np.int16(9), which would wrap around: use int(…)"),
    ],
    check.multiple: [((), {"width": 10, "heads": 3}, "width must be a multiple of heads, got 10 and 3")],
    check.even: [((), {"n": 2, "m": 5}, "m must be even, got 5")],
    check.one_of: [
        ((("a", "b"),), {"n": "c"}, "n must be one of a, b, got 'c'"),
        ((("a", "b"),), {"n": ["a"]}, "n must be one of a, b, got ['a']"),
        ((("a", "b"),), {"n": None}, "n must be one of a, b, got None"),
        (((False, True),), {"n": 1}, "n must be one of False, True, got 1"),
    ],
    check.positive: [
        ((), {"n": bad}, f"n must be a number above 0, got {bad!r}")
        for bad in (0, -1, -0.0, NAN, INF, -INF, None, "1", True, 1j, [1], np.ones(2), np.float32(0))
    ],
    check.not_negative: [
        ((), {"n": bad}, f"n must be a number from 0 up, got {bad!r}")
        for bad in (-1, -1e-300, NAN, INF, -INF, None, "1", False, 1j, [1])
    ],
    check.below_one: [
        ((), {"n": bad}, f"n must be from 0 to below 1, got {bad!r}") for bad in (1, 1.0, -0.1, NAN, INF, None, "0", True)
    ],
    check.probability: [
        ((), {"n": bad}, f"n must be above 0 and at most 1, got {bad!r}") for bad in (0, 1.1, -0.1, NAN, INF, None, "1", True)
    ],
    check.at_most: [((2,), {"n": 3}, "n must be at most 2, got 3")],
    check.instance: [
        ((Module,), {"n": None}, "n must be a Module, got a NoneType, None"),
        ((Module,), {"n": ReLU}, "n must be a Module, got the class ReLU"),
        ((Module,), {"fine": ReLU(), "n": [ReLU()]}, "n must be a Module, got a list, [ReLU()]"),
        (((dict, Module),), {"n": "model"}, "n must be a dict or a Module, got a str, 'model'"),
        ((Module,), {"n": list(range(100))}, "n must be a Module, got a list"),
    ],
    check.text: [
        ((), {"n": None}, "n must be a text, got a NoneType, None"),
        ((), {"n": b"ab"}, "n must be a text, got a bytes, b'ab'"),
        ((), {"n": ["a"]}, "n must be a text, got a list, ['a']"),
        ((), {"n": "ab\ud800"}, r"n must be a text that UTF-8 can hold, got half of a pair, '\ud800', at 2"),
    ],
    check.known_characters: [
        (("zebra", "abc"), {}, "this tokenizer doesn't know the characters ['e', 'r', 'z']; it knows 3 others"),
        (("nmlkjihgfedcba", ""), {}, f"this tokenizer doesn't know the characters {list('abcdefghij')}; it knows 0 others"),
    ],
    check.token_list: [
        (([0, 3], 3), {}, "tokens must be integers from 0 to 2, got 3"),
        (([-1], 3), {}, "tokens must be integers from 0 to 2, got -1"),
        (([1.0], 3), {}, "tokens must be integers from 0 to 2, got 1.0"),
        (([True], 3), {}, "tokens must be integers from 0 to 2, got True"),
        (([None], 3), {}, "tokens must be integers from 0 to 2, got None"),
        (([9], 3, "merges must join"), {}, "merges must join integers from 0 to 2, got 9"),
    ],
    check.pair: [
        ((3, "n"), {}, "n must be a pair, got an int, 3"),
        (((1, 2, 3), "n"), {}, "n must be a pair, got a tuple, (1, 2, 3)"),
        (("ab", "n"), {}, "n must be a pair, got a str, 'ab'"),
    ],
    check.as_numbers: [
        ((None,), {}, "x must be numbers, got a NoneType, None"),
        (([1.0, None], "n"), {}, "n must be numbers, got a NoneType, None"),
        (("word", "n"), {}, "n must be numbers, got a str, 'word'"),
        ((["1", "2"], "n"), {}, "n must be numbers, got a str, '1'"),
        (([1, 2j], "n"), {}, "n must be numbers, got an array of complex128"),
        ((np.array(["2020-01-01"], "datetime64[D]"), "n"), {}, "n must be numbers, got an array of datetime64[D]"),
        ((np.zeros(2, "f4,f4"), "n"), {}, "n must be numbers, got an array of [('f0', '<f4'), ('f1', '<f4')]"),
        ((np.array([1.0, 2.0], object), "n"), {}, "n must be numbers, got an array of object"),
        (({1: 2}, "n"), {}, "n must be numbers, got a dict, {1: 2}"),
        ((Linear(2, 3, rng=0), "n"), {}, "n must be numbers, got a Linear, Linear(2, 3)"),
        ((ReLU, "n"), {}, "n must be numbers, got the class ReLU"),
        (([[1], [1, 2]], "n"), {}, "n must be an array, got rows of different lengths"),
        ((masked(), "n"), {}, "n must be a plain array, got a masked one, whose mask would be lost"),
    ],
    check.numbers: [
        ((NAN,), {}, "x must be numbers, got nan"),
        (([1.0, NAN], "n"), {}, "n must be numbers, got nan at [1]"),
        (([[1.0, 2.0], [NAN, NAN]], "n"), {}, "n must be numbers, got nan in row 1, column 0"),
        (([[[1.0], [NAN]]], "n"), {}, "n must be numbers, got nan at [0, 1, 0]"),
        (([1.0, None], "n"), {}, "n must be numbers, got a NoneType, None"),
    ],
    check.as_floats: [
        (([1.0, 1e300], "n", np.float32), {}, "n has numbers that are too large for float32"),
        (([1.0, None], "n"), {}, "n must be numbers, got a NoneType, None"),
    ],
    check.floats: [
        (([1.0, NAN], "n", "float32"), {}, "n must be numbers, got nan at [1]"),
        (([INF, 1e300], "n", "float32"), {}, "n has numbers that are too large for float32"),
    ],
    check.float_dtype: [
        ((bad,), {}, f"dtype must be float32 or float64, got {bad!r}")
        for bad in ("float16", np.float16, int, "int32", complex, bool, None, "bogus", 3, [1], "f4,f4", object, ">f4")
    ],
    check.storable: [
        ((np.ones(2), "int8", "n"), {}, "dtype must be a floating-point one, got 'int8'"),
        ((np.ones(2), "bogus", "n"), {}, "dtype must be a floating-point one, got 'bogus'"),
        ((np.array([1.0, NAN]), "float32", "n"), {}, "n must be finite numbers, got nan at [1]"),
        ((np.array([1.0, 1e6]), "float16", "n"), {}, "n has numbers that are too large for float16"),
    ],
    check.row: [
        (([[1, 2]], "n"), {}, "n must be a row of numbers, at least one, got shape (1, 2)"),
        (([], "n"), {}, "n must be a row of numbers, at least one, got shape (0,)"),
        ((3, "n"), {}, "n must be a row of numbers, at least one, got shape ()"),
    ],
    check.scores: [
        ((3.0,), {}, "x must have at least one score along an axis, got shape ()"),
        (([[], []],), {}, "x must have at least one score along an axis, got shape (2, 0)"),
        (([-INF, -INF],), {}, "x must be numbers or −∞, with at least one number in each row, got -inf as a row's largest"),
        (([[0, 1], [INF, 1]],), {}, "x must be numbers or −∞, with at least one number in each row, got inf at [1] as a row's largest"),
        (([[0, 1], [NAN, 1]],), {}, "x must be numbers, got nan in row 1, column 0"),
    ],
    check.finite: [
        ((np.ones((0, 3)), "n"), {}, "n must hold at least one number, got shape (0, 3)"),
        ((np.array([[1.0, 2.0], [3.0, -INF]]), "n"), {}, "n must be finite numbers, got -inf in row 1, column 1"),
        ((np.array(NAN),), {}, "x must be finite numbers, got nan"),
    ],
    check.shape: [
        (((2, 3),), {"n": np.ones((3, 2))}, "n must have the shape (2, 3), got (3, 2)"),
        (((2,), "of the outputs "), {"n": [[1, 2]]}, "n must have the shape of the outputs (2,), got (1, 2)"),
        (((2,),), {"fine": [1, 2], "n": 3}, "n must have the shape (2,), got ()"),
        (((2,),), {"layers.0.bias": [[1], [1, 2]]}, "layers.0.bias must be an array, got rows of different lengths"),
    ],
    check.last_axis: [
        ((3, np.ones((3, 2))), {}, "x must have the shape (…, 3), got (3, 2)"),
        ((1, np.array(1.0)), {}, "x must have the shape (…, 1), got ()"),
    ],
    check.rows_of: [
        ((3, np.ones((1, 2)), "n takes", (2,)), {}, "n takes (rows, 3) with at least one row, got (2,)"),
        ((3, np.ones((0, 3)), "n takes", (0, 3)), {}, "n takes (rows, 3) with at least one row, got (0, 3)"),
        ((1, np.full((1, 1), np.inf), "n takes", (1, 1)), {}, "inputs must be finite numbers, got inf in row 0, column 0"),
    ],
    check.forwarded: [
        ((result, 1), {}, f"int._forward must return a pair: the result, and a tuple of what backward needs, got {got}")
        for result, got in (
            (np.ones(2), "a ndarray"),
            (np.ones((2, 1)), "a ndarray"),
            ((1,), "a tuple"),
            ((1, 2), "a tuple"),
            ((1, [2]), "a tuple"),
            ([1, ()], "a list"),
            (None, "a NoneType"),
        )
    ],
    check.cache_among: [
        (((), {"cache": {}}), {}, "cache must be a KeyValueCache, got a dict, {}"),
        (((), {"cache": KeyValueCache}), {}, "cache must be a KeyValueCache, got the class KeyValueCache"),
    ],
    check.layer_sizes: [
        (([3],), {}, "layer_sizes needs at least the number of inputs and the number of outputs, got [3]"),
        ((3,), {}, "layer_sizes must be a list or a tuple, got an int, 3"),
    ],
    check.embeddings: [
        ((3, np.ones(shape)), {}, f"x must have the shape (T, 3) or (B, T, 3), with at least one token, got {shape}")
        for shape in ((3,), (2, 4), (1, 1, 2, 3), (0, 3), (2, 0, 3), ())
    ],
    check.integers: [
        (([1.0], "n"), {}, "n must be integers, got float64 with shape (1,)"),
        ((np.zeros((2, 0)), "n"), {}, "n must be integers, got float64 with shape (2, 0)"),
        (([True], "n"), {}, "n must be integers, got bool with shape (1,)"),
        (("ab", "n"), {}, "n must be integers, got a str, 'ab'"),
        (([1, None], "n"), {}, "n must be integers, got a NoneType, None"),
        (([[1], [1, 2]], "n"), {}, "n must be integers, got rows of different lengths"),
        ((masked(), "n"), {}, "n must be a plain array, got a masked one, whose mask would be lost"),
    ],
    check.indices: [
        (([0, 3], 3, "n"), {}, "n must be from 0 to 2, got 0 to 3"),
        (([-1, 1], 3, "n"), {}, "n must be from 0 to 2, got -1 to 1"),
        (([0.0], 3, "n"), {}, "n must be integers, got float64 with shape (1,)"),
    ],
    check.tokens: [
        (([], 3), {}, "tokens must be at least one, got shape (0,)"),
        (([3], 3), {}, "tokens must be from 0 to 2, got 3 to 3"),
        (([0.5], 3), {}, "tokens must be integers, got float64 with shape (1,)"),
    ],
    check.context: [
        ((np.zeros(shape, int), 4), {}, f"tokens must have the shape (T,) or (B, T) with T at most 4, what the context still holds, got {shape}")
        for shape in ((5,), (2, 5), (1, 1, 2))
    ] + [((np.array(1), 4), {}, "tokens must have the shape (T,) or (B, T) with T at most 4, what the context still holds, got ()")],
    check.mask: [
        (([[True]], (2, 2)), {}, "mask must have the shape (2, 2) and hold True and False, or 1 and 0, got bool with shape (1, 1)"),
        (([[2, 1]], (1, 2)), {}, "mask must have the shape (1, 2) and hold True and False, or 1 and 0, got int64 with shape (1, 2)"),
        (([[0.5, 1]], (1, 2)), {}, "mask must have the shape (1, 2) and hold True and False, or 1 and 0, got float64 with shape (1, 2)"),
        (([[NAN, 1]], (1, 2)), {}, "mask must have the shape (1, 2) and hold True and False, or 1 and 0, got float64 with shape (1, 2)"),
        (([["a", "b"]], (1, 2)), {}, "mask must have the shape (1, 2) and hold True and False, or 1 and 0, got <U1 with shape (1, 2)"),
        (([[1, 0], [0, 0]], (2, 2)), {}, "every row of mask must have a True, got none in row 1: that token could look at nothing"),
        (([[1], [1, 0]], (2, 2)), {}, "mask must be an array, got rows of different lengths"),
        ((np.ma.masked_equal([[1, 0]], 0), (1, 2)), {}, "mask must be a plain array, got a masked one, whose mask would be lost"),
    ],
    check.attention: [
        ((np.ones(q), np.ones(k), np.ones(v)), {}, f"query, key and value must have the shapes (…, T, D), (…, S, D) and (…, S, E), none of them 0, got {q}, {k} and {v}")
        for q, k, v in [((3,), (4, 3), (4, 5)), ((2, 3), (4, 2), (4, 5)), ((2, 3), (4, 3), (5, 5)), ((2, 2, 3), (4, 3), (4, 5)), ((0, 3), (4, 3), (4, 5)), ((2, 3), (0, 3), (0, 5))]
    ] + [
        ((np.ones((2, 3)), np.full((4, 3), INF), np.ones((4, 5))), {}, "key must be finite numbers, got inf in row 0, column 0"),
        ((np.ones((2, 3)), np.ones((4, 3)), [[None]]), {}, "value must be numbers, got a NoneType, None"),
    ],
    check.attention_outputs: [
        ((np.ones((2, 4)), np.ones((2, 4)), np.ones((2, 3)), np.ones((4, 5))), {}, "gradient must have the shape (2, 5), got (2, 4)"),
        ((np.ones((2, 5)), np.ones((2, 3)), np.ones((2, 3)), np.ones((4, 5))), {}, "weights must have the shape (2, 4), got (2, 3)"),
        ((np.full((2, 5), INF), np.ones((2, 4)), np.ones((2, 3)), np.ones((4, 5))), {}, "gradient must be finite numbers, got inf in row 0, column 0"),
        ((np.ones((2, 5)), np.full((2, 4), -INF), np.ones((2, 3)), np.ones((4, 5))), {}, "weights must be finite numbers, got -inf in row 0, column 0"),
    ],
    check.pairs: [
        ((([1, 2], [3, 4]),), {}, "batches must be pairs (inputs, targets), got one such pair: make a list of it, [(inputs, targets)], or MiniBatches(inputs, targets, rng=rng)"),
        (((np.ones((4, 2)), np.ones(4)),), {}, "batches must be pairs (inputs, targets), got one such pair: make a list of it, [(inputs, targets)], or MiniBatches(inputs, targets, rng=rng)"),
        ((None,), {}, "batches must be pairs (inputs, targets), got a NoneType, None"),
        (([5],), {}, "a batch must be a pair (inputs, targets), got an int, 5"),
        (([(1, 2, 3)],), {}, "a batch must be a pair (inputs, targets), got a tuple, (1, 2, 3)"),
        (([np.ones((2, 2))],), {}, "a batch must be a pair (inputs, targets), got a ndarray"),
    ],
}  # fmt: skip


def carried_out(function, arguments, settings):
    result = function(*arguments, **settings)
    return list(result) if inspect.isgenerator(result) else result


def test_every_check_is_looked_at():
    functions = {
        f
        for name, f in inspect.getmembers(check, inspect.isfunction)
        if f.__module__ == check.__name__ and name[0] != "_"
    }
    assert set(FINE) == functions
    assert set(REFUSED) == functions - {check.no_overflow}


@pytest.mark.parametrize(
    ("function", "case"),
    [(function, case) for function, cases in FINE.items() for case in cases],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_what_fits_passes(function, case):
    carried_out(function, *case)


@pytest.mark.parametrize(
    ("function", "arguments", "settings", "says"),
    [(function, *case) for function, cases in REFUSED.items() for case in cases],
    ids=lambda x: x if isinstance(x, str) else getattr(x, "__name__", ""),
)
def test_what_does_not_fit_is_refused_in_words_that_say_what_came_and_what_was_expected(
    function, arguments, settings, says
):
    with pytest.raises(ValueError) as refused:
        carried_out(function, arguments, settings)
    assert str(refused.value).startswith(says)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__ == (
        refused.value.__context__ is not None
    )


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.array([1.0, INF]), "the outputs went beyond the range of numbers, got inf at [1]"),
        (np.array([[1.0, NAN]]), "the outputs went beyond the range of numbers, got nan in row 0, column 1"),
        (NAN, "the outputs went beyond the range of numbers, got nan"),
    ],
)
def test_what_went_beyond_the_range_of_floats_is_another_kind_of_error(x, says):
    with pytest.raises(FloatingPointError, match=f"^{re.escape(says)}$"):
        check.no_overflow(x, "the outputs")


class TestWhatTheyReturn:
    @pytest.mark.parametrize(
        ("x", "dtype"),
        [([1, 2], np.float64), (np.uint8([1]), np.float64), (np.float16([1]), np.float64), (np.float32([1]), np.float32), (np.longdouble([1]), np.float64), (np.array([1.5], ">f8"), np.float64), ([True], np.float64)],
    )  # fmt: skip
    def test_float32_stays_and_all_other_numbers_become_float64(self, x, dtype):
        for function in (check.floats, check.as_floats):
            assert function(x).dtype == dtype
            np.testing.assert_array_equal(function(x), np.asarray(x))
            assert function(x, "n", np.float32).dtype == np.float32

    def test_numbers_keep_their_dtype_and_floats_that_fit_are_not_copied(self):
        for dtype in (np.uint8, np.int64, np.float16, np.float32, bool):
            assert check.numbers(np.ones(2, dtype)).dtype == dtype
        x = np.ones(2)
        assert check.floats(x) is x and check.numbers(x) is x

    @pytest.mark.parametrize(
        "function", [lambda x: check.indices(x, 9, "n"), lambda x: check.integers(x, "n"), lambda x: check.tokens(x, 9)]
    )
    def test_integers_are_copied(self, function):
        x = np.array([1, 2])
        copied = function(x)
        x[...] = 7
        np.testing.assert_array_equal(copied, [1, 2])

    def test_no_labels_at_all_are_integers(self):
        assert check.indices([], 3, "n").dtype.kind == "i"

    def test_a_mask_of_ones_and_zeros_is_one_of_true_and_false(self):
        for mask in ([[1, 0]], [[1.0, 0.0]], [[True, False]], np.uint8([[1, 0]])):
            allowed = check.mask(mask, (1, 2))
            assert allowed.dtype == bool
            np.testing.assert_array_equal(allowed, [[True, False]])

    def test_batches_come_one_after_the_other(self):
        def endless():
            while True:
                yield [1, 2]

        assert next(check.pairs(endless())) == (1, 2)


class TestInside:
    """Values are looked at once, where the user calls; what a module calls on its way trusts them."""

    class Looking(Module):
        def _forward(self, x):
            self.was_inside = bool(check.inside)
            return x, ()

        def _backward(self, gradient):
            self.was_inside_on_the_way_back = bool(check.inside)
            return gradient

    def test_a_module_computes_inside_and_afterwards_one_is_outside_again(self):
        module = self.Looking()
        assert not check.inside
        module.forward([1.0])
        assert module.was_inside and not check.inside
        module.backward([1.0])
        assert module.was_inside_on_the_way_back and not check.inside

    @pytest.mark.parametrize("way", ["_forward", "_backward"])
    def test_an_error_does_not_leave_one_inside(self, way, monkeypatch):
        def broken(self, x):
            raise KeyboardInterrupt

        monkeypatch.setattr(self.Looking, way, broken)
        module = self.Looking()
        with pytest.raises(KeyboardInterrupt):
            module.forward([1.0])
            module.backward([1.0])
        assert not check.inside
        with pytest.raises(ValueError, match="got nan"):
            check.numbers(NAN)

    def test_inside_nan_passes_to_become_an_error_at_the_end(self):
        with check.inside(object()):
            assert np.isnan(check.numbers(np.array([NAN]))).all()
            assert np.isnan(check.scores(np.array([NAN, 1.0]))[0])
        with pytest.raises(ValueError, match="got nan"):
            check.scores(np.array([NAN, 1.0]))

    def test_another_thread_is_not_inside(self):
        seen = []
        with check.inside(object()):
            thread = threading.Thread(target=lambda: seen.append(bool(check.inside)))
            thread.start()
            thread.join()
            assert check.inside
        assert seen == [False]
