import copy
import math
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import SGD, Adam, Linear, Optimizer, Parameter, ReLU, Sequential, SquaredError, warmup_cosine

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
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

    @pytest.mark.parametrize("rate", [0, -0.1, math.nan, math.inf, -math.inf])
    def test_a_learning_rate_that_is_no_positive_number_is_refused(self, make, rate):
        with pytest.raises(ValueError, match=f"learning_rate must be a positive number, got {rate}"):
            make(some_parameters(), rate)

    @pytest.mark.parametrize(
        ("parameters", "says"),
        [
            (lambda: [], "got [] of []"),
            (lambda: [p := Parameter([1.0]), p], "got [Parameter(1,), Parameter(1,)] of ['float64']"),
            (lambda: [Parameter(np.ones(1, np.float32)), Parameter([[1.0]])], "of ['float32', 'float64']"),
        ],
    )
    def test_no_parameters_one_twice_and_two_dtypes_are_refused(self, make, parameters, says):
        with pytest.raises(
            ValueError, match=r"at least one parameter, each once, all of one dtype.*" + re.escape(says)
        ):
            make(parameters())


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
        "wrong",
        [
            "a row is missing",
            "a row too many",
            "no steps",
            "a shorter row",
            "a matrix",
            "several steps",
            "nothing",
            "words",
            "words at the end",
            "steps that are no number",
            "of other parameters",
        ],
    )
    def test_what_is_no_such_state_is_refused_and_nothing_changes(self, make, wrong):
        parameters, others = some_parameters(), some_parameters()
        optimizer, other = make(parameters), make(others)
        train(optimizer, parameters, 2)
        train(other, others, 5)
        before, state = optimizer.state(), other.state()
        row, last = list(state)[2], list(state)[-1]
        words = np.full(state[row].shape, "x")
        half = state[last].astype(object)
        half[-1] = "x"
        bad = {
            "a row is missing": {n: a for n, a in state.items() if n != row},
            "a row too many": state | {"more": state[row]},
            "no steps": {n: a for n, a in state.items() if n != "steps"},
            "a shorter row": state | {last: state[last][:-1]},
            "a matrix": state | {row: state[row].reshape(1, -1)},
            "several steps": state | {"steps": np.array([5])},
            "nothing": {},
            "words": state | {row: words},
            "words at the end": state | {last: half},
            "steps that are no number": state | {"steps": np.array(math.nan)},
            "of other parameters": state
            | {"parameters": make([Parameter(np.ones(optimizer.values.size))]).state()["parameters"]},
        }[wrong]
        with pytest.raises(ValueError):
            optimizer.load_state(bad)
        assert_same_state(optimizer.state(), before)
        assert optimizer.steps == 2

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

    def test_an_interruption_within_a_step_leaves_the_parameters_before_it_or_after_it(self, make):
        """Ctrl-C in front of every line, one after the other."""
        parameters = some_parameters()
        optimizer = make(parameters)
        train(optimizer, parameters, 2)
        values, state = optimizer.values.copy(), optimizer.state()
        train(optimizer, parameters, 1, first=2)
        after, seen = optimizer.values.copy(), 0
        for line in range(100):
            optimizer.values[...] = values
            optimizer.load_state(state)
            lines_to_go = line

            def trace(frame, event, argument):
                nonlocal lines_to_go
                if frame.f_code.co_filename.endswith("optimizers.py") and event == "line":
                    if lines_to_go == 0:
                        raise KeyboardInterrupt
                    lines_to_go -= 1
                return trace

            previous = sys.gettrace()
            sys.settrace(trace)
            try:
                optimizer.step()
            except KeyboardInterrupt:
                seen += 1
            else:
                break
            finally:
                sys.settrace(previous)
            assert any((optimizer.values == whole).all() for whole in (values, after)), f"line {line} of the step"
        assert seen >= 4
        assert_all_close([optimizer.values], [after], rtol=0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        *[
            (lambda p, m=m: SGD(p, 0.1, momentum=m), f"momentum must be from 0 to below 1, got {m}")
            for m in (1, -0.1, math.nan, 2)
        ],
        *[
            (lambda p, b=b: Adam(p, beta1=b), f"beta1 and beta2 must be from 0 to below 1, got {b} and 0.999")
            for b in (1, -0.1, math.nan)
        ],
        *[
            (lambda p, b=b: Adam(p, beta2=b), f"beta1 and beta2 must be from 0 to below 1, got 0.9 and {b}")
            for b in (1, -0.1, math.nan)
        ],
        *[
            (lambda p, e=e: Adam(p, epsilon=e), f"epsilon must be above 0 and weight_decay at least 0, got {e} and 0")
            for e in (0, -1e-8, math.nan)
        ],
        *[
            (
                lambda p, d=d: Adam(p, weight_decay=d),
                f"epsilon must be above 0 and weight_decay at least 0, got 1e-08 and {d}",
            )
            for d in (-0.1, math.nan)
        ],
    ],
)
def test_settings_out_of_range_are_refused(make, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        make(some_parameters())


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
        parameter.gradient = [1, bad]
        with pytest.raises(FloatingPointError, match=f"the length of the gradient is {bad}"):
            optimizer.clip_gradients(1.0)

    @pytest.mark.parametrize("max_norm", [5, 5.001, 100, math.inf])
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

    @pytest.mark.parametrize("max_norm", [0, -1, math.nan])
    def test_a_norm_that_is_not_above_0_is_refused(self, max_norm):
        parameter = Parameter([0.0])
        optimizer = SGD([parameter], 1.0)
        parameter.gradient = 3
        with pytest.raises(ValueError, match=f"max_norm must be above 0, got {max_norm}"):
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

    @pytest.mark.parametrize(("warmup", "total"), [(-1, 10), (10, 10), (11, 10), (0, 0), (0, -5)])
    def test_a_warmup_that_does_not_end_before_the_training_is_refused(self, warmup, total):
        with pytest.raises(
            ValueError, match=f"warmup_steps must be from 0 to below total_steps, got {warmup} and {total}"
        ):
            warmup_cosine(0, peak=1, warmup_steps=warmup, total_steps=total)

    @pytest.mark.parametrize(
        ("step", "peak", "floor"), [(-1, 1, 0), (0, -1, 0), (0, 1, 2), (0, np.inf, 0), (0, 1, -0.1)]
    )
    def test_a_rate_that_is_none_is_refused(self, step, peak, floor):
        with pytest.raises(
            ValueError, match=re.escape(f"got {step}, {float(floor) if isinstance(floor, float) else floor} and {peak}")
        ):
            warmup_cosine(step, peak=peak, warmup_steps=2, total_steps=9, floor=floor)


def roll_down_the_bowl(make, steps):
    """On 1.6 w₁² + 0.05 w₂², thirty-two times as steep one way as the other (chapter 6): the height after each step."""
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
