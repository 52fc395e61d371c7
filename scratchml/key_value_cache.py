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
        self._read: dict[Module, tuple[Array, Array, int]] = {}

    def extend(self, layer: Module, key: Array, value: Array) -> tuple[Array, Array]:
        """All keys and values of this layer, the new ones at the end: (…, H, S, D).

        Raises ValueError if it has read for another model, for another batch, or with
        other parameters.
        """
        if self.length:
            key, value = self._joined(layer, key, value)
        self._read[layer] = key, value, Parameter.clock
        return key, value

    def _joined(self, layer: Module, key: Array, value: Array) -> tuple[Array, Array]:
        if layer not in self._read:
            raise ValueError(
                f"a cache must go on with its model, got another: it has read "
                f"{self.length} tokens for the first"
            )
        old_key, old_value, time = self._read[layer]
        if old_key.shape[:-2] != key.shape[:-2]:
            raise ValueError(
                f"a cache must go on with its batch, of shape {old_key.shape[:-3]}, "
                f"got {key.shape[:-3]}"
            )
        if layer._changed_since(time):
            raise ValueError(
                f"a cache must go on with the parameters that it has read "
                f"{self.length} tokens with, got others: begin a new one"
            )
        # A pass that was cut off may have left more than `length`.
        return (
            np.concatenate([old_key[..., : self.length, :], key], axis=-2),
            np.concatenate([old_value[..., : self.length, :], value], axis=-2),
        )

    def end_pass(self) -> None:
        """Count the tokens of this pass, now that all layers have read them."""
        self.length = max((key.shape[-2] for key, *_ in self._read.values()), default=0)
