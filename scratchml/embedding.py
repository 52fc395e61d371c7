"""A row of numbers for each token (chapter 15)."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from scratchml._arrays import Array, check_floating, checked_tokens
from scratchml.module import Module, Parameter


class Embedding(Module):
    """Row `token` of `weights`, for each token: (…) → (…, embedding_dim).

    `weights` (vocab_size, embedding_dim) start as normal numbers with the standard
    deviation 0.02, as in GPT-2 (Radford et al., 2019). `rng` is a Generator or a seed.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        *,
        rng: np.random.Generator | int,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if vocab_size < 1 or embedding_dim < 1:
            raise ValueError(
                f"vocab_size and embedding_dim must be at least 1, got {vocab_size} "
                f"and {embedding_dim}"
            )
        check_floating(dtype)
        weights = 0.02 * np.random.default_rng(rng).standard_normal(
            (vocab_size, embedding_dim)
        )
        self.weights = Parameter(weights.astype(dtype))

    def forward(self, tokens: ArrayLike) -> Array:
        """The rows of the tokens. Raises ValueError unless they are integers from 0 to
        vocab_size − 1, at least one.
        """
        tokens = checked_tokens(tokens, len(self.weights.value))
        outputs = self.weights.value[tokens]
        self._keep(tokens, outputs)
        return outputs

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        """Add each token's gradient to its row; tokens have no slopes of their own."""
        tokens, gradient = self._take(gradient)
        rows = gradient.reshape(-1, gradient.shape[-1])  # (tokens, C)
        # A token that occurs several times gets the sum: sort the tokens, and add up
        # the rows of each stretch of equal ones.
        order = np.argsort(tokens, axis=None, kind="stable")
        ordered = tokens.ravel()[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        sums = np.add.reduceat(rows[order], starts, axis=0)
        self.weights.gradient[ordered[starts]] += sums
