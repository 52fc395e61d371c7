"""What a model remembers of the tokens that it has read (chapter generation).

B batch, H heads, S the tokens so far, D head width.
"""

import numpy as np

from scratchml._checks import Array
from scratchml.module import Module, Parameter


class KeyValueCache:
    """The keys and values of the tokens that a model has read, for each of its
    attention layers, so that they needn't be computed again for every token that
    follows. `length` is the number of these tokens; it grows at the end of a pass
    through the whole model.
    """

    def __init__(self) -> None:
        self.length = 0
        self.time = 0  # of the last pass, by the clock of the parameters
        self._read: dict[Module, tuple[Array, Array]] = {}  # last, who read last

    def extend(self, layer: Module, key: Array, value: Array) -> tuple[Array, Array]:
        """All keys and values of this layer, the new ones at the end: (…, H, S, D).

        Raises ValueError if it has read for another model, or for another batch.
        """
        if self.length:
            key, value = self._joined(layer, key, value)
        self._read.pop(layer, None)
        self._read[layer] = key, value
        return key, value

    def _joined(self, layer: Module, key: Array, value: Array) -> tuple[Array, Array]:
        if layer not in self._read:
            raise ValueError(
                f"a cache must go on with its model, got another: it has read "
                f"{self.length} tokens for the first"
            )
        old_key, old_value = self._read[layer]
        if old_key.shape[:-2] != key.shape[:-2]:
            raise ValueError(
                f"a cache must go on with its batch, of shape {old_key.shape[:-3]}, "
                f"got {key.shape[:-3]}"
            )
        # A pass that was cut off may have left more than `length`.
        return (
            np.concatenate([old_key[..., : self.length, :], key], axis=-2),
            np.concatenate([old_value[..., : self.length, :], value], axis=-2),
        )

    def begin_pass(self, model: Module) -> None:
        """Raises ValueError if parameters have changed since the last pass."""
        is_new = Parameter.clock != self.time
        if self.length and is_new and model._changed_since(self.time):
            raise ValueError(
                f"a cache must go on with the parameters that it has read {self.length}"
                f" tokens with, got others: begin a new one"
            )

    def end_pass(self) -> None:
        """Count the tokens of this pass, now that all layers have read them."""
        if self._read:
            key, _ = next(reversed(self._read.values()))
            self.length, self.time = key.shape[-2], Parameter.clock
