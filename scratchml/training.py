"""The training loop: batches, steps, and what became of the loss (chapters 9 to 11)."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchml._arrays import Array
from scratchml.losses import Loss
from scratchml.module import Module
from scratchml.optimizers import Optimizer

#: The rows of some inputs, and their targets.
Batch = tuple[NDArray[Any], NDArray[Any]]


class MiniBatches:
    """The examples in a new random order each time, cut into batches; the last one may
    be smaller. `for inputs, targets in batches:` is one epoch.
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
        if self.inputs.shape[:1] != self.targets.shape[:1] or not self.inputs.size:
            raise ValueError(
                f"inputs and targets must have the same number of rows, at least one, "
                f"got the shapes {self.inputs.shape} and {self.targets.shape}"
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
    so many epochs, and the model goes back to where it was best. `schedule` gives the
    learning rate for step 0, 1, …; gradients longer than `max_gradient_norm` are
    clipped to it. `progress` goes around the epochs and may show a bar, as `tqdm` does.

    Raises ValueError for settings out of range, and FloatingPointError when the loss is
    no longer a number.
    """
    if epochs < 0 or (patience is not None and (patience < 1 or validation is None)):
        raise ValueError(
            f"epochs must be at least 0, and patience at least 1 and with validation, "
            f"got {epochs} and {patience}"
        )
    history = History()
    best: dict[str, Array] = {}
    step = 0
    for epoch in progress(range(epochs)):
        total, rows = 0.0, 0
        for inputs, targets in batches:
            if schedule is not None:
                optimizer.learning_rate = schedule(step)
            value = loss.forward(targets, model.forward(inputs))
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"the loss is {value} in epoch {epoch + 1}, step {step + 1}: try a "
                    f"smaller learning rate than {optimizer.learning_rate:g}"
                )
            model.backward_to_parameters(loss.backward())
            if max_gradient_norm is not None:
                optimizer.clip_gradients(max_gradient_norm)
            optimizer.step()
            step += 1
            total += value * len(inputs)
            rows += len(inputs)
        history.training_loss.append(total / rows)

        if validation is not None:
            history.validation_loss.append(mean_loss(model, loss, validation))
        if patience is not None:
            if history.best_epoch == epoch:
                best = model.state()
            elif epoch - history.best_epoch >= patience:
                break
    if best:
        model.load_state(best)
    return history


def mean_loss(model: Module, loss: Loss, batches: Iterable[Batch]) -> float:
    """The loss over all rows of the batches; nothing is learned."""
    total, rows = 0.0, 0
    for inputs, targets in batches:
        total += loss.forward(targets, model.forward(inputs)) * len(inputs)
        rows += len(inputs)
    return total / rows
