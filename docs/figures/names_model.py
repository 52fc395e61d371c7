"""What the heads of the names model look at, for the figures of several chapters."""

from functools import cache

import numpy as np

from drawing import Array
from scratchml import GPT, Tokenizer, pretrained


@cache
def _names_model() -> tuple[GPT, Tokenizer]:
    return pretrained("names")


def looked_at(name: str) -> tuple[list[str], Array]:
    """The characters of a name, its boundary before it, and the weights of all heads that read them, (layers, H, T, T)."""
    model, tokenizer = _names_model()
    model(tokenizer.encode(f"\n{name}"))
    weights = [np.asarray(block.attention.last_weights) for block in model.blocks]
    return ["\\n", *name], np.stack(weights)
