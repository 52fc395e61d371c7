import gc
import re
import threading
import time
from concurrent.futures import Future

import numpy as np
import pytest

from scratchml import (
    GPT,
    SGD,
    Adam,
    CrossEntropy,
    DataParallel,
    GPTConfig,
    Linear,
    MiniBatches,
    Module,
    NextTokenBatches,
    ReLU,
    Sequential,
    SquaredError,
    Tanh,
    fit,
    mean_loss,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def network(dtype=np.float64, activation=Tanh):
    return Sequential(Linear(3, 8, rng=0, dtype=dtype), activation(), Linear(8, 2, rng=1, dtype=dtype))


def gpt(**settings):
    return GPT(GPTConfig(**({"vocab_size": 7, "context_length": 5, "embedding_dim": 8, "num_heads": 2, "num_layers": 2, "tie_weights": True, "dtype": "float64"} | settings)), rng=0)


MODELS = {
    "MLP": network,
    "bare layer": lambda: Linear(3, 2, rng=0),
    "GPT with tied weights": gpt,
    "GPT with an unembedding": lambda: gpt(tie_weights=False, positions="sinusoidal", activation="relu"),
}


def batch_for(model, rows, seed=0):
    """Inputs and targets, and the loss for them."""
    rng = np.random.default_rng(seed)
    if isinstance(model, GPT):
        return rng.integers(0, 7, (rows, 5)), rng.integers(0, 7, (rows, 5)), CrossEntropy()
    return rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2)), SquaredError()


def backward(model, inputs, targets, loss):
    """One step of training without the step: the loss, the outputs and the gradients."""
    for p in model.parameters():
        p.gradient = 0
    outputs = model.forward(inputs)
    value = loss.forward(targets, outputs)
    model.backward_to_parameters(loss.backward())
    return value, outputs, [p.gradient.copy() for p in model.parameters()]


def assert_all_close(arrays, expected, tolerance=1e-12):
    for array, other in zip(arrays, expected, strict=True):
        assert array.dtype == other.dtype
        np.testing.assert_allclose(array, other, rtol=0, atol=tolerance)


class Custom(Module):
    """A layer whose forward and backward do what they are told."""

    def __init__(self, on_forward=lambda x: x, on_backward=lambda gradient: gradient):
        self.on_forward, self.on_backward = on_forward, on_backward

    def __deepcopy__(self, memo):
        return type(self)(self.on_forward, self.on_backward)

    def forward(self, x):
        return self.on_forward(x)

    def backward(self, gradient):
        return self.on_backward(gradient)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
class TestBesideTheModelAlone:
    @pytest.mark.parametrize("num_threads", [1, 2, 3, 5])
    @pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 12])
    def test_outputs_and_gradients_are_the_same(self, make, num_threads, rows):
        alone, model = make(), make()
        parallel = DataParallel(model, num_threads)
        inputs, targets, loss = batch_for(alone, rows)
        value, outputs, gradients = backward(alone, inputs, targets, loss)
        its_value, its_outputs, its_gradients = backward(parallel, inputs, targets, loss)
        assert its_value == pytest.approx(value, rel=1e-12)
        assert_all_close([its_outputs], [outputs])
        assert_all_close(its_gradients, gradients)
        assert all(gradient.any() for gradient in its_gradients)

    def test_batches_may_have_another_size_each_time_smaller_than_the_number_of_threads_too(self, make):
        alone, model = make(), make()
        parallel = DataParallel(model, 3)
        for seed, rows in enumerate([8, 1, 5, 2, 1, 9]):
            batch = batch_for(alone, rows, seed)
            assert_all_close(backward(parallel, *batch)[2], backward(alone, *batch)[2])

    def test_the_parameters_are_the_models_and_no_others(self, make):
        model = make()
        parallel = DataParallel(model, 3)
        assert list(map(id, parallel.parameters())) == list(map(id, model.parameters()))
        assert parallel.model is model
        assert list(parallel.state()) == [f"model.{name}" for name in model.state()]

    @pytest.mark.parametrize("optimizer_first", [True, False])
    @pytest.mark.parametrize("make_optimizer", [lambda p: Adam(p, 0.01, weight_decay=0.1), lambda p: SGD(p, 0.1, momentum=0.9)], ids=["Adam", "momentum"])
    def test_training_is_the_same_up_to_rounding(self, make, optimizer_first, make_optimizer):
        models = alone, model = make(), make()
        optimizers = [make_optimizer(alone.parameters())]
        if optimizer_first:
            optimizers.append(make_optimizer(model.parameters()))
        parallel = DataParallel(model, 2)
        if not optimizer_first:
            optimizers.append(make_optimizer(model.parameters()))
        histories = []
        for trained, optimizer in zip((alone, parallel), optimizers, strict=True):
            inputs, targets, loss = batch_for(alone, 11)
            batches = MiniBatches(inputs, targets, 4, rng=0)
            histories.append(fit(trained, loss, optimizer, batches, epochs=5, validation=[(inputs, targets)], patience=5, max_gradient_norm=1.0))
        assert_all_close(*(m.state().values() for m in models), tolerance=1e-9)
        np.testing.assert_allclose(histories[1].training_loss, histories[0].training_loss, rtol=1e-9)
        np.testing.assert_allclose(histories[1].validation_loss, histories[0].validation_loss, rtol=1e-9)
        assert histories[0].training_loss[-1] < histories[0].training_loss[0]

    def test_values_assigned_or_loaded_later_reach_every_thread(self, make):
        model, other = make(), make()
        parallel = DataParallel(model, 3)
        inputs, *_ = batch_for(model, 6)
        before = parallel.forward(inputs)
        for p in other.parameters():
            p.value = p.value + np.random.default_rng(p.value.size).normal(size=p.value.shape)
        model.load_state(other.state())
        assert_all_close([parallel.forward(inputs)], [other.forward(inputs)])
        Adam(model.parameters()).values[...] *= 2  # in a new place, too
        other.load_state(model.state())
        assert_all_close([parallel.forward(inputs)], [other.forward(inputs)])
        assert not np.allclose(before, other.forward(inputs))

    def test_a_second_backward_is_refused(self, make):
        parallel = DataParallel(make(), 2)
        inputs, targets, loss = batch_for(parallel.model, 4)
        with pytest.raises(ValueError, match="DataParallel.backward needs the numbers of a forward"):
            parallel.backward_to_parameters(np.ones((4, 2)))
        backward(parallel, inputs, targets, loss)
        with pytest.raises(ValueError, match="DataParallel.backward needs the numbers of a forward that came just before it: call forward first"):
            parallel.backward_to_parameters(np.ones((4, 2)))

    def test_a_gradient_of_another_shape_is_refused(self, make):
        parallel = DataParallel(make(), 2)
        inputs, *_ = batch_for(parallel.model, 4)
        shape = parallel.forward(inputs).shape
        with pytest.raises(ValueError, match=re.escape(f"with the shape of the outputs {shape}, got {(3, *shape[1:])}")):
            parallel.backward_to_parameters(np.ones((3, *shape[1:])))

    @pytest.mark.parametrize("num_threads", [1, 2])
    def test_an_empty_batch_is_refused(self, make, num_threads):
        parallel = DataParallel(make(), num_threads)
        for empty in (np.ones((0, 3)), np.ones((0, 5), int), [], 3.0, [1, 2]):
            with pytest.raises(ValueError, match=re.escape(f"a batch must have two axes or more and hold at least one row, got shape {np.shape(empty)}")):
                parallel.forward(empty)

    @pytest.mark.parametrize("num_threads", [0, -1])
    def test_less_than_one_thread_is_refused(self, make, num_threads):
        with pytest.raises(ValueError, match=f"num_threads must be at least 1, got {num_threads}"):
            DataParallel(make(), num_threads)


def test_a_bare_layer_only_adds_to_the_gradients_as_it_does_alone():
    alone, model = Linear(3, 2, rng=0), Linear(3, 2, rng=0)
    for each in (alone, DataParallel(model, 2)):
        for seed in (0, 1):
            inputs, targets, loss = batch_for(alone, 5, seed)
            loss.forward(targets, each.forward(inputs))
            each.backward_to_parameters(loss.backward())
    assert_all_close([p.gradient for p in model.parameters()], [p.gradient for p in alone.parameters()])


def test_float32_stays_float32():
    parallel = DataParallel(network(np.float32), 2)
    _, outputs, gradients = backward(parallel, *batch_for(parallel.model, 5))
    assert {array.dtype for array in (outputs, *gradients)} == {np.dtype(np.float32)}


def test_the_rows_keep_their_order_and_each_part_goes_to_another_thread_at_the_same_time():
    together = threading.Barrier(3, timeout=30)  # passed only if three are there at once
    threads = set()

    def forward(x):
        threads.add(threading.get_ident())
        together.wait()
        return x * 10

    outputs = DataParallel(Custom(forward), 3).forward(np.arange(8.0)[:, None])
    np.testing.assert_array_equal(outputs, np.arange(8.0)[:, None] * 10)
    assert len(threads) == 3


def test_a_gpt_learns_a_text_with_threads():
    model = gpt(dtype="float32")
    parallel = DataParallel(model, 2)
    batches = NextTokenBatches(np.arange(100) % 7, 6, 5, steps=10, rng=0)
    history = fit(parallel, CrossEntropy(), Adam(model.parameters(), 0.01), batches, epochs=5)
    assert history.training_loss[-1] < 0.5 * history.training_loss[0]
    assert mean_loss(model, CrossEntropy(), batches) == pytest.approx(mean_loss(parallel, CrossEntropy(), batches), rel=0.2)


class TestErrors:
    def test_numpys_settings_reach_the_threads(self):
        def overflow(x):
            return np.exp(x * 1000)

        parallel = DataParallel(Custom(overflow), 2)
        with np.errstate(over="ignore"):
            assert np.isinf(parallel.forward(np.ones((4, 1)))).all()
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
            parallel.forward(np.ones((4, 1)))

    def test_a_training_that_diverges_says_so_and_does_not_warn(self):
        model = network(activation=ReLU)
        with pytest.raises(FloatingPointError, match=r"^the loss is (inf|nan) in epoch \d+, step \d+: try a smaller learning rate than 1000$"):
            fit(DataParallel(model, 2), SquaredError(), SGD(model.parameters(), 1e3), [batch_for(model, 6)[:2]], epochs=1000)

    def test_an_error_in_a_thread_comes_out_as_it_is(self):
        parallel = DataParallel(network(), 2)
        with pytest.raises(ValueError, match=re.escape("x must have the shape (…, 3), got (2, 4)")):
            parallel.forward(np.ones((4, 4)))
        with pytest.raises(ValueError, match="tokens must be from 0 to 6, got 0 to 7"):
            DataParallel(gpt(), 2).forward([[0, 0, 0], [0, 0, 7]])

    def test_it_works_on_after_an_error(self):
        alone, parallel = network(), DataParallel(network(), 2)
        batch = batch_for(alone, 5)
        with pytest.raises(ValueError):
            parallel.forward(np.full((4, 3), np.nan))
        assert_all_close(backward(parallel, *batch)[2], backward(alone, *batch)[2])

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
    @pytest.mark.parametrize("direction", ["forward", "backward"])
    def test_no_thread_is_at_work_any_more_when_an_error_comes_out(self, error, direction):
        """Else it would add to the gradients of the next batch."""
        done, begun = [], threading.Event()

        def work(array):
            if array[0, 0] == 0:  # the first row's part fails, the other takes its time
                begun.wait(30)
                raise error
            begun.set()
            time.sleep(0.2)
            done.append(True)
            return array

        model = Custom(work) if direction == "forward" else Custom(on_backward=work)
        parallel, rows = DataParallel(model, 2), np.array([[0.0], [1.0]])
        with pytest.raises(error):
            parallel.forward(rows)
            parallel.backward_to_parameters(rows)
        assert done == [True]

    def test_ctrl_c_while_the_threads_work_leaves_none_at_work(self, monkeypatch):
        done, begun = [], threading.Event()

        def slow(x):
            begun.set()
            time.sleep(0.2)
            done.append(True)
            return x

        parallel = DataParallel(Custom(slow), 2)

        def interrupted(future, timeout=None):
            begun.wait(30)
            raise KeyboardInterrupt

        monkeypatch.setattr(Future, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            parallel.forward(np.ones((2, 1)))
        assert len(done) == 2


def test_the_threads_end_with_the_wrapper():
    parallel = DataParallel(network(), 3)
    before = set(threading.enumerate())
    parallel.forward(np.ones((6, 3)))
    started = set(threading.enumerate()) - before
    assert started
    del parallel
    gc.collect()
    for thread in started:
        thread.join(30)
        assert not thread.is_alive()


def test_the_model_can_be_used_alone_in_between():
    alone, model = network(), network()
    parallel = DataParallel(model, 2)
    batch = batch_for(alone, 5)
    expected = backward(alone, *batch)[2]
    assert_all_close(backward(parallel, *batch)[2], expected)
    assert_all_close(backward(model, *batch)[2], expected)
    assert_all_close(backward(parallel, *batch)[2], expected)


def test_gradients_are_settled_before_the_step_though_a_copy_took_no_part():
    """A batch of one row after one of six: what the copies had added then isn't added again."""
    alone, parallel = network(), DataParallel(network(), 3)
    backward(parallel, *batch_for(alone, 6))
    one = batch_for(alone, 1, seed=1)
    assert_all_close(backward(parallel, *one)[2], backward(alone, *one)[2])
