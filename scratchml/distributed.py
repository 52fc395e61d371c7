"""Many processes, or computers, train one model (chapter many-computers).

All gradients of a model are one row, so to train it together is to average one row.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import scratchml._checks as check
from scratchml.batches import Batch
from scratchml.module import Module
from scratchml.optimizers import Optimizer


class SingleProcess:
    """A group of one, in which there is nothing to exchange."""

    def broadcast(self, model: Module, optimizer: Optimizer, **settings: Any) -> None:
        """Start all processes with the numbers of the first."""

    def parts(self, batches: Iterable[Batch], *_: Any) -> Iterable[Batch]:
        """The rows of each batch that are for this process."""
        return batches

    def average_gradients(self, optimizer: Optimizer, rows: int) -> None:
        """Average over the rows of all processes; here they come from so many."""

    def sums(self, *numbers: float) -> tuple[float, ...]:
        """Each number, added up over the processes."""
        return numbers


ALONE = SingleProcess()


class ProcessGroup(SingleProcess):
    """All processes that were started together, by MPI: hand `fit` such a `group`, and
    each learns from its part of every batch, and takes the same steps as the others.

        mpiexec -n 2 python -m mpi4py script.py

    starts two, and ends both if one fails. Model, optimizer and batches are those of
    the first process; all must call `fit` with the same settings. They and numpy's own
    threads get in each other's way: set OPENBLAS_NUM_THREADS=1. Raises ImportError
    unless mpi4py and an MPI are installed.
    """

    def __init__(self) -> None:
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:  # the latter without an MPI
            raise ImportError(
                "ProcessGroup needs mpi4py and an MPI: install the extra “distributed”"
            ) from error
        self._comm, self._in_place = MPI.COMM_WORLD, MPI.IN_PLACE
        self.rank: int = self._comm.rank
        self.size: int = self._comm.size

    def broadcast(self, model: Module, optimizer: Optimizer, **settings: Any) -> None:
        settings["optimizer"] = type(optimizer).__name__, str(optimizer.values.dtype)
        settings |= {n: x for n, x in vars(optimizer).items() if isinstance(x, float)}
        first = self._comm.bcast((settings, model.state(), optimizer.state()))
        if first[0] != settings:
            raise ValueError(
                f"settings must be the same in all processes, got {settings} in "
                f"process {self.rank}, and {first[0]} in the first"
            )
        model.load_state(first[1])
        optimizer.load_state(first[2])

    def parts(
        self,
        batches: Iterable[Batch],
        optimizer: Optimizer | None = None,
        before_step: Callable[[Optimizer, int], Any] | None = None,
    ) -> Iterator[Batch]:
        own = slice(self.rank, None, self.size)
        for inputs, targets in self._from_first(batches):
            self._rows = len(inputs)  # of all processes
            if len(inputs[own]) or not 0 < len(inputs) == len(targets):
                yield inputs[own], targets[own]
            elif optimizer is not None and before_step is not None:
                # No row is for this process, which takes the step all the same.
                optimizer.zero_gradients()
                before_step(optimizer, 0)
                optimizer.step()

    def _from_first(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches of the first process, which hands them to all, and then None."""
        own = check.pairs(batches)  # all draw, so that their generators keep step
        while (batch := self._comm.bcast(next(own, None))) is not None:
            yield batch

    def average_gradients(self, optimizer: Optimizer, rows: int) -> None:
        optimizer.gradients *= rows / self._rows
        self._comm.Allreduce(self._in_place, optimizer.gradients)

    def sums(self, *numbers: float) -> tuple[float, ...]:
        total = np.array(numbers, np.float64)
        self._comm.Allreduce(self._in_place, total)
        return tuple(total.tolist())
