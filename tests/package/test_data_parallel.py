import functools
import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

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
from scratchml.data_parallel import _Channel

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def network(dtype=np.float64, activation=Tanh):
    return Sequential(Linear(3, 8, rng=0, dtype=dtype), activation(), Linear(8, 2, rng=1, dtype=dtype))


def gpt(**settings):
    return GPT(
        GPTConfig(
            **(
                {
                    "vocab_size": 7,
                    "context_length": 5,
                    "embedding_dim": 8,
                    "num_heads": 2,
                    "num_layers": 2,
                    "tie_weights": True,
                    "dtype": "float64",
                }
                | settings
            )
        ),
        rng=0,
    )


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


@functools.cache
def parallel_of(name):
    """The wrapper of that model, in three processes; started once, since that takes a while."""
    return DataParallel(MODELS[name](), 3)


class ByFirstNumber(Module):
    """A layer that does with its part of the batch what the first number in it says."""

    def forward(self, x):
        match x[0, 0]:
            case -1:
                raise ValueError("as the batch wants it")
            case -2:
                raise KeyboardInterrupt
            case -3:
                raise MemoryError
            case 1:
                time.sleep(0.1)
            case 2:
                np.exp(x * 1000)
        return x * 10

    def backward(self, gradient):
        return self.forward(gradient)


@pytest.mark.parametrize("name", MODELS)
class TestBesideTheModelAlone:
    def test_outputs_and_gradients_are_the_same_for_batches_of_any_size(self, name):
        """The second is larger than what the processes have made room for, the third has fewer rows than there are processes, and what the copies had added before isn't added again."""
        alone, parallel = MODELS[name](), parallel_of(name)
        for seed, rows in enumerate([3, 12, 1, 5, 2, 4, 7, 1, 9]):
            batch = batch_for(alone, rows, seed)
            value, outputs, gradients = backward(alone, *batch)
            its_value, its_outputs, its_gradients = backward(parallel, *batch)
            assert its_value == pytest.approx(value, rel=1e-12)
            assert_all_close([its_outputs], [outputs])
            assert_all_close(its_gradients, gradients)
            assert all(gradient.any() for gradient in its_gradients)

    def test_the_parameters_are_the_models_and_no_others(self, name):
        parallel = parallel_of(name)
        parallel.forward(batch_for(parallel.model, 3)[0])
        assert list(map(id, parallel.parameters())) == list(map(id, parallel.model.parameters()))
        assert list(parallel.state()) == [f"model.{name}" for name in parallel.model.state()]

    def test_values_assigned_or_loaded_later_reach_every_process(self, name):
        other, parallel = MODELS[name](), parallel_of(name)
        inputs, *_ = batch_for(other, 6)
        before, state = parallel.forward(inputs), parallel.model.state()
        for p in other.parameters():
            p.value = p.value + np.random.default_rng(p.value.size).normal(size=p.value.shape)
        parallel.model.load_state(other.state())
        assert_all_close([parallel.forward(inputs)], [other.forward(inputs)])
        Adam(parallel.model.parameters()).values[...] *= 2  # in a new place, too
        other.load_state(parallel.model.state())
        assert_all_close([parallel.forward(inputs)], [other.forward(inputs)])
        assert not np.allclose(before, other.forward(inputs))
        parallel.model.load_state(state)

    def test_outputs_stay_what_they_are_when_others_are_computed(self, name):
        parallel = parallel_of(name)
        inputs, *_ = batch_for(parallel.model, 3)
        first = parallel.forward(inputs)
        kept = first.copy()
        parallel.forward(inputs[::-1])
        np.testing.assert_array_equal(first, kept)

    def test_the_model_can_be_used_alone_in_between(self, name):
        parallel = parallel_of(name)
        batch = batch_for(parallel.model, 5)
        expected = backward(parallel, *batch)[2]
        assert_all_close(backward(parallel.model, *batch)[2], expected)
        assert_all_close(backward(parallel, *batch)[2], expected)

    def test_what_does_not_fit_is_refused(self, name):
        parallel = parallel_of(name)
        inputs, targets, loss = batch_for(parallel.model, 4)
        shape = parallel.forward(inputs).shape
        with pytest.raises(
            ValueError, match=re.escape(f"with the shape of the outputs {shape}, got {(3, *shape[1:])}")
        ):
            parallel.backward_to_parameters(np.ones((3, *shape[1:])))
        backward(parallel, inputs, targets, loss)
        with pytest.raises(
            ValueError,
            match="DataParallel.backward needs the numbers of a forward that came just before it: call forward first",
        ):
            parallel.backward_to_parameters(np.ones(shape))
        for empty in (np.ones((0, 3)), np.ones((0, 5), int), [], 3.0, [1, 2]):
            with pytest.raises(
                ValueError,
                match=re.escape(
                    f"a batch must have two axes or more and hold at least one row, got shape {np.shape(empty)}"
                ),
            ):
                parallel.forward(empty)
        for number in (0, -1):
            with pytest.raises(ValueError, match=f"num_processes must be at least 1, got {number}"):
                DataParallel(parallel.model, number)


@pytest.mark.parametrize("optimizer_first", [True, False])
@pytest.mark.parametrize("num_processes", [1, 2])
def test_training_is_the_same_up_to_rounding(optimizer_first, num_processes):
    models = alone, model = gpt(), gpt()
    optimizers = [Adam(alone.parameters(), 0.01, weight_decay=0.1)]
    if optimizer_first:
        optimizers.append(Adam(model.parameters(), 0.01, weight_decay=0.1))
    parallel = DataParallel(model, num_processes)
    if not optimizer_first:
        optimizers.append(Adam(model.parameters(), 0.01, weight_decay=0.1))
    histories = []
    for trained, optimizer in zip((alone, parallel), optimizers, strict=True):
        inputs, targets, loss = batch_for(alone, 11)
        batches = MiniBatches(inputs, targets, 4, rng=0)
        histories.append(
            fit(
                trained,
                loss,
                optimizer,
                batches,
                epochs=5,
                validation=[(inputs, targets)],
                patience=5,
                max_gradient_norm=1.0,
            )
        )
    assert_all_close(*(m.state().values() for m in models), tolerance=1e-9)
    np.testing.assert_allclose(histories[1].training_loss, histories[0].training_loss, rtol=1e-9)
    np.testing.assert_allclose(histories[1].validation_loss, histories[0].validation_loss, rtol=1e-9)
    assert histories[0].training_loss[-1] < histories[0].training_loss[0]


def test_a_gpt_learns_a_text():
    model = gpt(dtype="float32")
    parallel = DataParallel(model, 2)
    batches = NextTokenBatches(np.arange(100) % 7, 6, 5, steps=10, rng=0)
    history = fit(parallel, CrossEntropy(), Adam(model.parameters(), 0.01), batches, epochs=5)
    assert history.training_loss[-1] < 0.5 * history.training_loss[0]
    assert mean_loss(model, CrossEntropy(), batches) == pytest.approx(
        mean_loss(parallel, CrossEntropy(), batches), rel=0.2
    )
    _, outputs, gradients = backward(parallel, *batch_for(model, 5))
    assert {array.dtype for array in (outputs, *gradients)} == {np.dtype(np.float32)}


def test_a_bare_layer_only_adds_to_the_gradients_as_it_does_alone():
    alone, parallel = Linear(3, 2, rng=0), DataParallel(Linear(3, 2, rng=0), 2)
    for each in (alone, parallel):
        for seed in (0, 1):
            inputs, targets, loss = batch_for(alone, 5, seed)
            loss.forward(targets, each.forward(inputs))
            each.backward_to_parameters(loss.backward())
    assert_all_close([p.gradient for p in parallel.parameters()], [p.gradient for p in alone.parameters()])


class Clock(Module):
    """Its outputs are when it began and when it ended, for each row."""

    def forward(self, x):
        begun = time.time()
        time.sleep(0.3)
        return np.full((len(x), 2), [begun, time.time()])


def test_all_parts_are_done_at_the_same_time():
    parallel, rows = DataParallel(Clock(), 3), np.ones((3, 1))
    parallel.forward(rows)  # the processes start
    begun, ended = parallel.forward(rows).T
    assert begun.max() < ended.min()


def test_the_rows_keep_their_order(parallel):
    rows = np.arange(3.0, 11.0)[:, None]
    np.testing.assert_array_equal(parallel.forward(rows), rows * 10)


@pytest.fixture(scope="module")
def parallel():
    return DataParallel(ByFirstNumber(), 2)


class TestErrors:
    def test_numpys_settings_reach_the_processes(self, parallel):
        rows = np.array([[3.0], [2.0]])  # the other process gets the overflow
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(parallel.forward(rows), rows * 10)
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
            parallel.forward(rows)

    @pytest.mark.parametrize("error, number", [(ValueError, -1), (KeyboardInterrupt, -2), (MemoryError, -3)])
    @pytest.mark.parametrize("direction", ["forward", "backward"])
    @pytest.mark.parametrize("bad, other", [(0, 1), (1, 0)])
    def test_an_error_comes_out_as_it_is_and_nobody_is_left_at_work(
        self, parallel, error, number, direction, bad, other
    ):
        rows, good = np.empty((2, 1)), np.array([[4.0], [5.0]])
        rows[bad], rows[other] = number, 1
        parallel.forward(good)
        start = time.perf_counter()
        with pytest.raises(error):
            parallel.forward(rows) if direction == "forward" else parallel.backward_to_parameters(rows)
        assert time.perf_counter() - start >= 0.1  # what the other one took
        np.testing.assert_array_equal(parallel.forward(good), good * 10)

    def test_an_error_of_the_model_says_what_it_says_alone(self):
        with pytest.raises(ValueError, match="tokens must be from 0 to 6, got 0 to 7"):
            DataParallel(gpt(), 2).forward([[0, 0, 0], [0, 0, 7]])

    def test_a_training_that_diverges_says_so_and_does_not_warn(self, capfd):
        model = network(activation=ReLU)
        with pytest.raises(
            FloatingPointError,
            match=r"^the loss is (inf|nan) in epoch \d+, step \d+: try a smaller learning rate than 1000$",
        ):
            fit(
                DataParallel(model, 2),
                SquaredError(),
                SGD(model.parameters(), 1e3),
                [batch_for(model, 6)[:2]],
                epochs=1000,
            )
        assert "Warning" not in capfd.readouterr().err

    @pytest.mark.parametrize("end", ["interrupted", "killed"])
    def test_if_the_exchange_is_cut_off_it_begins_anew(self, end, monkeypatch):
        parallel, rows = DataParallel(ByFirstNumber(), 2), np.array([[3.0], [4.0]])
        before = set(multiprocessing.active_children())
        parallel.forward(rows)
        (process,) = set(multiprocessing.active_children()) - before
        if end == "interrupted":

            def interrupted(channel):
                raise KeyboardInterrupt

            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(_Channel, "receive", interrupted)
                parallel.forward(rows)
        else:
            process.kill()
            process.join(30)
            with pytest.raises(ChildProcessError, match="a process of DataParallel has ended"):
                parallel.forward(rows)
        process.join(30)
        assert not process.is_alive()
        np.testing.assert_array_equal(parallel.forward(rows + 1), (rows + 1) * 10)


def test_the_processes_end_with_the_wrapper():
    before = set(multiprocessing.active_children())
    parallel = DataParallel(ByFirstNumber(), 3)
    parallel.forward(np.full((6, 3), 3.0))
    started = set(multiprocessing.active_children()) - before
    assert len(started) == 2
    del parallel
    gc.collect()
    for process in started:
        process.join(30)
        assert not process.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group of processes")
def test_ctrl_c_ends_training_and_leaves_a_usable_model(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        """
import numpy as np
from scratchml import GPT, Adam, CrossEntropy, DataParallel, GPTConfig, NextTokenBatches, fit

if __name__ == "__main__":
    model = GPT(GPTConfig(7, 16, 32, 2, 2), rng=0)
    parallel = DataParallel(model, 2)
    batches = NextTokenBatches(np.arange(500) % 7, 8, 16, steps=20, rng=0)

    def progress(epochs):
        for epoch in epochs:
            yield epoch
            print("trained", flush=True)

    try:
        fit(parallel, CrossEntropy(), Adam(model.parameters()), batches, epochs=10**9, progress=progress)
    except KeyboardInterrupt:
        tokens = [[0, 1, 2], [3, 4, 5]]
        print("stopped", np.allclose(parallel.forward(tokens), model.forward(tokens), atol=1e-5), flush=True)
""",
        "utf8",
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout.readline() == "trained\n"
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert out.splitlines()[-1] == "stopped True"
    assert err == ""
