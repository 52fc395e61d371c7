import copy
import math
import re
import signal
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import SGD, Adam, Linear, Optimizer, Parameter, ReLU, Sequential, SquaredError, warmup_cosine
from scratchml._kernels import STRETCH

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
NO_NUMBERS = [-0.1, math.nan, math.inf, -math.inf, None, "0.1", True, np.array([0.1, 0.2])]
OPTIMIZERS = {
    "SGD": lambda parameters, rate=0.1: SGD(parameters, rate),
    "momentum": lambda parameters, rate=0.1: SGD(parameters, rate, momentum=0.9),
    "Adam": lambda parameters, rate=0.1: Adam(parameters, rate),
    "Adam with weight decay": lambda parameters, rate=0.1: Adam(parameters, rate, weight_decay=0.1),
}


def some_parameters(dtype=np.float64, seed=0):
    """A bias comes before a matrix here, and between two: their order must not matter."""
    rng = np.random.default_rng(seed)
    return [Parameter(rng.normal(size=shape).astype(dtype)) for shape in [(3,), (2, 3), (), (3, 4), (4,), (2, 2, 2)]]


def gradients_for(parameters, step):
    rng = np.random.default_rng([9, step])
    return [rng.normal(size=p.value.shape) * 10.0 ** rng.integers(-3, 3) for p in parameters]


def train(optimizer, parameters, steps, first=0):
    for step in range(first, first + steps):
        for parameter, gradient in zip(parameters, gradients_for(parameters, step), strict=True):
            parameter.gradient = gradient
        optimizer.step()
    return [p.value.copy() for p in parameters]


def assert_all_close(arrays, expected, rtol=1e-12):
    for array, other in zip(arrays, expected, strict=True):
        np.testing.assert_allclose(array, other, rtol=rtol, atol=1e-14)


def reference_sgd(values, steps, rate, momentum=0.0):
    values, velocities = [v.copy() for v in values], [np.zeros_like(v) for v in values]
    for step in range(steps):
        gradients = gradients_for([Parameter(v) for v in values], step)
        velocities = [momentum * v + g for v, g in zip(velocities, gradients, strict=True)]
        values = [w - rate * v for w, v in zip(values, velocities, strict=True)]
    return values


def reference_adam(values, steps, rate, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
    """The algorithm of the paper, one parameter after the other."""
    results = []
    for i, w in enumerate(values):
        m, v = np.zeros_like(w), np.zeros_like(w)
        for t in range(1, steps + 1):
            g = gradients_for([Parameter(value) for value in values], t - 1)[i]
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            decay = weight_decay * w if w.ndim >= 2 else 0
            w = w - rate * (m_hat / (np.sqrt(v_hat) + epsilon) + decay)
        results.append(w)
    return results


class TestSGD:
    def test_a_step_goes_against_the_gradient_as_far_as_the_learning_rate_says(self):
        parameter = Parameter([1.0, -2.0])
        optimizer = SGD([parameter], 0.5)
        parameter.gradient = [4, -1]
        optimizer.step()
        np.testing.assert_array_equal(parameter.value, [1 - 2, -2 + 0.5])
        optimizer.learning_rate = 0.25
        optimizer.step()
        np.testing.assert_array_equal(parameter.value, [-2, -1.25])

    def test_momentum_worked_out_by_hand(self):
        parameter = Parameter([0.0])
        optimizer = SGD([parameter], 1.0, momentum=0.5)
        for gradient, value in [(4, -4), (0, -6), (0, -7), (-4, -3.5)]:
            parameter.gradient = gradient
            optimizer.step()
            assert parameter.value.item() == value

    @pytest.mark.parametrize("momentum", [0, 0.5, 0.9, 0.99])
    @pytest.mark.parametrize("rate", [0.001, 0.1])
    def test_many_steps_are_those_of_the_formula(self, momentum, rate):
        parameters = some_parameters()
        expected = reference_sgd([p.value for p in parameters], 50, rate, momentum)
        assert_all_close(train(SGD(parameters, rate, momentum=momentum), parameters, 50), expected)

    def test_without_momentum_a_step_depends_on_the_last_gradient_only(self):
        parameters, others = some_parameters(), some_parameters()
        experienced = SGD(others, 0.1)
        train(experienced, others, 7)
        for p, q in zip(parameters, others, strict=True):
            q.value = p.value
        expected = train(SGD(parameters, 0.1), parameters, 1, first=7)
        assert_all_close(train(experienced, others, 1, first=7), expected, rtol=0)


class TestAdam:
    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"beta1": 0.5, "beta2": 0.9},
            {"beta1": 0, "beta2": 0.5},
            {"epsilon": 0.1},
            {"weight_decay": 0.3},
            {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4, "weight_decay": 0.01},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("rate", [0.001, 0.1])
    @pytest.mark.parametrize("steps", [1, 2, 60])
    def test_its_steps_are_those_of_the_paper(self, settings, rate, steps):
        parameters = some_parameters()
        expected = reference_adam([p.value for p in parameters], steps, rate, **settings)
        assert_all_close(train(Adam(parameters, rate, **settings), parameters, steps), expected, rtol=1e-9)

    @pytest.mark.parametrize("weight_decay", [0, 0.3])
    @pytest.mark.parametrize("size", [STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH + 5])
    def test_in_stretches_its_steps_are_the_same(self, size, weight_decay):
        rng = np.random.default_rng(0)
        parameters = [Parameter(rng.normal(size=shape)) for shape in [(2, 3), (size // 7, 7), (size % 7,)]]
        expected = reference_adam([p.value for p in parameters], 3, 0.1, weight_decay=weight_decay)
        after = train(Adam(parameters, 0.1, weight_decay=weight_decay), parameters, 3)
        assert_all_close(after, expected, rtol=1e-9)

    @pytest.mark.parametrize("settings", [{}, {"beta1": 0.5, "beta2": 0.9}], ids=str)
    @pytest.mark.parametrize("gradient", [1e-4, 1.0, -1.0, 1e4, -1e4])
    def test_the_first_step_is_about_as_long_as_the_learning_rate_whatever_the_gradient(self, settings, gradient):
        parameter = Parameter([5.0])
        optimizer = Adam([parameter], 0.01, **settings)
        parameter.gradient = gradient
        optimizer.step()
        assert parameter.value.item() == pytest.approx(5 - math.copysign(0.01, gradient), abs=1e-5)

    def test_with_a_gradient_that_stays_every_step_is_as_long_as_the_learning_rate(self):
        parameter = Parameter([0.0])
        optimizer = Adam([parameter], 0.01)
        for step in range(1, 200):
            parameter.gradient = 3
            optimizer.step()
            assert parameter.value.item() == pytest.approx(-0.01 * step, rel=1e-6)

    def test_its_defaults_are_the_papers_and_no_weight_decay(self):
        parameters, others = some_parameters(), some_parameters()
        named = Adam(others, 0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0)
        assert_all_close(train(Adam(parameters), parameters, 20), train(named, others, 20), rtol=0)

    def test_a_weight_without_gradient_rests_and_a_row_of_zeros_divides_nothing_by_0(self):
        parameters = some_parameters()
        before = [p.value.copy() for p in parameters]
        optimizer = Adam(parameters)
        optimizer.step()
        assert_all_close([p.value for p in parameters], before, rtol=0)

    def test_weight_decay_shrinks_matrices_by_a_factor_and_leaves_biases_alone(self):
        parameters = some_parameters()
        before = [p.value.copy() for p in parameters]
        optimizer = Adam(parameters, 0.1, weight_decay=0.5)
        optimizer.step()
        for parameter, value in zip(parameters, before, strict=True):
            np.testing.assert_allclose(parameter.value, value * (0.95 if value.ndim >= 2 else 1), rtol=1e-15)


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
class TestAnyOptimizer:
    def test_it_does_not_matter_how_the_numbers_are_split_into_parameters(self, make):
        matrix, row = np.random.default_rng(0).normal(size=(6, 4)), np.random.default_rng(1).normal(size=12)
        splits = [
            ([slice(0, 6)], [slice(0, 12)]),
            ([slice(0, 1), slice(1, 6)], [slice(0, 5), slice(5, 12)]),
            ([slice(i, i + 1) for i in range(6)], [slice(i, i + 1) for i in range(12)]),
        ]
        results = []
        for matrices, rows in splits:
            parameters = [Parameter(row[part]) for part in rows] + [Parameter(matrix[part]) for part in matrices]
            optimizer = make(parameters)
            for step in range(20):
                rng = np.random.default_rng([5, step])
                gradient, row_gradient = rng.normal(size=(6, 4)), rng.normal(size=12)
                for parameter, part in zip(parameters, [*rows, *matrices], strict=True):
                    parameter.gradient = (gradient if parameter.value.ndim == 2 else row_gradient)[part]
                optimizer.step()
            results.append(np.concatenate([p.value.ravel() for p in parameters]))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])
        assert np.abs(results[0] - np.concatenate([row, matrix.ravel()])).min() > 0

    def test_it_takes_the_parameters_over_with_their_numbers(self, make):
        parameters = some_parameters()
        for p, gradient in zip(parameters, gradients_for(parameters, 0), strict=True):
            p.gradient = gradient
        before = [(p.value.copy(), p.gradient.copy()) for p in parameters]
        make(parameters)
        for p, (value, gradient) in zip(parameters, before, strict=True):
            np.testing.assert_array_equal(p.value, value)
            np.testing.assert_array_equal(p.gradient, gradient)

    def test_a_value_or_gradient_assigned_after_that_is_the_one_it_works_with(self, make):
        parameters, others = some_parameters(), some_parameters(seed=1)
        optimizer, other = make(parameters), make(others)
        for p, q in zip(parameters, others, strict=True):
            p.value = q.value.copy()
        before = [p.value.copy() for p in parameters]
        after = train(optimizer, parameters, 5)
        assert_all_close(after, train(other, others, 5), rtol=0)
        assert all((array != earlier).all() for array, earlier in zip(after, before, strict=True))

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_every_row_and_moment_keeps_the_dtype_of_the_parameters_though_settings_are_numpy_numbers(
        self, make, dtype
    ):
        parameters = some_parameters(dtype)
        optimizer = make(parameters, np.float64(0.1))
        for name in ("momentum", "beta1", "beta2", "epsilon", "weight_decay"):
            if hasattr(optimizer, name):
                setattr(optimizer, name, np.float64(getattr(optimizer, name)))
        for step in range(3):
            train(optimizer, parameters, 1, first=step)
            optimizer.clip_gradients(np.float64(0.5))
            optimizer.learning_rate = np.linspace(0.1, 0.2, 3)[step]
            arrays = [a for a in vars(optimizer).values() if isinstance(a, np.ndarray)]
            assert len(arrays) >= 3
            arrays += [a for p in parameters for a in (p.value, p.gradient)]
            assert {a.dtype for a in arrays} == {np.dtype(dtype)}

    def test_float32_takes_the_same_steps_up_to_rounding(self, make):
        parameters, others = some_parameters(np.float32), some_parameters(np.float64)
        assert_all_close(
            train(make(parameters, 0.01), parameters, 20), train(make(others, 0.01), others, 20), rtol=1e-4
        )

    def test_a_second_optimizer_makes_the_first_refuse_and_works_itself(self, make):
        parameters = some_parameters()
        first = make(parameters)
        train(first, parameters, 2)
        second = make(parameters[1:2])
        before = [p.value.copy() for p in parameters]
        with pytest.raises(ValueError, match="given to another optimizer after this one; make a new one"):
            first.step()
        assert_all_close([p.value for p in parameters], before, rtol=0)
        train(second, parameters[1:2], 1)
        assert not (parameters[1].value == before[1]).any()

    @pytest.mark.parametrize(
        "refused",
        [
            lambda p: SGD(p, 0.1, momentum=1),
            lambda p: SGD(p, -1),
            lambda p: Adam(p, beta1=1),
            lambda p: Adam(p, epsilon=0),
            lambda p: Adam(p, 0),
            lambda p: SGD([*p, *p], 0.1),
            lambda p: SGD([*p, Parameter(np.ones(2, np.float32))], 0.1),
        ],
    )
    def test_an_optimizer_that_was_refused_takes_no_parameters_away(self, make, refused):
        parameters, others = some_parameters(), some_parameters()
        optimizer, other = make(parameters), make(others)
        with pytest.raises(ValueError):
            refused(parameters)
        assert_all_close(train(optimizer, parameters, 3), train(other, others, 3), rtol=0)

    def test_it_moves_the_same_parameters_after_a_state_was_loaded(self, make):
        model = Sequential(Linear(3, 4, rng=0), ReLU(), Linear(4, 2, rng=1))
        optimizer = make(model.parameters())
        early = model.state()
        train(optimizer, model.parameters(), 3)
        model.load_state(early)
        before = model.state()
        assert all((before[name] == early[name]).all() for name in early)
        train(optimizer, model.parameters(), 1)
        assert all((before[name] == early[name]).all() for name in early)
        assert all((array != before[name]).all() for name, array in model.state().items())

    def test_two_models_do_not_share_anything(self, make):
        parameters, others = some_parameters(), some_parameters()
        optimizer, _ = make(parameters), make(others)
        before = [p.value.copy() for p in others]
        train(optimizer, parameters, 3)
        assert_all_close([p.value for p in others], before, rtol=0)

    def test_a_step_leaves_the_gradients_as_they_are(self, make):
        parameters = some_parameters()
        train(make(parameters), parameters, 1)
        assert_all_close([p.gradient for p in parameters], gradients_for(parameters, 0), rtol=0)

    def test_parameters_may_come_as_a_generator(self, make):
        parameters = some_parameters()
        assert len(make(p for p in parameters).parameters) == len(parameters)

    @pytest.mark.parametrize("rate", [0, *NO_NUMBERS])
    def test_a_learning_rate_that_is_no_positive_number_is_refused(self, make, rate):
        with pytest.raises(ValueError, match=re.escape(f"learning_rate must be a number above 0, got {rate!r}")):
            make(some_parameters(), rate)

    @pytest.mark.parametrize("rate", NO_NUMBERS)
    def test_it_is_looked_at_later_too_and_may_be_0_then(self, make, rate):
        optimizer = make(some_parameters(), 0.1)
        with pytest.raises(ValueError, match=re.escape(f"learning_rate must be a number from 0 up, got {rate!r}")):
            optimizer.learning_rate = rate
        assert optimizer.learning_rate == 0.1
        optimizer.learning_rate = 0
        before = optimizer.values.copy()
        train(optimizer, optimizer.parameters, 1)
        np.testing.assert_array_equal(optimizer.values, before)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "too long"])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_a_gradient_without_a_length_is_refused_before_anything_moves(self, make, dtype, bad):
        parameters = some_parameters(dtype)
        optimizer = make(parameters)
        train(optimizer, parameters, 2)
        before, state = optimizer.values.copy(), optimizer.state()
        optimizer.gradients[-1] = np.sqrt(np.finfo(dtype).max) * 2 if bad == "too long" else bad
        with (
            np.errstate(over="ignore"),
            pytest.raises(FloatingPointError, match="the gradient's square went beyond the range of numbers, got"),
        ):
            optimizer.step()
        np.testing.assert_array_equal(optimizer.values, before)
        assert_same_state(optimizer.state(), state)
        train(optimizer, parameters, 1)
        assert np.isfinite(optimizer.values).all() and optimizer.steps == 3

    def test_no_backward_goes_past_a_step(self, make):
        model = Linear(3, 2, rng=0)
        optimizer = make(model.parameters())
        outputs = model(np.ones((4, 3)))
        optimizer.step()
        with pytest.raises(ValueError, match=r"got others \(after a step of the optimizer, or an assignment\)"):
            model.backward(np.ones_like(outputs))

    def test_it_may_be_taken_in_another_thread(self, make):
        parameters, others = some_parameters(), some_parameters()
        expected = train(make(parameters), parameters, 3)
        optimizer = make(others)
        thread = threading.Thread(target=train, args=(optimizer, others, 3))
        thread.start()
        thread.join()
        assert_all_close([p.value for p in others], expected, rtol=0)

    @pytest.mark.parametrize(
        ("parameters", "says"),
        [
            (lambda: [], "got [] of []"),
            (lambda: [p := Parameter([1.0]), p], "got [Parameter(1,), Parameter(1,)] of ['float64']"),
            (lambda: [Parameter(np.ones(1, np.float32)), Parameter([[1.0]])], "of ['float32', 'float64']"),
        ],
        ids=["none", "one twice", "two dtypes"],
    )
    def test_no_parameters_one_twice_and_two_dtypes_are_refused(self, make, parameters, says):
        with pytest.raises(
            ValueError, match=r"at least one parameter, each once, all of one dtype.*" + re.escape(says)
        ):
            make(parameters())

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            (lambda model: model, "must be given parameters, got a Linear: hand it model.parameters()"),
            (lambda model: model.weights, "parameters must be an Iterable, got a Parameter, Parameter(3, 2)"),
            (lambda model: None, "parameters must be an Iterable, got a NoneType, None"),
            (lambda model: model.state(), "parameter 0 must be a Parameter, got a str, 'weights'"),
            (lambda model: model.named_parameters(), "parameter 0 must be a Parameter, got a tuple"),
            (lambda model: [model.bias, model.weights.value], "parameter 1 must be a Parameter, got a ndarray"),
        ],
        ids=["model", "bare parameter", "None", "state", "named parameters", "array"],
    )
    def test_what_is_no_parameters_is_refused(self, make, given, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            make(given(Linear(3, 2, rng=0)))


@pytest.fixture
def ctrl_c():
    """As a reader's Python takes it; a process of pytest's may not."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def assert_same_state(a, b):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
class TestState:
    def test_it_names_the_steps_and_rows_as_long_as_the_values(self, make):
        parameters = some_parameters()
        optimizer = make(parameters)
        for steps in (0, 1, 4):
            train(optimizer, parameters, steps - optimizer.steps)
            state = optimizer.state()
            assert list(state) == [
                "parameters",
                "steps",
                *(["velocity"] if isinstance(optimizer, SGD) else ["mean", "mean_square"]),
            ]
            assert state.pop("parameters") == ", ".join(str(p.value.shape) for p in optimizer.parameters)
            assert state.pop("steps") == optimizer.steps == steps
            for name, row in state.items():
                assert row.shape == optimizer.values.shape and row.dtype == optimizer.values.dtype
                np.testing.assert_array_equal(row, getattr(optimizer, name))
                assert row.any() == (steps > 0)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_after_it_was_loaded_the_steps_are_those_without_a_break(self, make, dtype):
        parameters, others, third = some_parameters(dtype), some_parameters(dtype), some_parameters(dtype)
        optimizer, first, second = make(parameters), make(others), make(third)
        train(first, others, 6)
        train(second, third, 2, first=50)  # it has been elsewhere
        for p, q in zip(third, others, strict=True):
            p.value = q.value
        second.load_state(first.state())
        assert second.steps == 6 and type(second.steps) is int
        assert_all_close(train(second, third, 5, first=6), train(optimizer, parameters, 11), rtol=0)
        assert_same_state(second.state(), optimizer.state())

    def test_it_is_a_copy_both_ways(self, make):
        parameters = some_parameters()
        optimizer = make(parameters)
        train(optimizer, parameters, 3)
        early = optimizer.state()
        kept = {name: array.copy() for name, array in early.items()}
        train(optimizer, parameters, 3)
        assert_same_state(early, kept)
        optimizer.load_state(early)
        rows = [array for name, array in early.items() if name != "parameters"]
        for array in rows:
            array[...] = 99
        assert_same_state(optimizer.state(), kept)
        train(optimizer, parameters, 1)
        assert all((array == 99).all() for array in rows)

    def test_loading_one_leaves_the_parameters_the_gradients_and_the_settings_as_they_are(self, make):
        parameters, others = some_parameters(), some_parameters(seed=1)
        optimizer, other = make(parameters, 0.3), make(others, 0.5)
        train(optimizer, parameters, 2)
        before = [optimizer.values.copy(), optimizer.gradients.copy()]
        optimizer.load_state(other.state())
        assert_all_close([optimizer.values, optimizer.gradients], before, rtol=0)
        assert optimizer.learning_rate == 0.3
        assert all(p.value.base is optimizer.values for p in parameters)

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (lambda state, row: {n: a for n, a in state.items() if n != row}, "must have the names and shapes"),
            (lambda state, row: state | {"more": state[row]}, "must have the names and shapes"),
            (lambda state, row: {n: a for n, a in state.items() if n != "steps"}, "must have the names and shapes"),
            (lambda state, row: state | {row: state[row][:-1]}, "must have the names and shapes"),
            (lambda state, row: state | {row: state[row].reshape(1, -1)}, "must have the names and shapes"),
            (lambda state, row: state | {"steps": np.array([5])}, "must have the names and shapes"),
            (lambda state, row: {}, "must have the names and shapes"),
            (lambda state, row: None, "state must be a Mapping, got a NoneType, None"),
            (lambda state, row: list(state), "state must be a Mapping, got a list"),
            (lambda state, row: state | {row: np.full(state[row].shape, "x")}, "{row} must be numbers, got a str, 'x'"),
            (lambda state, row: state | {row: [*state[row][:-1], "x"]}, "{row} must be numbers, got"),
            (lambda state, row: state | {row: [*state[row][:-1], None]}, "{row} must be numbers, got a NoneType"),
            (
                lambda state, row: state | {row: [*state[row][:-1], math.nan]},
                "{row} must be (finite )?numbers, got nan",
            ),
            (lambda state, row: state | {row: [*state[row][:-1], math.inf]}, "{row} must be finite numbers, got inf"),
            (lambda state, row: state | {row: state[row] * 1j}, "{row} must be numbers, got an array of complex128"),
            (lambda state, row: state | {"steps": np.array(5.0)}, "steps must be integers, got float64"),
            (lambda state, row: state | {"steps": np.array(math.nan)}, "steps must be integers, got float64"),
            (lambda state, row: state | {"steps": np.array(math.inf)}, "steps must be integers, got float64"),
            (lambda state, row: state | {"steps": np.array("abc")}, "steps must be integers, got a str, 'abc'"),
            (lambda state, row: state | {"steps": np.array(True)}, "steps must be integers, got bool"),
            (lambda state, row: state | {"steps": np.array(-1)}, "steps must be at least 0, got -1"),
            (lambda state, row: state | {"steps": -5}, "steps must be at least 0, got -5"),
            (lambda state, row: state | {"parameters": np.array("(29,)")}, r"the state is of \(29,\)"),
        ],
    )
    @pytest.mark.parametrize("which", ["first", "last"])
    def test_what_is_no_such_state_is_refused_and_nothing_changes(self, make, wrong, says, which):
        parameters, others = some_parameters(), some_parameters()
        optimizer, other = make(parameters), make(others)
        train(optimizer, parameters, 2)
        train(other, others, 5)
        before, state = optimizer.state(), other.state()
        row = list(state)[2 if which == "first" else -1]
        with pytest.raises(ValueError, match=says.format(row=row)):
            optimizer.load_state(wrong(state, row))
        assert_same_state(optimizer.state(), before)
        assert optimizer.steps == 2

    def test_numbers_that_its_dtype_cannot_hold_are_refused(self, make):
        parameters = some_parameters(np.float32)
        optimizer = make(parameters)
        before = optimizer.state()
        row = list(before)[-1]
        with pytest.raises(ValueError, match=f"{row} has numbers that are too large for float32"):
            optimizer.load_state(before | {row: np.full(before[row].shape, 1e300)})
        assert_same_state(optimizer.state(), before)

    def test_the_message_says_what_was_expected_and_what_came(self, make):
        optimizer = make([Parameter(np.ones(3))])
        expected = {name: np.shape(array) for name, array in optimizer.state().items()}
        with pytest.raises(
            ValueError,
            match=re.escape(
                f"the state of this {type(optimizer).__name__} must have the names and shapes {expected}, got {{'steps': (), 'speed': (2,)}}"
            ),
        ):
            optimizer.load_state({"steps": np.array(1), "speed": np.ones(2)})

    def test_that_of_another_kind_is_refused(self, make):
        other = SGD(some_parameters(), 0.1) if isinstance(make(some_parameters()), Adam) else Adam(some_parameters())
        with pytest.raises(ValueError, match="must have the names and shapes"):
            make(some_parameters()).load_state(other.state())

    def test_refused_steps_are_not_counted(self, make):
        parameters = some_parameters()
        optimizer = make(parameters)
        train(optimizer, parameters, 2)
        make(parameters)
        with pytest.raises(ValueError, match="given to another optimizer"):
            optimizer.step()
        assert optimizer.steps == 2

    @pytest.mark.parametrize("size", [5, STRETCH + 1])
    def test_ctrl_c_within_a_step_leaves_the_parameters_before_it_or_after_it(self, make, size, ctrl_c):
        """It is pressed in front of every line of the step, one after the other."""
        rng = np.random.default_rng(0)
        parameters = [Parameter(rng.normal(size=shape)) for shape in [(size,), (2, 3)]]
        optimizer = make(parameters)
        train(optimizer, parameters, 2)
        values, state = optimizer.values.copy(), optimizer.state()
        train(optimizer, parameters, 1, first=2)
        after, seen, line = optimizer.values.copy(), set(), 0
        previous = sys.gettrace()
        pressed = True
        while pressed:
            optimizer.values[...] = values
            optimizer.load_state(state)
            pressed, lines_to_go = False, line

            def trace(frame, event, argument):
                nonlocal pressed, lines_to_go
                if frame.f_code.co_filename.endswith("optimizers.py") and event == "line":
                    lines_to_go -= 1
                    if lines_to_go == -1:
                        pressed = True
                        signal.raise_signal(signal.SIGINT)
                return trace

            sys.settrace(trace)
            try:
                optimizer.step()
            except KeyboardInterrupt:
                seen.add((optimizer.values == after).all())
            finally:
                sys.settrace(previous)
            assert any((optimizer.values == whole).all() for whole in (values, after)), f"line {line} of the step"
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            line += 1
        assert line > 5 and False in seen
        np.testing.assert_array_equal(optimizer.values, after)

    def test_a_backward_from_before_the_step_is_refused_though_ctrl_c_came_into_it(self, make):
        model = Linear(3, 2, rng=0)
        optimizer = make(model.parameters())
        outputs = model(np.ones((4, 3)))
        step = optimizer._step

        def interrupted():
            step()
            raise KeyboardInterrupt

        optimizer._step = interrupted
        with pytest.raises(KeyboardInterrupt):
            optimizer.step()
        with pytest.raises(ValueError, match="got others"):
            model.backward(np.ones_like(outputs))


SETTINGS = {
    "SGD, momentum": (SGD, "from 0 to below 1", [1, 2]),
    "Adam, beta1": (Adam, "from 0 to below 1", [1, 2]),
    "Adam, beta2": (Adam, "from 0 to below 1", [1, 2]),
    "Adam, epsilon": (Adam, "a number above 0", [0]),
    "Adam, weight_decay": (Adam, "a number from 0 up", []),
}


@pytest.mark.parametrize(
    ("of", "wrong"), [(of, wrong) for of, (*_, more) in SETTINGS.items() for wrong in [*NO_NUMBERS, *more]]
)
def test_settings_out_of_range_are_refused_at_the_start_and_later(of, wrong):
    (kind, expected, _), name = SETTINGS[of], of.split()[-1]
    says = re.escape(f"{name} must be {expected}, got {wrong!r}")
    with pytest.raises(ValueError, match=says):
        kind(some_parameters(), 0.1, **{name: wrong})
    optimizer = kind(some_parameters(), 0.1, **{name: 0.5})
    with pytest.raises(ValueError, match=says):
        setattr(optimizer, name, wrong)
    assert getattr(optimizer, name) == 0.5
    setattr(optimizer, name, np.float32(0.25))
    assert getattr(optimizer, name) == 0.25 and type(getattr(optimizer, name)) is float


def test_a_mean_of_squares_below_0_is_refused_rather_than_giving_a_root_that_is_none():
    optimizer = Adam([Parameter([1.0, 2.0])])
    before = optimizer.state()
    with pytest.raises(ValueError, match=r"mean_square must be from 0 up, got -5\.0"):
        optimizer.load_state(before | {"mean": [1.0, 1.0], "mean_square": [1.0, -5.0], "steps": 3})
    assert_same_state(optimizer.state(), before)


def test_a_weight_decay_that_would_turn_the_signs_around_is_refused_before_anything_moves():
    parameters = some_parameters()
    optimizer = Adam(parameters, 0.1, weight_decay=10)
    train(optimizer, parameters, 1)
    before, state = optimizer.values.copy(), optimizer.state()
    optimizer.learning_rate = 0.11
    with pytest.raises(ValueError, match=re.escape("learning_rate * weight_decay must be at most 1, got 1.1")):
        optimizer.step()
    np.testing.assert_array_equal(optimizer.values, before)
    assert_same_state(optimizer.state(), state)


def test_a_deep_copy_of_an_optimizer_refuses_rather_than_training_nothing():
    parameters = some_parameters()
    with pytest.raises(ValueError, match="make a new one"):
        copy.deepcopy(SGD(parameters, 0.1)).step()


class TestClipping:
    def test_it_worked_out_by_hand(self):
        parameters = [Parameter([0.0]), Parameter([[0.0]])]
        optimizer = SGD(parameters, 1.0)
        parameters[0].gradient, parameters[1].gradient = 3, -4
        assert optimizer.clip_gradients(1.0) == 5
        np.testing.assert_allclose([p.gradient.item() for p in parameters], [0.6, -0.8], rtol=1e-15)

    @quick
    @given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.sampled_from(DTYPES))
    def test_the_direction_stays_the_length_is_returned_and_then_at_most_the_norm(self, seed, size, max_norm, dtype):
        parameters = some_parameters(dtype)
        optimizer = SGD(parameters, 0.1)
        for p in parameters:
            p.gradient = np.random.default_rng([seed, p.value.size]).normal(size=p.value.shape) * size
        before = np.concatenate([p.gradient.ravel() for p in optimizer.parameters]).astype(np.float64)
        returned = optimizer.clip_gradients(max_norm)
        after = np.concatenate([p.gradient.ravel() for p in optimizer.parameters]).astype(np.float64)
        length = math.sqrt((before**2).sum())
        assert type(returned) is float and returned == pytest.approx(length, rel=1e-5)
        assert math.sqrt((after**2).sum()) == pytest.approx(min(length, max_norm), rel=1e-5)
        np.testing.assert_allclose(after * length, before * min(length, max_norm), rtol=1e-5)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_gradient_without_a_length_is_no_gradient_to_clip(self, bad):
        parameter = Parameter([1.0, 2])
        optimizer = SGD([parameter], 0.1)
        optimizer.gradients[...] = [1, bad]
        with pytest.raises(
            FloatingPointError, match=f"the length of the gradient went beyond the range of numbers, got {bad}"
        ):
            optimizer.clip_gradients(1.0)
        np.testing.assert_array_equal(parameter.gradient, [1, bad])

    @pytest.mark.parametrize("max_norm", [5, 5.001, 100, 1e300])
    def test_a_gradient_that_is_not_longer_is_not_touched(self, max_norm):
        parameter = Parameter([0.0, 0])
        optimizer = SGD([parameter], 1.0)
        parameter.gradient = [3, 4]
        assert optimizer.clip_gradients(max_norm) == 5
        np.testing.assert_array_equal(parameter.gradient, [3, 4])

    def test_a_gradient_of_0_has_no_direction_to_keep(self):
        parameter = Parameter([1.0, 2])
        assert SGD([parameter], 1.0).clip_gradients(0.5) == 0
        np.testing.assert_array_equal(parameter.gradient, [0, 0])

    @pytest.mark.parametrize("max_norm", [0, *NO_NUMBERS])
    def test_a_norm_that_is_no_number_above_0_is_refused(self, max_norm):
        parameter = Parameter([0.0])
        optimizer = SGD([parameter], 1.0)
        parameter.gradient = 3
        with pytest.raises(ValueError, match=re.escape(f"max_norm must be a number above 0, got {max_norm!r}")):
            optimizer.clip_gradients(max_norm)
        assert parameter.gradient == 3


def rates(total, **settings):
    return [warmup_cosine(step, total_steps=total, **settings) for step in range(total + 1)]


class TestWarmupCosine:
    @pytest.mark.parametrize(
        ("step", "rate"),
        [
            (0, 0.1),
            (1, 0.2),
            (4, 0.5),
            (8, 0.9),
            (9, 1.0),
            (14, 0.5 + math.sqrt(0.5) / 2),
            (19, 0.5),
            (24, 0.5 - math.sqrt(0.5) / 2),
            (29, 0),
            (30, 0),
            (1000, 0),
        ],
    )
    def test_values_worked_out_by_hand(self, step, rate):
        assert warmup_cosine(step, peak=1.0, warmup_steps=9, total_steps=29) == pytest.approx(rate, abs=1e-15)

    @pytest.mark.parametrize("floor", [0, 0.01, 0.1])
    def test_it_rises_in_a_straight_line_to_the_peak_falls_to_the_floor_and_stays(self, floor):
        up_and_down = rates(50, peak=0.3, warmup_steps=10, floor=floor)
        np.testing.assert_allclose(np.diff(up_and_down[:11]), 0.3 / 11, rtol=1e-12)
        assert max(up_and_down) == up_and_down[10] == pytest.approx(0.3, rel=1e-15)
        assert (np.diff(up_and_down[10:]) < 0).all()
        assert up_and_down[30] == pytest.approx((0.3 + floor) / 2, rel=1e-12)
        assert (
            up_and_down[50]
            == warmup_cosine(51, peak=0.3, warmup_steps=10, total_steps=50, floor=floor)
            == pytest.approx(floor, abs=1e-15)
        )

    def test_the_fall_is_half_a_wave_flat_at_both_ends_and_symmetric(self):
        fall = np.array(rates(40, peak=1.0, warmup_steps=0, floor=0.2))
        assert fall[0] == 1
        np.testing.assert_allclose(fall + fall[::-1], 1.2, rtol=1e-12)
        steps = -np.diff(fall)
        assert steps[0] == pytest.approx(steps[-1]) and steps[20] > 10 * steps[0]

    @quick
    @given(st.integers(0, 20), st.integers(1, 50), st.floats(1e-6, 10), st.floats(0, 1))
    def test_the_first_step_is_above_0_and_none_is_above_the_peak_or_below_the_floor_after_the_warmup(
        self, warmup, more, peak, share
    ):
        values = rates(warmup + more, peak=peak, warmup_steps=warmup, floor=share * peak)
        assert values[0] > 0 and max(values) <= peak * (1 + 1e-12)
        assert min(values[warmup:]) >= share * peak * (1 - 1e-12)
        assert all(type(value) is float for value in values)

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"warmup_steps": -1}, "warmup_steps must be at least 0, got -1"),
            ({"warmup_steps": 10}, "total_steps must be at least 11, got 10"),
            ({"warmup_steps": 11}, "total_steps must be at least 12, got 10"),
            ({"warmup_steps": 0, "total_steps": 0}, "total_steps must be at least 1, got 0"),
            ({"warmup_steps": 2.0}, "warmup_steps must be an integer from 0 up, got 2.0"),
            ({"total_steps": math.inf}, "total_steps must be an integer from 3 up, got inf"),
            ({"total_steps": np.uint8(200)}, "total_steps must be an integer from 3 up, got np.uint8(200)"),
            ({"step": -1}, "step must be at least 0, got -1"),
            ({"step": 0.5}, "step must be an integer from 0 up, got 0.5"),
            ({"step": math.nan}, "step must be an integer from 0 up, got nan"),
            ({"step": True}, "step must be an integer from 0 up, got True"),
            *[({"peak": bad}, f"peak must be a number from 0 up, got {bad!r}") for bad in NO_NUMBERS],
            *[({"floor": bad}, f"floor must be a number from 0 up, got {bad!r}") for bad in NO_NUMBERS],
            ({"floor": 2}, "floor must be at most 1, got 2"),
        ],
    )
    def test_settings_out_of_range_are_refused(self, wrong, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            warmup_cosine(**({"step": 0, "peak": 1, "warmup_steps": 2, "total_steps": 10} | wrong))

    def test_steps_may_be_numpys(self):
        expected = warmup_cosine(5, peak=1, warmup_steps=2, total_steps=10)
        assert warmup_cosine(np.int64(5), peak=1, warmup_steps=np.int32(2), total_steps=np.int64(10)) == expected


def roll_down_the_bowl(make, steps):
    """On 1.6 w₁² + 0.05 w₂², thirty-two times as steep one way as the other (chapter gradient-descent): the height after each step."""
    w = Parameter([1.5, -5.0])
    optimizer, heights = make([w]), []
    for _ in range(steps):
        w.gradient = [3.2, 0.1] * w.value
        optimizer.step()
        heights.append(float([1.6, 0.05] @ w.value**2))
    return heights


class TestOnTheBowl:
    @pytest.mark.parametrize(
        ("make", "steps"),
        [
            (lambda p: SGD(p, 0.3), 300),
            (lambda p: SGD(p, 0.6), 300),
            (lambda p: SGD(p, 0.1, momentum=0.9), 200),
            (lambda p: Adam(p, 0.1), 400),
            (lambda p: Adam(p, 0.1, beta1=0.5), 400),
        ],
    )
    def test_each_reaches_the_bottom(self, make, steps):
        assert roll_down_the_bowl(make, steps)[-1] < 1e-6

    def test_plain_steps_follow_the_closed_form(self):
        heights = roll_down_the_bowl(lambda p: SGD(p, 0.3), 30)
        expected = [1.6 * (1.5 * 0.04**t) ** 2 + 0.05 * (-5 * 0.97**t) ** 2 for t in range(1, 31)]
        np.testing.assert_allclose(heights, expected, rtol=1e-9)

    @pytest.mark.parametrize(("rate", "converges"), [(0.62, True), (0.63, False)])
    def test_plain_steps_leave_the_bowl_above_2_divided_by_the_largest_curvature(self, rate, converges):
        heights = roll_down_the_bowl(lambda p: SGD(p, rate), 300)
        assert (heights[-1] < heights[0]) == converges

    def test_momentum_and_adam_need_fewer_steps_than_plain_gradient_descent_at_its_best(self):
        def steps_needed(make):
            return next(i for i, height in enumerate(roll_down_the_bowl(make, 1000)) if height < 1e-4)

        plain = min(steps_needed(lambda p, rate=rate: SGD(p, rate)) for rate in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
        assert steps_needed(lambda p: SGD(p, 0.3, momentum=0.6)) < plain
        assert steps_needed(lambda p: Adam(p, 0.5)) < plain


def test_a_step_of_each_lowers_the_loss_of_a_model():
    for make in OPTIMIZERS.values():
        model, loss = Sequential(Linear(3, 8, rng=0), ReLU(), Linear(8, 2, rng=1)), SquaredError()
        x, targets = np.random.default_rng(0).normal(size=(20, 3)), np.random.default_rng(1).normal(size=(20, 2))
        optimizer = make(model.parameters(), 0.001)
        before = loss.forward(targets, model.forward(x))
        model.backward(loss.backward())
        optimizer.step()
        assert loss.forward(targets, model.forward(x)) < before


def test_a_readers_own_optimizer_needs_only_its_step():
    class SignDescent(Optimizer):
        def _step(self):
            self.values -= self.learning_rate * np.sign(self.gradients)

    parameters = [Parameter([1.0, 2]), Parameter([[3.0]])]
    optimizer = SignDescent(parameters, 0.5)
    parameters[0].gradient, parameters[1].gradient = [7, -7], 0.1
    optimizer.step()
    np.testing.assert_array_equal(parameters[0].value, [0.5, 2.5])
    np.testing.assert_array_equal(parameters[1].value, [[2.5]])
    assert list(optimizer.state()) == ["parameters", "steps"] and optimizer.steps == 1
    with pytest.raises(NotImplementedError):
        Optimizer(parameters, 0.5).step()
