"""The training loop, and what became of the loss (chapter training)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import keep_freed_memory
from scratchml.batches import Batch
from scratchml.distributed import ALONE, SingleProcess
from scratchml.losses import Loss
from scratchml.module import Module
from scratchml.optimizers import Optimizer


def _nothing(optimizer: Optimizer, rows: int) -> None:
    pass


def train_epoch(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    batches: Iterable[Batch],
    before_step: Callable[[Optimizer, int], Any] = _nothing,
) -> tuple[float, int]:
    """Learn from every batch once: forward, backward, and a step. Returns the loss,
    added up over the rows, and the number of rows.

    `before_step(optimizer, rows)` may change the gradients and the learning rate.
    """
    _check_parts(model, loss, optimizer)
    total, rows = 0.0, 0
    for inputs, targets in check.pairs(batches):
        # Forward.
        outputs = model(inputs)
        value = loss.forward(targets, outputs)
        # Backward.
        optimizer.zero_gradients()
        gradient = loss.backward()  # ∂C/∂outputs
        model.backward_to_parameters(gradient)
        # A step.
        before_step(optimizer, len(inputs))
        optimizer.step()
        total += value * len(inputs)
        rows += len(inputs)
    return total, rows


def mean_loss(model: Module, loss: Loss, batches: Iterable[Batch]) -> float:
    """The loss over all rows of the batches, at least one; nothing is learned."""
    check.instance(Module, model=model)
    check.instance(Loss, loss=loss)
    total, rows = _total_loss(model, loss, batches)
    return _mean(total, rows)


def _total_loss(
    model: Module, loss: Loss, batches: Iterable[Batch]
) -> tuple[float, int]:
    total, rows = 0.0, 0
    for inputs, targets in check.pairs(batches):
        total += loss.forward(targets, model(inputs)) * len(inputs)
        rows += len(inputs)
    return total, rows


def _mean(total: float, rows: float) -> float:
    if rows == 0:
        raise ValueError(
            "there must be at least one batch in each epoch, got none (an iterator is "
            "used up after the first: make a list of it, or MiniBatches)"
        )
    return total / rows


@dataclass
class History:
    """The mean loss of each epoch; `best_epoch`, counted from 0, is the one after which
    the validation loss was lowest.
    """

    training_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """Raises ValueError if there was no validation."""
        if not self.validation_loss:
            raise ValueError(
                "there must be a validation to have a best epoch, got none"
            )
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
    group: SingleProcess = ALONE,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> History:
    """Train the model for so many epochs of `train_epoch`.

    `validation` holds batches that are not learned from; after each epoch their loss is
    measured. With `patience` training ends early, when that loss has not improved for
    so many epochs, and the model (not the optimizer) goes back to where it was best,
    also if an error or Ctrl-C ends training. Without it, Ctrl-C leaves the parameters
    as they were after the last whole step. Gradients longer than `max_gradient_norm`
    are clipped to it. `schedule` gives the learning rate for the optimizer's step 0, 1,
    …, and the optimizer keeps the last one that it was given. With a `group` of
    processes, each learns from its part of every batch.

    `progress` goes around the epochs. It may show a bar, as `tqdm` does; what a
    generator does after its `yield` is done after each epoch, such as to save a
    checkpoint (from which `resume_checkpoint` goes on).

    Raises ValueError, before anything is learned, for settings out of range and an
    optimizer of another model; and FloatingPointError when the loss or a gradient is no
    longer a number.
    """
    _check_parts(model, loss, optimizer)
    check.instance(SingleProcess, group=group)
    check.integers_from(0, epochs=epochs)
    if patience is not None:
        check.integers_from(1, patience=patience)
    if patience is not None and validation is None:
        raise ValueError("patience must come with a validation, got none")
    if max_gradient_norm is not None:
        check.positive(max_gradient_norm=max_gradient_norm)
    if validation is not None:
        mean_loss(model, loss, validation)  # refuses what doesn't fit
    group.broadcast(
        model,
        optimizer,
        epochs=epochs,
        patience=patience,
        max_gradient_norm=max_gradient_norm,
        validation=validation is not None,
    )
    keep_freed_memory()

    def before_step(optimizer: Optimizer, rows: int) -> None:
        group.average_gradients(optimizer, rows)
        if max_gradient_norm is not None:
            optimizer.clip_gradients(max_gradient_norm)
        if schedule is not None:
            optimizer.learning_rate = schedule(optimizer.steps)

    history = History()
    best: dict[str, Array] = {}
    try:
        for epoch in progress(range(epochs)):
            with _saying_where(epoch, optimizer):
                parts = group.parts(batches, optimizer, before_step)
                sums = train_epoch(model, loss, optimizer, parts, before_step)
                history.training_loss.append(_mean(*group.sums(*sums)))
                if validation is not None:
                    sums = _total_loss(model, loss, group.parts(validation))
                    history.validation_loss.append(_mean(*group.sums(*sums)))
            if patience is not None:
                if history.best_epoch == epoch:
                    best = model.state()
                elif epoch - history.best_epoch >= patience:
                    break
    finally:
        if best:
            model.load_state(best)
    return history


def _check_parts(model: Module, loss: Loss, optimizer: Optimizer) -> None:
    check.instance(Module, model=model)
    check.instance(Loss, loss=loss)
    check.instance(Optimizer, optimizer=optimizer)
    if not set(map(id, optimizer.parameters)) <= set(map(id, model.parameters())):
        raise ValueError(
            "the optimizer must have parameters of this model, got others too"
        )


@contextmanager
def _saying_where(epoch: int, optimizer: Optimizer) -> Iterator[None]:
    """Say where training came to an end because numbers became too large."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the error says more
            yield
    except FloatingPointError as error:
        raise FloatingPointError(
            f"{error}, in epoch {epoch + 1}, after {optimizer.steps} steps: try a "
            f"smaller learning rate than {optimizer.learning_rate:g}"
        ) from error
