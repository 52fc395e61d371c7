import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    GPT,
    CrossEntropy,
    Embedding,
    GPTConfig,
    Linear,
    Loss,
    Sequential,
    SquaredError,
    check_gradients,
    cross_entropy,
    cross_entropy_gradient,
    next_token_loss,
    one_hot,
    softmax,
    squared_error,
    squared_error_gradient,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)
SHAPES = [(1, 1), (1, 4), (5, 1), (3, 4)]


def own_gradient(loss, outputs, step=1e-5):
    gradient = np.zeros_like(outputs)
    for index in np.ndindex(outputs.shape):
        nudge = np.zeros_like(outputs)
        nudge[index] = step
        gradient[index] = (loss(outputs + nudge) - loss(outputs - nudge)) / (2 * step)
    return gradient


def test_squared_error_adds_over_the_outputs_and_averages_over_the_rows():
    targets, outputs = [[0, 0], [1, 1]], [[1, 2], [1, 4]]
    assert squared_error(targets, outputs) == (1 + 4 + 0 + 9) / 2
    np.testing.assert_array_equal(squared_error_gradient(targets, outputs), [[1, 2], [0, 3]])


def test_cross_entropy_is_minus_the_logarithm_of_the_probability_of_the_label():
    logits = [[0, math.log(3)], [math.log(9), 0]]  # probabilities ¼ ¾ and 9/10 1/10
    assert cross_entropy([1, 1], logits) == pytest.approx(-(math.log(0.75) + math.log(0.1)) / 2)
    np.testing.assert_allclose(cross_entropy_gradient([1, 1], logits), [[0.125, -0.125], [0.45, -0.45]])


def test_an_undecided_classifier_pays_the_logarithm_of_the_number_of_classes():
    assert cross_entropy([3, 0], np.zeros((2, 10))) == pytest.approx(math.log(10))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_squared_error_gradient_is_its_slope(shape, seed):
    rng = np.random.default_rng(seed)
    targets, outputs = rng.normal(size=shape), rng.normal(size=shape)
    gradient = squared_error_gradient(targets, outputs)
    np.testing.assert_allclose(
        gradient, own_gradient(lambda o: squared_error(targets, o), outputs), rtol=1e-6, atol=1e-9
    )
    check_gradients(lambda: squared_error(targets, outputs), {"outputs": outputs}, {"outputs": gradient})


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cross_entropy_gradient_is_its_slope(shape, seed):
    rng = np.random.default_rng(seed)
    labels, logits = rng.integers(0, shape[1], shape[0]), rng.normal(size=shape) * 3
    gradient = cross_entropy_gradient(labels, logits)
    np.testing.assert_allclose(gradient, own_gradient(lambda o: cross_entropy(labels, o), logits), rtol=1e-6, atol=1e-9)
    check_gradients(lambda: cross_entropy(labels, logits), {"logits": logits}, {"logits": gradient})


@quick
@given(seeds, st.integers(1, 5), st.integers(1, 5))
def test_cross_entropy_equals_minus_log_softmax(seed, rows, classes):
    rng = np.random.default_rng(seed)
    labels, logits = rng.integers(0, classes, rows), rng.normal(size=(rows, classes)) * 5
    probabilities = softmax(logits)
    assert cross_entropy(labels, logits) == pytest.approx(
        -np.log(probabilities[np.arange(rows), labels]).mean(), abs=1e-12
    )
    np.testing.assert_allclose(
        cross_entropy_gradient(labels, logits), (probabilities - one_hot(labels, classes)) / rows, atol=1e-12
    )


@quick
@given(seeds, st.integers(1, 5), st.integers(1, 5), st.floats(0, 1e6))
def test_losses_are_never_below_0(seed, rows, width, scale):
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(rows, width)) * scale
    assert squared_error(rng.normal(size=(rows, width)), outputs) >= 0
    assert cross_entropy(rng.integers(0, width, rows), outputs) >= 0


@quick
@given(seeds, st.integers(1, 5), st.integers(1, 5))
def test_losses_do_not_depend_on_the_order_of_the_rows_nor_on_repeating_them(seed, rows, width):
    rng = np.random.default_rng(seed)
    targets, outputs, labels = (
        rng.normal(size=(rows, width)),
        rng.normal(size=(rows, width)),
        rng.integers(0, width, rows),
    )
    order = np.concatenate([rng.permutation(rows), rng.permutation(rows)])
    assert squared_error(targets[order], outputs[order]) == pytest.approx(squared_error(targets, outputs))
    assert cross_entropy(labels[order], outputs[order]) == pytest.approx(cross_entropy(labels, outputs), abs=1e-12)


def test_a_perfect_output_has_no_error_and_no_gradient():
    outputs = np.array([[1.0, -2.0]])
    assert squared_error(outputs, outputs) == 0
    np.testing.assert_array_equal(squared_error_gradient(outputs, outputs), [[0, 0]])


def test_a_hopeless_prediction_costs_what_the_logits_differ_by_and_not_infinity():
    assert cross_entropy([0], [[-5000.0, 5000.0]]) == 10_000
    np.testing.assert_array_equal(cross_entropy_gradient([0], [[-5000.0, 5000.0]]), [[-1, 1]])


def test_a_certain_and_right_prediction_prints_as_0_without_a_minus_sign():
    assert f"{cross_entropy([0], [[1000.0, 0.0]]):.4f}" == "0.0000"


def test_float32_stays_float32():
    outputs = np.array([[0.5, -2], [1, 3]], dtype=np.float32)
    assert squared_error_gradient(np.zeros_like(outputs), outputs).dtype == np.float32
    assert squared_error_gradient([[0, 1], [1, 0]], outputs.tolist()).dtype == np.float64
    assert cross_entropy_gradient([0, 1], outputs).dtype == np.float32


def test_the_gradient_has_the_dtype_of_the_outputs_whatever_the_targets_are():
    outputs = np.zeros((2, 3), dtype=np.float32)
    assert squared_error_gradient(one_hot([0, 2], 3), outputs).dtype == np.float32


def test_losses_are_plain_floats():
    outputs = np.array([[0.5, -2]], dtype=np.float32)
    assert type(squared_error(np.zeros_like(outputs), outputs)) is float
    assert type(cross_entropy([0], outputs)) is float


def test_lists_and_integers_give_what_floats_give():
    outputs, targets, labels = [[1, -3], [2, 5]], [[0, 2], [2, 1]], [0, 1]
    floats = np.array(outputs, dtype=np.float64)
    assert squared_error(targets, outputs) == squared_error(np.array(targets, dtype=np.float64), floats)
    np.testing.assert_array_equal(
        squared_error_gradient(targets, outputs), squared_error_gradient(np.array(targets, dtype=np.float64), floats)
    )
    assert cross_entropy(labels, outputs) == cross_entropy(np.array(labels), floats)
    np.testing.assert_array_equal(
        cross_entropy_gradient(labels, outputs), cross_entropy_gradient(np.array(labels), floats)
    )


def test_small_integers_such_as_pixels_give_what_floats_give():
    targets, outputs = np.array([[20]], dtype=np.uint8), np.array([[0]], dtype=np.uint8)
    assert squared_error(targets, outputs) == 400
    np.testing.assert_array_equal(squared_error_gradient(targets, outputs), [[-40]])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64])
def test_labels_may_be_integers_of_any_size(dtype):
    labels, logits = np.array([0, 2], dtype=dtype), np.arange(6.0).reshape(2, 3)
    assert cross_entropy(labels, logits) == cross_entropy([0, 2], logits)
    np.testing.assert_array_equal(cross_entropy_gradient(labels, logits), cross_entropy_gradient([0, 2], logits))


@pytest.mark.parametrize(
    ("gradient", "answers"),
    [(squared_error_gradient, np.array([[0.0, 1.0], [1.0, 0.0]])), (cross_entropy_gradient, np.array([1, 0]))],
)
def test_the_inputs_are_not_modified_and_the_result_is_fresh(gradient, answers):
    outputs, answers_before = np.array([[0.5, -2.0], [1.0, 3.0]]), answers.copy()
    outputs_before = outputs.copy()
    first = gradient(answers, outputs)
    kept = first.copy()
    gradient(answers, outputs + 1)[...] = 99
    np.testing.assert_array_equal(first, kept)
    first[...] = 99
    np.testing.assert_array_equal(outputs, outputs_before)
    np.testing.assert_array_equal(answers, answers_before)
    np.testing.assert_array_equal(gradient(answers, outputs), kept)


@pytest.mark.parametrize("function", [squared_error, squared_error_gradient])
@pytest.mark.parametrize(
    ("targets", "outputs", "says"),
    [
        ([1, 2, 3], [[1], [2], [3]], ["shape of the outputs (3, 1)", "got (3,)", "reshape(-1, 1)"]),
        ([[1], [2]], [[1], [2], [3]], ["shape of the outputs (3, 1)", "got (2, 1)"]),
        ([[1, 2, 3]], [[1], [2], [3]], ["shape of the outputs (3, 1)", "got (1, 3)"]),
        ([[1]], [[1, 2]], ["shape of the outputs (1, 2)", "got (1, 1)"]),
        (5, [[1], [2]], ["shape of the outputs (2, 1)", "got ()"]),
        ([1, 2], [1, 2], ["(rows, outputs)", "got (2,)"]),
        (np.zeros((0, 2)), np.zeros((0, 2)), ["at least one row", "got (0, 2)"]),
    ],
)
def test_squared_error_refuses_shapes_that_do_not_fit(function, targets, outputs, says):
    with pytest.raises(ValueError) as refused:
        function(targets, outputs)
    for part in says:
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("targets", "outputs", "hint"),
    [
        ((4,), (4, 1), "; reshape the targets with .reshape(-1, 1)"),
        ((4,), (4, 3), "; make rows of labels with one_hot(…, 3)"),
        ((5,), (4, 1), ""),
        ((5,), (4, 3), ""),
        ((4, 1), (4, 3), ""),
        ((1, 4), (4, 1), ""),
        ((), (4, 1), ""),
    ],
)
def test_a_cure_is_suggested_only_where_it_helps(targets, outputs, hint):
    says = f"targets must have the shape of the outputs {outputs}, got {targets}{hint}"
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        squared_error(np.zeros(targets), np.zeros(outputs))


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("labels", "logits", "says"),
    [
        ([0, 3], np.zeros((2, 3)), "labels must be from 0 to 2, got 0 to 3"),
        ([-1, 1], np.zeros((2, 3)), "labels must be from 0 to 2, got -1 to 1"),
        ([0.0, 1.0], np.zeros((2, 3)), "labels must be integers, got float64 with shape (2,)"),
        ([True, False], np.zeros((2, 3)), "labels must be integers, got bool with shape (2,)"),
        ([0, 1, 2], np.zeros((2, 3)), "labels must have the shape (2,), one for each row of logits, got (3,)"),
        ([[0], [1]], np.zeros((2, 3)), "labels must have the shape (2,), one for each row of logits, got (2, 1)"),
        (0, np.zeros((2, 3)), "labels must have the shape (2,), one for each row of logits, got ()"),
        ([0, 1], np.zeros((1, 2, 3)), "labels must have the shape (1, 2), one for each row of logits, got (2,)"),
        (
            one_hot([0, 1], 3),
            np.zeros((2, 3)),
            "labels must have the shape (2,), one for each row of logits, got (2, 3); make labels of one-hot rows with .argmax(axis=-1)",
        ),
        ([0], np.zeros(3), "logits must have the shape (rows, classes) or (B, T, V), with at least one row, got (3,)"),
        (
            [],
            np.zeros((0, 3)),
            "logits must have the shape (rows, classes) or (B, T, V), with at least one row, got (0, 3)",
        ),
        (
            [0],
            np.zeros((1, 0)),
            "logits must have the shape (rows, classes) or (B, T, V), with at least one row, got (1, 0)",
        ),
    ],
)
def test_cross_entropy_refuses_what_does_not_fit(function, labels, logits, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        function(labels, logits)


NO_NUMBERS = {
    "NaN": [[1.0, math.nan]],
    "None": None,
    "one None": [[1.0, None]],
    "a word": "word",
    "digits as text": [["1", "2"]],
    "complex": [[1.0, 2j]],
    "dates": np.array([["2020-01-01", "2021-01-01"]], dtype="datetime64[D]"),
    "masked": np.ma.masked_equal([[1.0, -999.0]], -999),
    "rows of different lengths": [[1.0], [1.0, 2.0]],
    "objects": np.array([[1.0, 2.0]], dtype=object),
}
NO_LABELS = NO_NUMBERS | {"masked": np.ma.masked_equal([0], 0), "one None": [None], "too large an integer": [10**30]}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_not_a_number_is_refused(kind):
    for function in (squared_error, squared_error_gradient):
        with pytest.raises(ValueError, match=r"^outputs must be .+, got .+"):
            function([[1.0, 2.0]], NO_NUMBERS[kind])
        with pytest.raises(ValueError, match=r"^targets must be .+, got .+"):
            function(NO_NUMBERS[kind], [[1.0, 2.0]])
    for function in (cross_entropy, cross_entropy_gradient):
        with pytest.raises(ValueError, match=r"^(logits|x) must be .+, got .+"):
            function([0], NO_NUMBERS[kind])


@pytest.mark.parametrize("kind", NO_LABELS)
def test_what_is_no_label_is_refused(kind):
    for function in (cross_entropy, cross_entropy_gradient):
        with pytest.raises(ValueError, match=r"^labels must .+, got .+"):
            function(NO_LABELS[kind], [[1.0, 2.0]])


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_squared_error_takes_no_infinity(bad):
    for targets, outputs, name in (([[bad]], [[1.0]], "targets"), ([[1.0]], [[bad]], "outputs"), ([[bad]], [[bad]], "outputs")):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name} must be finite numbers, got {bad} in row 0, column 0$"):
            squared_error(targets, outputs)


def test_minus_infinity_is_a_score_like_any_other_to_cross_entropy():
    logits = [[-math.inf, 0.0, math.log(3)], [0.0, -math.inf, 0.0]]
    assert cross_entropy([2, 0], logits) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    np.testing.assert_allclose(
        cross_entropy_gradient([2, 0], logits), [[0, 0.125, -0.125], [-0.25, 0, 0.25]], rtol=1e-12
    )
    assert cross_entropy([0, 0], logits) == math.inf
    np.testing.assert_allclose(
        cross_entropy_gradient([0, 0], logits), [[-0.5, 0.125, 0.375], [-0.25, 0, 0.25]], rtol=1e-12
    )


@pytest.mark.parametrize("row", [[-math.inf, -math.inf], [math.inf, 1.0], [1.0, math.inf], [math.inf, math.inf]])
def test_a_row_without_a_largest_score_is_refused_also_among_others(row):
    for function in (cross_entropy, cross_entropy_gradient):
        for labels, logits in (([0], [row]), ([1, 0], [[1.0, 2.0], row]), ([[1, 0]], [[[1.0, 2.0], row]])):
            with pytest.raises(ValueError, match=rf"must be numbers or −∞, .*, got {max(row)}"):
                function(labels, logits)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_become_too_large_on_the_way_are_an_error_and_leave_no_way_back(dtype):
    huge = np.finfo(dtype).max
    for loss, answers in ((SquaredError(), [[0.0, 0.0]]), (CrossEntropy(), [1])):
        with pytest.raises(FloatingPointError, match=r"^the loss is inf$"):
            loss.forward(answers, np.array([[huge, -huge]], dtype=dtype))
        with pytest.raises(ValueError, match="call forward first"):
            loss.backward()
    assert cross_entropy([0], np.array([[huge, -huge]], dtype=dtype)) == 0


def test_targets_beyond_the_dtype_of_the_outputs_are_refused():
    with pytest.raises(ValueError, match=r"^targets has numbers that are too large for float32$"):
        squared_error([[1e300]], np.zeros((1, 1), np.float32))


#: class → (its function, its gradient, answers for outputs of a shape)
ENDS = {
    SquaredError: (squared_error, squared_error_gradient, lambda rng, shape: rng.normal(size=shape)),
    CrossEntropy: (cross_entropy, cross_entropy_gradient, lambda rng, shape: rng.integers(0, shape[1], shape[0])),
}


def answers_and_outputs(end, shape=(3, 4), seed=0):
    rng = np.random.default_rng(seed)
    return ENDS[end][2](rng, shape), rng.normal(size=shape)


@pytest.mark.parametrize("end", ENDS)
class TestAsTheEndOfAModel:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_forward_is_the_function_and_backward_its_slope(self, end, shape, seed):
        answers, outputs = answers_and_outputs(end, shape, seed)
        function, gradient, _ = ENDS[end]
        loss = end()
        assert loss.forward(answers, outputs) == function(answers, outputs)
        slopes = loss.backward()
        np.testing.assert_array_equal(slopes, gradient(answers, outputs))
        check_gradients(lambda: loss.forward(answers, outputs), {"outputs": outputs}, {"outputs": slopes})

    def test_it_needs_a_forward_of_its_own_each_time(self, end):
        loss = end()
        for _ in range(2):
            with pytest.raises(
                ValueError, match=rf"^{end.__name__}\.backward needs the numbers of a forward.*call forward first$"
            ):
                loss.backward()
            loss.forward(*answers_and_outputs(end))
            loss.backward()

    def test_after_a_forward_that_was_refused_there_is_no_way_back_to_the_one_before(self, end):
        loss = end()
        answers, outputs = answers_and_outputs(end)
        for bad in (np.full((3, 4), math.nan), np.zeros((2, 4)), None):
            loss.forward(answers, outputs)
            with pytest.raises(ValueError, match="must"):
                loss.forward(answers, bad)
            with pytest.raises(ValueError, match="call forward first"):
                loss.backward()

    def test_two_of_them_do_not_share_what_they_keep(self, end):
        first, second = end(), end()
        first.forward(*answers_and_outputs(end))
        with pytest.raises(ValueError, match="call forward first"):
            second.backward()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_slopes_have_the_dtype_of_the_outputs_and_the_loss_is_a_plain_float(self, end, dtype):
        answers, outputs = answers_and_outputs(end)
        loss = end()
        assert type(loss.forward(answers, outputs.astype(dtype))) is float
        assert loss.backward().dtype == dtype
        loss.forward(answers.tolist(), [[1, 2, 3, 4]] * 3)
        assert loss.backward().dtype == np.float64

    def test_results_are_fresh_and_what_it_is_given_stays(self, end):
        answers, outputs = answers_and_outputs(end)
        loss = end()
        loss.forward(answers, outputs)
        first = loss.backward()
        kept = first.copy()
        assert not np.shares_memory(first, answers) and not np.shares_memory(first, outputs)
        for rows in (3, 2):
            loss.forward(*answers_and_outputs(end, (rows, 4), seed=1))
            loss.backward()[...] = 99
        np.testing.assert_array_equal(first, kept)
        for array, expected in zip((answers, outputs), answers_and_outputs(end), strict=True):
            np.testing.assert_array_equal(array, expected)

    def test_changing_answers_or_outputs_between_forward_and_backward_changes_no_slope(self, end):
        answers, outputs = answers_and_outputs(end)
        loss = end()
        loss.forward(answers, outputs)
        answers[...], outputs[...] = 3, 99
        np.testing.assert_array_equal(loss.backward(), ENDS[end][1](*answers_and_outputs(end)))

    @pytest.mark.parametrize(
        "answers",
        [np.zeros((3, 5)), np.zeros((2, 4)), np.array([0, 1]), np.array([0, 1, 4]), np.zeros((3, 4, 1)), np.array(0)],
        ids=lambda a: str(a.shape),
    )
    def test_it_refuses_what_its_function_refuses(self, end, answers):
        _, outputs = answers_and_outputs(end)
        with pytest.raises(ValueError) as by_function:
            ENDS[end][0](answers, outputs)
        with pytest.raises(ValueError, match=f"^{re.escape(str(by_function.value))}$"):
            end().forward(answers, outputs)

    @pytest.mark.parametrize("outputs", [np.zeros((0, 4)), np.zeros(4), np.zeros((1, 1, 3, 4)), 1.0], ids=np.shape)
    def test_no_rows_and_outputs_that_are_no_table_are_refused(self, end, outputs):
        with pytest.raises(ValueError, match="with at least one row, got " + re.escape(str(np.shape(outputs)))):
            end().forward(answers_and_outputs(end)[0], outputs)


class AbsoluteError(Loss):
    """A reader's own: Σ |output − target| over each row, averaged over the rows."""

    def _forward(self, targets, outputs):
        difference = outputs - targets
        return np.abs(difference).sum() / len(outputs), (difference,)

    def _backward(self, difference):
        return np.sign(difference) / len(difference)


class TestAReadersOwn:
    def test_it_needs_no_more_than_its_two_formulas(self):
        loss, targets, outputs = AbsoluteError(), [[0, 1], [2, 3]], np.array([[1.0, -1], [2.5, 3.5]])
        assert loss.forward(targets, outputs) == (1 + 2 + 0.5 + 0.5) / 2
        slopes = loss.backward()
        np.testing.assert_array_equal(slopes, [[0.5, -0.5], [0.5, 0.5]])
        check_gradients(lambda: AbsoluteError().forward(targets, outputs), {"outputs": outputs}, {"outputs": slopes})
        with pytest.raises(ValueError, match=r"^AbsoluteError\.backward needs the numbers of a forward"):
            loss.backward()

    @pytest.mark.parametrize("kind", NO_NUMBERS)
    def test_what_is_not_a_number_is_refused(self, kind):
        for targets, outputs in (([[1.0, 2.0]], NO_NUMBERS[kind]), (NO_NUMBERS[kind], [[1.0, 2.0]])):
            with pytest.raises((ValueError, FloatingPointError), match=r"must be .+, got .+|^the loss is nan$"):
                AbsoluteError().forward(targets, outputs)

    @pytest.mark.parametrize("shape", [(3,), (3, 2), (1, 1), ()], ids=str)
    def test_targets_of_another_shape_are_refused_even_where_numpy_would_stretch_them(self, shape):
        says = f"targets must have the shape of the outputs (3, 1), got {shape}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            AbsoluteError().forward(np.ones(shape), np.zeros((3, 1)))

    def test_targets_count_as_the_dtype_of_the_outputs(self):
        loss = AbsoluteError()
        loss.forward([[1, 2]], np.zeros((1, 2), np.float32))
        assert loss.backward().dtype == np.float32

    def test_a_loss_that_is_no_number_is_an_error_also_where_an_output_is_infinite(self):
        class Weighted(AbsoluteError):
            def _forward(self, targets, outputs):
                return (targets * outputs).sum(), (targets,)

        with pytest.raises(FloatingPointError, match=r"^the loss is nan$"):
            Weighted().forward([[0.0, 1.0]], [[-math.inf, 1.0]])

    @pytest.mark.parametrize("name", ["forward", "backward"])
    def test_it_is_refused_when_it_is_made_if_it_defines_what_one_calls(self, name):
        with pytest.raises(
            TypeError, match=f"^Own must define _{name}, got {name}, which looks at what comes in and then calls it$"
        ):
            type("Own", (Loss,), {name: lambda self: None})

    def test_it_must_say_how_to_go_forward_and_back(self):
        class Forth(Loss):
            def _forward(self, targets, outputs):
                return 0.0, ()

        with pytest.raises(NotImplementedError, match=r"^Loss must define _forward$"):
            Loss().forward([[1.0]], [[1.0]])
        loss = Forth()
        loss.forward([[1.0]], [[1.0]])
        with pytest.raises(NotImplementedError, match=r"^Forth must define _backward$"):
            loss.backward()

    @pytest.mark.parametrize("returned", [1.5, (1.5, np.ones((1, 1))), (1.5,), None, [1.5, ()]], ids=repr)
    def test_the_loss_must_come_with_a_tuple_for_the_way_back(self, returned):
        class Own(Loss):
            def _forward(self, targets, outputs):
                return returned

        with pytest.raises(ValueError, match=r"^Own\._forward must return a pair: the result, and a tuple .*, got a"):
            Own().forward([[1.0]], [[1.0]])


def uniform(tokens):
    return np.zeros((len(tokens), 5))


def test_a_model_that_knows_nothing_pays_the_logarithm_of_the_vocabulary_for_each_next_token():
    assert next_token_loss(uniform, [[0, 3, 0], [0, 1, 2, 4, 0]]) == pytest.approx(math.log(5))


def test_every_token_but_each_texts_first_counts_once_whatever_the_lengths():
    # after token 0 the model expects 1 with the probability 1/2, after all others it knows nothing
    table = np.zeros((5, 5))
    table[0] = np.log([1 / 8, 1 / 2, 1 / 8, 1 / 8, 1 / 8])
    loss = next_token_loss(lambda tokens: table[tokens], [[0, 1], [0, 1, 2, 3]])
    assert loss == pytest.approx((2 * math.log(2) + 2 * math.log(5)) / 4)


def test_the_model_reads_each_text_by_itself_and_not_its_last_token():
    seen = []

    def remember(tokens):
        seen.append(list(tokens))
        return uniform(tokens)

    next_token_loss(remember, [[0, 3, 0], [0, 1, 2]])
    assert seen == [[0, 3], [0, 1]]


def test_a_model_of_the_package_can_be_the_model():
    model = Sequential(Embedding(5, 2, rng=0), Linear(2, 5, rng=0))
    tokens = [0, 3, 1, 0]
    assert next_token_loss(model, [tokens]) == pytest.approx(cross_entropy(tokens[1:], model(tokens[:-1])))


def test_texts_that_a_model_of_the_package_reads_together_count_as_when_it_reads_each_by_itself():
    model = GPT(GPTConfig(7, context_length=6, embedding_dim=8, num_heads=2, num_layers=1, dtype="float64"), rng=0)
    rng = np.random.default_rng(0)
    texts = [rng.integers(7, size=length).tolist() for length in [5, 2, 7, *[4] * 130, 2, 7]]
    assert next_token_loss(model, iter(texts)) == pytest.approx(next_token_loss(lambda tokens: model(tokens), texts))


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([], "at least one text"),
        ([[0, 1], [0]], r"two tokens, got \[0\]"),
        ([0, 1, 2], "a row of at least two tokens, got 0"),
        (["anna"], "a text"),
    ],
)
def test_texts_without_a_next_token_are_refused(texts, says):
    with pytest.raises(ValueError, match=says):
        next_token_loss(uniform, texts)
