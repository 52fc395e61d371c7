"""Figures that a reader can change: parameters with the positions of their sliders.

    @sliders(rate=Slider("学习率", "learning rate", np.linspace(0.02, 0.66, 33)))
    def descent(say: Say, rate: float = 0.3) -> Drawing:

The figure is drawn at every position when the site is built. The plain one has each parameter at its default.
"""

import inspect
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple, TypeVar

POSITIONS = range(15, 42)  # of a slider alone
PAIRED_POSITIONS = range(5, 12)  # of each of two, since all pairs are drawn

Figure = TypeVar("Figure", bound=Callable[..., Any])


class Slider(NamedTuple):
    """What the parameter is called, and the values that it takes, from left to right."""

    zh: str
    en: str
    values: Iterable[float]


def sliders(**declared: Slider) -> Callable[[Figure], Figure]:
    """Declare one or two parameters of a figure, by their names.

    Raises ValueError for too many or too few positions, and for a default that isn't one of them.
    """
    rounded = {
        name: slider._replace(values=[float(f"{v:.6g}") for v in slider.values]) for name, slider in declared.items()
    }
    counts = [len(list(slider.values)) for slider in rounded.values()]
    allowed = POSITIONS if len(counts) == 1 else PAIRED_POSITIONS
    if len(counts) > 2 or any(count not in allowed for count in counts):
        raise ValueError(
            f"a figure has one slider with {POSITIONS[0]} to {POSITIONS[-1]} positions, or two with "
            f"{PAIRED_POSITIONS[0]} to {PAIRED_POSITIONS[-1]} each, got {counts}"
        )

    def declare(figure: Figure) -> Figure:
        for name, slider in rounded.items():
            default = inspect.signature(figure).parameters[name].default
            if default not in slider.values:
                raise ValueError(f"{name} starts at {default}, which must be one of its positions, {slider.values}")
        figure.sliders = rounded  # type: ignore[attr-defined]
        return figure

    return declare


def settings(figure: Callable[..., Any]) -> list[dict[str, float]]:
    """The parameters of a figure at each position, or at each pair of positions, row by row; one, {}, without sliders."""
    declared: dict[str, Slider] = getattr(figure, "sliders", {})
    return [
        dict(zip(declared, values, strict=True)) for values in product(*(slider.values for slider in declared.values()))
    ]
