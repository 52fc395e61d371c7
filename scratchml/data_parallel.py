"""One batch on several cores at once."""

import contextvars
import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array
from scratchml.module import Module


class DataParallel(Module):
    """The same model several times over: each replica takes a part of the batch, in a
    thread of its own, and the gradients are added up.

    The replicas read the values of `model`'s parameters and have gradients of their
    own. numpy lets other threads run while it computes, so that two replicas on two
    cores take little more than half the time; give numpy itself one thread
    (OPENBLAS_NUM_THREADS=1), or they get in each other's way. Train it in place of the
    model: `fit(DataParallel(model, 2), loss, Adam(model.parameters()), …)`.
    """

    def __init__(self, model: Module, num_replicas: int) -> None:
        if num_replicas < 1:
            raise ValueError(f"num_replicas must be at least 1, got {num_replicas}")
        self.model = model
        # A tuple, since the parts of a module are found in its lists: these are copies.
        self._replicas = (
            model,
            *(copy.deepcopy(model) for _ in range(num_replicas - 1)),
        )
        self._threads = ThreadPoolExecutor(num_replicas)

    def forward(self, x: ArrayLike) -> Array:
        """The model's outputs for x, whose first axis is the batch."""
        parts = np.array_split(
            np.asarray(x), min(len(self._replicas), len(np.asarray(x)))
        )
        for replica in self._replicas[1:]:
            for own, shared in zip(replica.parameters(), self.model.parameters()):
                own._value = shared._value
        outputs = self._each(lambda replica, part: replica.forward(part), parts)
        starts = np.cumsum([len(part) for part in parts])[:-1]
        result = np.concatenate(outputs)
        self._keep(starts, result)
        return result

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        starts, gradient = self._take(gradient)
        parts = np.split(gradient, starts)
        self._each(lambda replica, part: replica.backward_to_parameters(part), parts)
        for replica in self._replicas[1 : len(parts)]:
            for total, own in zip(self.model.parameters(), replica.parameters()):
                total.gradient += own.gradient

    def _each(
        self, work: Callable[[Module, Array], Any], parts: list[Array]
    ) -> list[Any]:
        """`work` for each replica and its part, all at once."""
        # Each thread with the settings of this one, such as np.errstate.
        contexts = [contextvars.copy_context() for _ in parts]
        return list(
            self._threads.map(
                lambda context, replica, part: context.run(work, replica, part),
                contexts,
                self._replicas,
                parts,
            )
        )
