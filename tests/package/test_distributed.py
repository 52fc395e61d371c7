"""Real processes, started by mpiexec, each of which runs this file: what it finds is beside what one process finds."""

import json
import os
import re
import subprocess
import sys
import time
import types
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scratchml import (
    GPT,
    SGD,
    Adam,
    CrossEntropy,
    GPTConfig,
    Linear,
    MiniBatches,
    NextTokenBatches,
    ProcessGroup,
    Sequential,
    SquaredError,
    Tanh,
    fit,
    mean_loss,
    next_token_windows,
    warmup_cosine,
)
from scratchml.distributed import ALONE
from tests import mpi


def problem(rows, seed=0):
    x = np.random.default_rng(seed).normal(size=(rows, 3))
    return x, np.column_stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])])


def network(seed=0, dtype="float64"):
    return Sequential(Linear(3, 8, rng=seed), Tanh(), Linear(8, 2, rng=seed + 1)).to(dtype)


def gpt(seed):
    return GPT(GPTConfig(7, 5, 8, 2, 2, tie_weights=True, dtype="float64"), rng=seed)


def experienced(optimizer, model, seed):
    """Each process's has been elsewhere before, so that its rows, its steps and its parameters are others."""
    loss = SquaredError()
    for _ in range(seed + 2):
        x, y = problem(4, seed)
        loss.forward(y, model(x))
        optimizer.zero_gradients()
        model.backward_to_parameters(loss.backward())
        optimizer.step()
    return optimizer


def a_language_model(group, seed):
    model, text = gpt(seed), np.arange(200) ** 2 % 7
    history = fit(
        model,
        CrossEntropy(),
        optimizer := Adam(model.parameters(), 0.01, weight_decay=0.1),
        NextTokenBatches(text, 4, 5, steps=5, rng=0),
        epochs=4,
        validation=next_token_windows(text[:50], 4, 5),
        patience=4,
        schedule=lambda step: warmup_cosine(step, peak=0.02, warmup_steps=3, total_steps=20),
        max_gradient_norm=0.2,
        group=group,
    )
    return model, optimizer, history


def batches_of_any_size(group, seed, *, size, rows=11):
    """With 11 rows the last batch has 3 of 4, 1 of 2 or 5, or 1 where one is all."""
    model = network(seed)
    optimizer = experienced(SGD(model.parameters(), 0.05, momentum=0.9), model, seed)
    x, y = problem(rows)
    y[3] *= 10  # so that it matters what a row counts
    optimizer.gradients.fill(np.inf)  # what was before is nothing to average
    rng = np.random.default_rng(0)
    history = fit(
        model,
        SquaredError(),
        optimizer,
        MiniBatches(x, y, size, rng=rng),
        epochs=3,
        validation=[(x[:1], y[:1]), (x[1:], y[1:])],
        group=group,
    )
    return model, optimizer, history, rng.random()


def float32(group, seed):
    model = network(seed, "float32")
    batches = MiniBatches(*problem(30), 7, rng=0)
    optimizer = Adam(model.parameters(), 0.01)
    return model, optimizer, fit(model, SquaredError(), optimizer, batches, epochs=4, group=group)


def early_stopping(group, seed):
    """It over-fits twelve noisy points; which epoch was the best is seen by its validation only."""
    model, rng = network(seed), np.random.default_rng(5)
    x, y = problem(12)
    batches = MiniBatches(x, y + rng.normal(size=y.shape), 5, rng=0)
    optimizer = Adam(model.parameters(), 0.05)
    held_back = MiniBatches(*problem(40, seed=1), 7, rng=0)
    history = fit(model, SquaredError(), optimizer, batches, epochs=100, validation=held_back, patience=3, group=group)
    assert len(history.training_loss) < 100
    assert mean_loss(model, SquaredError(), held_back) == pytest.approx(min(history.validation_loss), rel=1e-9)
    return model, optimizer, history


def a_part_that_is_not_learned(group, seed):
    model = network(seed)
    optimizer = SGD(model.layers[2].parameters(), 0.1)
    return model, optimizer, fit(model, SquaredError(), optimizer, [problem(5)], epochs=3, group=group)


def batches_that_differ(group, seed):
    """Only the first process has those that the test has alone: the others draw others, and more of them."""
    model = network(seed)
    optimizer = SGD(model.parameters(), 0.1)
    batches = MiniBatches(*problem(8 + 5 * seed, seed), 4 + seed, rng=seed)
    validation = [problem(3 + seed, seed)] * (1 + seed)
    return (
        model,
        optimizer,
        fit(model, SquaredError(), optimizer, batches, epochs=3, validation=validation, group=group),
    )


SCENARIOS = {
    "language model": a_language_model,
    **{f"batches of {size}": partial(batches_of_any_size, size=size) for size in (1, 2, 4, 5, 11)},
    "float32": float32,
    "early stopping": early_stopping,
    "a part that is not learned": a_part_that_is_not_learned,
    "batches that differ": batches_that_differ,
}


def numbers_of(model, optimizer, history, drawn_next=0.0):
    """All that there is to compare."""
    return {
        **{f"model {name}": array for name, array in model.state().items()},
        **{f"optimizer {name}": array for name, array in optimizer.state().items() if name != "parameters"},
        "learning rate": np.array(optimizer.learning_rate),
        "training loss": np.array(history.training_loss),
        "validation loss": np.array(history.validation_loss),
        "drawn next": np.array(drawn_next),
    }


def one_that_fails(group, when, which):
    model = network()
    batches = [problem(4)] * 3

    class Failing(SquaredError):
        def _forward(self, targets, outputs):
            if when == "while it learns" and group.rank == which and optimizer.steps == 4:
                raise RuntimeError(f"process {which} gives up {when}")
            return super()._forward(targets, outputs)

    optimizer = SGD(model.parameters(), 0.1)
    if when == "before" and group.rank == which:
        raise RuntimeError(f"process {which} gives up {when}")
    fit(model, Failing(), optimizer, batches, epochs=9, group=group)
    raise AssertionError("nobody gave up")


def one_that_disagrees(group, what):
    """The last process."""
    last = group.rank == group.size - 1
    model = network(dtype="float32" if last and what == "dtype" else "float64")
    if last and what == "model":
        model = Sequential(Linear(3, 2, rng=0))
    settings = {"epochs": 2, "validation": [problem(3)], "max_gradient_norm": 1.0}
    if last and what in settings:
        settings[what] = {"epochs": 3, "validation": None, "max_gradient_norm": 2.0}[what]
    rate = 0.2 if last and what == "learning_rate" else 0.1
    fit(model, SquaredError(), SGD(model.parameters(), rate), [problem(4)], group=group, **settings)
    raise AssertionError("they agreed")


def bad_batches(group, what):
    x, y = problem(4)
    batches = {
        "no rows": [(x[:0], y[:0])],
        "a pair instead of batches": (x, y),
        "a target too many": [(x[:1], y[:2])],
    }[what]
    model = network()
    try:
        fit(model, SquaredError(), SGD(model.parameters(), 0.1), batches, epochs=2, group=group)
    except ValueError as error:
        # All processes may say so at once, and with a traceback into each other's words.
        os.write(sys.stderr.fileno(), f"refused: {error}\n".encode())
        raise


def divergence(group):
    """Only the first process has a row; what it finds is said once."""
    model = Sequential(Linear(3, 2, rng=0))
    fit(model, SquaredError(), SGD(model.parameters(), 1e3), [problem(1)], epochs=1000, group=group)


FAILURES = {f.__name__: f for f in (one_that_fails, one_that_disagrees, bad_batches, divergence)}


def started(processes, *arguments):
    """How this file ran, in so many processes, which speak to each other on this computer alone."""
    command = [sys.executable, "-m", "mpi4py", __file__, *arguments]
    if processes > 1:
        command = [mpi.mpiexec(), "-n", str(processes), *command]
    run = subprocess.run(
        command, env=mpi.environment(), stdin=subprocess.DEVNULL, capture_output=True, encoding="utf8", timeout=120
    )
    mpi.clear(run.stdout)
    return run


@pytest.fixture(scope="module", params=[1, 2, 3], ids=["one", "two", "three"])
def ranks(request, tmp_path_factory):
    """For each process, what it found in each scenario."""
    folder = tmp_path_factory.mktemp("ranks")
    run = started(request.param, "scenarios", str(folder))
    assert (run.returncode, run.stderr) == (0, "")
    files = [np.load(folder / f"{rank}.npz") for rank in range(request.param)]
    return [{key: file[key] for key in file.files} for file in files]


def of_scenario(found, name):
    return {key.split("/")[1]: array for key, array in found.items() if key.startswith(f"{name}/")}


@mpi.needed
@pytest.mark.parametrize("name", SCENARIOS)
class TestTogether:
    def test_all_processes_end_with_the_same_numbers_to_the_last_bit(self, ranks, name):
        first = of_scenario(ranks[0], name)
        assert first
        for found in ranks[1:]:
            other = of_scenario(found, name)
            assert other.keys() == first.keys()
            for key in first:
                assert other[key].tobytes() == first[key].tobytes(), key

    def test_they_are_those_without_a_group_up_to_rounding(self, ranks, name):
        alone = numbers_of(*SCENARIOS[name](ALONE, 0))
        together = of_scenario(ranks[-1], name)
        assert together.keys() == alone.keys()
        tolerance = 0 if len(ranks) == 1 else 1e-4 if name == "float32" else 1e-9
        for key in alone:
            assert together[key].dtype == alone[key].dtype
            np.testing.assert_allclose(together[key], alone[key], rtol=tolerance, atol=tolerance, err_msg=key)
        assert len(alone["training loss"]) >= 3
        with pytest.raises(AssertionError):  # what a process that listens to nobody finds
            other = numbers_of(*SCENARIOS[name](ALONE, 1))
            for key in alone:
                np.testing.assert_allclose(other[key], alone[key], rtol=1e-4, atol=1e-4)


@mpi.needed
class TestFailures:
    def fails(self, processes, failure, *arguments):
        began = time.monotonic()
        run = started(processes, failure, json.dumps(arguments))
        assert run.returncode != 0
        assert time.monotonic() - began < 60  # a second or two, where nobody else is at work
        return run.stderr

    @pytest.mark.parametrize(
        ("when", "which", "processes"), [("before", 1, 2), ("while it learns", 0, 2), ("while it learns", 2, 3)]
    )
    def test_one_that_fails_says_why_and_ends_the_others(self, when, which, processes):
        said = self.fails(processes, "one_that_fails", when, which)
        assert said.count(f"RuntimeError: process {which} gives up {when}") == 1
        assert "AssertionError" not in said

    @pytest.mark.parametrize(
        ("what", "says"),
        [
            ("epochs", "settings must be the same in all processes, got {'epochs': 3, "),
            ("validation", "settings must be the same in all processes, got {.*'validation': False"),
            ("max_gradient_norm", "settings must be the same in all processes, got {.*'max_gradient_norm': 2.0"),
            ("learning_rate", "settings must be the same in all processes, got {.*'learning_rate': 0.2"),
            ("dtype", r"settings must be the same in all processes, got {.*\('SGD', 'float32'\)"),
            ("model", r"the state must name the parameters of this model; missing: \[\]"),
        ],
    )
    def test_processes_that_do_not_agree_say_so_rather_than_waiting_for_each_other(self, what, says):
        said = self.fails(2, "one_that_disagrees", what)
        assert re.search(f"ValueError: {says}", said)
        assert "AssertionError" not in said

    @pytest.mark.parametrize(
        ("what", "says"),
        [
            ("no rows", "x must hold at least one number, got shape (0, 3)"),
            ("a pair instead of batches", "batches must be pairs (inputs, targets), got one such pair"),
            ("a target too many", "x must hold at least one number, got shape (0, 3)"),
        ],
    )
    def test_batches_that_are_none_are_refused_as_in_one_process(self, what, says):
        assert f"refused: {says}" in self.fails(2, "bad_batches", what)

    def test_a_training_that_diverges_says_where(self):
        said = self.fails(2, "divergence")
        assert re.search(r"FloatingPointError: .*, in epoch \d+, after \d+ steps: try a smaller learning rate", said)
        assert "Warning" not in said


class MPIThatCannotBeLoaded(types.ModuleType):
    @property
    def MPI(self):
        raise RuntimeError("cannot load MPI library")


@pytest.mark.parametrize("mpi4py", [None, MPIThatCannotBeLoaded("mpi4py")], ids=["no mpi4py", "no MPI"])
def test_without_mpi_it_says_what_to_install(mpi4py, monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", mpi4py)
    with pytest.raises(ImportError, match="ProcessGroup needs mpi4py and an MPI: install the extra “distributed”"):
        ProcessGroup()


@pytest.mark.parametrize("group", [None, 2, "all", ProcessGroup])
def test_a_group_that_is_none_is_refused(group):
    model = network()
    with pytest.raises(ValueError, match="group must be a SingleProcess, got"):
        fit(model, SquaredError(), SGD(model.parameters(), 0.1), [problem(4)], epochs=1, group=group)


if __name__ == "__main__":
    group, what, more = ProcessGroup(), *sys.argv[1:]
    if sys.platform == "linux":
        print(*mpi.shared_memory())
    if what in FAILURES:
        FAILURES[what](group, *json.loads(more))
    else:
        found = {}
        for name, scenario in SCENARIOS.items():
            for key, array in numbers_of(*scenario(group, group.rank)).items():
                found[f"{name}/{key}"] = array
        np.savez(Path(more) / f"{group.rank}.npz", **found)
