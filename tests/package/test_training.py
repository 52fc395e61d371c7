import math
import random
import re
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from scratchml import (
    GPT,
    SGD,
    Adam,
    CrossEntropy,
    GPTConfig,
    History,
    Linear,
    MiniBatches,
    NeuralNetwork,
    NextTokenBatches,
    ReLU,
    Sequential,
    SquaredError,
    Tanh,
    cross_entropy,
    digits,
    fit,
    generate,
    mean_loss,
    next_token_windows,
    one_hot,
    spirals,
    squared_error,
    train_epoch,
    warmup_cosine,
    xor,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
DTYPES = [np.float32, np.float64]


def problem(rows=23, seed=0):
    """Something to learn: inputs (rows, 3), targets (rows, 2)."""
    x = np.random.default_rng(seed).normal(size=(rows, 3))
    return x, np.column_stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])])


def network(seed=0, dtype=np.float64, sizes=(3, 8, 2), activation=Tanh):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs, rng=rng), activation()]
    return Sequential(*layers[:-1]).to(dtype)


def batches_of(x, y, size):
    """The rows in their order."""
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def assert_same(arrays, expected):
    assert list(arrays) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(arrays[name], expected[name], err_msg=name)


WRONG_BATCHES = [
    (
        {"batches": [(np.ones((4, 3)), np.ones((3, 2)))]},
        "targets must have the shape of the outputs (4, 2), got (3, 2)",
    ),
    ({"batches": [(np.ones((4, 3)), np.ones(4))]}, "targets must have the shape of the outputs (4, 2), got (4,)"),
    ({"batches": [(np.ones((4, 2)), np.ones((4, 2)))]}, "x must have the shape (…, 3), got (4, 2)"),
    ({"batches": [(np.ones((0, 3)), np.ones((0, 2)))]}, "x must hold at least one number, got shape (0, 3)"),
    ({"batches": [(np.full((4, 3), math.nan), np.ones((4, 2)))]}, "numbers, got nan in row 0, column 0"),
    ({"batches": [(np.ones((4, 3)), np.full((4, 2), math.inf))]}, "targets must be finite numbers, got inf in row 0"),
    ({"batches": problem()}, "batches must be pairs (inputs, targets), got one such pair: make a list of it"),
    ({"batches": [problem()[0]]}, "a batch must be a pair (inputs, targets), got a ndarray"),
    ({"batches": [(*problem(), 1)]}, "a batch must be a pair (inputs, targets), got a tuple"),
    ({"batches": 5}, "batches must be pairs (inputs, targets), got an int, 5"),
]
LOSSES = {"squared error": (SquaredError, squared_error), "cross-entropy": (CrossEntropy, cross_entropy)}


def targets_for(loss, rows=23):
    return problem(rows)[1] if loss == "squared error" else np.random.default_rng(3).integers(0, 2, rows)


class TestFit:
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize(
        "make", [lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.05, momentum=0.9), lambda p: Adam(p, 0.01, weight_decay=0.1)]
    )
    def test_it_does_what_the_loop_written_out_does(self, loss, make):
        (x, _), y = problem(), targets_for(loss)
        model, by_hand = network(), network()
        for p in model.parameters():
            p.gradient = 7  # what was before is forgotten
        history = fit(model, LOSSES[loss][0](), make(model.parameters()), MiniBatches(x, y, 5, rng=1), epochs=3)
        optimizer, end, expected = make(by_hand.parameters()), LOSSES[loss][0](), []
        batches = MiniBatches(x, y, 5, rng=1)
        for _ in range(3):
            total = 0.0
            for inputs, targets in batches:
                total += end.forward(targets, by_hand.forward(inputs)) * len(inputs)
                optimizer.zero_gradients()
                by_hand.backward(end.backward())
                optimizer.step()
            expected.append(total / len(x))
        assert_same(model.state(), by_hand.state())
        assert history == History(training_loss=expected, validation_loss=[])

    def test_the_history_has_the_mean_over_all_rows_also_where_the_last_batch_is_smaller(self):
        x, y = problem()
        y[3] *= 100
        for size in (1, 5, 7, 22, 23, 100):
            model = network()
            expected = squared_error(y, model.forward(x))
            history = fit(
                model,
                SquaredError(),
                SGD(model.parameters(), 1e-12),
                MiniBatches(x, y, size, rng=0),
                epochs=1,
                validation=batches_of(x, y, size),
            )
            assert history.training_loss[0] == pytest.approx(expected, rel=1e-6)
            assert history.validation_loss[0] == pytest.approx(expected, rel=1e-6)

    def test_the_training_loss_is_measured_before_each_step_and_the_validation_loss_after_the_epoch(self):
        x, y = problem()
        model = network()
        first = squared_error(y, model.forward(x))
        history = fit(model, SquaredError(), SGD(model.parameters(), 0.1), [(x, y)], epochs=2, validation=[(x, y)])
        assert history.training_loss == pytest.approx([first, history.validation_loss[0]])
        assert history.validation_loss[1] == pytest.approx(squared_error(y, model.forward(x)))

    def test_validation_is_not_learned_from(self):
        x, y = problem()
        other_x, other_y = problem(seed=1)
        model, unwatched = network(), network()
        history = fit(
            model,
            SquaredError(),
            Adam(model.parameters()),
            batches_of(x, y, 5),
            epochs=4,
            validation=batches_of(other_x, -other_y, 5),
        )
        plain = fit(unwatched, SquaredError(), Adam(unwatched.parameters()), batches_of(x, y, 5), epochs=4)
        assert_same(model.state(), unwatched.state())
        assert history.training_loss == plain.training_loss
        assert len(history.validation_loss) == 4 and plain.validation_loss == []

    def test_without_patience_the_last_state_is_kept_though_an_earlier_one_was_better(self):
        x, y = problem()
        model, unwatched = network(), network()
        history = fit(model, SquaredError(), SGD(model.parameters(), 0.1), [(x, y)], epochs=8, validation=[(x, -y)])
        fit(unwatched, SquaredError(), SGD(unwatched.parameters(), 0.1), [(x, y)], epochs=8)
        assert history.best_epoch < 7
        assert_same(model.state(), unwatched.state())

    def test_0_epochs_teach_nothing(self):
        model = network()
        before = model.state()
        assert fit(model, SquaredError(), SGD(model.parameters(), 0.1), [problem()], epochs=0) == History([], [])
        assert_same(model.state(), before)

    @pytest.mark.parametrize("make", [lambda p: SGD(p, 0.05, momentum=0.5), lambda p: Adam(p)])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_the_same_seeds_give_the_same_model_bit_for_bit(self, make, dtype):
        def trained(seed, order):
            model = network(seed, dtype)
            history = fit(
                model,
                SquaredError(),
                make(model.parameters()),
                MiniBatches(*problem(), 5, rng=order),
                epochs=3,
                validation=[problem(seed=1)],
            )
            return model.state(), history

        (state, history), (same, same_history) = trained(0, 1), trained(0, 1)
        assert_same(same, state)
        assert same_history == history
        for seeds in ((1, 1), (0, 2)):
            assert trained(*seeds)[1].training_loss != history.training_loss

    @pytest.mark.parametrize("rows", [1, 4])
    @pytest.mark.parametrize(
        "make_model",
        [lambda: Linear(3, 2, rng=0), lambda: Sequential(Linear(3, 2, rng=0))],
        ids=["bare layer", "Sequential"],
    )
    def test_a_bare_layer_as_the_model_learns_from_the_gradient_of_each_batch_alone(self, make_model, rows):
        x, y = problem(8)
        model, loss = make_model(), SquaredError()
        w, b = (p.value.copy() for p in model.parameters())
        fit(model, loss, SGD(model.parameters(), 0.1), batches_of(x, y, rows), epochs=2)
        for _ in range(2):
            for inputs, targets in batches_of(x, y, rows):
                slopes = 2 * (inputs @ w + b - targets) / rows
                w, b = w - 0.1 * inputs.T @ slopes, b - 0.1 * slopes.sum(axis=0)
        np.testing.assert_allclose(model.parameters()[0].value, w, rtol=1e-12)
        np.testing.assert_allclose(model.parameters()[1].value, b, rtol=1e-12)

    def test_only_the_parameters_of_the_optimizer_are_learned(self):
        model = network()
        before = model.state()
        fit(model, SquaredError(), SGD(model.layers[2].parameters(), 0.1), [problem()], epochs=2)
        changed = {name: not np.array_equal(array, before[name]) for name, array in model.state().items()}
        assert changed == {
            "layers.0.weights": False,
            "layers.0.bias": False,
            "layers.2.weights": True,
            "layers.2.bias": True,
        }

    def test_data_and_targets_are_not_modified(self):
        x, y = problem()
        model = network()
        fit(model, SquaredError(), SGD(model.parameters(), 0.1), [(x, y)], epochs=2, validation=[(x, y)])
        np.testing.assert_array_equal(x, problem()[0])
        np.testing.assert_array_equal(y, problem()[1])

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize(
        "make",
        [
            lambda p: SGD(p, np.float64(0.1), momentum=0.9),
            lambda p: Adam(p, np.float64(0.01), weight_decay=np.float64(0.1)),
        ],
    )
    def test_everything_keeps_the_dtype_of_the_parameters(self, dtype, loss, make):
        model = network(dtype=dtype)
        optimizer = make(model.parameters())
        batches = MiniBatches(problem()[0], targets_for(loss), 5, rng=0)
        schedule = np.linspace(0.1, 0.01, 100)
        fit(
            model,
            LOSSES[loss][0](),
            optimizer,
            batches,
            epochs=2,
            validation=batches,
            patience=1,
            schedule=lambda step: schedule[step],
            max_gradient_norm=np.float64(0.5),
        )
        arrays = [a for a in vars(optimizer).values() if isinstance(a, np.ndarray)] + [
            a for p in model.parameters() for a in (p.value, p.gradient)
        ]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}


class TestSettings:
    def test_the_schedule_is_asked_for_every_step_from_0_on_and_its_rate_is_used(self):
        x, y = problem()
        model, by_hand = network(), network()
        asked, rates = [], [0.1, 0.05, 0.2, 0.01, 0.3, 0.02, 0, 0.1]

        def schedule(step):
            asked.append(step)
            return rates[step]

        optimizer = SGD(model.parameters(), 99)
        fit(model, SquaredError(), optimizer, batches_of(x, y, 6), epochs=2, schedule=schedule, validation=[(x, y)])
        assert asked == list(range(8))
        assert optimizer.learning_rate == rates[-1]
        other, loss = SGD(by_hand.parameters(), 99), SquaredError()
        for rate, (inputs, targets) in zip(rates, 2 * batches_of(x, y, 6), strict=True):
            other.learning_rate = rate
            loss.forward(targets, by_hand.forward(inputs))
            other.zero_gradients()
            by_hand.backward(loss.backward())
            other.step()
        assert_same(model.state(), by_hand.state())

    def test_the_packages_own_schedule_fits_in(self):
        model = network()
        optimizer = Adam(model.parameters())
        fit(
            model,
            SquaredError(),
            optimizer,
            batches_of(*problem(), 6),
            epochs=5,
            schedule=lambda step: warmup_cosine(step, peak=0.01, warmup_steps=5, total_steps=20),
        )
        assert optimizer.learning_rate == warmup_cosine(19, peak=0.01, warmup_steps=5, total_steps=20)

    @pytest.mark.parametrize("max_norm", [0.01, 0.5, 1e9])
    def test_gradients_are_clipped_before_the_step(self, max_norm):
        x, y = problem()
        model = network()
        before = np.concatenate([array.ravel() for array in model.state().values()])
        loss = SquaredError()
        loss.forward(y, model.forward(x))
        model.backward(loss.backward())
        gradient = np.concatenate([p.gradient.ravel() for p in model.parameters()])
        length = np.linalg.norm(gradient)
        fit(model, SquaredError(), SGD(model.parameters(), 1.0), [(x, y)], epochs=1, max_gradient_norm=max_norm)
        after = np.concatenate([array.ravel() for array in model.state().values()])
        np.testing.assert_allclose(before - after, gradient * min(1, max_norm / length), rtol=1e-9, atol=1e-12)

    def test_the_order_is_a_look_at_the_validation_then_forward_backward_clip_step(self):
        x, y = problem()
        model = network()
        log = []
        optimizer = SGD(model.parameters(), 0.1)
        for owner, name in [
            (model, "forward"),
            (optimizer, "zero_gradients"),
            (model, "backward_to_parameters"),
            (optimizer, "clip_gradients"),
            (optimizer, "step"),
        ]:

            def logged(name, call, *args):
                log.append(name)
                return call(*args)

            setattr(owner, name, partial(logged, name, getattr(owner, name)))
        fit(
            model, SquaredError(), optimizer, batches_of(x, y, 12), epochs=2, validation=[(x, y)], max_gradient_norm=1.0
        )
        step = ["forward", "zero_gradients", "backward_to_parameters", "clip_gradients", "step"]
        assert log == ["forward", *[*step, *step, "forward"] * 2]

    def test_progress_goes_around_the_epochs(self):
        log = []

        def progress(epochs):
            assert list(epochs) == [0, 1, 2]
            for epoch in epochs:
                log.append(f"begin {epoch}")
                yield epoch
                log.append(f"end {epoch}")

        class Logging(SquaredError):
            def _forward(self, targets, outputs):
                log.append("learn")
                return super()._forward(targets, outputs)

        model, plain = network(), network()
        history = fit(model, Logging(), SGD(model.parameters(), 0.1), [problem()], epochs=3, progress=progress)
        assert log == ["begin 0", "learn", "end 0", "begin 1", "learn", "end 1", "begin 2", "learn", "end 2"]
        assert history == fit(plain, SquaredError(), SGD(plain.parameters(), 0.1), [problem()], epochs=3)
        assert_same(model.state(), plain.state())

    def test_nothing_is_printed(self, capsys):
        model = network()
        fit(
            model,
            SquaredError(),
            SGD(model.parameters(), 0.1),
            [problem()],
            epochs=2,
            validation=[problem()],
            patience=1,
        )
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"epochs": -1}, "epochs must be at least 0, got -1"),
            ({"epochs": 2.0}, "epochs must be an integer from 0 up, got 2.0"),
            ({"epochs": True}, "epochs must be an integer from 0 up, got True"),
            ({"epochs": None}, "epochs must be an integer from 0 up, got None"),
            ({"epochs": np.uint8(2)}, "epochs must be an integer from 0 up, got np.uint8(2), which would wrap around"),
            ({"patience": 0, "validation": [problem()]}, "patience must be at least 1, got 0"),
            ({"patience": -3, "validation": [problem()]}, "patience must be at least 1, got -3"),
            ({"patience": math.nan, "validation": [problem()]}, "patience must be an integer from 1 up, got nan"),
            ({"patience": 1}, "patience must come with a validation, got none"),
            ({"max_gradient_norm": 0}, "max_gradient_norm must be a number above 0, got 0"),
            ({"max_gradient_norm": -1}, "max_gradient_norm must be a number above 0, got -1"),
            ({"max_gradient_norm": math.nan}, "max_gradient_norm must be a number above 0, got nan"),
            ({"max_gradient_norm": math.inf}, "max_gradient_norm must be a number above 0, got inf"),
            ({"schedule": lambda step: -0.05}, "learning_rate must be a number from 0 up, got -0.05"),
            ({"schedule": lambda step: math.nan}, "learning_rate must be a number from 0 up, got nan"),
            ({"schedule": lambda step: math.inf}, "learning_rate must be a number from 0 up, got inf"),
            ({"schedule": lambda step: None}, "learning_rate must be a number from 0 up, got None"),
            ({"batches": []}, "at least one batch in each epoch, got none"),
            *WRONG_BATCHES,
            *[
                ({"validation": wrong["batches"], **more}, says)
                for wrong, says in WRONG_BATCHES
                for more in ({}, {"patience": 1})
            ],
            ({"validation": []}, "at least one batch in each epoch, got none"),
            ({"loss": CrossEntropy()}, "labels must have the shape (23,), one for each row of logits, got (23, 2)"),
            (
                {"loss": CrossEntropy(), "batches": [(np.ones((2, 3)), np.array([0, 2]))]},
                "labels must be from 0 to 1, got 0 to 2",
            ),
        ],
    )
    def test_what_is_out_of_range_or_does_not_fit_is_refused_before_anything_is_learned(self, wrong, says):
        model = network()
        before, optimizer = model.state(), SGD(model.parameters(), 0.1)
        arguments = {
            "model": model,
            "loss": SquaredError(),
            "optimizer": optimizer,
            "batches": [problem()],
            "epochs": 2,
        }
        with pytest.raises(ValueError, match=re.escape(says)):
            fit(**(arguments | wrong))
        assert_same(model.state(), before)
        fit(**arguments)
        assert (model.layers[2].bias.value != before["layers.2.bias"]).all()

    @pytest.mark.parametrize("which", ["batches", "validation"])
    def test_an_iterator_that_is_used_up_after_an_epoch_is_refused_rather_than_learned_from_once(self, which):
        model = network()
        arguments = {"batches": [problem()], "validation": [problem()]} | {which: iter([problem()])}
        with pytest.raises(
            ValueError, match="an iterator is used up after the first: make a list of it, or MiniBatches"
        ):
            fit(model, SquaredError(), SGD(model.parameters(), 0.1), **arguments, epochs=2)


def test_there_is_no_best_epoch_without_validation():
    with pytest.raises(ValueError, match="there must be a validation to have a best epoch, got none"):
        History(training_loss=[1.0]).best_epoch  # noqa: B018


class Scripted(SquaredError):
    """Squared error while training; while validating (its targets are 0), what the script says."""

    def __init__(self, losses):
        self.losses = iter([1.0, *losses])  # the first look is before the first epoch

    def _forward(self, targets, outputs):
        value, needed = super()._forward(targets, outputs)
        return value if np.any(targets) else next(self.losses), needed


class TestDivergence:
    @pytest.mark.parametrize("batches", [[problem()], MiniBatches(*problem(), 5, rng=0)], ids=["one", "many"])
    @pytest.mark.parametrize(("dtype", "rate", "says"), [(np.float64, 1e3, "1000"), (np.float32, 1e6, "1e+06")])
    @pytest.mark.parametrize("make", [SGD, partial(SGD, momentum=0.9)], ids=["SGD", "momentum"])
    def test_numbers_that_become_too_large_stop_the_training_and_it_says_where_and_what_to_try(
        self, make, dtype, rate, says, batches
    ):
        model = network(dtype=dtype, activation=ReLU)
        with pytest.raises(
            FloatingPointError,
            match=rf"^the .*(inf|nan).*, in epoch \d+, after \d+ steps: try a smaller learning rate than {re.escape(says)}$",
        ):
            fit(model, SquaredError(), make(model.parameters(), rate), batches, epochs=1000)

    def test_epochs_are_counted_from_1_and_steps_are_those_that_were_taken(self):
        x, y = problem()
        losses = iter([1.0, 1.0, 1.0, 1.0, math.inf])

        class Exploding(SquaredError):
            def _forward(self, targets, outputs):
                return next(losses), super()._forward(targets, outputs)[1]

        model = network()
        with pytest.raises(
            FloatingPointError,
            match=r"^the loss is inf, in epoch 2, after 4 steps: try a smaller learning rate than 0.1$",
        ):
            fit(model, Exploding(), SGD(model.parameters(), 0.1), batches_of(x, y, 6), epochs=2)

    def test_a_loss_that_is_infinity_minus_infinity_is_said_by_fit_and_not_by_numpy(self):
        model = Linear(2, 1, rng=0)
        model.weights.value = [[1e200], [-1e200]]
        with pytest.raises(FloatingPointError, match=r"^the outputs went beyond .*, in epoch 1, after 0 steps"):
            fit(model, SquaredError(), SGD(model.parameters(), 0.1), [(np.full((1, 2), 1e200), [[0.0]])], epochs=1)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @pytest.mark.parametrize("where", ["inputs", "targets"])
    def test_no_step_is_taken_from_data_that_are_no_numbers(self, bad, where):
        model = network()
        before, batch = model.state(), dict(zip(["inputs", "targets"], problem(), strict=True))
        batch[where][3, 1] = bad
        with pytest.raises(ValueError, match=f"numbers, got {bad} in row 3, column 1"):
            fit(model, SquaredError(), SGD(model.parameters(), 0.1), [tuple(batch.values())], epochs=1)
        assert_same(model.state(), before)

    @pytest.mark.parametrize("make", [SGD, Adam])
    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_no_step_is_taken_from_a_gradient_that_is_no_number(self, make, bad):
        class Steep(Tanh):
            def _backward(self, gradient, *needed):
                return np.full_like(gradient, bad)

        model = network(activation=Steep)
        before, optimizer = model.state(), make(model.parameters(), 0.1)
        with pytest.raises(
            FloatingPointError,
            match=r"^the gradient.*, in epoch 1, after 0 steps: try a smaller learning rate than 0.1$",
        ):
            fit(model, SquaredError(), optimizer, [problem()], epochs=1)
        assert_same(model.state(), before)
        assert optimizer.steps == 0

    @pytest.mark.parametrize("patience", [None, 2])
    def test_a_validation_loss_that_is_no_longer_a_number_stops_it_too_and_is_never_the_best(self, patience):
        x, y = problem()
        model = network()
        with pytest.raises(
            FloatingPointError,
            match=r"^the loss is nan, in epoch 1, after 1 steps: try a smaller learning rate than 0.1$",
        ):
            fit(
                model,
                Scripted([math.nan]),
                SGD(model.parameters(), 0.1),
                [(x, y)],
                validation=[(x, np.zeros_like(y))],
                patience=patience,
                epochs=1,
            )


class TestEarlyStopping:
    @pytest.mark.parametrize(
        ("losses", "patience", "epochs", "ran", "best"),
        [
            ([5, 4, 3, 2, 1], 1, 5, 5, 4),
            ([5, 4, 4.5, 3, 2], 1, 5, 3, 1),
            ([5, 4, 4.5, 3, 3.5, 3.4, 3.3], 2, 7, 6, 3),
            ([5, 4, 4, 4, 4], 2, 5, 4, 1),  # as good as the best is no improvement
            ([1, 2, 3, 4, 5], 3, 5, 4, 0),
            ([5, 4, 3, 3.5], 9, 4, 4, 2),  # the epochs ran out; the best is restored all the same
            ([5, 4, 4.5, 4.2, 3, 9, 9, 9], 3, 8, 8, 4),
        ],
    )
    def test_training_ends_after_so_many_epochs_without_improvement_and_goes_back_to_the_best(
        self, losses, patience, epochs, ran, best
    ):
        x, y = problem()
        model, unwatched = network(), network()
        history = fit(
            model,
            Scripted(losses),
            SGD(model.parameters(), 0.1),
            [(x, y)],
            epochs=epochs,
            validation=[(x, np.zeros_like(y))],
            patience=patience,
        )
        assert history.validation_loss == losses[:ran]
        assert len(history.training_loss) == ran and history.best_epoch == best
        fit(unwatched, SquaredError(), SGD(unwatched.parameters(), 0.1), [(x, y)], epochs=best + 1)
        assert_same(model.state(), unwatched.state())

    def test_training_goes_on_with_the_same_optimizer_after_the_best_was_restored(self):
        x, y = problem()
        model = network()
        optimizer = SGD(model.parameters(), 0.1)
        fit(model, Scripted([2, 1, 3]), optimizer, [(x, y)], epochs=3, validation=[(x, np.zeros_like(y))], patience=1)
        best, before = model.state(), squared_error(y, model.forward(x))
        unwatched = network()
        unwatched.load_state(best)
        for each, its in ((model, optimizer), (unwatched, SGD(unwatched.parameters(), 0.1))):
            history = fit(each, SquaredError(), its, [(x, y)], epochs=5)
            assert history.training_loss[0] == pytest.approx(before, rel=1e-12)
        assert_same(model.state(), unwatched.state())
        assert squared_error(y, model.forward(x)) < before
        assert all(p.value.base is optimizer.values for p in model.parameters())

    def test_it_saves_a_model_that_over_fits(self):
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, (12, 1))
        y = np.sin(3 * x) + rng.normal(0, 0.3, x.shape)
        other_x = rng.uniform(-1, 1, (200, 1))
        held_back = [(other_x, np.sin(3 * other_x))]
        ends = {}
        for patience in (None, 50):
            model = network(sizes=(1, 50, 50, 1))
            history = fit(
                model,
                SquaredError(),
                Adam(model.parameters(), 0.01),
                [(x, y)],
                epochs=600,
                validation=held_back,
                patience=patience,
            )
            ends[patience] = mean_loss(model, SquaredError(), held_back)
        assert len(history.training_loss) < 600
        assert ends[50] == min(history.validation_loss) < 0.8 * ends[None]


SENTENCE = np.array([3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 0, 2] * 20)


def gpt(seed=0, dtype="float32"):
    return GPT(
        GPTConfig(vocab_size=7, context_length=6, embedding_dim=8, num_heads=2, num_layers=1, dtype=dtype), rng=seed
    )


def sentence_batches(steps, seed=0):
    """Some batches of the sentence, always the same."""
    return list(NextTokenBatches(SENTENCE, 4, 6, steps=steps, rng=seed))


class TestALanguageModel:
    @pytest.mark.parametrize("seed", range(3))
    def test_it_learns_a_text_that_repeats_itself(self, seed):
        model, held_back = gpt(seed), next_token_windows(SENTENCE, 8, 6)
        batches = NextTokenBatches(SENTENCE, 8, 6, steps=25, rng=seed)
        history = fit(model, CrossEntropy(), Adam(model.parameters(), 0.02), batches, epochs=6, validation=held_back)
        assert history.training_loss[0] > 1 > 0.5 > history.training_loss[-1]
        assert (
            history.validation_loss[-1] == pytest.approx(mean_loss(model, CrossEntropy(), held_back))
            and history.validation_loss[-1] < 0.5
        )
        assert list(generate(model, [3, 1, 4, 1, 5], 12, top_k=1, rng=0)) == [2, 6, 5, 3, 5, 0, 2, 3, 1, 4, 1, 5]

    def test_its_loss_at_first_is_that_of_guessing(self):
        assert mean_loss(gpt(), CrossEntropy(), next_token_windows(SENTENCE, 8, 6)) == pytest.approx(
            math.log(7), rel=0.05
        )

    def test_a_bar_is_told_the_epochs_and_may_show_tokens(self):
        class Bar:
            """Of tqdm, what matters here."""

            def __init__(self, epochs, unit_scale):
                self.epochs, self.total, self.shown = epochs, len(epochs) * unit_scale, []
                bars.append(self)

            def __iter__(self):
                for i, epoch in enumerate(self.epochs):
                    yield epoch
                    self.shown.append((i + 1) * batches.num_tokens)

        bars, model = [], gpt()
        batches = NextTokenBatches(SENTENCE, 4, 6, steps=5, rng=0)
        fit(
            model,
            CrossEntropy(),
            Adam(model.parameters()),
            batches,
            epochs=3,
            progress=partial(Bar, unit_scale=batches.num_tokens),
        )
        ((bar),) = bars
        assert list(bar.epochs) == [0, 1, 2] and bar.total == 360 and bar.shown == [120, 240, 360]

    def test_the_schedule_goes_on_where_the_steps_of_the_optimizer_are(self):
        asked = []

        def schedule(step):
            asked.append(step)
            return 0.1 / (step + 1)

        model, in_one_go = gpt(), gpt()
        optimizer = Adam(model.parameters())
        batches = sentence_batches(4)
        for epochs in (1, 2, 1):
            fit(model, CrossEntropy(), optimizer, batches, epochs=epochs, schedule=schedule)
        assert asked == list(range(16)) and optimizer.steps == 16
        fit(in_one_go, CrossEntropy(), Adam(in_one_go.parameters()), batches, epochs=4, schedule=schedule)
        assert_same(model.state(), in_one_go.state())


class TestInterruption:
    """Ctrl-C after seven whole steps, in the second epoch of five steps."""

    batches = sentence_batches(5)

    def interrupted(self, where, **settings):
        model, loss, steps = gpt(), CrossEntropy(), 0
        optimizer = SGD(model.parameters(), 0.1)
        step, backward, forward = optimizer.step, model.blocks[0].feed_forward.backward, loss.forward

        def stop(*here):
            if steps == 7 and where in here:
                raise KeyboardInterrupt

        def stopping_step():
            nonlocal steps
            stop("before the step")
            step()
            steps += 1
            stop("after the step")

        def stopping_backward(gradient):
            slopes = backward(gradient)
            stop("within backward")
            return slopes

        def stopping_loss(targets, outputs):
            stop("in the loss")
            return forward(targets, outputs)

        class Stopping(list):
            def __iter__(self):
                for batch in super().__iter__():
                    stop("in the batches")
                    yield batch

        optimizer.step, loss.forward = stopping_step, stopping_loss
        model.blocks[0].feed_forward.backward = stopping_backward
        with pytest.raises(KeyboardInterrupt):
            fit(model, loss, optimizer, Stopping(self.batches), epochs=4, **settings)
        del optimizer.step, model.blocks[0].feed_forward.backward
        return model, optimizer

    @pytest.mark.parametrize(
        "where", ["in the batches", "in the loss", "within backward", "before the step", "after the step"]
    )
    @pytest.mark.parametrize("settings", [{}, {"validation": batches[:1]}, {"max_gradient_norm": 1e9}], ids=list)
    def test_it_leaves_the_parameters_after_the_last_whole_step_and_training_can_go_on(self, where, settings):
        model, optimizer = self.interrupted(where, **settings)
        unwatched = gpt()
        other = SGD(unwatched.parameters(), 0.1)
        fit(unwatched, CrossEntropy(), other, self.batches, epochs=1)
        fit(unwatched, CrossEntropy(), other, self.batches[:2], epochs=1)
        assert_same(model.state(), unwatched.state())
        assert optimizer.steps == 7
        for each, its in ((model, optimizer), (unwatched, other)):
            fit(each, CrossEntropy(), its, self.batches[2:], epochs=2)
        assert_same(model.state(), unwatched.state())
        assert all(np.isfinite(array).all() for array in model.state().values())

    @pytest.mark.parametrize(
        "where", ["in the batches", "in the loss", "within backward", "before the step", "after the step"]
    )
    def test_with_patience_the_best_model_so_far_comes_back(self, where):
        model, optimizer = self.interrupted(where, validation=self.batches, patience=3)
        unwatched = gpt()
        fit(unwatched, CrossEntropy(), SGD(unwatched.parameters(), 0.1), self.batches, epochs=1)
        assert_same(model.state(), unwatched.state())
        before = mean_loss(model, CrossEntropy(), self.batches)
        assert (
            fit(model, CrossEntropy(), optimizer, self.batches, epochs=1, validation=self.batches).validation_loss[0]
            < before
        )

    @pytest.mark.parametrize("patience", [None, 2])
    def test_it_may_come_from_progress_too(self, patience):
        def progress(epochs):
            yield from [0, 1]
            raise KeyboardInterrupt

        model, unwatched = gpt(), gpt()
        optimizer = Adam(model.parameters())
        with pytest.raises(KeyboardInterrupt):
            fit(
                model,
                CrossEntropy(),
                optimizer,
                self.batches,
                epochs=9,
                validation=self.batches,
                patience=patience,
                progress=progress,
            )
        fit(unwatched, CrossEntropy(), Adam(unwatched.parameters()), self.batches, epochs=2)
        assert_same(model.state(), unwatched.state())
        fit(model, CrossEntropy(), optimizer, self.batches, epochs=1)
        assert optimizer.steps == 15

    @pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError, RuntimeError])
    @pytest.mark.parametrize(("epochs", "best"), [(2, 0), (3, 2), (5, 2)])
    def test_after_any_error_the_best_is_the_epoch_whose_validation_loss_was_lowest(self, error, epochs, best):
        x, y = problem()

        def progress(numbers):
            yield from numbers[:epochs]
            raise error

        model, unwatched = network(), network()
        with pytest.raises(error):
            fit(
                model,
                Scripted([3, 4, 2, 5, 6]),
                SGD(model.parameters(), 0.1),
                [(x, y)],
                epochs=9,
                validation=[(x, np.zeros_like(y))],
                patience=9,
                progress=progress,
            )
        fit(unwatched, SquaredError(), SGD(unwatched.parameters(), 0.1), [(x, y)], epochs=best + 1)
        assert_same(model.state(), unwatched.state())

    def test_a_training_that_diverges_goes_back_to_the_best_with_patience(self):
        x, y = problem()
        model, unwatched = network(), network()
        with pytest.raises(FloatingPointError, match="the loss is nan, in epoch 3, after 3 steps"):
            fit(
                model,
                Scripted([3, 2, math.nan]),
                SGD(model.parameters(), 0.1),
                [(x, y)],
                epochs=9,
                validation=[(x, np.zeros_like(y))],
                patience=9,
            )
        fit(unwatched, SquaredError(), SGD(unwatched.parameters(), 0.1), [(x, y)], epochs=2)
        assert_same(model.state(), unwatched.state())

    def test_before_the_first_epoch_is_over_there_is_no_best_to_go_back_to(self):
        def batches():
            yield self.batches[0]
            raise KeyboardInterrupt

        model, unwatched = gpt(), gpt()
        with pytest.raises(KeyboardInterrupt):
            fit(
                model,
                CrossEntropy(),
                SGD(model.parameters(), 0.1),
                batches(),
                epochs=3,
                validation=self.batches,
                patience=1,
            )
        fit(unwatched, CrossEntropy(), SGD(unwatched.parameters(), 0.1), self.batches[:1], epochs=1)
        assert_same(model.state(), unwatched.state())


class TestTrainEpoch:
    def test_it_learns_from_every_batch_once_and_returns_the_loss_added_up_over_the_rows(self):
        x, y = problem()
        model, fitted = network(), network()
        total, rows = train_epoch(model, SquaredError(), SGD(model.parameters(), 0.1), iter(batches_of(x, y, 5)))
        history = fit(fitted, SquaredError(), SGD(fitted.parameters(), 0.1), batches_of(x, y, 5), epochs=1)
        assert_same(model.state(), fitted.state())
        assert rows == 23 and total / rows == history.training_loss[0]

    def test_before_each_step_the_gradients_and_the_learning_rate_may_be_changed(self):
        x, y = problem()
        model = network()
        before, seen = model.state(), []

        def keep_the_first_layer(optimizer, rows):
            seen.append((optimizer.steps, rows, optimizer.learning_rate, bool(optimizer.gradients.any())))
            model.layers[0].weights.gradient = 0
            model.layers[0].bias.gradient = 0
            optimizer.learning_rate /= 2

        optimizer = SGD(model.parameters(), 0.1)
        train_epoch(model, SquaredError(), optimizer, batches_of(x, y, 10), keep_the_first_layer)
        assert seen == [(0, 10, 0.1, True), (1, 10, 0.05, True), (2, 3, 0.025, True)]
        changed = [name for name, array in model.state().items() if not np.array_equal(array, before[name])]
        assert changed == ["layers.2.weights", "layers.2.bias"]

    def test_of_no_batches_there_is_nothing_to_learn_and_nothing_to_add_up(self):
        model = network()
        assert train_epoch(model, SquaredError(), SGD(model.parameters(), 0.1), []) == (0.0, 0)


NO_PARTS = [
    ({"model": NeuralNetwork([3, 2], rng=0)}, "model must be a Module, got a NeuralNetwork"),
    ({"loss": squared_error}, "loss must be a Loss, got a function"),
    ({"loss": SquaredError}, "loss must be a Loss, got the class SquaredError"),
]
NO_OPTIMIZERS = [
    ({"optimizer": None}, "optimizer must be an Optimizer, got a NoneType, None"),
    ({"optimizer": SGD(network().parameters(), 0.1)}, "the optimizer must have parameters of this model, got others"),
]


@pytest.mark.parametrize(
    ("function", "wrong", "says"),
    [
        *[(train_epoch, *case) for case in NO_PARTS + NO_OPTIMIZERS + WRONG_BATCHES],
        *[(mean_loss, *case) for case in NO_PARTS + WRONG_BATCHES],
        *[(partial(fit, epochs=0), *case) for case in NO_PARTS + NO_OPTIMIZERS],
    ],
)
def test_what_does_not_fit_together_is_refused(function, wrong, says):
    model = network()
    before = model.state()
    arguments = {"model": model, "loss": SquaredError(), "batches": [problem()]}
    if function is not mean_loss:
        arguments["optimizer"] = SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match=re.escape(says)):
        function(**(arguments | wrong))
    assert_same(model.state(), before)


@pytest.mark.parametrize("kind", [list, tuple, iter])
@pytest.mark.parametrize("targets", [0, 1], ids=["of the shape of the inputs", "of another shape"])
def test_two_batches_may_come_as_a_list_a_tuple_or_an_iterator(kind, targets):
    x, y = problem()[targets], problem()[1]
    model = Linear(x.shape[1], 2, rng=0)
    expected = squared_error(y, model(x))
    assert mean_loss(model, SquaredError(), kind([(x[:7], y[:7]), (x[7:], y[7:])])) == pytest.approx(expected)


class TestMeanLoss:
    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("size", [1, 4, 23, 30])
    def test_it_is_the_loss_over_all_rows_whatever_the_batches_and_nothing_is_learned(self, loss, size):
        (x, _), y, model = problem(), targets_for(loss), network()
        before = model.state()
        value = mean_loss(model, LOSSES[loss][0](), batches_of(x, y, size))
        assert type(value) is float
        assert value == pytest.approx(LOSSES[loss][1](y, model.forward(x)), rel=1e-12)
        assert_same(model.state(), before)
        assert not any(p.gradient.any() for p in model.parameters())

    def test_no_batches_have_no_mean(self):
        with pytest.raises(ValueError, match="at least one batch"):
            mean_loss(network(), SquaredError(), [])


def test_the_best_epoch_is_the_first_with_the_lowest_validation_loss_counted_from_0():
    assert History(validation_loss=[3.0, 1.0, 2.0, 1.0]).best_epoch == 1
    assert type(History(validation_loss=[1.0]).best_epoch) is int
    first, second = History(), History()
    first.training_loss.append(1.0)
    assert second.training_loss == []


def test_numpys_and_pythons_global_randomness_is_neither_used_nor_changed():
    kept, kept_python = np.random.get_state(), random.getstate()
    try:
        states = []
        for seed in (1, 2):
            np.random.seed(seed)
            random.seed(seed)
            before = str(np.random.get_state()), random.getstate()
            points, arms = spirals(20, rng=0)
            model = network(sizes=(2, 5, 2), activation=ReLU)
            Linear(3, 3, rng=np.random.default_rng(0), initialization="xavier")
            for make in (lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, weight_decay=0.1)):
                batches = MiniBatches(points, arms, 7, rng=0)
                fit(
                    model,
                    CrossEntropy(),
                    make(model.parameters()),
                    batches,
                    epochs=2,
                    validation=batches,
                    patience=1,
                    max_gradient_norm=1,
                )
            assert (str(np.random.get_state()), random.getstate()) == before
            states.append(model.state())
        assert_same(*states)
    finally:
        np.random.set_state(kept)
        random.setstate(kept_python)


def vectorized(network):
    """The same network in matrices: a neuron becomes a column."""
    layers = []
    for layer in network.layers:
        linear = Linear(len(layer.neurons[0].weights), len(layer.neurons), rng=0)
        linear.weights.value = np.hstack([neuron.weights for neuron in layer.neurons])
        linear.bias.value = np.hstack([neuron.bias for neuron in layer.neurons])[0]
        layers += [linear, ReLU()]
    return Sequential(*layers[:-1])


class TestBesideTheNetworkOfNeurons:
    """The networks of vectorized-layers and of network-from-scratch take the same steps."""

    @pytest.mark.parametrize(
        ("sizes", "rows", "epochs", "batch_size", "rate"),
        [
            ([2, 3, 1], 10, 50, 4, 0.1),
            ([3, 8, 2], 50, 20, 7, 0.1),
            ([5, 6, 4, 3], 40, 20, 8, 0.05),
            ([4, 3], 30, 30, 32, 0.1),
            ([3, 5, 5, 5, 2], 20, 20, 1, 0.01),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("seed", [0, 1])
    def test_same_weights_same_data_same_steps(self, sizes, rows, epochs, batch_size, rate, seed):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
        self.assert_same_steps(
            NeuralNetwork(sizes, output_activation="identity", initialization="he", rng=seed),
            x,
            y,
            epochs,
            batch_size,
            rate,
        )

    @pytest.mark.parametrize(("sizes", "epochs"), [([64, 16, 10], 3), ([64, 12, 8, 10], 2)], ids=str)
    def test_on_the_digits_too(self, sizes, epochs):
        images, labels, *_ = digits()
        neurons = NeuralNetwork(sizes, output_activation="identity", initialization="he", rng=0)
        self.assert_same_steps(neurons, images[:640], one_hot(labels[:640], 10), epochs, 32, 0.1)

    def assert_same_steps(self, neurons, x, y, epochs, batch_size, rate):
        matrices = vectorized(neurons)
        before = matrices.state()
        optimizer = SGD(matrices.parameters(), rate)
        np.testing.assert_allclose(matrices.forward(x), neurons.forward(x), rtol=0, atol=1e-10)
        for epoch in range(epochs):
            neurons.train(x, y, 1, rate, batch_size, report_every=0)
            fit(matrices, SquaredError(), optimizer, batches_of(x, y, batch_size), epochs=1)
            for name, array in vectorized(neurons).state().items():
                np.testing.assert_allclose(
                    matrices.state()[name], array, rtol=0, atol=1e-10, err_msg=f"{name} after epoch {epoch}"
                )
        np.testing.assert_allclose(matrices.forward(x), neurons.predict(x), rtol=0, atol=1e-10)
        assert max(np.abs(array - before[name]).max() for name, array in matrices.state().items()) > 0.01


class TestLearning:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(
        "make", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.05)], ids=["momentum", "Adam"]
    )
    def test_xor(self, seed, make):
        (switches, lamp), rng = xor(), np.random.default_rng(seed)
        model = Sequential(Linear(2, 8, rng=rng), Tanh(), Linear(8, 1, rng=rng))
        fit(model, SquaredError(), make(model.parameters()), MiniBatches(switches, lamp, rng=rng), epochs=300)
        np.testing.assert_allclose(model.forward(switches), lamp, atol=0.01)

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("arms", [2, 3])
    def test_spirals_that_no_straight_line_separates(self, seed, arms):
        rng = np.random.default_rng(seed)
        batches = MiniBatches(*spirals(100, num_arms=arms, noise=0.02, rng=rng), rng=rng)
        points, labels = spirals(200, num_arms=arms, noise=0.02, rng=rng)
        right = {}
        for hidden in (0, 32):
            layers = (
                [Linear(2, hidden, rng=rng), ReLU(), Linear(hidden, arms, rng=rng)]
                if hidden
                else [Linear(2, arms, rng=rng)]
            )
            model = Sequential(*layers)
            fit(model, CrossEntropy(), Adam(model.parameters(), 0.02), batches, epochs=60)
            right[hidden] = (model.forward(points).argmax(axis=1) == labels).mean()
        assert right[0] < 0.7 < 0.92 < right[32]

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize(
        ("make", "dtype"),
        [
            (lambda p: Adam(p, 0.01), np.float32),
            (lambda p: Adam(p, 0.01, weight_decay=0.01), np.float64),
            (lambda p: SGD(p, 0.1, momentum=0.9), np.float32),
        ],
        ids=["Adam", "Adam with weight decay", "momentum"],
    )
    def test_digits_are_read_with_at_most_one_mistake_in_twenty(self, seed, make, dtype):
        train_images, train_labels, test_images, test_labels = digits()
        rng = np.random.default_rng(seed)
        model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng)).to(dtype)
        before = (model.forward(test_images).argmax(axis=1) == test_labels).mean()
        history = fit(
            model, CrossEntropy(), make(model.parameters()), MiniBatches(train_images, train_labels, rng=rng), epochs=15
        )
        after = (model.forward(test_images).argmax(axis=1) == test_labels).mean()
        assert before < 0.3
        assert after >= 0.95
        assert history.training_loss[-1] < 0.1 * history.training_loss[0]
