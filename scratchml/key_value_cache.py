"""What a model remembers of the tokens that it has read (chapter 25).

B batch, H heads, S the tokens so far, D head width.
"""

import numpy as np

from scratchml._arrays import Array
from scratchml.module import Module


class KeyValueCache:
    """The keys and values of the tokens that a model has read, for each of its
    attention layers, so that they needn't be computed again for every token that
    follows.
    """

    def __init__(self) -> None:
        self._read: dict[Module, tuple[Array, Array]] = {}

    @property
    def length(self) -> int:
        """How many tokens the model has read."""
        return max((key.shape[-2] for key, _ in self._read.values()), default=0)

    def belongs_to(self, layer: Module) -> bool:
        """Whether it is new, or has read for that layer."""
        return not self._read or layer in self._read

    def join(self, layer: Module, key: Array, value: Array) -> tuple[Array, Array]:
        """All keys and values of this layer, the new ones at the end: (…, H, S, D)."""
        if layer not in self._read:
            return key, value
        old_key, old_value = self._read[layer]
        if old_key.shape[:-2] != key.shape[:-2]:
            raise ValueError(
                f"a cache goes on with the batch that it began with: it holds tokens "
                f"of a batch of shape {old_key.shape[:-3]}, got {key.shape[:-3]}"
            )
        return (
            np.concatenate([old_key, key], axis=-2),
            np.concatenate([old_value, value], axis=-2),
        )

    def keep(self, layer: Module, key: Array, value: Array) -> None:
        """Keep what `join` returned, now that attention has accepted the shapes."""
        self._read[layer] = key, value
