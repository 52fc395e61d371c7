"""One batch on several cores at once."""

import contextvars
import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array
from scratchml.module import Module


class DataParallel(Module):
    """A model, and copies of it: each takes a part of the batch, in a thread of its
    own, and their gradients are added up.

    The copies read the values of the model's parameters, and have gradients of their
    own. Train it in place of the model:
    `fit(DataParallel(model, 2), loss, Adam(model.parameters()), …)`. Threads help
    because numpy lets other threads run while it computes. With few and large arrays
    two of them take little more than half the time; with many small ones they only get
    in each other's way, and so they do with numpy's own threads: set
    OPENBLAS_NUM_THREADS=1 before you start Python.
    """

    def __init__(self, model: Module, num_threads: int) -> None:
        from concurrent.futures import ThreadPoolExecutor  # slow to import

        if num_threads < 1:
            raise ValueError(f"num_threads must be at least 1, got {num_threads}")
        self.model = model
        copies = [copy.deepcopy(model) for _ in range(num_threads - 1)]
        # In tuples, where `Module` doesn't look for parts: all parameters are the
        # model's.
        self._models = (model, *copies)
        self._parameters = tuple(
            (of_copy, original)
            for other in copies
            for of_copy, original in zip(
                other.parameters(), model.parameters(), strict=True
            )
        )
        self._threads = ThreadPoolExecutor(num_threads)

    def forward(self, x: ArrayLike) -> Array:
        """The model's outputs for x, whose first axis is the batch."""
        x = np.asarray(x)
        if x.ndim < 2 or len(x) == 0:
            raise ValueError(
                f"a batch must have two axes or more and hold at least one row, got "
                f"shape {x.shape}"
            )
        for of_copy, original in self._parameters:
            of_copy.share_value(original)
        parts = np.array_split(x, min(len(self._models), len(x)))
        outputs = np.concatenate(self._at_once(lambda m, part: m.forward(part), parts))
        self._keep(np.cumsum([len(part) for part in parts])[:-1], outputs)
        return outputs

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        starts, gradient = self._take(gradient)
        for of_copy, _ in self._parameters:
            of_copy.gradient = 0
        self._at_once(
            lambda m, part: m.backward_to_parameters(part), np.split(gradient, starts)
        )
        for of_copy, original in self._parameters:
            original.gradient += of_copy.gradient

    def _at_once(
        self, work: Callable[[Module, Array], Any], parts: list[Array]
    ) -> list[Any]:
        """`work(model, part)` for each part, all at the same time."""
        from concurrent.futures import wait

        # What is set for this thread, such as np.errstate, holds in the others too.
        futures = [
            self._threads.submit(contextvars.copy_context().run, work, model, part)
            for model, part in zip(self._models, parts, strict=False)
        ]
        try:
            return [future.result() for future in futures]
        finally:
            wait(futures)  # also after an error or Ctrl-C: no thread is left behind
