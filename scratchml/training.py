"""The training loop: batches, steps, and what became of the loss (chapters 9 to 11)."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchml._arrays import Array, keep_freed_memory
from scratchml.losses import Loss
from scratchml.module import Module
from scratchml.optimizers import Optimizer

#: The rows of some inputs, and their targets.
Batch = tuple[NDArray[Any], NDArray[Any]]


class MiniBatches:
    """The examples in a new random order each time, cut into batches; the last one may
    be smaller. `for inputs, targets in batches:` is one epoch.

    Raises ValueError for no rows, inputs without targets, NaN or infinity.
    """

    def __init__(
        self,
        inputs: ArrayLike,
        targets: ArrayLike,
        batch_size: int = 32,
        *,
        rng: np.random.Generator | int,
    ) -> None:
        self.inputs, self.targets = np.asarray(inputs), np.asarray(targets)
        rows = self.inputs.shape[:1]
        if rows != self.targets.shape[:1] or not rows or not self.inputs.size:
            raise ValueError(
                f"inputs and targets must have the same number of rows, at least one, "
                f"got the shapes {self.inputs.shape} and {self.targets.shape}"
            )
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.targets).all()):
            raise ValueError(
                "inputs and targets must be finite numbers, got NaN or infinity"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.batch_size = batch_size
        self._rng = np.random.default_rng(rng)

    def __len__(self) -> int:
        return math.ceil(len(self.inputs) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = self._rng.permutation(len(self.inputs))
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield self.inputs[rows], self.targets[rows]


@dataclass
class History:
    """The mean loss of each epoch; `best_epoch`, counted from 0, is the one after which
    the validation loss was lowest.
    """

    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        if not self.validation_loss:
            raise ValueError("there is no best epoch without validation")
        return int(np.argmin(self.validation_loss))


def fit(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    batches: Iterable[Batch],
    *,
    epochs: int,
    validation: Iterable[Batch] | None = None,
    patience: int | None = None,
    schedule: Callable[[int], float] | None = None,
    max_gradient_norm: float | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> History:
    """Train the model: for each batch, forward, backward, and a step.

    `validation` holds batches that are not learned from; after each epoch their loss is
    measured. With `patience` training ends early, when that loss has not improved for
    so many epochs, and the model (not the optimizer) goes back to where it was best,
    also if an error or Ctrl-C ends training. Without it, Ctrl-C leaves the parameters
    as they were after the last whole step. `schedule` gives the learning rate for the
    optimizer's step 0, 1, …, and the optimizer keeps the last one that it was given;
    gradients longer than `max_gradient_norm` are clipped to it.

    `progress` goes around the epochs. It may show a bar, as `tqdm` does; what a
    generator does after its `yield` is done after each epoch, such as to save a
    checkpoint (from which `resume_checkpoint` goes on).

    Raises ValueError for settings out of range, an optimizer of another model or no
    batches, and FloatingPointError when the loss, or the length of a gradient that is
    to be clipped, is no longer a number.
    """
    if epochs < 0 or (patience is not None and (patience < 1 or validation is None)):
        raise ValueError(
            f"epochs must be at least 0, and patience at least 1 and with validation, "
            f"got {epochs} and {patience}"
        )
    if not set(map(id, optimizer.parameters)) <= set(map(id, model.parameters())):
        raise ValueError("this optimizer has parameters that aren't this model's")
    keep_freed_memory()
    history = History()
    best: dict[str, Array] = {}
    step = 0
    try:
        for epoch in progress(range(epochs)):
            total, rows = 0.0, 0
            for inputs, targets in batches:
                if schedule is not None:
                    optimizer.learning_rate = schedule(optimizer.steps)
                with np.errstate(over="ignore", invalid="ignore"):  # _check says more
                    value = loss.forward(targets, model.forward(inputs))
                _check(value, f"epoch {epoch + 1}, step {step + 1}", optimizer)
                optimizer.gradients[...] = 0  # a single layer as the model only adds
                model.backward_to_parameters(loss.backward())
                if max_gradient_norm is not None:
                    optimizer.clip_gradients(max_gradient_norm)
                optimizer.step()
                step += 1
                total += value * len(inputs)
                rows += len(inputs)
            history.training_loss.append(_mean(total, rows))

            if validation is not None:
                value = mean_loss(model, loss, validation)
                _check(value, f"the validation of epoch {epoch + 1}", optimizer)
                history.validation_loss.append(value)
            if patience is not None:
                if history.best_epoch == epoch:
                    best = model.state()
                elif epoch - history.best_epoch >= patience:
                    break
    finally:
        if best:
            model.load_state(best)
    return history


def mean_loss(model: Module, loss: Loss, batches: Iterable[Batch]) -> float:
    """The loss over all rows of the batches; nothing is learned."""
    total, rows = 0.0, 0
    for inputs, targets in batches:
        total += loss.forward(targets, model.forward(inputs)) * len(inputs)
        rows += len(inputs)
    return _mean(total, rows)


def _mean(total: float, rows: int) -> float:
    if rows == 0:
        raise ValueError(
            "there must be at least one batch in each epoch, got none (an iterator is "
            "used up after the first: make a list of it, or MiniBatches)"
        )
    return total / rows


def _check(loss: float, where: str, optimizer: Optimizer) -> None:
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss} in {where}: try a smaller learning rate than "
            f"{optimizer.learning_rate:g}"
        )
