"""How large the first weights are (chapters network-from-scratch and training)."""

import math
from typing import Literal

import scratchml._checks as check

#: name → the variance of the first weights, times the number of inputs.
INITIALIZATIONS = {"he": 2.0, "xavier": 1.0}
Initialization = float | Literal["he", "xavier"]


def standard_deviation(initialization: Initialization, num_inputs: int) -> float:
    """Of the first weights of a neuron with so many inputs: a number, or "he", which is
    √(2 / inputs), for neurons with ReLU, which loses half of a signal (He et al.,
    2015), or "xavier", √(1 / inputs), for the others (Glorot and Bengio, 2010, with the
    inputs alone).
    """
    check.integers_from(1, num_inputs=num_inputs)
    if isinstance(initialization, str):
        check.one_of(INITIALIZATIONS, initialization=initialization)
        return math.sqrt(INITIALIZATIONS[initialization] / num_inputs)
    check.not_negative(initialization=initialization)
    return float(initialization)
