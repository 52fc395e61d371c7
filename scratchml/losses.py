"""Losses: how wrong the outputs are, and in which direction to push them (chapter
loss-functions).

A batch has its examples in rows. Every loss adds over a row's outputs and averages over
the rows, and its gradient is the exact derivative of that number with respect to the
outputs.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import scratchml._checks as check
from scratchml._checks import Array
from scratchml._kernels import row_max, row_sum
from scratchml.module import Module


def squared_error(targets: ArrayLike, outputs: ArrayLike) -> float:
    """Σ (output − target)² over each row, averaged over the rows. Both arguments (rows,
    outputs).
    """
    return SquaredError().forward(targets, outputs)


def squared_error_gradient(targets: ArrayLike, outputs: ArrayLike) -> Array:
    """∂ squared_error / ∂ outputs = 2 (output − target) / rows: (rows, outputs)."""
    loss = SquaredError()
    loss.forward(targets, outputs)
    return loss.backward()


def cross_entropy(labels: ArrayLike, logits: ArrayLike) -> float:
    """−ln p(label) averaged over the rows, p = softmax(logits). labels (rows,) are
    integers, logits (rows, classes); or (B, T) and (B, T, V), where every token of a
    text is a row.
    """
    return CrossEntropy().forward(labels, logits)


def cross_entropy_gradient(labels: ArrayLike, logits: ArrayLike) -> Array:
    """∂ cross_entropy / ∂ logits = (softmax(logits) − one-hot label) / rows, with the
    shape of the logits.
    """
    loss = CrossEntropy()
    loss.forward(labels, logits)
    return loss.backward()


def next_token_loss(
    model: Callable[[Any], ArrayLike], texts: Iterable[Sequence[int]]
) -> float:
    """−ln p of each text's second, third … last token, averaged over all of them.

    Each text is a list of tokens, which the model reads by itself: `model(tokens)`
    turns T tokens into logits (T, V), and row t scores what follows token t. A
    `Module` reads texts of the same length together, which takes far less time. Raises
    ValueError without a text, and for one of fewer than two tokens.
    """
    rows = [_text(text) for text in texts]
    total, count = 0.0, 0
    for tokens in _together(rows) if isinstance(model, Module) else rows:
        inputs, targets = tokens[..., :-1], tokens[..., 1:]
        total += cross_entropy(targets, model(inputs)) * targets.size
        count += targets.size
    if count == 0:
        raise ValueError("texts must hold at least one text, got none")
    return total / count


def _text(text: Sequence[int]) -> NDArray[Any]:
    tokens = check.numbers(text, "a text")
    if tokens.ndim != 1 or len(tokens) < 2:
        raise ValueError(f"a text must be a row of at least two tokens, got {text}")
    return tokens


def _together(texts: list[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Texts of the same length as the rows of an array, a few dozen at a time."""
    for _, of_one_length in itertools.groupby(sorted(texts, key=len), key=len):
        rows = np.stack(list(of_one_length))
        for start in range(0, len(rows), 64):
            yield rows[start : start + 64]


class Loss:
    """The end of a model while it trains: a number going forward, its gradient back.

    A loss of your own derives from it and defines two methods: `_forward(targets,
    outputs)`, which returns the number and a tuple of what the way back will need, and
    `_backward(…)`, which gets the members of that tuple. Targets and outputs are arrays
    of one shape.
    """

    _saved: Any = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("forward", "backward"):
            if name in vars(cls):
                raise TypeError(
                    f"{cls.__name__} must define _{name}, got {name}, which looks at "
                    f"what comes in and then calls it"
                )

    def forward(self, targets: ArrayLike, outputs: ArrayLike) -> float:
        """How wrong the outputs are.

        Raises ValueError for shapes that don't fit and for what isn't a number, and
        FloatingPointError where the numbers become too large on the way.
        """
        self._saved = None  # first of all, so that nobody goes back to an older batch
        targets, outputs = self._checked(targets, outputs)
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._forward(targets, outputs)
        value, needed = check.forwarded(result, self)
        if not math.isfinite(value):
            self._refuse(value, outputs)
        self._saved = needed
        return float(value)

    def backward(self) -> Array:
        """∂ loss / ∂ outputs. Once for each forward, or ValueError is raised."""
        if self._saved is None:
            raise ValueError(
                f"{type(self).__name__}.backward needs the numbers of a forward that "
                f"came just before it: call forward first"
            )
        needed, self._saved = self._saved, None
        return self._backward(*needed)

    def _refuse(self, value: float, outputs: Array) -> None:
        check.scores(outputs)
        if math.isnan(value) or np.isfinite(outputs).all():
            raise FloatingPointError(f"the loss is {value}")

    def _checked(self, targets: ArrayLike, outputs: ArrayLike) -> tuple[Any, Array]:
        outputs = check.as_floats(outputs, "outputs")
        targets = check.as_floats(targets, "targets", outputs.dtype)
        # Of (4,) and (4, 1) numpy would make (4, 4), and say nothing.
        check.shape(outputs.shape, "of the outputs ", targets=targets)
        return targets, outputs

    def _forward(self, targets: Any, outputs: Any) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define _forward")

    def _backward(self, *needed: Any) -> Array:
        raise NotImplementedError(f"{type(self).__name__} must define _backward")


class SquaredError(Loss):
    """`squared_error`, and its gradient from what `forward` has computed."""

    def _forward(self, targets: Array, outputs: Array) -> tuple[Any, Any]:
        difference = outputs - targets  # (rows, outputs)
        return np.sum(difference**2) / len(outputs), (difference,)

    def _backward(self, difference: Array) -> Array:
        return 2 * difference / len(difference)

    def _checked(self, targets: ArrayLike, outputs: ArrayLike) -> tuple[Any, Array]:
        outputs = check.as_floats(outputs, "outputs")
        targets = check.as_floats(targets, "targets", outputs.dtype)
        if outputs.ndim != 2 or len(outputs) == 0:
            raise ValueError(
                f"outputs must have the shape (rows, outputs) with at least one row, "
                f"got {outputs.shape}"
            )
        if targets.shape != outputs.shape:
            hint = ""
            if targets.shape == outputs.shape[:1] and outputs.shape[1] == 1:
                hint = "; reshape the targets with .reshape(-1, 1)"
            elif targets.shape == outputs.shape[:1]:
                hint = f"; make rows of labels with one_hot(…, {outputs.shape[1]})"
            raise ValueError(
                f"targets must have the shape of the outputs {outputs.shape}, got "
                f"{targets.shape}{hint}"
            )
        check.finite(outputs, "outputs")
        check.finite(targets, "targets")
        return targets, outputs


class CrossEntropy(Loss):
    """`cross_entropy`, and its gradient from what `forward` has computed: softmax,
    logarithm and gradient in one, so that e^x is taken once.
    """

    def _forward(self, labels: NDArray[Any], logits: Array) -> tuple[Any, Any]:
        shape = logits.shape  # (rows, classes), or (B, T, V)
        labels, logits = labels.reshape(-1), logits.reshape(-1, shape[-1])
        scores = logits - row_max(logits)  # so that e^x can't overflow
        of_label = scores[np.arange(len(labels)), labels]  # (rows,)
        e = np.exp(scores, out=scores)
        sums = row_sum(e)  # (rows, 1)
        value = (np.log(sums[:, 0]) - of_label).sum() / len(labels)
        return value, (labels, e, sums, shape)

    def _backward(
        self, labels: NDArray[Any], e: Array, sums: Array, shape: Any
    ) -> Array:
        gradient = e / (sums * len(labels))  # p / rows
        gradient[np.arange(len(labels)), labels] -= 1 / len(labels)
        return gradient.reshape(shape)

    def _checked(self, labels: ArrayLike, logits: ArrayLike) -> tuple[Any, Array]:
        logits = check.as_floats(logits, "logits")
        if logits.ndim not in (2, 3) or logits.size == 0:
            raise ValueError(
                f"logits must have the shape (rows, classes) or (B, T, V), with at "
                f"least one row, got {logits.shape}"
            )
        got = check.numbers(labels, "labels").shape
        if got != logits.shape[:-1]:
            rows = got == logits.shape
            hint = "; make labels of one-hot rows with .argmax(axis=-1)" if rows else ""
            raise ValueError(
                f"labels must have the shape {logits.shape[:-1]}, one for each row of "
                f"logits, got {got}{hint}"
            )
        return check.indices(labels, logits.shape[-1], "labels"), logits
