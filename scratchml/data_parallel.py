"""One batch on several cores at once."""

import contextlib
import io
import math
import pickle
import signal
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from scratchml._arrays import Array, keep_freed_memory
from scratchml.module import Module, Parameter

# For so many seconds a process looks for the next message before it goes to sleep: most
# messages take less than being woken would.
_PATIENCE = 0.003

_Layout = list[tuple[np.dtype[Any], tuple[int, ...]]]  # dtype and shape of parameters


class DataParallel(Module):
    """A model, and copies of it in processes of their own: each takes a part of the
    batch, and their gradients are added up.

    Train it in place of the model:
    `fit(DataParallel(model, 2), loss, Adam(model.parameters()), …)`. Processes rather
    than threads, since of the threads of a Python process only one runs Python at a
    time. They and numpy's own threads get in each other's way: set
    OPENBLAS_NUM_THREADS=1 before you start Python. A script must begin its work under
    `if __name__ == "__main__":`, since the new processes import it.
    """

    def __init__(self, model: Module, num_processes: int) -> None:
        if num_processes < 1:
            raise ValueError(f"num_processes must be at least 1, got {num_processes}")
        self.model = model
        self.num_processes = num_processes
        # In tuples, where `Module` doesn't look for parameters: all are the model's.
        self._parameters: tuple[Parameter, ...] = ()
        self._others: tuple[_Process, ...] = ()

    def forward(self, x: ArrayLike) -> Array:
        """The model's outputs for x, whose first axis is the batch."""
        x = np.asarray(x)
        if x.ndim < 2 or len(x) == 0:
            raise ValueError(
                f"a batch must have two axes or more and hold at least one row, got "
                f"shape {x.shape}"
            )
        parts = np.array_split(x, min(self.num_processes, len(x)))
        if len(parts) > 1:
            if not self._others:
                self._start(parts[0])
            for value, parameter in zip(self._values, self._parameters, strict=True):
                value[...] = parameter.value
        outputs = np.concatenate(self._at_once("forward", parts))
        self._keep(np.cumsum([len(part) for part in parts])[:-1], outputs)
        return outputs

    def backward_to_parameters(self, gradient: ArrayLike) -> None:
        starts, gradient = self._take(gradient)
        parts = np.split(gradient, starts)
        self._at_once("backward_to_parameters", parts)
        for process in self._others[: len(parts) - 1]:
            both = zip(process.gradients, self._parameters, strict=True)
            for its_gradient, parameter in both:
                parameter.gradient += its_gradient

    def _start(self, part: Array) -> None:
        """Start the other processes. The values of the parameters are in memory that
        all processes share; each has memory for its gradients, and for what is sent to
        and fro, which it shares with this one.
        """
        import multiprocessing  # slow to import

        context = multiprocessing.get_context("spawn")  # "fork" isn't safe everywhere
        of_a_row = self.model.forward(part[:1]).nbytes
        model = io.BytesIO()
        _PicklerWithoutNumbers(model).dump(self.model)
        self._parameters = tuple(self.model.parameters())
        layout = [(p.value.dtype, p.value.shape) for p in self._parameters]
        size = sum(p.value.nbytes for p in self._parameters)
        values = context.RawArray("b", size)
        others = []
        for _ in range(self.num_processes - 1):
            gradients = context.RawArray("b", size)
            mailbox = context.RawArray("b", of_a_row * len(part))
            here, there = context.Pipe()
            context.Process(
                target=_work,
                args=(
                    model.getvalue(),
                    layout,
                    values,
                    gradients,
                    _Channel(there, mailbox),
                ),
                daemon=True,
            ).start()
            there.close()
            channel = _Channel(here, mailbox)
            others.append(_Process(channel, _in_memory(gradients, layout)))
        self._values = _in_memory(values, layout)
        self._others = tuple(others)

    def _at_once(self, method: str, parts: Sequence[Array]) -> list[Any]:
        """What that method of the model returns for each part, all at the same time."""
        others, self._others = self._others, ()  # given up, if the exchange is cut off
        at_work = others[: len(parts) - 1]
        for process, part in zip(at_work, parts[1:], strict=True):
            process.channel.send((method, np.geterr()), part)
        try:
            results = [getattr(self.model, method)(parts[0])]
        finally:  # also after an error or Ctrl-C: nobody is left at work
            replies = [process.channel.receive() for process in at_work]
            self._others = others
        for error, result in replies:
            if error is not None:
                raise error
            results.append(result)
        return results


class _Channel:
    """Sends a message and an array to another process. The array goes through memory
    that both share, which is many times as fast, unless it doesn't fit in. Raises
    ChildProcessError when nobody is there any more.
    """

    def __init__(self, connection: Any, memory: Any) -> None:
        self.connection = connection
        self.memory = memory

    def send(self, message: Any, array: Array | None) -> None:
        where = None
        if array is not None and array.nbytes <= len(self.memory):
            where = array.dtype, array.shape
            self._array(*where)[...] = array
            array = None
        try:
            self.connection.send((message, where, array))
        except ConnectionError as error:
            raise _nobody_there() from error

    def receive(self) -> tuple[Any, Any]:
        """The message, and the array, which may be overwritten by the next `send`."""
        until = time.perf_counter() + _PATIENCE
        try:
            while not self.connection.poll() and time.perf_counter() < until:
                pass
            message, where, array = self.connection.recv()
        except (EOFError, ConnectionError) as error:
            raise _nobody_there() from error
        return message, array if where is None else self._array(*where)

    def _array(self, dtype: Any, shape: tuple[int, ...]) -> Array:
        return np.frombuffer(self.memory, dtype, math.prod(shape)).reshape(shape)


def _nobody_there() -> ChildProcessError:
    return ChildProcessError("a process of DataParallel has ended")


class _Process(NamedTuple):
    """Another process, as seen from the one that trains."""

    channel: _Channel
    gradients: list[Array]


class _PicklerWithoutNumbers(pickle.Pickler):
    """Leaves out the numbers of the parameters, which are in shared memory."""

    def reducer_override(self, obj: Any) -> Any:
        return (Parameter, (0.0,)) if isinstance(obj, Parameter) else NotImplemented


def _in_memory(memory: Any, layout: _Layout) -> list[Array]:
    """An array for each parameter, one after the other in this memory."""
    arrays, start = [], 0
    for dtype, shape in layout:
        array: Array = np.frombuffer(memory, dtype, math.prod(shape), start)
        arrays.append(array.reshape(shape))
        start += array.nbytes
    return arrays


def _work(
    pickled_model: bytes,
    layout: _Layout,
    values: Any,
    gradients: Any,
    channel: _Channel,
) -> None:
    """What each of the other processes does: call the method that it is told to, and
    send back what that returns or raises.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that trains
    keep_freed_memory()
    model: Module = pickle.loads(pickled_model)
    arrays = _in_memory(values, layout), _in_memory(gradients, layout)
    for parameter, value, gradient in zip(model.parameters(), *arrays, strict=True):
        parameter.share(value, gradient)
    with contextlib.suppress(ChildProcessError):  # until the one that trains has gone
        while True:
            (method, errors), part = channel.receive()
            for gradient in arrays[1]:
                gradient.fill(0)
            error, result = None, None
            try:
                with np.errstate(**errors):  # as where it was called
                    result = getattr(model, method)(part.copy())
            except BaseException as raised:
                error = raised
            channel.send(error, result)
