"""Losses: how wrong the outputs are, and in which direction to push them (chapter 5).

A batch has its examples in rows. Every loss adds over a row's outputs and averages over
the rows, and its gradient is the exact derivative of that number with respect to the
outputs.
"""

from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchml._arrays import Array, as_floats

T = TypeVar("T")


def squared_error(targets: ArrayLike, outputs: ArrayLike) -> float:
    """Σ (output − target)² over each row, averaged over the rows. Both arguments (rows,
    outputs).
    """
    difference = _difference(targets, outputs)
    return float(np.sum(difference**2) / len(difference))


def squared_error_gradient(targets: ArrayLike, outputs: ArrayLike) -> Array:
    """∂ squared_error / ∂ outputs = 2 (output − target) / rows: (rows, outputs)."""
    difference = _difference(targets, outputs)
    return 2 * difference / len(difference)


def _difference(targets: ArrayLike, outputs: ArrayLike) -> Array:
    targets, outputs = np.asarray(targets), as_floats(outputs)
    if outputs.ndim != 2 or len(outputs) == 0:
        raise ValueError(
            f"outputs must have the shape (rows, outputs) with at least one row, got "
            f"{outputs.shape}"
        )
    # Of (4,) and (4, 1) numpy would make (4, 4), and say nothing.
    if targets.shape != outputs.shape:
        hint = (
            "; reshape the targets with .reshape(-1, 1)"
            if targets.shape == outputs.shape[:1] and outputs.shape[1] == 1
            else ""
        )
        raise ValueError(
            f"targets must have the shape of the outputs {outputs.shape}, got "
            f"{targets.shape}{hint}"
        )
    return outputs - targets.astype(outputs.dtype)


def cross_entropy(labels: ArrayLike, logits: ArrayLike) -> float:
    """−ln p(label) averaged over the rows, p = softmax(logits). labels (rows,) are
    integers, logits (rows, classes); or (B, T) and (B, T, V), where every token of a
    text is a row.
    """
    labels, log_probabilities = _log_softmax(labels, logits)
    # 0 − x and not −x: a certain answer costs 0.0, which would become −0.0.
    return float(0 - np.mean(log_probabilities[np.arange(len(labels)), labels]))


def cross_entropy_gradient(labels: ArrayLike, logits: ArrayLike) -> Array:
    """∂ cross_entropy / ∂ logits = (softmax(logits) − one-hot label) / rows, with the
    shape of the logits.
    """
    loss = CrossEntropy()
    loss.forward(labels, logits)
    return loss.backward()


class Loss(Protocol):
    """The end of a model while it trains: a number going forward, its slopes back."""

    def forward(self, targets: ArrayLike, outputs: ArrayLike, /) -> float:
        """How wrong the outputs are."""

    def backward(self) -> Array:
        """∂ loss / ∂ outputs, of the `forward` just before."""


class SquaredError:
    """`squared_error`, and its gradient from what `forward` has computed."""

    _difference: Array | None = None

    def forward(self, targets: ArrayLike, outputs: ArrayLike) -> float:
        """As `squared_error`."""
        self._difference = _difference(targets, outputs)
        return float(np.sum(self._difference**2) / len(self._difference))

    def backward(self) -> Array:
        """As `squared_error_gradient`. Raises ValueError without a `forward`."""
        difference = _once(self._difference, self)
        self._difference = None
        return 2 * difference / len(difference)


class CrossEntropy:
    """`cross_entropy`, and its gradient from what `forward` has computed: softmax,
    logarithm and slopes in one, so that e^x is taken once.
    """

    _kept: tuple[NDArray[Any], Array, Array, tuple[int, ...]] | None = None

    def forward(self, labels: ArrayLike, logits: ArrayLike) -> float:
        """As `cross_entropy`."""
        rows, e = _shifted(np.array(labels), logits)  # (rows,) and (rows, classes)
        of_labels = e[np.arange(len(rows)), rows]
        np.exp(e, out=e)
        sums = e.sum(axis=1)
        self._kept = rows, e, sums, np.shape(logits)
        return float((np.log(sums) - of_labels).sum() / len(rows))

    def backward(self) -> Array:
        """As `cross_entropy_gradient`. Raises ValueError without a `forward`."""
        labels, e, sums, shape = _once(self._kept, self)
        self._kept = None
        gradient = e
        gradient /= (sums * len(labels))[:, None]  # softmax / rows
        gradient[np.arange(len(labels)), labels] -= 1 / len(labels)
        return gradient.reshape(shape)


def _once(kept: T | None, loss: Loss) -> T:
    if kept is None:
        raise ValueError(
            f"{type(loss).__name__}.backward needs the numbers of a forward that came "
            f"just before it: call forward first"
        )
    return kept


def _log_softmax(labels: ArrayLike, logits: ArrayLike) -> tuple[NDArray[Any], Array]:
    """The labels (rows,), and ln softmax of the logits (rows, classes), without ever
    forming a probability so small that it rounds to 0.
    """
    labels, shifted = _shifted(labels, logits)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return labels, shifted


def _shifted(labels: ArrayLike, logits: ArrayLike) -> tuple[NDArray[Any], Array]:
    """The labels (rows,), and the logits (rows, classes), from each of which its row's
    largest is subtracted, so that e^x can't overflow.
    """
    labels, logits = np.asarray(labels), as_floats(logits)
    if logits.ndim not in (2, 3) or logits.size == 0:
        raise ValueError(
            f"logits must have the shape (rows, classes) or (B, T, V), with at least "
            f"one row, got {logits.shape}"
        )
    if labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be integers with the shape {logits.shape[:-1]}, one for each "
            f"row of logits, got {labels.dtype} with shape {labels.shape}"
        )
    classes = logits.shape[-1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must be from 0 to {classes - 1}, got {labels.min()} to "
            f"{labels.max()}"
        )
    labels, logits = labels.reshape(-1), logits.reshape(-1, classes)
    return labels, logits - logits.max(axis=1, keepdims=True)
