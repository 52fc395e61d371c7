"""Examples in batches (chapter training), and texts, cut up for a model that predicts
the next token (chapters language-models and training-a-gpt).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import scratchml._checks as check
from scratchml._checks import IntegerArray

#: The rows of some inputs, and their targets.
Batch = tuple[NDArray[Any], NDArray[Any]]


class MiniBatches:
    """The examples in a new random order each time, cut into batches; the last one may
    be smaller. `for inputs, targets in batches:` is one epoch.

    Raises ValueError for no rows, inputs without targets, and what isn't a finite
    number.
    """

    def __init__(
        self,
        inputs: ArrayLike,
        targets: ArrayLike,
        batch_size: int = 32,
        *,
        rng: np.random.Generator | int,
    ) -> None:
        check.integers_from(1, batch_size=batch_size)
        self.inputs = check.numbers(inputs, "inputs")
        self.targets = check.numbers(targets, "targets")
        rows = self.inputs.shape[:1]
        if rows != self.targets.shape[:1] or not rows:
            raise ValueError(
                f"inputs and targets must have the same number of rows, at least one, "
                f"got the shapes {self.inputs.shape} and {self.targets.shape}"
            )
        check.finite(self.inputs, "inputs")
        check.finite(self.targets, "targets")
        self.batch_size = batch_size
        self._rng = np.random.default_rng(rng)

    def __len__(self) -> int:
        return math.ceil(len(self.inputs) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = self._rng.permutation(len(self.inputs))
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield self.inputs[rows], self.targets[rows]


class NextTokenBatches:
    """Windows from random places of a long text, each with the same window one token
    further on: `batch_size` of them are a batch, `steps` batches are an epoch.

    `tokens` (N,) are integers. A batch is (inputs, targets), both (batch_size,
    context_length), and targets[:, t] is the token that comes after inputs[:, t].
    Raises ValueError for a text that is shorter than one window and its next token.
    """

    def __init__(
        self,
        tokens: ArrayLike,
        batch_size: int,
        context_length: int,
        *,
        steps: int,
        rng: np.random.Generator | int,
    ) -> None:
        check.integers_from(
            1, batch_size=batch_size, context_length=context_length, steps=steps
        )
        self._text = _checked_text(tokens, context_length)
        self.batch_size, self.context_length = batch_size, context_length
        self.steps = steps
        self._rng = np.random.default_rng(rng)

    @property
    def num_tokens(self) -> int:
        """How many tokens an epoch predicts: for a bar that shows tokens per second,
        `progress=partial(tqdm, unit=" tokens", unit_scale=batches.num_tokens)`.
        """
        return self.steps * self.batch_size * self.context_length

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        window = np.arange(self.context_length)
        num_starts = len(self._text) - self.context_length
        for _ in range(self.steps):
            starts = self._rng.integers(num_starts, size=(self.batch_size, 1))
            places = starts + window  # (B, T)
            yield self._text[places], self._text[places + 1]


def next_token_windows(
    tokens: ArrayLike, batch_size: int, context_length: int
) -> list[Batch]:
    """All of a text once, as batches like those of `NextTokenBatches`: one window after
    the other, the last one dropped if it isn't full. For validation.
    """
    check.integers_from(1, batch_size=batch_size, context_length=context_length)
    text = _checked_text(tokens, context_length)
    end = (len(text) - 1) // context_length * context_length
    inputs = text[:end].reshape(-1, context_length)
    targets = text[1 : end + 1].reshape(-1, context_length).copy()
    starts = range(0, len(inputs), batch_size)
    return [(inputs[i : i + batch_size], targets[i : i + batch_size]) for i in starts]


def _checked_text(tokens: ArrayLike, context_length: int) -> IntegerArray:
    text = check.integers(tokens, "tokens")
    if text.ndim != 1:
        raise ValueError(f"tokens must be a row of integers, got shape {text.shape}")
    if context_length >= len(text):
        raise ValueError(
            f"context_length must be at most one less than the number of tokens "
            f"{len(text)}, got {context_length}"
        )
    return text
