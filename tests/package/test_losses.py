import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import (
    CrossEntropy,
    SquaredError,
    check_gradients,
    cross_entropy,
    cross_entropy_gradient,
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


def test_reshaping_is_suggested_only_where_it_helps():
    with pytest.raises(ValueError) as refused:
        squared_error([1, 2, 3], np.zeros((3, 2)))
    assert "reshape" not in str(refused.value)


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("labels", "logits", "says"),
    [
        ([0, 3], np.zeros((2, 3)), "labels must be from 0 to 2, got 0 to 3"),
        ([-1, 1], np.zeros((2, 3)), "labels must be from 0 to 2, got -1 to 1"),
        (
            [0.0, 1.0],
            np.zeros((2, 3)),
            "labels must be integers with the shape (2,), one for each row of logits, got float64 with shape (2,)",
        ),
        (
            [True, False],
            np.zeros((2, 3)),
            "labels must be integers with the shape (2,), one for each row of logits, got bool with shape (2,)",
        ),
        (
            [0, 1, 2],
            np.zeros((2, 3)),
            "labels must be integers with the shape (2,), one for each row of logits, got int64 with shape (3,)",
        ),
        (
            [[0], [1]],
            np.zeros((2, 3)),
            "labels must be integers with the shape (2,), one for each row of logits, got int64 with shape (2, 1)",
        ),
        (
            one_hot([0, 1], 3),
            np.zeros((2, 3)),
            "labels must be integers with the shape (2,), one for each row of logits, got float64 with shape (2, 3)",
        ),
        ([0], np.zeros(3), "logits must have the shape (rows, classes) or (B, T, V), with at least one row, got (3,)"),
        (
            [],
            np.zeros((0, 3)),
            "logits must have the shape (rows, classes) or (B, T, V), with at least one row, got (0, 3)",
        ),
    ],
)
def test_cross_entropy_refuses_what_does_not_fit(function, labels, logits, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        function(np.asarray(labels), logits)


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
