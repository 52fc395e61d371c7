import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import MiniBatches, NextTokenBatches, next_token_windows

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)


def problem(rows=23):
    """Something to learn: inputs (rows, 3), targets (rows, 2)."""
    x = np.random.default_rng(0).normal(size=(rows, 3))
    return x, np.column_stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])])


class TestMiniBatches:
    @quick
    @given(st.integers(1, 40), st.integers(1, 45), st.integers(0, 2**32))
    def test_an_epoch_holds_every_row_once_with_its_target_in_batches_of_one_size_but_the_last(self, rows, size, seed):
        x = np.arange(rows * 2.0).reshape(rows, 2)
        batches = MiniBatches(x, x[:, 0] * 10, size, rng=seed)
        for _ in range(2):
            epoch = list(batches)
            assert len(epoch) == len(batches) == math.ceil(rows / size)
            assert [len(inputs) for inputs, _ in epoch] == [size] * (rows // size) + (
                [rows % size] if rows % size else []
            )
            assert sorted(row.tolist() for inputs, _ in epoch for row in inputs) == x.tolist()
            for inputs, targets in epoch:
                np.testing.assert_array_equal(targets, inputs[:, 0] * 10)

    def test_every_epoch_has_another_order(self):
        batches = MiniBatches(np.arange(20), np.arange(20), 6, rng=0)
        orders = [tuple(np.concatenate([inputs for inputs, _ in batches])) for _ in range(5)]
        assert len({*orders, tuple(range(20))}) == 6

    def test_any_row_may_come_anywhere(self):
        batches = MiniBatches(np.arange(4), np.arange(4), 4, rng=0)
        orders = np.array([next(iter(batches))[0] for _ in range(2000)])
        for column in orders.T:
            np.testing.assert_allclose(np.bincount(column) / len(orders), 1 / 4, atol=0.04)

    def test_the_same_seed_gives_the_same_orders_and_another_seed_others(self):
        def orders(rng):
            batches = MiniBatches(np.arange(20), np.arange(20), rng=rng)
            return [next(iter(batches))[0].tolist() for _ in range(3)]

        assert orders(1) == orders(1) == orders(np.random.default_rng(1)) != orders(2)
        rng = np.random.default_rng(1)
        assert orders(rng) != orders(rng)

    def test_the_batch_size_is_32_unless_told_otherwise(self):
        assert [len(inputs) for inputs, _ in MiniBatches(np.ones((70, 1)), np.ones(70), rng=0)] == [32, 32, 6]

    def test_there_are_none_without_an_explicit_rng(self):
        with pytest.raises(TypeError, match="rng"):
            MiniBatches(np.ones((4, 1)), np.ones(4))

    @pytest.mark.parametrize(
        ("inputs", "targets"),
        [(np.ones((5, 2, 3), np.float32), np.ones((5, 2), np.int64)), (np.ones((5, 4), np.uint8), np.ones((5, 1)))],
    )
    def test_rows_of_any_shape_keep_their_shape_and_dtype(self, inputs, targets):
        for some_inputs, some_targets in MiniBatches(inputs, targets, 2, rng=0):
            assert (some_inputs.shape[1:], some_inputs.dtype) == (inputs.shape[1:], inputs.dtype)
            assert (some_targets.shape[1:], some_targets.dtype) == (targets.shape[1:], targets.dtype)

    def test_lists_give_what_arrays_give(self):
        x, y = problem()
        for (a, b), (c, d) in zip(
            MiniBatches(x, y, 5, rng=0), MiniBatches(x.tolist(), y.tolist(), 5, rng=0), strict=True
        ):
            np.testing.assert_array_equal(a, c)
            np.testing.assert_array_equal(b, d)

    def test_changing_a_batch_does_not_reach_the_data(self):
        x, y = problem()
        for inputs, targets in MiniBatches(x, y, 100, rng=0):
            inputs[...], targets[...] = 99, 99
        np.testing.assert_array_equal(x, problem()[0])
        np.testing.assert_array_equal(y, problem()[1])

    @pytest.mark.parametrize(
        ("inputs", "targets"),
        [
            (np.ones((4, 2)), np.ones((3, 1))),
            (np.ones((4, 2)), np.ones((1, 4))),
            (5.0, 3.0),
            (np.ones(3), 3.0),
        ],
        ids=lambda array: str(np.shape(array)),
    )
    def test_rows_without_their_targets_and_no_rows_are_refused(self, inputs, targets):
        with pytest.raises(
            ValueError,
            match=re.escape(
                f"the same number of rows, at least one, got the shapes {np.shape(inputs)} and {np.shape(targets)}"
            ),
        ):
            MiniBatches(inputs, targets, rng=0)

    @pytest.mark.parametrize(
        ("inputs", "targets", "says"),
        [
            (np.ones((0, 2)), np.ones((0, 1)), "inputs must hold at least one number, got shape (0, 2)"),
            ([], [], "inputs must hold at least one number, got shape (0,)"),
            (np.ones((4, 0)), np.ones(4), "inputs must hold at least one number, got shape (4, 0)"),
            (np.ones(4), np.ones((4, 0)), "targets must hold at least one number, got shape (4, 0)"),
        ],
    )
    def test_rows_with_nothing_in_them_are_refused(self, inputs, targets, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            MiniBatches(inputs, targets, rng=0)

    @quick
    @given(st.booleans(), st.integers(0, 22), st.integers(0, 1), st.sampled_from([math.nan, math.inf, -math.inf]))
    def test_nan_and_infinity_are_refused_before_anything_is_learned_from_the_rows_before_them(
        self, in_targets, row, column, bad
    ):
        x, y = problem()
        (y if in_targets else x)[row, column] = bad
        which = "targets" if in_targets else "inputs"
        with pytest.raises(
            ValueError, match=rf"{which} must be (finite )?numbers, got {bad} in row {row}, column {column}"
        ):
            MiniBatches(x, y, rng=0)

    @pytest.mark.parametrize("which", ["inputs", "targets"])
    @pytest.mark.parametrize(
        ("array", "says"),
        [
            (np.ma.masked_equal([[1.0], [-999.0]], -999), "must be a plain array, got a masked one"),
            ([[1.0], [2.0, 3.0]], "must be an array, got rows of different lengths"),
            ([["one"], ["two"]], "must be numbers, got a str, 'one'"),
            ([[1.0], [None]], "must be numbers, got a NoneType, None"),
            ([[1j], [2]], "must be numbers, got an array of complex128"),
            (np.array([["2020-01-01"], ["2021-01-01"]], "M8[D]"), "must be numbers, got an array of datetime64"),
        ],
    )
    def test_what_holds_no_numbers_is_refused(self, which, array, says):
        data = {"inputs": [[1.0], [2.0]], "targets": [[1.0], [2.0]]} | {which: array}
        with pytest.raises(ValueError, match=re.escape(f"{which} {says}")):
            MiniBatches(**data, rng=0)


def windows(text, length):
    """All (inputs, targets) that the text holds, as tuples."""
    return {(tuple(text[i : i + length]), tuple(text[i + 1 : i + 1 + length])) for i in range(len(text) - length)}


class TestNextTokenBatches:
    @quick
    @given(st.integers(2, 40), st.data(), st.integers(1, 9), st.integers(1, 5), st.integers(0, 2**32))
    def test_every_target_is_the_token_after_its_input_and_an_epoch_has_so_many_batches(
        self, size, data, batch_size, steps, seed
    ):
        length = data.draw(st.integers(1, size - 1))
        text = np.random.default_rng(0).permutation(size)
        batches = NextTokenBatches(text, batch_size, length, steps=steps, rng=seed)
        for _ in range(2):
            epoch = list(batches)
            assert len(epoch) == len(batches) == steps
            for inputs, targets in epoch:
                assert inputs.shape == targets.shape == (batch_size, length)
                np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
                assert set(zip(map(tuple, inputs.tolist()), map(tuple, targets.tolist()), strict=True)) <= windows(
                    text.tolist(), length
                )
        assert batches.num_tokens == sum(targets.size for _, targets in epoch)

    @pytest.mark.parametrize("length", [1, 2, 7, 10, 11])
    def test_every_window_may_come_the_first_and_the_last_too_all_equally_often(self, length):
        text = list(range(12))
        batches = NextTokenBatches(text, 100, length, steps=40, rng=0)
        starts = np.concatenate([inputs[:, 0] for inputs, _ in batches])
        count = 12 - length
        np.testing.assert_allclose(np.bincount(starts) / 4000, np.ones(count) / count, atol=0.04)

    def test_the_same_seed_gives_the_same_batches_and_each_epoch_others(self):
        def epochs(rng):
            batches = NextTokenBatches(range(1000), 4, 8, steps=3, rng=rng)
            return [[inputs.tolist() for inputs, _ in batches] for _ in range(2)]

        assert epochs(1) == epochs(1) == epochs(np.random.default_rng(1)) != epochs(2)
        assert epochs(1)[0] != epochs(1)[1]
        rng = np.random.default_rng(1)
        assert epochs(rng) != epochs(rng)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
    def test_tokens_keep_their_dtype_and_the_text_is_neither_shared_nor_changed(self, dtype):
        text = np.arange(20, dtype=dtype)
        batches = NextTokenBatches(text, 2, 5, steps=50, rng=0)
        text[...] = 99
        for inputs, targets in batches:
            assert inputs.dtype == targets.dtype == dtype
            assert inputs.max() < 20 and targets.max() < 20
            inputs[...] = 77
            assert targets.max() < 20

    def test_it_shows_how_many_tokens_an_epoch_predicts(self):
        assert NextTokenBatches(range(50), 4, 8, steps=3, rng=0).num_tokens == 96

    def test_there_are_none_without_an_explicit_rng_and_number_of_steps(self):
        with pytest.raises(TypeError, match="rng"):
            NextTokenBatches(range(9), 2, 3, steps=1)
        with pytest.raises(TypeError, match="steps"):
            NextTokenBatches(range(9), 2, 3, rng=0)

    def test_counts_of_numpys_do_not_wrap_around(self):
        batches = NextTokenBatches(np.arange(300), np.int32(100), np.int64(3), steps=np.int32(1), rng=0)
        assert batches.num_tokens == 300
        assert [inputs.shape for inputs, _ in batches] == [(100, 3)]


class TestNextTokenWindows:
    @quick
    @given(st.integers(2, 60), st.data(), st.integers(1, 9))
    def test_they_are_the_text_once_one_after_the_other_without_the_rest(self, size, data, batch_size):
        length = data.draw(st.integers(1, size - 1))
        text = np.random.default_rng(0).permutation(size)
        batches = next_token_windows(text, batch_size, length)
        count = (size - 1) // length
        assert [len(inputs) for inputs, _ in batches] == [batch_size] * (count // batch_size) + (
            [count % batch_size] if count % batch_size else []
        )
        assert all(inputs.shape == targets.shape == (len(inputs), length) for inputs, targets in batches)
        inputs, targets = (np.concatenate([pair[i] for pair in batches]).ravel() for i in (0, 1))
        np.testing.assert_array_equal(inputs, text[: count * length])
        np.testing.assert_array_equal(targets, text[1 : count * length + 1])
        assert 0 <= size - 1 - len(inputs) < length

    def test_worked_out_by_hand(self):
        (first, first_targets), (second, second_targets) = next_token_windows([5, 6, 7, 8, 9, 10, 11, 12], 2, 2)
        assert first.tolist() == [[5, 6], [7, 8]] and first_targets.tolist() == [[6, 7], [8, 9]]
        assert second.tolist() == [[9, 10]] and second_targets.tolist() == [[10, 11]]
        ((inputs, targets),) = next_token_windows([1, 2, 3], 9, 2)
        assert inputs.tolist() == [[1, 2]] and targets.tolist() == [[2, 3]]

    def test_the_text_may_be_changed_afterwards(self):
        text = np.arange(9)
        batches = next_token_windows(text, 4, 2)
        text[...] = 99
        assert max(targets.max() for _, targets in batches) == 8

    def test_inputs_may_be_changed_and_the_targets_stay(self):
        for inputs, targets in next_token_windows(np.arange(9), 4, 2):
            kept = targets.copy()
            inputs[...] = 99
            np.testing.assert_array_equal(targets, kept)


COUNTS = {
    "MiniBatches, batch_size": lambda n: MiniBatches(np.ones((250, 1)), np.ones(250), n, rng=0),
    "NextTokenBatches, batch_size": lambda n: NextTokenBatches(range(250), n, 3, steps=1, rng=0),
    "NextTokenBatches, context_length": lambda n: NextTokenBatches(range(250), 2, n, steps=1, rng=0),
    "NextTokenBatches, steps": lambda n: NextTokenBatches(range(250), 2, 3, steps=n, rng=0),
    "next_token_windows, batch_size": lambda n: next_token_windows(range(250), n, 3),
    "next_token_windows, context_length": lambda n: next_token_windows(range(250), 2, n),
}


@pytest.mark.parametrize("where", COUNTS)
class TestCounts:
    @pytest.mark.parametrize("number", [0, -1, -32])
    def test_none_is_below_1(self, where, number):
        with pytest.raises(ValueError, match=f"{where.split()[-1]} must be at least 1, got {number}"):
            COUNTS[where](number)

    @pytest.mark.parametrize("number", [2.0, 2.5, math.nan, math.inf, True, None, "2", [2], np.array([2, 3])], ids=repr)
    def test_they_are_integers(self, where, number):
        with pytest.raises(
            ValueError, match=re.escape(f"{where.split()[-1]} must be an integer from 1 up, got {number!r}")
        ):
            COUNTS[where](number)

    @pytest.mark.parametrize("number", [np.uint8(100), np.int8(100), np.int16(100)], ids=repr)
    def test_small_integers_of_numpys_would_wrap_around_and_leave_rows_out(self, where, number):
        with pytest.raises(ValueError, match=r"which would wrap around: use int\(…\)"):
            COUNTS[where](number)
        COUNTS[where](int(number))


@pytest.mark.parametrize(
    "make",
    [
        lambda tokens, length: NextTokenBatches(tokens, 2, length, steps=1, rng=0),
        lambda tokens, length: next_token_windows(tokens, 2, length),
    ],
    ids=["random", "all"],
)
class TestTextsThatAreNone:
    @pytest.mark.parametrize(
        ("tokens", "came"),
        [
            ([1.0, 2.0, 3.0], "integers, got float64 with shape (3,)"),
            (np.zeros(0), "integers, got float64 with shape (0,)"),
            ([[1, 2, 3]], "a row of integers, got shape (1, 3)"),
            (5, "a row of integers, got shape ()"),
            ([True, False, True], "integers, got bool with shape (3,)"),
            ("text", "integers, got a str, 'text'"),
            ([1, None, 2], "integers, got a NoneType, None"),
            ([[1, 2], [3]], "integers, got rows of different lengths"),
            (np.ma.masked_equal([1, 2, 3], 2), "a plain array, got a masked one"),
        ],
        ids=str,
    )
    def test_what_is_no_row_of_integers_is_refused(self, make, tokens, came):
        with pytest.raises(ValueError, match=re.escape(f"tokens must be {came}")):
            make(tokens, 1)

    @pytest.mark.parametrize(("size", "length"), [(5, 5), (5, 6), (5, 100), (1, 1), (0, 1)])
    def test_a_window_and_its_next_token_must_fit_into_the_text(self, make, size, length):
        with pytest.raises(
            ValueError,
            match=f"context_length must be at most one less than the number of tokens {size}, got {length}",
        ):
            make(list(range(size)), length)
        make(range(5), 4)
