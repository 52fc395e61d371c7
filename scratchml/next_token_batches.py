"""A long text, cut into batches for a model that predicts the next token (chapters 14
and 24).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scratchml.training import Batch


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
        self._text = _checked_text(tokens, context_length)
        if batch_size < 1 or steps < 1:
            raise ValueError(
                f"batch_size and steps must be at least 1, got {batch_size} and {steps}"
            )
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
    text = _checked_text(tokens, context_length)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    end = (len(text) - 1) // context_length * context_length
    inputs = text[:end].reshape(-1, context_length)
    targets = text[1 : end + 1].reshape(-1, context_length)
    starts = range(0, len(inputs), batch_size)
    return [(inputs[i : i + batch_size], targets[i : i + batch_size]) for i in starts]


def _checked_text(tokens: ArrayLike, context_length: int) -> NDArray[np.integer[Any]]:
    text = np.array(tokens)
    if text.ndim != 1 or text.dtype.kind not in "iu":
        raise ValueError(
            f"tokens must be a row of integers, got {text.dtype} with shape "
            f"{text.shape}"
        )
    if not 1 <= context_length < len(text):
        raise ValueError(
            f"context_length must be from 1 to one less than the number of tokens "
            f"{len(text)}, got {context_length}"
        )
    return text
