"""A row of numbers for each token (chapter embeddings)."""

import numpy as np

import scratchml._checks as check
from scratchml._checks import Array, IntegerArray
from scratchml._kernels import add_rows
from scratchml.module import Forwarded, Module, Parameter


class Embedding(Module):
    """Row `token` of `weights`, for each token: (…) → (…, embedding_dim).

    `weights` (vocab_size, embedding_dim) start as normal numbers with the standard
    deviation 0.02, as in GPT-2 (Radford et al., 2019). `rng` is a Generator or a seed.
    Raises ValueError unless the tokens are integers from 0 to vocab_size − 1.
    """

    takes_tokens = True

    def __init__(
        self, vocab_size: int, embedding_dim: int, *, rng: np.random.Generator | int
    ) -> None:
        check.integers_from(1, vocab_size=vocab_size, embedding_dim=embedding_dim)
        rng = np.random.default_rng(rng)
        weights = 0.02 * rng.standard_normal((vocab_size, embedding_dim))
        self.weights = Parameter(weights)

    def _forward(self, tokens: IntegerArray) -> Forwarded:
        return self.weights.value[tokens], (tokens,)

    def _backward(self, gradient: Array, tokens: IntegerArray) -> None:
        add_rows(self.weights.gradient, tokens, gradient)  # tokens have no gradient

    def _check(self, x: IntegerArray) -> None:
        check.tokens(x, len(self.weights.value))
